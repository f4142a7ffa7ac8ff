"""Settings in, the pieces out: what a process works with, put together once. No web framework."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .cache.breaker import CircuitBreaker
from .cache.budget import Quota, ReadBudget, SharedLimit
from .cache.guard import MAX_WAITING, Guard
from .cache.products import Products, SharedProducts
from .cache.store import MemoryStore, Store
from .cache.threads import Threads
from .card.facts import Billing
from .config.settings import BillingConfig
from .gateway.api import StripeApi
from .gateway.gateway import StripeGateway
from .identity.signing import Signers
from .identity.tokens import TokenVerifier
from .language.words import LANGUAGES, Language
from .loader import Loader
from .metrics.observer import SILENT, Observer
from .portal import Portal
from .reader import Reader
from .service import BillingService

if TYPE_CHECKING:
    from .fleet.server import RedisServer

STRIPE_THREADS = 128
"""Calls to Stripe at the same time, and as many connections: each waits more than it works."""


class CacheServer(Protocol):
    """The server that several processes share, as far as health is concerned."""

    def probe(self) -> bool:
        """Whether it answers; asked once in a second at most, and never for long."""


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """What the web layer and the command line work with.

    ``cache_server`` is there when ``BILLING_CACHE_URL`` is set. ``clock`` gives Unix seconds.
    ``expose_metrics`` gives the metrics and their media type for an ``Accept``, if they are on.
    """

    config: BillingConfig
    gateway: StripeGateway
    service: BillingService
    portal: Portal
    signers: Signers
    verifier: TokenVerifier | None
    languages: Mapping[str, Language]
    cache_server: CacheServer | None = None
    clock: Callable[[], float] = time.time
    observer: Observer = SILENT
    expose_metrics: Callable[[str], tuple[bytes, str]] | None = None


def build(
    config: BillingConfig,
    *,
    texts: Mapping[str, Mapping[str, str]] | None = None,
    clock: Callable[[], float] = time.time,
    timer: Callable[[], float] = time.monotonic,
    max_waiting: int = MAX_WAITING,
) -> Pieces:
    """The pieces for ``config``; nothing is asked of Stripe, and no thread is started yet.

    ``texts`` are a site's own words by language tag and Dutch source text. ``clock`` gives Unix
    seconds, ``timer`` seconds that only go forward. ``max_waiting`` is how many requests may wait
    for a slow Stripe: fewer than the threads of the web server.
    """
    observer, expose_metrics = _observer(config)
    shared = _shared_cache(config, observer)
    budget = ReadBudget(
        config.stripe_max_rate, shared=shared.reads if shared else None, observer=observer
    )
    products = Products(
        ttl=config.catalog_ttl, timer=timer, shared=shared.products if shared else None
    )
    api = StripeApi(
        config.stripe_secret_key,
        api_base=config.stripe_api_base,
        connections=STRIPE_THREADS,
        observer=observer,
    )
    gateway = StripeGateway(api, portal_configuration=config.stripe_portal_configuration)
    threads = Threads(size=STRIPE_THREADS)
    guard = Guard(CircuitBreaker(observer=observer), budget, max_waiting=max_waiting, timer=timer)
    loader: Loader[Billing | None] = Loader(
        Reader(gateway, products=products, budget=budget, timer=timer),
        store=_store(config, shared, clock),
        ttl=config.cache_ttl,
        stale_if_error=config.stale_if_error,
        timeout=config.stripe_timeout,
        threads=threads,
        guard=guard,
        clock=clock,
        timer=timer,
    )
    languages = {tag: Language(tag, (texts or {}).get(tag)) for tag in LANGUAGES}
    return Pieces(
        config=config,
        gateway=gateway,
        service=BillingService(
            config,
            loader=loader,
            products=products,
            guard=guard,
            languages=languages,
            clock=clock,
        ),
        portal=Portal(
            gateway,
            loader,
            threads=threads,
            guard=guard,
            timeout=config.stripe_timeout,
            clock=clock,
            timer=timer,
        ),
        signers=Signers(config.secret_key),
        verifier=TokenVerifier(config, clock) if config.accepts_tokens else None,
        languages=languages,
        cache_server=shared.server if shared else None,
        clock=clock,
        observer=observer,
        expose_metrics=expose_metrics,
    )


def _observer(config: BillingConfig) -> tuple[Observer, Callable[[str], tuple[bytes, str]] | None]:
    """Who hears what happens, and how to ask: nobody, unless the metrics are switched on."""
    if config.metrics_token is None:
        return SILENT, None
    from .metrics.prometheus import create_metrics  # an extra, installed only where it is wanted

    metrics = create_metrics()
    return metrics, metrics.expose


class _SharedCache(NamedTuple):
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
