"""Time for the breaker and the read budget, and requests that come at the same time."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

import pytest

from billing_proxy import bootstrap
from billing_proxy.cache.breaker import CircuitBreaker
from billing_proxy.cache.budget import ReadBudget
from tests.stage.clock import Clock

T = TypeVar("T")


def install_timer(monkeypatch: pytest.MonkeyPatch, timer: Clock) -> None:
    """Let breaker and read budget of the services to come look at ``timer``."""
    monkeypatch.setattr(bootstrap, "CircuitBreaker", partial(CircuitBreaker, timer=timer))
    monkeypatch.setattr(bootstrap, "ReadBudget", partial(ReadBudget, timer=timer))
