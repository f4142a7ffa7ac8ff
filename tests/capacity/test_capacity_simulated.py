"""The formula against customers who are played out, view by view.

Tolerances: the number of reads in a run is a sum over independent customers. For single views it is
a renewal process, whose variance is at most its mean; a visit of k views reads at most k times, so
that the variance of the whole is at most k times the mean. Five standard deviations are then a
chance of one in a million that a right formula fails; and the seeds are fixed.
"""

from __future__ import annotations

import math
import random
import statistics

import pytest

from billing_proxy.capacity import Setup, Site, average, cards_in, refused, restart
from billing_proxy.capacity_plan import budget_rate
from billing_proxy.read_budget import ReadBudget
from tests.capacity.simulation import play, reads, refusals
from tests.capacity.sites import a_setup, a_site, a_view_every

SIGMAS = 5

SINGLE_VIEWS = {
    "rare": (a_site(customers=5000, views=a_view_every(3000)), a_setup()),
    "frequent": (a_site(customers=500, views=a_view_every(15)), a_setup()),
    "frequent, four caches": (
        a_site(customers=500, views=a_view_every(15)),
        a_setup(machines=2, processes=2),
    ),
    "frequent, more caches than reads": (
        a_site(customers=500, views=a_view_every(15)),
        a_setup(machines=16, processes=4),
    ),
    "frequent, one cache for four": (
        a_site(customers=500, views=a_view_every(15)),
        a_setup(machines=2, processes=2, shared=True),
    ),
    "some look often (Zipf)": (
        a_site(customers=500, views=a_view_every(60), zipf=1.0),
        a_setup(processes=2),
    ),
    "many look rarely (Zipf)": (
        a_site(customers=5000, views=a_view_every(1000), zipf=0.8),
        a_setup(),
    ),
    "nothing is kept": (a_site(customers=500, views=a_view_every(60)), a_setup(ttl=0.0)),
}

RARE_VISITS = {
    "within the time to live": (dict(views_per_visit=2, view_gap=20.0), a_setup()),
    "within it, four caches": (dict(views_per_visit=3, view_gap=9.0), a_setup(processes=4)),
    "longer than it": (dict(views_per_visit=7, view_gap=10.0), a_setup()),
    "longer than it, eight caches": (dict(views_per_visit=7, view_gap=10.0), a_setup(processes=8)),
    "all views at once": (dict(views_per_visit=5, view_gap=0.0), a_setup(processes=3)),
}

BUSY_VISITS = {
    "one cache": a_setup(),
    "four caches": a_setup(machines=2, processes=2),
    "shorter than a visit": a_setup(ttl=5.0),
}


def played(site: Site, setup: Setup, seconds: float = 6000.0, warm_up: float = 300.0) -> int:
    """Reads in so many seconds, once the caches are as warm as they get."""
    views = play(site, setup, seconds + warm_up, seed=20761122)
    return sum(view.moment >= warm_up for view in reads(views, setup.ttl))


def calculated(site: Site, setup: Setup, seconds: float = 6000.0) -> float:
    """What the formula says of as many seconds."""
    return average(site, setup).subscriptions * seconds


@pytest.mark.parametrize(("site", "setup"), SINGLE_VIEWS.values(), ids=SINGLE_VIEWS)
def test_single_views_cost_exactly_what_the_formula_says(site: Site, setup: Setup) -> None:
    expected = calculated(site, setup)
    assert played(site, setup) == pytest.approx(expected, abs=SIGMAS * math.sqrt(expected))


@pytest.mark.parametrize(("shape", "setup"), RARE_VISITS.values(), ids=RARE_VISITS)
def test_a_visit_costs_exactly_what_the_formula_says_while_visits_are_far_apart(
    shape: dict[str, float], setup: Setup
) -> None:
    views = shape["views_per_visit"]
    site = a_site(customers=5000, views=views * a_view_every(200_000), **shape)
    expected = calculated(site, setup, 600_000)
    tolerance = SIGMAS * math.sqrt(views * expected)
    assert played(site, setup, 600_000) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("setup", BUSY_VISITS.values(), ids=BUSY_VISITS)
@pytest.mark.parametrize("between", [15, 60, 600])
def test_where_visits_overlap_the_formula_is_an_upper_bound_and_no_idle_one(
    setup: Setup, between: float
) -> None:
    site = a_site(customers=150, views=3 * a_view_every(between), views_per_visit=3, view_gap=8.0)
    bound, tolerance = calculated(site, setup), SIGMAS * math.sqrt(3 * calculated(site, setup))
    assert played(site, setup) <= bound + tolerance
    assert played(site, setup) >= bound / 2 - tolerance


def test_one_cache_for_all_never_reads_more_than_one_for_each() -> None:
    site = a_site(customers=500, views=a_view_every(15))
    counts = [
        played(site, a_setup(machines=machines, processes=2, shared=shared))
        for machines, shared in ((4, True), (1, False), (4, False))
    ]
    assert counts == sorted(counts)
    assert counts[2] > 2 * counts[0]


def test_right_after_a_restart_more_is_read_than_usual_and_no_more_than_the_bound_says() -> None:
    site, setup = a_site(customers=2000, views=a_view_every(100)), a_setup(processes=3, ttl=600.0)
    first = reads(play(site, setup, 60, seed=1), setup.ttl)
    bound = restart(site, setup).subscriptions * 60
    assert len(first) <= bound + SIGMAS * math.sqrt(bound)
    assert len(first) > 2 * average(site, setup).subscriptions * 60


@pytest.mark.parametrize("zipf", [0.0, 1.0])
def test_a_cache_meets_as_many_different_cards_as_the_formula_says(zipf: float) -> None:
    site = a_site(customers=5000, views=a_view_every(3000), zipf=zipf)
    setup = a_setup(processes=2)
    met = {view.customer for view in play(site, setup, 3000, seed=1) if view.cache == 0}
    expected = cards_in(site, setup, 3000)
    assert len(met) == pytest.approx(expected, abs=SIGMAS * math.sqrt(expected))


@pytest.mark.parametrize(("load", "burst"), [(0.3, 1), (0.8, 2), (0.9, 5), (0.95, 20), (1.5, 3)])
def test_a_budget_refuses_as_many_reads_as_the_formula_says(load: float, burst: int) -> None:
    """Refusals come in crowds, so the deviation is that of fifty batches of the same run."""
    outcomes = refusals(random.Random(1), load, burst, 200_000)
    batches = [statistics.fmean(outcomes[n : n + 4000]) for n in range(0, 200_000, 4000)]
    deviation = statistics.stdev(batches) / math.sqrt(len(batches))
    assert statistics.fmean(batches) == pytest.approx(refused(load, burst), abs=SIGMAS * deviation)


@pytest.mark.parametrize("max_rate", [1, 2.5, 20])
def test_the_real_budget_lets_as_many_through_at_once_as_the_formula_takes(
    max_rate: float,
) -> None:
    budget = ReadBudget(max_rate)
    assert [budget.take() for _ in range(int(budget_rate(max_rate)))][-1]
    assert not all(budget.take() for _ in range(int(budget_rate(max_rate))))


@pytest.mark.parametrize("max_rate", [0.1, 0.25, 0.334, 0.4, 0.7])
def test_the_real_budget_makes_a_slow_rate_one_read_in_whole_seconds(max_rate: float) -> None:
    budget = ReadBudget(max_rate)
    assert budget.take()
    assert not budget.take()
    assert budget.retry_after == pytest.approx(1 / budget_rate(max_rate))
