"""The threads that wait for Stripe: bounded, and nobody waits in them for longer than asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextvars import ContextVar

import pytest

from billing_proxy.cache.threads import Threads, wait
from billing_proxy.errors import CustomerNotFound, StripeUnavailable
from billing_proxy.gateway import transport

PATIENCE = 10.0
"""Seconds after which a test that hangs fails."""


class Gate:
    """A call that says that it began and then hangs until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self._open = threading.Event()

    def __call__(self) -> str:
        self.entered.release()
        assert self._open.wait(PATIENCE)
        return "through"

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open()


def began(gate: Gate) -> bool:
    return gate.entered.acquire(timeout=PATIENCE)


def test_a_call_gives_what_it_returns() -> None:
    assert wait(Threads(size=1).submit(lambda: 42), PATIENCE) == 42


def test_a_call_raises_what_it_raises() -> None:
    def call() -> None:
        raise CustomerNotFound("gone")

    with pytest.raises(CustomerNotFound, match="gone"):
        wait(Threads(size=1).submit(call), PATIENCE)


def test_a_call_runs_in_a_thread_of_its_own() -> None:
    caller = threading.get_ident()
    assert wait(Threads(size=1).submit(threading.get_ident), PATIENCE) != caller


def test_no_thread_exists_before_the_first_call() -> None:
    before = set(threading.enumerate())
    threads = Threads(size=4)
    assert set(threading.enumerate()) == before
    assert wait(threads.submit(threading.current_thread), PATIENCE) not in before


def test_who_waits_too_long_leaves_while_the_call_goes_on(gate: Gate) -> None:
    threads = Threads(size=1)
    future = threads.submit(gate)
    assert began(gate)
    with pytest.raises(StripeUnavailable, match="in time"):
        wait(future, 0.05)
    gate.open()
    assert future.result(PATIENCE) == "through"


def test_a_call_that_nobody_began_in_time_is_taken_back(gate: Gate) -> None:
    threads = Threads(size=1)
    threads.submit(gate)
    assert began(gate)
    ran = threading.Event()
    future = threads.submit(ran.set)
    with pytest.raises(StripeUnavailable):
        wait(future, 0.05)
    assert future.cancel()
    gate.open()
    wait(threads.submit(lambda: None), PATIENCE)  # comes after it in the queue
    assert not ran.is_set()


@pytest.mark.parametrize("timeout", [0, -1])
def test_without_any_time_left_the_answer_comes_at_once(gate: Gate, timeout: float) -> None:
    with pytest.raises(StripeUnavailable):
        wait(Threads(size=1).submit(gate), timeout)


def test_a_call_that_was_taken_back_counts_as_out_of_time() -> None:
    future: Future[None] = Future()
    future.cancel()
    with pytest.raises(StripeUnavailable):
        wait(future, PATIENCE)


def test_size_calls_run_side_by_side() -> None:
    together = threading.Barrier(3)
    threads = Threads(size=3)
    futures = [threads.submit(lambda: together.wait(PATIENCE)) for _ in range(3)]
    assert sorted(future.result(PATIENCE) for future in futures) == [0, 1, 2]


def test_when_every_place_is_taken_the_refusal_comes_at_once(gate: Gate) -> None:
    threads = Threads(size=1, queue=2)
    futures = [threads.submit(gate) for _ in range(3)]
    with pytest.raises(StripeUnavailable, match="too many"):
        threads.submit(gate)
    with pytest.raises(StripeUnavailable, match="too many"):
        wait(threads.submit(gate), PATIENCE)
    gate.open()
    assert [future.result(PATIENCE) for future in futures] == ["through"] * 3


def fail() -> None:
    raise ValueError("no")


@pytest.mark.parametrize("call", [lambda: None, fail], ids=["that-returns", "that-raises"])
def test_a_call_gives_its_place_back(call: Callable[[], None]) -> None:
    threads = Threads(size=1, queue=0)
    for _ in range(5):
        freed = threading.Event()
        future = threads.submit(call)
        future.add_done_callback(lambda _, freed=freed: freed.set())  # after the place is free
        assert freed.wait(PATIENCE)


def test_a_call_that_was_taken_back_gives_its_place_back(gate: Gate) -> None:
    threads = Threads(size=1, queue=1)
    threads.submit(gate)
    assert began(gate)
    for _ in range(5):
        future = threads.submit(gate)
        with pytest.raises(StripeUnavailable, match="in time"):
            wait(future, 0)
        assert future.cancel()


_trace: ContextVar[str] = ContextVar("trace", default="-")


def test_what_the_request_is_traced_by_goes_along_to_the_thread_that_calls_stripe() -> None:
    token = _trace.set("of this request")
    try:
        assert wait(Threads(size=1).submit(_trace.get), PATIENCE) == "of this request"
    finally:
        _trace.reset(token)


def test_what_a_call_sets_for_itself_stays_in_that_call() -> None:
    threads = Threads(size=1)
    assert wait(threads.submit(lambda: _trace.set("of the first") and _trace.get()), PATIENCE)
    assert wait(threads.submit(_trace.get), PATIENCE) == "-"
    assert _trace.get() == "-"


def test_a_deadline_of_the_caller_holds_in_the_thread_and_no_other_does() -> None:
    assert wait(Threads(size=1).submit(transport.remaining), PATIENCE) is None
    with transport.deadline(time.monotonic() + PATIENCE):
        threads = Threads(size=1)
        left = wait(threads.submit(transport.remaining), PATIENCE)
        assert left is not None
        assert 0 < left <= PATIENCE
        with transport.deadline(time.monotonic() + 1):
            shorter = wait(threads.submit(transport.remaining), PATIENCE)
            assert shorter is not None
            assert shorter <= 1
    assert wait(threads.submit(transport.remaining), PATIENCE) is None
