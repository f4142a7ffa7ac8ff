"""Who looks when, as on a real site, and the least that has to be read for it. Pure."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class View:
    """``customer``, by number, looks ``at`` seconds after the start."""

    at: float
    customer: int


def zipf_views(*, views: int, customers: int, seconds: float, seed: int = 1) -> Sequence[View]:
    """``views`` in order of time, spread evenly; customer n looks with a weight of 1/n (Zipf)."""
    chance = random.Random(seed)
    weights = [1 / (rank + 1) for rank in range(customers)]
    who = chance.choices(range(customers), weights, k=views)
    when = sorted(chance.uniform(0, seconds) for _ in range(views))
    return [View(at, customer) for at, customer in zip(when, who, strict=True)]


def least_reads(views: Iterable[View], *, ttl: float) -> int:
    """The fewest reads with which every view shows a card less than ``ttl`` seconds old.

    A card cannot be read before its first view is known of; reading at the first view that no
    earlier read covers is then the least, since each such view lies ``ttl`` after the one before.
    """
    moments: dict[int, list[float]] = defaultdict(list)
    for view in views:
        moments[view.customer].append(view.at)
    return sum(_covers(sorted(times), ttl) for times in moments.values())


def _covers(times: Sequence[float], ttl: float) -> int:
    reads, until = 0, float("-inf")
    for moment in times:
        if moment >= until:
            reads, until = reads + 1, moment + ttl
    return reads
