"""How often a site makes the service read from Stripe: a model, in closed form. Pure.

Visits of one customer are a Poisson process; a visit is ``views_per_visit`` views, ``view_gap``
seconds apart, each of which meets any of the caches. A read opens a window of ``ttl`` seconds in
one cache. With single views that is a renewal process, and the rates here are exact (Jung, Berger
and Balakrishnan, "Modeling TTL-based Internet Caches", INFOCOM 2003); with longer visits they are
an upper bound. docs/capacity.md derives both, and ``tests/capacity`` simulates them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

MONTH = 30 * 86_400
"""Seconds of the 30 days over which Stripe counts reads."""

LIVE_READS = 2
"""Reads that one visit to the portal adds at most: the page it returns to, and the tab it left."""

_SINGLE_RANKS = 64
_GROUP_GROWTH = 1.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What the customers do. Shares are from 0 to 1.

    Attributes:
        customers: who may look at their card.
        views: views of the card per customer in 30 days.
        peak_factor: the busiest time's view rate over that of the average.
        peak_seconds: how long the busiest time lasts.
        views_per_visit: views that one visit makes.
        view_gap: seconds between two views of one visit.
        portal_share: the share of visits that open the portal.
        detail_share: the share of cards that need an invoice or a schedule too.
        zipf: how unequal customers are: the r-th views in proportion to ``r ** -zipf``; 0: alike.
        products: products that are sold.
        transactions: Stripe's transactions in 30 days.
    """

    customers: int
    views: float
    peak_factor: float
    peak_seconds: float
    views_per_visit: int
    view_gap: float
    portal_share: float
    detail_share: float
    zipf: float
    products: int
    transactions: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How the service runs. Durations are in seconds; ``shared`` is one cache for all processes.

    ``max_rate`` is BILLING_STRIPE_MAX_RATE, or None for what the limits make of it.
    """

    ttl: float
    stale_if_error: float
    catalog_ttl: float
    machines: int
    processes: int
    shared: bool
    max_rate: float | None = None

    @property
    def fleet(self) -> int:
        """Processes on all machines together."""
        return self.machines * self.processes

    @property
    def caches(self) -> int:
        """Caches that know nothing of each other."""
        return 1 if self.shared else self.fleet


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls to Stripe per second, by endpoint, and the views that cause them."""

    views: float
    subscriptions: float
    details: float
    catalog: float
    portal: float

    @property
    def reads(self) -> float:
        """All of them but the portal's sessions, which are writes."""
        return self.subscriptions + self.details + self.catalog


def average(site: Site, setup: Setup) -> Calls:
    """Over 30 days. Traffic that varies costs less: reads grow slower than views do."""
    return _calls(site, setup, factor=1, before=1)


def peak(site: Site, setup: Setup) -> Calls:
    """In the busiest time, once the windows are those of that time.

    A window that is longer than that time counts as one of the average time before it.
    """
    before = site.peak_factor if setup.ttl <= site.peak_seconds else 1
    return _calls(site, setup, factor=site.peak_factor, before=before)


def restart(site: Site, setup: Setup) -> Calls:
    """In the busiest time, right after every cache has been emptied: an upper bound."""
    return _calls(site, setup, factor=site.peak_factor, before=0)


def cards_in(site: Site, setup: Setup, seconds: float) -> float:
    """Different cards that one cache meets in its busiest ``seconds``."""
    busy = min(seconds, site.peak_seconds)
    equivalent = busy * site.peak_factor + (seconds - busy)
    touching = _reads_per_visit(site, setup) / setup.caches
    return sum(
        count * -math.expm1(-visits * min(touching, 1) * equivalent)
        for count, visits in _visitors(site)
    )


def fresh_cards(site: Site, setup: Setup) -> float:
    """Cards that are fresh in one cache at the same time, at most, in the busiest time."""
    return min(site.customers, restart(site, setup).subscriptions * setup.ttl / setup.caches)


