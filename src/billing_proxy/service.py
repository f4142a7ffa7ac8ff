"""The use cases: the card, the way to the portal, an event that something changed. No Flask."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from .cache.cards import CardCache, Outcome
from .cache.guard import Guard
from .cache.products import Catalog
from .cache.store import Store
from .cache.threads import Workers
from .card.builder import CardBuilder
from .card.card import BillingCard
from .card.facts import Billing
from .config.settings import BillingConfig
from .errors import (
    BillingError,
    CustomerNotFound,
    InvalidEvent,
    StripeMisconfigured,
    StripeUnavailable,
)
from .gateway.events import open_event
from .gateway.gateway import StripeGateway
from .language.words import LANGUAGES, Language, day_of

LIVE_INTERVAL = 2.0
"""Seconds between two live reads of one customer that clients may ask for with ``no-cache``."""


REFUSAL_HOLDS = 30.0
"""Seconds for which a refused key counts as "cannot serve"; then the next request tries again."""


class HealthStatus(StrEnum):
    """How something fares, in the words of a health check."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Served:
    """A card and where it came from; ``seconds`` is what that took.

    It was read at ``read_at`` and says the same until ``valid_until`` (both Unix seconds).
    ``stripe_request`` is the id of the request to Stripe that it was read with, if one was made.
    """

    card: BillingCard
    outcome: Outcome
    read_at: float
    valid_until: float
    seconds: float
    stripe_request: str | None


class BillingService:
    """Everything the web layer and the command line ask for.

    Raises the errors of ``errors.py``; ``clock`` gives Unix seconds.
    """

    def __init__(
        self,
        config: BillingConfig,
        gateway: StripeGateway,
        catalog: Catalog,
        *,
        store: Store[Billing | None],
        workers: Workers,
        guard: Guard,
        languages: Mapping[str, Language] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._timeout = config.stripe_timeout
        self._livemode = config.livemode
        self._gateway = gateway
        self._catalog = catalog
        self._workers = workers
        self._guard = guard
        self._clock = clock
        self._cache: CardCache[Billing | None] = CardCache(
            store=store,
            ttl=config.cache_ttl,
            stale_if_error=config.stale_if_error,
            timeout=config.stripe_timeout,
            workers=workers,
            guard=guard,
            clock=clock,
        )
        languages = languages or {tag: Language(tag) for tag in LANGUAGES}
        self._last_failure: tuple[BillingError | None, float] = (None, 0.0)
        self._zone = ZoneInfo(config.timezone)
        self._builders = {
            tag: CardBuilder(
                zone=self._zone,
                language=spoken,
                free_plan=config.free_plan,
                can_choose=config.upgrade_url is not None,
            )
            for tag, spoken in languages.items()
        }

    def card(
        self, customer: str, *, language: str = LANGUAGES[0], not_before: float | None = None
    ) -> Served:
        """The card of ``customer``; with ``not_before``, one that was read since (Unix seconds).

        While Stripe fails, the last known card comes back, marked stale.

        Raises:
            CustomerNotFound, StripeUnavailable, StripeMisconfigured
        """
        started = time.perf_counter()
        found = self._cache.get(
            customer,
            lambda until: self._read(customer, until),
            not_before=not_before,
        )
        if found.value is None:
            raise CustomerNotFound("Stripe does not know this customer")
        now = self._clock()
        card = self._builders[language].build(
            found.value,
            now=now,
            as_of=found.read_at,
            stale=found.outcome is Outcome.STALE,
        )
        loaded = found.outcome in (Outcome.MISS, Outcome.COLLAPSED)
        return Served(
            card,
            found.outcome,
            read_at=found.read_at,
            valid_until=self._valid_until(found.value, now),
            seconds=time.perf_counter() - started,
            stripe_request=found.value.request_id if loaded else None,
        )

    def stripe_status(self) -> HealthStatus:
        """How the last reading went, from memory: no call is made to find out."""
        error, moment = self._last_failure
        if error is None:
            limited = self._guard.breaker.is_open or self._guard.budget.is_spent
            return HealthStatus.WARN if limited else HealthStatus.PASS
        refused = isinstance(error, StripeMisconfigured)
        if refused and self._clock() - moment < REFUSAL_HOLDS:
            return HealthStatus.FAIL
        return HealthStatus.WARN

    def _read(self, customer: str, until: float) -> Billing | None:
        try:
            billing = self._gateway.retrieve_billing(customer, until=until)
        except BillingError as error:
            self._last_failure = (error, self._clock())
            raise
        self._last_failure = (None, 0.0)
        return billing

    def is_fresh(self, customer: str, read_at: float) -> bool:
        """Whether the card read at ``read_at`` (Unix seconds) is the one to show still."""
        return self._cache.is_fresh(customer, read_at)

    def stands_in(self, customer: str, read_at: float) -> bool:
        """Whether the card read at ``read_at`` would be shown now as the last known one."""
        return self._cache.stands_in(customer, read_at)

    def _valid_until(self, billing: Billing, now: float) -> float:
        """Until when (Unix seconds) a card says the same: the next date on it, or midnight."""
        tomorrow = day_of(int(now), self._zone) + timedelta(days=1)
        midnight = datetime.combine(tomorrow, datetime.min.time(), self._zone).timestamp()
        ahead = [m for sub in billing.subscriptions for m in sub.moments() if m > now]
        return min([*ahead, midnight])

    def live_since(self) -> float:
        """The ``not_before`` of a client that asks for a live read."""
        return self._clock() - LIVE_INTERVAL

    def portal_url(
        self, customer: str, *, return_url: str, locale: str, flow: str | None = None
    ) -> str:
        """A new portal session for ``customer``, to be redirected to at once and never kept.

        Raises:
            CustomerNotFound, StripeUnavailable, StripeMisconfigured
        """
        if self._guard.breaker.is_open:
            raise StripeUnavailable("the circuit is open after repeated failures", retry_after=2)
        until = time.monotonic() + self._timeout
        subscription = self._subscription(customer) if flow else None
        session = self._workers.submit(
            lambda: self._gateway.create_portal_session(
                customer,
                return_url=return_url,
                locale=locale,
                flow=flow,
                subscription=subscription,
                until=until,
            )
        )
        try:
            return self._guard.wait(session, until)
        finally:
            session.cancel()

    def _subscription(self, customer: str) -> str | None:
        """The subscription that the card shows; without one the plain portal has to do."""
        try:
            return self.card(customer).card.subscription
        except StripeUnavailable:
            return None

    def receive(self, body: bytes, signature: str, secret: str) -> None:
        """Forget what a webhook's event says has changed. The next read is live, and decides.

        Raises:
            InvalidEvent: when the event is not Stripe's, or of the other mode than the key.
        """
        event = open_event(body, signature, secret, now=self._clock())
        if event.livemode is not None and event.livemode != self._livemode:
            raise InvalidEvent("the event's livemode is not that of STRIPE_SECRET_KEY")
        if event.customer and event.customer_deleted:
            self._cache.drop(event.customer)
        elif event.customer:
            self._cache.expire(event.customer)
        if event.product:
            self._catalog.forget(event.product)
