"""What the web layer works with: one frozen object per Flask app."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

from flask import Flask, Request

from .config import BillingConfig
from .gateway import StripeGateway
from .identity import Seals, TokenVerifier
from .language import Language
from .service import BillingService

EXTENSION = "billing_proxy"

CustomerLoader: TypeAlias = Callable[[Request], str | None]
"""A site's own answer to who is asking: a Stripe customer id, or None for nobody."""


@dataclass(frozen=True, slots=True)
class BillingState:
    """Kept in ``app.extensions["billing_proxy"]``.

    ``find_loader`` gives the customer loader, which a site may register after ``init_app``.
    ``standalone`` is the service that signs browsers in itself. ``clock`` gives Unix seconds.
    """

    config: BillingConfig
    standalone: bool
    gateway: StripeGateway
    service: BillingService
    seals: Seals
    verifier: TokenVerifier | None
    languages: Mapping[str, Language]
    find_loader: Callable[[], CustomerLoader | None] = lambda: None
    clock: Callable[[], float] = time.time


def state_of(app: Flask) -> BillingState:
    """The billing page of ``app``.

    Raises:
        RuntimeError: when the app has none.
    """
    if EXTENSION not in app.extensions:
        raise RuntimeError("this app has no billing page: call BillingProxy.init_app(app)")
    return cast(BillingState, app.extensions[EXTENSION])
