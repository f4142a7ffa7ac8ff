"""How often Stripe is read: so many per second, and not at all for a while after its own 429.

How the reads are spread is tested with both limiters, in tests/fleet/test_shared.py.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_proxy.cache.budget import FIRST_REST, LONGEST_REST, ReadBudget
from tests.stage.clock import Clock

PATIENCE = 0.25


@pytest.fixture
def timer() -> Clock:
    return Clock(100)


def reads(budget: ReadBudget, tries: int = 50) -> int:
    return [budget.take() for _ in range(tries)].count(True)


@pytest.mark.parametrize(
    ("max_rate", "expected"), [(0.1, 1), (0.5, 1), (1, 1), (3, 3), (3.9, 3), (20, 20)]
)
def test_after_a_pause_a_seconds_worth_may_come_at_once_and_no_more(
    timer: Clock, max_rate: float, expected: int
) -> None:
    budget = ReadBudget(max_rate, timer=timer)
    assert reads(budget) == expected
    timer.advance(3600)
    assert reads(budget) == expected


def test_a_rate_below_one_is_one_read_in_so_many_seconds(timer: Clock) -> None:
    budget = ReadBudget(0.1, timer=timer)
    assert not budget.is_spent
    assert budget.take()
    assert budget.is_spent
    assert not budget.take()
    assert budget.retry_after == 10
    timer.advance(9.9)
    assert not budget.take()
    timer.advance(0.1)
    assert not budget.is_spent
    assert budget.take()


@pytest.mark.parametrize(("max_rate", "granted", "waited"), [(20, True, 0.05), (0.1, False, 0)])
def test_who_has_nothing_else_to_show_may_wait_a_moment_and_no_longer(
    timer: Clock, max_rate: float, granted: bool, waited: float
) -> None:
    budget = ReadBudget(max_rate, timer=timer, pause=timer.advance)
    reads(budget)
    began = timer.now
    assert budget.take(patience=PATIENCE) is granted
    assert round(timer.now - began, 6) == waited


def test_who_waits_and_comes_too_late_waits_no_longer_than_a_moment_in_all(timer: Clock) -> None:
    def too_late(seconds: float) -> None:
        timer.advance(seconds)
        reads(budget)  # somebody else was quicker

    budget = ReadBudget(20, timer=timer, pause=too_late)
    reads(budget)
    began = timer.now
    assert budget.take(patience=PATIENCE) is False
    assert timer.now - began <= PATIENCE


def test_many_threads_share_one_budget() -> None:
    budget = ReadBudget(0.1)
    with ThreadPoolExecutor(16) as people:
        assert sum(people.map(lambda _: reads(budget, 4), range(16))) == 1


def test_what_all_processes_are_refused_holds_for_as_long_as_they_say(timer: Clock) -> None:
    said = iter([0.0, 5.0])
    budget = ReadBudget(1000, shared=lambda: next(said), timer=timer)
    assert budget.take()
    assert not budget.is_spent
    assert not budget.take()
    assert (budget.is_spent, budget.retry_after) == (True, 5)
    timer.advance(5)
    assert not budget.is_spent


def test_when_nobody_can_be_asked_the_limit_is_our_own(timer: Clock) -> None:
    assert reads(ReadBudget(3, shared=lambda: None, timer=timer)) == 3


def test_after_a_429_nothing_is_read_for_a_second(timer: Clock) -> None:
    budget = ReadBudget(1000, timer=timer)
    budget.rate_limited()
    assert budget.is_spent
    assert not budget.take()
    assert not budget.take(patience=PATIENCE)
    assert budget.retry_after == FIRST_REST == 1
    timer.advance(FIRST_REST)
    assert not budget.is_spent
    assert budget.take()


def test_each_429_that_follows_doubles_the_rest_until_stripe_answers_in_full(timer: Clock) -> None:
    budget = ReadBudget(1000, timer=timer)
    rests = []
    for _ in range(7):
        for _ in range(16):  # several at once are one
            budget.rate_limited()
        rests.append(budget.retry_after)
        timer.advance(budget.retry_after)
    assert rests == [1, 2, 4, 8, 16, LONGEST_REST, 30]
    budget.answered()
    budget.rate_limited()
    assert budget.retry_after == 1
