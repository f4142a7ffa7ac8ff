"""``BillingProxy``: ties the pieces together and hangs them into a Flask app."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask

from .catalog import Catalog
from .cli import commands
from .config import BillingConfig
from .gateway import StripeGateway
from .identity import Seals, TokenVerifier
from .service import BillingService
from .state import EXTENSION, BillingState, CustomerLoader
from .views import create_blueprint
from .workers import Workers

STRIPE_THREADS = 16


class BillingProxy:
    """The card of a site's own customers, in the site's own Flask app.

    Holds no app: several apps can use one instance. ``clock`` gives Unix seconds.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._customer_loader: CustomerLoader | None = None

    def customer_loader(self, loader: CustomerLoader) -> CustomerLoader:
        """Register the function that names the customer of a request, or None for nobody."""
        self._customer_loader = loader
        return loader

    def init_app(self, app: Flask, config: BillingConfig | None = None) -> BillingState:
        """Check the settings of ``app.config`` and register the routes.

        Raises:
            ConfigError: with every problem of the settings at once.
            RuntimeError: when the app has a billing page already.
        """
        if EXTENSION in app.extensions:
            raise RuntimeError("BillingProxy.init_app was called twice for this app")
        embedded = self._customer_loader is not None
        config = config or BillingConfig.from_mapping(app.config, standalone=not embedded)
        state = self._build(config)
        app.extensions[EXTENSION] = state
        app.register_blueprint(create_blueprint(state), url_prefix=config.url_prefix or None)
        app.cli.add_command(commands)
        return state

    def _build(self, config: BillingConfig) -> BillingState:
        catalog = Catalog(ttl=config.catalog_ttl, clock=self._clock)
        gateway = StripeGateway(
            config.stripe_secret_key,
            catalog=catalog,
            api_base=config.stripe_api_base,
            portal_configuration=config.stripe_portal_configuration,
            connections=STRIPE_THREADS,
            clock=self._clock,
        )
        service = BillingService(
            config, gateway, catalog, workers=Workers(size=STRIPE_THREADS), clock=self._clock
        )
        return BillingState(
            config=config,
            gateway=gateway,
            service=service,
            seals=Seals(config.secret_key),
            verifier=TokenVerifier(config, self._clock) if config.accepts_tokens else None,
            customer_loader=self._customer_loader,
            clock=self._clock,
        )
