"""How often one customer may cause a call: a burst of five at once, then one in two seconds."""

from __future__ import annotations

import pytest

from billing_proxy.cache.allowance import Allowance
from tests.stage.clock import Clock


@pytest.fixture
def timer() -> Clock:
    return Clock(100)


def burst(allowance: Allowance, customer: str, tries: int = 20) -> int:
    return [allowance.ask(customer) for _ in range(tries)].count(0)


def test_five_come_at_once_and_then_one_in_two_seconds(timer: Clock) -> None:
    allowance = Allowance(timer)
    assert burst(allowance, "cus_a") == 5
    for _ in range(3):
        assert allowance.ask("cus_a") == 2
        timer.advance(1.5)
        assert allowance.ask("cus_a") == 0.5
        timer.advance(0.5)
        assert burst(allowance, "cus_a") == 1
    timer.advance(3600)
    assert burst(allowance, "cus_a") == 5


def test_nobody_uses_up_what_is_somebody_elses(timer: Clock) -> None:
    allowance = Allowance(timer)
    assert [burst(allowance, customer) for customer in ("cus_a", "cus_b", "cus_A")] == [5, 5, 5]


def test_who_has_not_asked_for_longest_is_forgotten_first(timer: Clock) -> None:
    allowance = Allowance(timer, maxsize=2)
    assert [burst(allowance, f"cus_{who}") for who in "abacacb"] == [5, 5, 0, 5, 0, 0, 5]
