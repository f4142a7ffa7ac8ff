"""Time for the breaker and the read budget, and requests that come at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import pytest

from billing_proxy import extension
from billing_proxy.cache import guard
from billing_proxy.cache.breaker import CircuitBreaker
from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.guard import Guard
from tests.web.clock import Clock

T = TypeVar("T")


def install_timer(monkeypatch: pytest.MonkeyPatch, timer: Clock) -> None:
    """Let breaker and read budget of the services to come look at ``timer``."""
    monkeypatch.setattr(extension, "CircuitBreaker", partial(CircuitBreaker, timer=timer))
    monkeypatch.setattr(extension, "ReadBudget", partial(ReadBudget, timer=timer))


def limit_waiting(monkeypatch: pytest.MonkeyPatch, *, places: int, after: float) -> None:
    """Let so many requests wait longer than ``after`` seconds in the services to come."""
    monkeypatch.setattr(extension, "Guard", partial(Guard, max_waiting=places))
    monkeypatch.setattr(guard, "SLOW", after)


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """What the calls return, all of them begun at the same moment, each in its own thread."""
    barrier = threading.Barrier(len(calls))

    def call(one: Callable[[], T]) -> T:
        barrier.wait(10)
        return one()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, calls))
