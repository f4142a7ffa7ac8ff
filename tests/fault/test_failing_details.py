"""A name, a price, an invoice or a schedule that cannot be read costs that detail alone."""

from __future__ import annotations

import time

import pytest

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.fault.breakdowns import hang
from tests.fault.line import Line
from tests.fault.routes import program
from tests.stage.clock import Clock

BUDGET = 1.2


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Time enough for a healthy call after one that was given up."""
    return {**environ, "BILLING_STRIPE_TIMEOUT": str(BUDGET)}


def test_many_subscriptions_with_silent_details_still_make_a_card_in_time(
    serve: Serve, line: Line, emulator: Emulator, clock: Clock
) -> None:
    emulator.account.add_customer("cus_1")
    for number in range(12):
        emulator.account.add_subscription(
            "cus_1", ["price_pro_year"], id=f"sub_{number}", status="past_due"
        )
    line.play(hang, "/v1/invoices")
    started = time.monotonic()
    body = program(serve(), "cus_1", clock).get_json()
    assert time.monotonic() - started < BUDGET + 2
    assert body["status"]["code"] == "past_due"
    assert len(body["other_subscriptions"]) == 11
