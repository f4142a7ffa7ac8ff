"""Stripe's limits, what a site would take of them, and what to set. Pure.

Source of the limits: https://docs.stripe.com/rate-limits
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .capacity import (
    MONTH,
    Calls,
    Setup,
    Site,
    average,
    cards_in,
    fresh_cards,
    peak,
    refused,
    restart,
)

MAX_REFUSED = 0.01
"""The share of cold cards that the read budget may refuse at the peak: they are a 503, or stale."""

REFUSED = "refused by the read budget, %"

LEAST_RATE = 0.1
"""Reads per second: the least that BILLING_STRIPE_MAX_RATE can say."""

MOST_CARDS = 100_000_000
"""The most that BILLING_CACHE_MAXSIZE can say."""

CARD_BYTES = 2048
"""Bytes of one card in a process, at most."""

SHARED_CARD_BYTES = 2048
"""Bytes of one card in the shared cache, its key and the server's own overhead included."""

TTLS = (30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400)
"""Seconds to choose a BILLING_CACHE_TTL from; the last is the most that it can say."""

SPARE = 0.9
"""The part of our share that should be used where Stripe is asked for more: sites grow."""

MOST_CUSTOMERS = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What Stripe allows, and the share of it that is for this service: the rest is the checkout's.

    ``endpoint`` and ``account`` are reads per second, ``per_transaction`` and ``least_reads`` reads
    in 30 days.
    """

    endpoint: float = 25.0
    account: float = 100.0
    per_transaction: float = 500.0
    least_reads: float = 10_000.0
    share: float = 0.8


@dataclass(frozen=True, slots=True)
class Demand:
    """What the site needs of one limit. ``allowed`` is Stripe's, ``ours`` the share for us.

    ``allowed`` is None for the one limit that is not Stripe's.
    """

    name: str
    needs: float
    allowed: float | None
    ours: float

    @property
    def used(self) -> float:
        """1 where all of our share is used."""
        return self.needs / self.ours

    @property
    def fits(self) -> bool:
        """Whether our share is enough."""
        return self.needs <= self.ours


@dataclass(frozen=True, slots=True)
class Ask:
    """What Stripe would have to allow: reads per second, and those of so many transactions.

    0 where what Stripe allows is enough.
    """

    endpoint: int
    account: int
    transactions: int


@dataclass(frozen=True, slots=True)
class Advice:
    """What to set; None where nothing that can be set is enough.

    ``max_rate`` is BILLING_STRIPE_MAX_RATE: for each process, or with a shared cache for the fleet.
    ``ask`` is there where no setting is enough. ``process_bytes`` and ``shared_bytes`` are the
    memory of the cards.
    """

    ttl: float | None
    ttl_if_shared: float | None
    max_rate: float | None
    maxsize: int
    process_bytes: int
    shared_bytes: int
    ask: Ask | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole answer. ``most_customers`` is how many fit with all else as it is."""

    peak: Calls
    average: Calls
    restart: Calls
    demands: tuple[Demand, ...]
    most_customers: int
    advice: Advice

    @property
    def fits(self) -> bool:
        """Whether no limit is broken."""
        return all(demand.fits for demand in self.demands)


def make_plan(site: Site, setup: Setup, limits: Limits) -> Plan:
    """Everything that can be said about a site with this setup."""
    return Plan(
        peak=peak(site, setup),
        average=average(site, setup),
        restart=restart(site, setup),
        demands=tuple(demands(site, setup, limits)),
        most_customers=_most_customers(site, setup, limits),
        advice=_advise(site, setup, limits),
    )


def demands(site: Site, setup: Setup, limits: Limits) -> Iterator[Demand]:
    """What the site needs of every limit, in the order of how often it is the first to break."""
    busy = peak(site, setup)
    per_endpoint = {
        "subscriptions, reads/s": busy.subscriptions,
        "invoices and schedules, reads/s": busy.details,
        "prices and products, reads/s": busy.catalog,
        "portal sessions, calls/s": busy.portal,
    }
    for name, needs in per_endpoint.items():
        yield Demand(name, needs, limits.endpoint, limits.endpoint * limits.share)
    yield Demand("the account, reads/s", busy.reads, limits.account, limits.account * limits.share)
    month = _month(site, limits)
    reads = average(site, setup).reads * MONTH
    yield Demand("30 days, reads", reads, month, month * limits.share)
    yield Demand(REFUSED, 100 * _refused(busy, setup, limits), None, 100 * MAX_REFUSED)


def process_rate(share: float) -> float | None:
    """The most that BILLING_STRIPE_MAX_RATE can say without exceeding ``share`` reads per second.

    The budget counts in whole reads: below one a second, one read in so many whole seconds.
    """
    if share >= 1:
        return float(math.floor(share))
    seconds = math.ceil(1 / share)
    return math.ceil(1000 / seconds) / 1000 if 1 / seconds >= LEAST_RATE else None


