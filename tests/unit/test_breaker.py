"""The circuit breaker: while Stripe fails it is asked seldom, and one answer ends that."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_proxy.cache.breaker import PROBE_INTERVAL, THRESHOLD, CircuitBreaker, Permit

from .stripe_objects import Clock


@pytest.fixture
def timer() -> Clock:
    return Clock(100)


@pytest.fixture
def breaker(timer: Clock) -> CircuitBreaker:
    return CircuitBreaker(timer=timer)


def fail(breaker: CircuitBreaker, times: int = THRESHOLD) -> None:
    for _ in range(times):
        breaker.failed()


def test_a_healthy_stripe_may_always_be_asked(breaker: CircuitBreaker) -> None:
    assert [breaker.ask() for _ in range(3)] == [Permit.CALL] * 3
    assert not breaker.is_open


def test_some_failures_are_no_outage(breaker: CircuitBreaker) -> None:
    fail(breaker, THRESHOLD - 1)
    assert breaker.ask() is Permit.CALL


def test_failures_without_a_success_between_them_open_it(breaker: CircuitBreaker) -> None:
    fail(breaker)
    assert breaker.is_open
    assert breaker.ask() is Permit.REFUSED


def test_one_success_begins_the_count_anew(breaker: CircuitBreaker) -> None:
    fail(breaker, THRESHOLD - 1)
    breaker.succeeded()
    fail(breaker, THRESHOLD - 1)
    assert breaker.ask() is Permit.CALL


def test_while_it_is_open_one_call_per_interval_is_let_through(
    breaker: CircuitBreaker, timer: Clock
) -> None:
    fail(breaker)
    timer.advance(PROBE_INTERVAL - 0.1)
    assert breaker.ask() is Permit.REFUSED
    for _ in range(3):
        timer.advance(PROBE_INTERVAL)
        assert [breaker.ask() for _ in range(3)] == [Permit.PROBE, Permit.REFUSED, Permit.REFUSED]


def test_it_says_beforehand_whether_it_would_refuse(breaker: CircuitBreaker, timer: Clock) -> None:
    assert not breaker.refuses
    fail(breaker)
    assert breaker.refuses
    timer.advance(PROBE_INTERVAL)
    assert not breaker.refuses
    assert breaker.ask() is Permit.PROBE
    assert breaker.refuses
    breaker.succeeded()
    assert not breaker.refuses


def test_a_probe_that_fails_leaves_it_open(breaker: CircuitBreaker, timer: Clock) -> None:
    fail(breaker)
    timer.advance(PROBE_INTERVAL)
    assert breaker.ask() is Permit.PROBE
    breaker.failed()
    assert breaker.ask() is Permit.REFUSED


def test_a_probe_that_never_comes_back_is_followed_by_another(
    breaker: CircuitBreaker, timer: Clock
) -> None:
    fail(breaker)
    timer.advance(PROBE_INTERVAL)
    assert breaker.ask() is Permit.PROBE
    timer.advance(PROBE_INTERVAL)
    assert breaker.ask() is Permit.PROBE


def test_any_success_closes_it(breaker: CircuitBreaker) -> None:
    fail(breaker, 50)
    breaker.succeeded()
    assert not breaker.is_open
    assert breaker.ask() is Permit.CALL


def test_a_recovery_is_noticed_within_seconds(breaker: CircuitBreaker, timer: Clock) -> None:
    fail(breaker)
    waited = 0.0
    while breaker.ask() is not Permit.PROBE:
        timer.advance(0.5)
        waited += 0.5
    assert waited <= 5


def test_of_many_threads_one_probes(breaker: CircuitBreaker, timer: Clock) -> None:
    fail(breaker)
    timer.advance(PROBE_INTERVAL)
    with ThreadPoolExecutor(16) as people:
        permits = list(people.map(lambda _: breaker.ask(), range(64)))
    assert permits.count(Permit.PROBE) == 1
    assert permits.count(Permit.REFUSED) == 63


def test_the_operator_is_told_once_when_it_opens_and_once_when_it_closes(
    breaker: CircuitBreaker, caplog: pytest.LogCaptureFixture
) -> None:
    fail(breaker, 3 * THRESHOLD)
    breaker.succeeded()
    breaker.succeeded()
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
