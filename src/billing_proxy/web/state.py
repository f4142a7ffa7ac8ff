"""What the web layer works with: one frozen object per Flask app."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias, cast

from flask import Flask, Request

from ..config.settings import BillingConfig
from ..gateway.gateway import StripeGateway
from ..identity.signing import Signers
from ..identity.tokens import TokenVerifier
from ..language.words import Language
from ..metrics.observer import SILENT, Observer
from ..service import BillingService

EXTENSION = "billing_proxy"

CustomerLoader: TypeAlias = Callable[[Request], str | None]
"""A site's own answer to who is asking: a Stripe customer id, or None for nobody."""


class CacheServer(Protocol):
    """The server that several processes share, as far as health is concerned."""

    def probe(self) -> bool:
        """Whether it answers; asked once in a second at most, and never for long."""


@dataclass(frozen=True, slots=True)
class BillingState:
    """Kept in ``app.extensions["billing_proxy"]``.

    ``find_loader`` gives the customer loader, which a site may register after ``init_app``.
    ``standalone`` is the service that signs browsers in itself. ``cache_server`` is there when
    ``BILLING_CACHE_URL`` is set. ``clock`` gives Unix seconds.
    ``expose_metrics`` gives the metrics and their media type for an ``Accept``, if they are on.
    """

    config: BillingConfig
    standalone: bool
    gateway: StripeGateway
    service: BillingService
    signers: Signers
    verifier: TokenVerifier | None
    languages: Mapping[str, Language]
    cache_server: CacheServer | None = None
    find_loader: Callable[[], CustomerLoader | None] = lambda: None
    clock: Callable[[], float] = time.time
    observer: Observer = SILENT
    expose_metrics: Callable[[str], tuple[bytes, str]] | None = None


def state_of(app: Flask) -> BillingState:
    """The billing page of ``app``.

    Raises:
        RuntimeError: when the app has none.
    """
    if EXTENSION not in app.extensions:
        raise RuntimeError("this app has no billing page: call BillingProxy.init_app(app)")
    return cast(BillingState, app.extensions[EXTENSION])
