"""Who may ask Stripe, and who may wait for it."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from billing_proxy.cache.breaker import PROBE_INTERVAL, CircuitBreaker
from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.guard import Guard
from billing_proxy.errors import (
    BillingError,
    CustomerNotFound,
    ReadBudgetSpent,
    StripeMisconfigured,
    StripeRateLimited,
    StripeTooSlow,
    StripeUnavailable,
)

from .stripe_objects import Clock


@pytest.fixture
def timer() -> Clock:
    return Clock(100)


def make_guard(timer: Clock, *, threshold: int = 1, max_rate: float = 1000) -> Guard:
    breaker = CircuitBreaker(threshold=threshold, timer=timer)
    return Guard(breaker, ReadBudget(max_rate, timer=timer), max_waiting=2, timer=timer)


@pytest.mark.parametrize(
    ("error", "opens"),
    [
        (StripeUnavailable(), True),
        (StripeTooSlow(), True),
        (StripeRateLimited(), False),
        (ReadBudgetSpent(), False),
        (StripeMisconfigured(), False),
        (CustomerNotFound(), False),
        (BillingError(), False),
    ],
)
def test_only_a_stripe_out_of_reach_opens_the_circuit(
    timer: Clock, error: BillingError, opens: bool
) -> None:
    guard = make_guard(timer)
    guard.failed(error)
    assert guard.breaker.is_open is opens


@pytest.mark.parametrize("error", [StripeMisconfigured(), CustomerNotFound(), StripeRateLimited()])
def test_whatever_stripe_answers_closes_it(timer: Clock, error: BillingError) -> None:
    guard = make_guard(timer)
    guard.failed(StripeUnavailable())
    guard.failed(error)
    assert not guard.breaker.is_open


def test_a_read_that_was_never_made_says_nothing_about_stripe(timer: Clock) -> None:
    guard = make_guard(timer)
    guard.failed(StripeUnavailable())
    guard.failed(ReadBudgetSpent())
    assert guard.breaker.is_open


def test_while_the_circuit_is_open_nothing_is_admitted_but_a_probe(timer: Clock) -> None:
    guard = make_guard(timer)
    guard.admit()
    guard.failed(StripeUnavailable())
    with pytest.raises(StripeUnavailable) as raised:
        guard.admit()
    assert (raised.value.retry_after or 0) >= 1
    timer.advance(PROBE_INTERVAL)
    guard.admit()
    with pytest.raises(StripeUnavailable):
        guard.admit()
    guard.answered()
    guard.admit()


def test_a_spent_budget_says_when_to_come_back(timer: Clock) -> None:
    guard = make_guard(timer, max_rate=0.1)
    guard.spend(patience=0)
    for patience in (0.0, 0.25):
        with pytest.raises(ReadBudgetSpent) as raised:
            guard.spend(patience=patience)
        assert (raised.value.retry_after or 0) > 1


def test_stripes_own_429_spends_the_budget_until_an_answer_in_full(timer: Clock) -> None:
    guard = make_guard(timer)
    for rest in (1, 2):
        guard.failed(StripeRateLimited())
        with pytest.raises(ReadBudgetSpent) as raised:
            guard.spend(patience=0)
        assert raised.value.retry_after == rest
        timer.advance(rest)
        guard.spend(patience=0)
    guard.answered()
    guard.failed(StripeRateLimited())
    with pytest.raises(ReadBudgetSpent) as raised:
        guard.spend(patience=0)
    assert raised.value.retry_after == 1


def test_only_so_many_may_wait_and_each_gives_the_place_back(timer: Clock) -> None:
    guard = make_guard(timer)
    for _ in range(3):
        with ExitStack() as places:
            places.enter_context(guard.waiting())
            places.enter_context(guard.waiting())
            with pytest.raises(StripeUnavailable, match="wait"):
                places.enter_context(guard.waiting())
        with pytest.raises(KeyError), guard.waiting():
            raise KeyError