def reads_per_visit(views: int, gap: float, ttl: float, caches: int) -> float:
    """Reads that one visit costs when nobody has looked before; exact.

    A cache reads at most once in ``window`` views, so its chance to read at one of them is that of
    being met (``1 / caches``) without having read at one of the ``window - 1`` views before.
    """
    window = views if (views - 1) * gap < ttl else math.ceil(ttl / gap) if ttl else 1
    chances: list[float] = []
    for view in range(views):
        covered = sum(chances[max(0, view - window + 1) :])
        chances.append((1 - covered) / caches)
    return caches * sum(chances)


def read_rate(touches: float, window: float, before: float) -> float:
    """Reads per second of one card in one cache that visits touch ``touches`` times a second.

    A touch reads unless a window is open. ``before`` touches a second opened those; where it is
    ``touches``, this is λ / (1 + λT).
    """
    return touches / (1 + before * window)


def population(customers: int, zipf: float) -> Iterator[tuple[int, float]]:
    """Groups of customers: how many, and how many times the mean rate each of them views.

    Zipf's long tail comes in groups of like ranks. To take the mean in a group overrates its reads
    a little, since reads grow slower than views do.
    """
    if zipf == 0:
        yield customers, 1.0
        return
    groups = [(last - first, _weight(first, last, zipf)) for first, last in _ranks(customers)]
    total = math.fsum(weight for _, weight in groups)
    for count, weight in groups:
        yield count, weight / count / total * customers


def refused(load: float, burst: int) -> float:
    """The share of reads that a read budget refuses when reads come by chance (Poisson).

    ``load`` is reads per second over the budget's rate. A budget that spreads reads (GCRA) and
    lets ``burst`` through at once is the queue M/D/1/K with K = ``burst``; its loss is exact.
    """
    if load == 0 or load > 5:  # that far above 1, more places change little
        return load / (1 + load)
    weights, places = [1.0], min(burst, 100)  # more places refuse less still
    arrivals = [math.exp(-load) * load**i / math.factorial(i) for i in range(places + 1)]
    for j in range(places - 1):
        earlier = math.fsum(weights[i] * arrivals[j - i + 1] for i in range(1, j + 1))
        weights.append((weights[j] - earlier - weights[0] * arrivals[j]) / arrivals[0])
    return max(0.0, 1 - 1 / (weights[0] / math.fsum(weights) + load))


def _calls(site: Site, setup: Setup, *, factor: float, before: float) -> Calls:
    share = _reads_per_visit(site, setup) / setup.caches
    window = max(0.0, setup.ttl - (site.views_per_visit - 1) * site.view_gap)
    cards = setup.caches * math.fsum(
        count * read_rate(visits * share * factor, window, visits * share * before)
        for count, visits in _visitors(site)
    )
    views = site.customers * site.views / MONTH * factor
    portal = views / site.views_per_visit * site.portal_share
    subscriptions = cards + portal * LIVE_READS
    shelves = site.products * setup.caches  # every cache keeps every product for itself
    return Calls(
        views=views,
        subscriptions=subscriptions,
        details=subscriptions * site.detail_share,
        catalog=read_rate(subscriptions, setup.catalog_ttl, 1 / shelves * subscriptions)
        if shelves
        else 0.0,
        portal=portal,
    )


def _reads_per_visit(site: Site, setup: Setup) -> float:
    return reads_per_visit(site.views_per_visit, site.view_gap, setup.ttl, setup.caches)


def _visitors(site: Site) -> Iterator[tuple[int, float]]:
    """Groups of customers: how many, and visits per second of each, on average."""
    visits = site.views / site.views_per_visit / MONTH
    for count, times in population(site.customers, site.zipf):
        yield count, visits * times


def _ranks(customers: int) -> Iterator[tuple[int, int]]:
    """Ranges of ranks, each without its last; one by one first, then ever longer."""
    first = 1
    while first <= customers:
        last = first + 1 if first < _SINGLE_RANKS else math.ceil(first * _GROUP_GROWTH)
        last = min(last, customers + 1)
        yield first, last
        first = last


def _weight(first: int, last: int, zipf: float) -> float:
    """The sum of ``rank ** -zipf``; for many ranks by the midpoint rule, right to 1 in 10,000."""
    if last - first == 1:
        return float(first**-zipf)
    low, high = first - 0.5, last - 0.5
    if zipf == 1:
        return math.log(high / low)
    return float((high ** (1 - zipf) - low ** (1 - zipf)) / (1 - zipf))
