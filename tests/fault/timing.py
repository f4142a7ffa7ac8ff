"""Time for the breaker and the read budget, and an end to what goes on beside the requests."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Any

import pytest

from billing_proxy import bootstrap
from billing_proxy.cache.breaker import CircuitBreaker
from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.threads import Threads
from tests.stage.clock import Clock


def install_timer(monkeypatch: pytest.MonkeyPatch, timer: Clock) -> None:
    """Let breaker and read budget of the services to come look at ``timer``."""
    monkeypatch.setattr(bootstrap, "CircuitBreaker", partial(CircuitBreaker, timer=timer))
    monkeypatch.setattr(bootstrap, "ReadBudget", partial(ReadBudget, timer=timer))


def watch_calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What waits until the services to come have nothing to do with Stripe any more.

    A probe, or a reading that nobody waits for, outlives the request that began it.
    """
    calls: list[Future[Any]] = []

    class Watched(Threads):
        def submit(self, call: Callable[[], Any]) -> Future[Any]:
            calls.append(future := super().submit(call))
            return future

    def until_idle() -> None:
        assert not wait(calls, timeout=30).not_done

    monkeypatch.setattr(bootstrap, "Threads", Watched)
    return until_idle
