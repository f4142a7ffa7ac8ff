"""What the web layer works with: one frozen object per Flask app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, cast

from flask import Flask, Request

from ..bootstrap import Pieces
from .rendered import RenderedCards

EXTENSION = "billing_proxy"

CustomerLoader: TypeAlias = Callable[[Request], str | None]
"""A site's own answer to who is asking: a Stripe customer id, or None for nobody."""

LocaleSelector: TypeAlias = Callable[[Request], object]
"""A site's own choice of a language: a tag or a Babel ``Locale``, or None for none."""


@dataclass(frozen=True, kw_only=True)
class BillingState(Pieces):
    """Kept in ``app.extensions["billing_proxy"]``.

    ``standalone`` is the service that signs browsers in itself; ``rendered`` keeps what a site
    shows. ``find_loader`` gives the customer loader, and ``find_selector`` that of the language: a
    site may register both after ``init_app``.
    """

    standalone: bool
    rendered: RenderedCards
    find_loader: Callable[[], CustomerLoader | None] = lambda: None
    find_selector: Callable[[], LocaleSelector | None] = lambda: None


def state_of(app: Flask) -> BillingState:
    """The billing page of ``app``.

    Raises:
        RuntimeError: when the app has none.
    """
    if EXTENSION not in app.extensions:
        raise RuntimeError("this app has no billing page: call BillingProxy.init_app(app)")
    return cast(BillingState, app.extensions[EXTENSION])
