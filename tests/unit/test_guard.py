"""Who may ask Stripe and who may wait for it, and what a call's end says about Stripe."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from billing_proxy.cache.breaker import PROBE_INTERVAL, CircuitBreaker
from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.guard import Guard, Report
from billing_proxy.errors import (
    BillingError,
    CustomerNotFound,
    ReadBudgetSpent,
    StripeKeyRefused,
    StripeMisconfigured,
    StripeRateLimited,
    StripeTooSlow,
    StripeUnavailable,
)
from tests.stage.clock import Clock

KEY_REFUSED = StripeKeyRefused("revoked")


@pytest.fixture
def timer() -> Clock:
    return Clock(100)


def make_guard(timer: Clock, *, threshold: int = 1, max_rate: float = 1000) -> Guard:
    breaker = CircuitBreaker(threshold=threshold, timer=timer)
    return Guard(breaker, ReadBudget(max_rate, timer=timer), max_waiting=2, timer=timer)


@pytest.mark.parametrize(
    ("error", "opens", "closes", "is_failure"),
    [
        (StripeUnavailable(), True, False, True),
        (StripeTooSlow(), True, False, True),
        (StripeRateLimited(), False, True, True),
        (StripeMisconfigured(), False, True, True),
        (KEY_REFUSED, False, True, True),
        (BillingError(), False, True, True),
        (CustomerNotFound(), False, True, False),  # an answer like any other
        (ReadBudgetSpent(), False, False, None),  # Stripe was not asked
    ],
)
def test_what_the_end_of_a_call_says_about_stripe(
    timer: Clock, error: BillingError, opens: bool, closes: bool, is_failure: bool | None
) -> None:
    guard = make_guard(timer)
    guard.failed(error)
    assert guard.breaker.is_open is opens
    guard.failed(StripeUnavailable())
    guard.failed(error)
    assert guard.breaker.is_open is not closes
    guard.failed(KEY_REFUSED)
    guard.failed(error)
    expected = {True: error, False: None, None: KEY_REFUSED}[is_failure]
    assert guard.last_failure()[0] is expected


def test_the_last_failure_is_as_old_as_the_timer_says_until_there_is_an_answer(
    timer: Clock,
) -> None:
    guard = make_guard(timer)
    assert guard.last_failure()[0] is None
    guard.failed(KEY_REFUSED)
    timer.advance(7)
    assert guard.last_failure() == (KEY_REFUSED, 7)
    guard.answered()
    assert guard.last_failure()[0] is None


def test_while_the_circuit_is_open_nothing_is_admitted_but_a_probe(timer: Clock) -> None:
    guard = make_guard(timer)
    guard.admit()
    guard.failed(StripeUnavailable())
    with pytest.raises(StripeUnavailable) as raised:
        guard.admit()
    assert raised.value.retry_after == 2
    timer.advance(PROBE_INTERVAL)
    guard.admit()
    with pytest.raises(StripeUnavailable):
        guard.admit()
    guard.answered()
    guard.admit()


@pytest.mark.parametrize("patience", [0.0, 0.25])
def test_a_spent_budget_says_when_to_come_back(timer: Clock, patience: float) -> None:
    guard = make_guard(timer, max_rate=0.1)
    guard.spend(patience=0)
    with pytest.raises(ReadBudgetSpent) as raised:
        guard.spend(patience=patience)
    assert raised.value.retry_after == 10


@pytest.mark.parametrize("answer", [None, CustomerNotFound(), StripeMisconfigured()])
def test_stripes_own_429_spends_the_budget_until_an_answer_in_full(
    timer: Clock, answer: BillingError | None
) -> None:
    guard = make_guard(timer)
    for rest in (1, 2, 1):
        if rest == 1:  # the first one, and the first one after an answer
            guard.failed(answer) if answer else guard.answered()
        guard.failed(StripeRateLimited())
        with pytest.raises(ReadBudgetSpent) as raised:
            guard.spend(patience=0)
        assert raised.value.retry_after == rest
        timer.advance(rest)
        guard.spend(patience=0)


def test_only_so_many_may_wait_and_each_gives_the_place_back(timer: Clock) -> None:
    guard = make_guard(timer)
    for _ in range(3):
        with ExitStack() as places:
            places.enter_context(guard.waiting("cus_a"))
            with pytest.raises(StripeUnavailable, match="wait"):
                places.enter_context(guard.waiting("cus_a"))  # half of them are for others
            places.enter_context(guard.waiting("cus_b"))
            with pytest.raises(StripeUnavailable, match="wait"):
                places.enter_context(guard.waiting("cus_c"))
        with pytest.raises(KeyError), guard.waiting("cus_a"):
            raise KeyError


def test_a_call_is_reported_once_by_whoever_knows_first(timer: Clock) -> None:
    guard = make_guard(timer, threshold=2)
    for _ in range(2):
        assert not guard.breaker.is_open
        report = Report(guard)
        for _ in range(3):
            report.failed(StripeTooSlow())
        report.answered()  # too late: somebody has waited in vain
    assert guard.breaker.is_open
    report = Report(guard)
    report.answered()
    report.failed(StripeTooSlow())
    assert not guard.breaker.is_suspicious
