"""``BillingProxy``: the billing page and the card in a Flask app that exists already."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, has_request_context, request

from .cache.breaker import CircuitBreaker
from .cache.budget import Quota, ReadBudget, SharedLimit
from .cache.guard import Guard
from .cache.products import Catalog, SharedProducts
from .cache.store import MemoryStore, Store
from .cache.threads import Workers
from .card.card import BillingCard
from .card.facts import Billing
from .cli.commands import commands
from .cli.refusal import read_settings
from .config.settings import SETTINGS, BillingConfig
from .gateway.api import StripeApi
from .gateway.gateway import StripeGateway
from .identity.customers import is_customer_id
from .identity.signing import Signers
from .identity.tokens import TokenVerifier
from .language.words import AUTO, LANGUAGES, Language, check_texts
from .metrics.observer import SILENT, Observer
from .service import BillingService
from .web.embedding import create_template_global, exempt_webhook
from .web.state import EXTENSION, BillingState, CustomerLoader, state_of
from .web.views import create_blueprint
from .web.visitor import language_of, not_before

if TYPE_CHECKING:
    from .fleet.server import RedisServer

STRIPE_THREADS = 16


class BillingProxy:
    """A site's billing page.

    ::

        billing = BillingProxy()


        @billing.customer_loader
        def stripe_customer(request):
            return current_user.stripe_customer_id


        billing.init_app(app)

    Holds no app: one instance serves as many apps as call ``init_app``.

    Args:
        app: an app to be initialised at once.
        customer_loader: names the Stripe customer of a request, or None for nobody.
        url_prefix: where the routes are, instead of ``BILLING_URL_PREFIX``.
        texts: the site's own words by language tag and Dutch source text, such as
            ``{"nl": {"Abonnement bijwerken": "Wijzigen"}}``.
        clock: the time in Unix seconds.
        settings: any of the settings by its name; ``app.config`` goes before.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        customer_loader: CustomerLoader | None = None,
        url_prefix: str | None = None,
        texts: Mapping[str, Mapping[str, str]] | None = None,
        clock: Callable[[], float] = time.time,
        **settings: Any,
    ) -> None:
        if unknown := sorted(set(settings) - set(SETTINGS)):
            raise TypeError(f"BillingProxy has no setting {', '.join(unknown)}")
        check_texts(texts or {})
        self._loader = customer_loader
        self._url_prefix = url_prefix
        self._texts = texts or {}
        self._clock = clock
        self._settings = settings
        if app is not None:
            self.init_app(app)

    def customer_loader(self, loader: CustomerLoader) -> CustomerLoader:
        """Register the function that names the customer of a request, or None for nobody."""
        self._loader = loader
        return loader

    def init_app(self, app: Flask, *, url_prefix: str | None = None) -> None:
        """Check the settings of ``app.config``, register the routes and ``billing_card()``.

        Raises:
            ConfigError: with every problem of the settings at once.
            RuntimeError: when the app has a billing page already.
        """
        settings = {**self._settings, **{k: app.config[k] for k in SETTINGS if _is_set(app, k)}}
        prefix = url_prefix if url_prefix is not None else self._url_prefix
        if prefix is not None:
            settings["BILLING_URL_PREFIX"] = prefix or "/"
        config = read_settings(settings, standalone=False)
        self.install(app, config, standalone=False)
        app.add_template_global(create_template_global(state_of(app)), "billing_card")
        exempt_webhook(app)

    def install(self, app: Flask, config: BillingConfig, *, standalone: bool) -> BillingState:
        """Put the routes and the commands into ``app``; for ``create_app`` and ``init_app``."""
        if EXTENSION in app.extensions:
            raise RuntimeError(
                "this app has a billing page already: call BillingProxy.init_app once, "
                "with one URL prefix"
            )
        state = self._build(config, standalone=standalone)
        app.extensions[EXTENSION] = state
        app.register_blueprint(create_blueprint(state), url_prefix=config.url_prefix or None)
        app.cli.add_command(commands)
        return state

    def card(self, customer: str) -> BillingCard:
        """The card of ``customer`` (``cus_…``), through the cache of the current app.

        For decisions in Python: ``billing.card(id).status.code == "active"``. Inside of a request
        it follows that browser's visit to the portal and its language.

        Raises:
            ValueError: for what is no customer id.
            CustomerNotFound, StripeUnavailable, StripeMisconfigured
        """
        if not is_customer_id(customer):
            raise ValueError("a Stripe customer id begins with cus_")
        state = state_of(current_app)
        since, tag = None, LANGUAGES[0] if state.config.locale == AUTO else state.config.locale
        if has_request_context():
            since, tag = not_before(state, request), language_of(state, request).tag
        return state.service.card(customer, language=tag, not_before=since).card

    def _build(self, config: BillingConfig, *, standalone: bool) -> BillingState:
        observer, expose_metrics = _watch(config)
        shared = _shared_cache(config, observer)
        budget = ReadBudget(
            config.stripe_max_rate, shared=shared.reads if shared else None, observer=observer
        )
        catalog = Catalog(
            ttl=config.catalog_ttl, clock=self._clock, shared=shared.products if shared else None
        )
        gateway = StripeGateway(
            StripeApi(
                config.stripe_secret_key,
                api_base=config.stripe_api_base,
                connections=STRIPE_THREADS,
                observer=observer,
            ),
            catalog=catalog,
            budget=budget,
            portal_configuration=config.stripe_portal_configuration,
            clock=self._clock,
        )
        languages = {tag: Language(tag, self._texts.get(tag)) for tag in LANGUAGES}
        service = BillingService(
            config,
            gateway,
            catalog,
            store=_store(config, shared, self._clock),
            workers=Workers(size=STRIPE_THREADS),
            guard=Guard(CircuitBreaker(observer=observer), budget),
            languages=languages,
            clock=self._clock,
        )
        return BillingState(
            config=config,
            standalone=standalone,
            gateway=gateway,
            service=service,
            signers=Signers(config.secret_key),
            verifier=TokenVerifier(config, self._clock) if config.accepts_tokens else None,
            languages=languages,
            cache_server=shared.server if shared else None,
            find_loader=lambda: self._loader,
            clock=self._clock,
            observer=observer,
            expose_metrics=expose_metrics,
        )


