"""How often Stripe is read: so many per second, and not at all for a while after its own 429."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_proxy.read_budget import FIRST_REST, LONGEST_REST, ReadBudget

from .stripe_objects import Clock


@pytest.fixture
def timer() -> Clock:
    return Clock(100)


def reads(budget: ReadBudget, tries: int = 50) -> int:
    return [budget.take() for _ in range(tries)].count(True)


@pytest.mark.parametrize(
    ("max_rate", "expected"), [(0.1, 1), (0.5, 1), (1, 1), (3, 3), (3.9, 3), (20, 20)]
)
def test_after_a_pause_a_seconds_worth_may_come_at_once_and_no_more(
    max_rate: float, expected: int
) -> None:
    budget = ReadBudget(max_rate)
    start = time.monotonic()
    taken = reads(budget)
    refilled = max_rate * (time.monotonic() - start)
    assert expected <= taken <= expected + refilled


def test_a_budget_knows_when_it_is_spent() -> None:
    budget = ReadBudget(0.1)
    assert not budget.is_spent
    assert budget.take()
    assert budget.is_spent


def test_a_rate_below_one_is_one_read_in_so_many_seconds() -> None:
    budget = ReadBudget(0.1)
    assert budget.take()
    assert not budget.take()
    assert 5 < budget.retry_after <= 10


def test_who_has_nothing_else_to_show_may_wait_a_moment() -> None:
    budget = ReadBudget(20)
    while budget.take():
        pass
    assert budget.take(wait=True) is True


def test_nobody_waits_for_longer_than_a_moment() -> None:
    budget = ReadBudget(0.1)
    budget.take()
    start = time.monotonic()
    assert budget.take(wait=True) is False
    assert time.monotonic() - start < 2


def test_many_threads_share_one_budget() -> None:
    budget = ReadBudget(0.1)
    with ThreadPoolExecutor(16) as people:
        assert sum(people.map(lambda _: reads(budget, 4), range(16))) == 1


def test_budgets_of_two_services_do_not_meet() -> None:
    first, second = ReadBudget(0.1), ReadBudget(0.1)
    assert (reads(first), reads(second)) == (1, 1)


def test_after_a_429_nothing_is_read_for_a_second(timer: Clock) -> None:
    budget = ReadBudget(1000, timer=timer)
    budget.rate_limited()
    assert budget.is_spent
    assert not budget.take()
    assert not budget.take(wait=True)
    assert budget.retry_after == FIRST_REST == 1
    timer.advance(FIRST_REST)
    assert not budget.is_spent
    assert budget.take()


def test_each_429_that_follows_doubles_the_rest_up_to_half_a_minute(timer: Clock) -> None:
    budget = ReadBudget(1000, timer=timer)
    rests = []
    for _ in range(7):
        budget.rate_limited()
        rests.append(budget.retry_after)
        timer.advance(budget.retry_after)
    assert rests == [1, 2, 4, 8, 16, 30, 30]
    assert LONGEST_REST == 30


def test_several_429s_at_once_are_one(timer: Clock) -> None:
    budget = ReadBudget(1000, timer=timer)
    for _ in range(16):
        budget.rate_limited()
    assert budget.retry_after == 1


def test_after_a_full_answer_the_next_429_is_a_first_one(timer: Clock) -> None:
    budget = ReadBudget(1000, timer=timer)
    for _ in range(3):
        budget.rate_limited()
        timer.advance(budget.retry_after)
    budget.answered()
    budget.rate_limited()
    assert budget.retry_after == 1
