"""Customers who look at their card, and a cache of nothing but moments: the model, played out."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from billing_proxy.capacity import MONTH, Setup, Site


class View(NamedTuple):
    """``customer`` looks at the card at ``moment`` (seconds) by way of ``cache``."""

    moment: float
    customer: int
    cache: int


def play(site: Site, setup: Setup, seconds: float, seed: int) -> list[View]:
    """Everybody's views within ``seconds`` at the site's average rate, in order."""
    rng = random.Random(seed)
    views = [
        View(start + n * site.view_gap, customer, rng.randrange(setup.caches))
        for customer, rate in enumerate(_visit_rates(site))
        for start in _poisson(rng, rate, seconds)
        for n in range(site.views_per_visit)
    ]
    return sorted(view for view in views if view.moment < seconds)


def reads(views: Iterable[View], ttl: float) -> list[View]:
    """Those views that found nothing fresh in their cache."""
    read_at: dict[tuple[int, int], float] = {}
    missed = []
    for view in views:
        key = view.cache, view.customer
        if not view.moment - read_at.get(key, -math.inf) < ttl:
            read_at[key] = view.moment
            missed.append(view)
    return missed


def refusals(rng: random.Random, load: float, burst: int, count: int) -> list[bool]:
    """Which of ``count`` reads, coming by chance, a spreading budget (GCRA) of rate 1 refuses."""
    now, due, refused = 0.0, 0.0, []
    for _ in range(count):
        now += rng.expovariate(load)
        refused.append(max(due, now) - now > burst - 1)
        if not refused[-1]:
            due = max(due, now) + 1
    return refused


def _visit_rates(site: Site) -> Sequence[float]:
    """Visits per second of each customer, by Zipf's law itself and not in groups."""
    weights = [rank**-site.zipf for rank in range(1, site.customers + 1)]
    visits = site.customers * site.views / site.views_per_visit / MONTH
    total = sum(weights)
    return [visits * weight / total for weight in weights]


def _poisson(rng: random.Random, rate: float, seconds: float) -> Iterator[float]:
    moment = rng.expovariate(rate)
    while moment < seconds:
        yield moment
        moment += rng.expovariate(rate)