def _watch(config: BillingConfig) -> tuple[Observer, Callable[[str], tuple[bytes, str]] | None]:
    """Who hears what happens, and how to ask: nobody, unless the metrics are switched on."""
    if config.metrics_token is None:
        return SILENT, None
    from .metrics.prometheus import create_metrics  # an extra, installed only where it is wanted

    metrics = create_metrics()
    return metrics, metrics.expose


@dataclass(frozen=True, slots=True)
class _SharedCache:
    """What the processes of a fleet have in common."""

    server: RedisServer
    reads: SharedLimit
    products: SharedProducts


def _shared_cache(config: BillingConfig, observer: Observer) -> _SharedCache | None:
    """The parts on the server of ``BILLING_CACHE_URL``; its packages are an extra."""
    if config.cache_url is None:
        return None
    from .fleet.server import RedisServer
    from .fleet.shared import RedisLimiter, RedisProducts

    server = RedisServer(
        config.cache_url,
        secret=f"{config.stripe_api_base} {config.stripe_secret_key}",
        observer=observer,
    )
    return _SharedCache(
        server=server,
        reads=RedisLimiter(server, Quota.per_second(config.stripe_max_rate)).ask,
        products=RedisProducts(server, ttl=config.catalog_ttl),
    )


def _store(
    config: BillingConfig, shared: _SharedCache | None, clock: Callable[[], float]
) -> Store[Billing | None]:
    retention = config.cache_ttl + config.stale_if_error
    memory: MemoryStore[Billing | None] = MemoryStore(
        maxsize=config.cache_maxsize, retention=retention, clock=clock
    )
    if shared is None:
        return memory
    from .fleet.store import RedisStore

    return RedisStore(
        shared.server, memory, retention=retention, timeout=config.stripe_timeout, clock=clock
    )


def _is_set(app: Flask, name: str) -> bool:
    return app.config.get(name) not in (None, "")
