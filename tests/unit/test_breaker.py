"""The circuit breaker: while Stripe fails it is asked seldom, and one answer ends that."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_proxy.cache.breaker import PROBE_INTERVAL, THRESHOLD, CircuitBreaker, Permit
from tests.stage.clock import Clock

CALL, PROBE, REFUSED = Permit.CALL, Permit.PROBE, Permit.REFUSED


@pytest.fixture
def timer() -> Clock:
    return Clock(100)


@pytest.fixture
def breaker(timer: Clock) -> CircuitBreaker:
    return CircuitBreaker(timer=timer)


def fail(breaker: CircuitBreaker, times: int = THRESHOLD) -> None:
    for _ in range(times):
        breaker.failed()


def test_only_failures_without_a_success_between_them_open_it(breaker: CircuitBreaker) -> None:
    for _ in range(2):
        assert not breaker.is_suspicious
        fail(breaker, THRESHOLD - 1)
        assert breaker.is_suspicious
        assert [breaker.ask() for _ in range(3)] == [CALL] * 3
        breaker.succeeded()
    fail(breaker)
    assert breaker.is_open
    assert breaker.ask() is REFUSED


@pytest.mark.parametrize("probe_fails", [True, False], ids=["fails", "never-comes-back"])
def test_while_it_is_open_one_call_per_interval_is_let_through(
    breaker: CircuitBreaker, timer: Clock, probe_fails: bool
) -> None:
    assert PROBE_INTERVAL < 5, "a recovery is noticed within five seconds"
    fail(breaker)
    for _ in range(3):
        timer.advance(PROBE_INTERVAL - 0.1)
        assert (breaker.refuses, breaker.ask()) == (True, REFUSED)
        timer.advance(0.1)
        assert (breaker.refuses, breaker.ask()) == (False, PROBE)
        if probe_fails:
            breaker.failed()


@pytest.mark.parametrize("failures", [THRESHOLD, 50])
def test_any_success_closes_it(breaker: CircuitBreaker, failures: int) -> None:
    fail(breaker, failures)
    breaker.succeeded()
    assert not breaker.is_open
    assert not breaker.refuses
    assert breaker.ask() is CALL


def test_of_many_threads_one_probes(breaker: CircuitBreaker, timer: Clock) -> None:
    fail(breaker)
    timer.advance(PROBE_INTERVAL)
    with ThreadPoolExecutor(16) as people:
        permits = list(people.map(lambda _: breaker.ask(), range(64)))
    assert sorted(permits) == [PROBE] + [REFUSED] * 63


def test_the_operator_is_told_once_when_it_opens_and_once_when_it_closes(
    breaker: CircuitBreaker, caplog: pytest.LogCaptureFixture
) -> None:
    fail(breaker, 3 * THRESHOLD)
    breaker.succeeded()
    breaker.succeeded()
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]
