"""The threads that wait for Stripe: bounded, and nobody waits in them for longer than asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
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
        self._entered = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self) -> str:
        self._entered.release()
        assert self.open.wait(PATIENCE)
        return "through"

    def is_entered(self) -> bool:
        return self._entered.acquire(timeout=PATIENCE)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


def fail() -> None:
    raise CustomerNotFound("gone")


def test_a_call_gives_what_it_returns_and_raises_what_it_raises() -> None:
    threads = Threads(size=1)
    assert wait(threads.submit(lambda: 42), PATIENCE) == 42
    with pytest.raises(CustomerNotFound, match="gone"):
        wait(threads.submit(fail), PATIENCE)


def test_no_thread_exists_before_the_first_call_which_has_one_of_its_own() -> None:
    before = set(threading.enumerate())
    threads = Threads(size=4)
    assert set(threading.enumerate()) == before
    assert wait(threads.submit(threading.current_thread), PATIENCE) not in before


def test_who_waits_too_long_leaves_while_the_call_goes_on(gate: Gate) -> None:
    future = Threads(size=1).submit(gate)
    assert gate.is_entered()
    for timeout in (0.05, 0, -1):
        with pytest.raises(StripeUnavailable, match="in time"):
            wait(future, timeout)
    gate.open.set()
    assert future.result(PATIENCE) == "through"


def test_a_call_that_nobody_began_in_time_is_taken_back(gate: Gate) -> None:
    threads, ran = Threads(size=1, queue=1), threading.Event()
    threads.submit(gate)
    assert gate.is_entered()
    for _ in range(5):
        future = threads.submit(ran.set)
        assert future.cancel()  # and it gives its place back
        with pytest.raises(StripeUnavailable, match="in time"):
            wait(future, PATIENCE)
    gate.open.set()
    wait(threads.submit(lambda: None), PATIENCE)  # comes after it in the queue
    assert not ran.is_set()


def test_size_calls_run_side_by_side() -> None:
    together, threads = threading.Barrier(3), Threads(size=3)
    futures = [threads.submit(lambda: together.wait(PATIENCE)) for _ in range(3)]
    assert sorted(future.result(PATIENCE) for future in futures) == [0, 1, 2]


def test_when_every_place_is_taken_the_refusal_comes_at_once(gate: Gate) -> None:
    threads = Threads(size=1, queue=2)
    futures = [threads.submit(gate) for _ in range(3)]
    with pytest.raises(StripeUnavailable, match="too many"):
        threads.submit(gate)
    gate.open.set()
    assert [future.result(PATIENCE) for future in futures] == ["through"] * 3


@pytest.mark.parametrize("call", [lambda: None, fail], ids=["that-returns", "that-raises"])
def test_a_call_gives_its_place_back(call: Callable[[], None]) -> None:
    threads = Threads(size=1, queue=0)
    for _ in range(5):
        freed = threading.Event()
        threads.submit(call).add_done_callback(lambda _, freed=freed: freed.set())
        assert freed.wait(PATIENCE)


_trace: ContextVar[str] = ContextVar("trace", default="-")


def test_a_call_runs_in_the_context_of_its_caller_and_changes_nothing_there() -> None:
    """So a trace goes on there, and a deadline of the caller's holds."""
    threads, token = Threads(size=1), _trace.set("of this request")
    try:
        assert wait(threads.submit(_trace.get), PATIENCE) == "of this request"
        wait(threads.submit(lambda: _trace.set("of that call")), PATIENCE)
        assert wait(threads.submit(_trace.get), PATIENCE) == "of this request"
    finally:
        _trace.reset(token)
    with transport.deadline(time.monotonic() + PATIENCE):
        assert 0 < (wait(threads.submit(transport.remaining), PATIENCE) or 0) <= PATIENCE
    assert wait(threads.submit(transport.remaining), PATIENCE) is None