def budget_rate(max_rate: float) -> float:
    """Reads per second that a process with this BILLING_STRIPE_MAX_RATE really makes at most."""
    return math.floor(max_rate) if max_rate >= 1 else 1 / math.ceil(1 / max_rate)


def max_rate(setup: Setup, limits: Limits) -> float | None:
    """What BILLING_STRIPE_MAX_RATE is, or should be: for each cache, its part of our share.

    All reads count in the budget, whichever endpoint they go to. None where the part is too small.
    """
    if setup.max_rate is not None:
        return setup.max_rate
    return process_rate(limits.share * min(limits.endpoint, limits.account) / setup.caches)


def most_reads(setup: Setup, limits: Limits) -> float:
    """Reads per second that all budgets together let through."""
    return setup.caches * budget_rate(max_rate(setup, limits) or LEAST_RATE)


def _refused(busy: Calls, setup: Setup, limits: Limits) -> float:
    rate = max_rate(setup, limits)
    if rate is None:
        return 1.0
    return refused(busy.reads / setup.caches / budget_rate(rate), burst=max(1, int(rate)))


def _fits(site: Site, setup: Setup, limits: Limits) -> bool:
    return all(demand.fits for demand in demands(site, setup, limits))


def _most_customers(site: Site, setup: Setup, limits: Limits) -> int:
    """To 1 in 1,000, from the site's own size on; transactions grow with the customers.

    By steps first, since a few customers may be too many for the least of a month's reads, where
    more of them bring transactions enough.
    """

    def fits(customers: int) -> bool:
        transactions = site.transactions * customers / site.customers
        return _fits(replace(site, customers=customers, transactions=transactions), setup, limits)

    low = high = site.customers
    if fits(low):
        while fits(high):
            if high == MOST_CUSTOMERS:
                return high
            low, high = high, min(MOST_CUSTOMERS, high + max(1, high // 4))
    else:
        while low and not fits(low):
            low, high = low - max(1, low // 4), low
    while high - low > max(1, low // 1000):
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _least_ttl(site: Site, setup: Setup, limits: Limits) -> float | None:
    """The time to live in ``setup`` if that fits, else the least that does."""
    for ttl in (setup.ttl, *(ttl for ttl in TTLS if ttl > setup.ttl)):
        if _fits(site, replace(setup, ttl=ttl), limits):
            return ttl
    return None


def _advise(site: Site, setup: Setup, limits: Limits) -> Advice:
    ttl = _least_ttl(site, setup, limits)
    ttl_if_shared = _least_ttl(site, replace(setup, shared=True), limits)
    if ttl is None and ttl_if_shared is None and setup.max_rate is not None:
        return _advise(site, replace(setup, max_rate=None), limits)  # the rate itself may be wrong
    used = setup if ttl is None else replace(setup, ttl=ttl)
    kept = max(cards_in(site, used, used.ttl + used.stale_if_error), fresh_cards(site, used))
    maxsize = min(MOST_CARDS, _round_up(kept))
    return Advice(
        ttl=ttl,
        ttl_if_shared=ttl_if_shared,
        max_rate=max_rate(setup, limits),
        maxsize=maxsize,
        process_bytes=maxsize * CARD_BYTES,
        shared_bytes=math.ceil(kept) * SHARED_CARD_BYTES if setup.shared else 0,
        ask=_ask(site, setup, limits) if ttl is None and ttl_if_shared is None else None,
    )


def _ask(site: Site, setup: Setup, limits: Limits) -> Ask:
    """At the time to live of ``setup``, with one cache and one budget for the fleet."""
    shared = replace(setup, shared=True, max_rate=None)
    busy = peak(site, shared)
    reads = math.ceil(max(busy.reads, busy.portal) / limits.share / SPARE)
    while _refused(busy, shared, replace(limits, endpoint=reads, account=reads)) > MAX_REFUSED:
        reads += math.ceil(reads / 20)
    month = average(site, shared).reads * MONTH / limits.share
    return Ask(
        endpoint=reads if reads > limits.endpoint else 0,
        account=reads if reads > limits.account else 0,
        transactions=0
        if month <= _month(site, limits)
        else math.ceil(month / limits.per_transaction),
    )


def _month(site: Site, limits: Limits) -> float:
    return max(limits.least_reads, limits.per_transaction * site.transactions)


def _round_up(cards: float) -> int:
    """At least the default; above it with a tenth to spare, and in two digits."""
    wanted = max(10_000, math.ceil(cards * 1.1))
    step = int(10 ** (len(str(wanted)) - 2))
    return math.ceil(wanted / step) * step
