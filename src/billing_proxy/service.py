"""The use cases: the card, how its reading fares, an event that something changed. No Flask."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from .cache.allowance import INTERVAL
from .cache.guard import Guard
from .cache.products import Products
from .card.builder import CardBuilder
from .card.card import BillingCard
from .card.facts import Billing
from .card.rules import Code
from .config.settings import BillingConfig
from .errors import CustomerNotFound, InvalidEvent, StripeKeyRefused
from .gateway.api import safe
from .gateway.events import open_event
from .identity.customers import NO_CUSTOMER
from .language.choice import NO_WISH, Choice
from .language.words import Language, day_of
from .loader import Loader, Outcome

log = logging.getLogger(__name__)

LIVE_INTERVAL = INTERVAL
"""Seconds that a card may be old for a client that asks for a live one."""

REFUSAL_HOLDS = 30.0
"""Seconds for which a refused key counts as "cannot serve"; then the next request tries again."""


_NOBODY = Billing(customer=None)


class HealthStatus(StrEnum):
    """How something fares, in the words of a health check."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Served:
    """What Stripe said of a customer, where that came from, and the card ``builder`` makes of it.

    It was read at ``read_at`` and is shown at ``now`` (both Unix seconds); ``seconds`` is what
    getting it took. ``stripe_request`` is the id of the request to Stripe that it was read with, if
    one was made.
    """

    billing: Billing
    builder: CardBuilder
    outcome: Outcome
    read_at: float
    now: float
    seconds: float = 0.0
    stripe_request: str | None = None

    @property
    def language(self) -> str:
        """The tag of the card's language."""
        return self.builder.language.tag

    @property
    def stale(self) -> bool:
        """Whether it is the last known one, while Stripe fails."""
        return self.outcome is Outcome.STALE

    @cached_property
    def card(self) -> BillingCard:
        """The card, made when it is first asked for: who has it in HTML already needs none."""
        return self.builder.build(self.billing, now=self.now, as_of=self.read_at, stale=self.stale)

    @cached_property
    def valid_until(self) -> float:
        """Until when (Unix seconds) the card says the same: the next date on it, or midnight."""
        zone = self.builder.zone
        tomorrow = day_of(int(self.now), zone) + timedelta(days=1)
        midnight = datetime.combine(tomorrow, datetime.min.time(), zone).timestamp()
        moments = (moment for sub in self.billing.subscriptions for moment in sub.moments())
        return min([*(moment for moment in moments if moment > self.now), midnight])


class BillingService:
    """What the web layer and the command line ask for, but for the way to the portal.

    Raises the errors of ``errors.py``; ``clock`` gives Unix seconds.
    """

    def __init__(
        self,
        config: BillingConfig,
        *,
        loader: Loader[Billing | None],
        products: Products,
        guard: Guard,
        languages: Mapping[str, Language],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._livemode = config.livemode
        self._loader = loader
        self._products = products
        self._guard = guard
        self._clock = clock
        zone = ZoneInfo(config.timezone)
        self._builders = {
            tag: CardBuilder(
                zone=zone,
                language=spoken,
                free_plan=config.free_plan,
                can_choose=config.upgrade_url is not None,
            )
            for tag, spoken in languages.items()
        }

    def card(
        self, customer: str, *, choice: Choice = NO_WISH, not_before: float | None = None
    ) -> Served:
        """The card of ``customer``, in the language that ``choice`` and the customer come to.

        With ``not_before`` (Unix seconds) it is one that was read since.

        While Stripe fails, the last known card comes back, marked stale.

        Raises:
            CustomerNotFound, StripeUnavailable, StripeMisconfigured
        """
        started = time.perf_counter()
        if customer == NO_CUSTOMER:
            return self._without_customer(choice.tag())
        found = self._loader.get(customer, not_before=not_before)
        if found.value is None:
            raise CustomerNotFound("Stripe does not know this customer")
        loaded = found.outcome in (Outcome.MISS, Outcome.COLLAPSED)
        served = Served(
            found.value,
            self._builders[choice.tag(found.value.preferred_locales)],
            found.outcome,
            read_at=found.read_at,
            now=self._clock(),
            seconds=time.perf_counter() - started,
            stripe_request=found.value.request_id if loaded else None,
        )
        if found.outcome is Outcome.MISS:
            _log_unknown_statuses(served.card)
        return served

    def _without_customer(self, language: str) -> Served:
        """The card of who has never paid: there is nothing to ask Stripe."""
        now = self._clock()
        return Served(_NOBODY, self._builders[language], Outcome.HIT, now, now)

    def stripe_status(self) -> HealthStatus:
        """How the last call went, from memory: none is made to find out."""
        error, age = self._guard.last_failure()
        if error is None:
            limited = self._guard.breaker.is_open or self._guard.budget.is_spent
            return HealthStatus.WARN if limited else HealthStatus.PASS
        refused = isinstance(error, StripeKeyRefused) and age < REFUSAL_HOLDS
        return HealthStatus.FAIL if refused else HealthStatus.WARN

    def is_fresh(self, customer: str, read_at: float) -> bool:
        """Whether the card read at ``read_at`` (Unix seconds) is the one to show still."""
        return self._loader.is_fresh(customer, read_at)

    def stands_in(self, customer: str, read_at: float) -> bool:
        """Whether the card read at ``read_at`` would be shown now as the last known one."""
        return self._loader.stands_in(customer, read_at)

    def preferred_locales(self, customer: str) -> tuple[str, ...]:
        """The languages that ``customer`` wants at Stripe, as far as is known without asking."""
        known = self._loader.peek(customer)
        return known.preferred_locales if known else ()

    def live_since(self) -> float:
        """The ``not_before`` of a client that asks for a live read."""
        return self._clock() - LIVE_INTERVAL

    def changed(self, customer: str) -> None:
        """Something of ``customer`` may have changed: the next card is read anew, for everybody."""
        self._loader.expire(customer)

    def receive(self, body: bytes, signature: str, secret: str) -> None:
        """Forget what a webhook's event says has changed. The next read is live, and decides.

        Raises:
            InvalidEvent: when the event is not Stripe's, or of the other mode than the key.
        """
        event = open_event(body, signature, secret, now=self._clock())
        if event.livemode is not None and event.livemode != self._livemode:
            raise InvalidEvent("the event's livemode is not that of STRIPE_SECRET_KEY")
        if event.customer and event.customer_deleted:
            self._loader.drop(event.customer)
        elif event.customer:
            self._loader.expire(event.customer)
        if event.product:
            self._products.expire(event.product)


def _log_unknown_statuses(card: BillingCard) -> None:
    for status in (card.status, *(other.status for other in card.other_subscriptions)):
        if status.code is Code.UNKNOWN:
            log.warning("Stripe sent the unknown status %s", safe(status.stripe_status))
