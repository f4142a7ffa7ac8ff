"""A name, a price, an invoice or a schedule that cannot be read costs that detail alone."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.fault.breakdowns import BREAKDOWNS, error, extended, hang
from tests.fault.certificates import Authority
from tests.fault.line import Exchange, Line
from tests.fault.routes import program
from tests.web.clock import Clock

BUDGET = 1.2

WAYS = (
    "500",
    "401",
    "403",
    "404",
    "429 for endpoint-rate",
    "200 with HTML",
    "200 with an empty object",
    "a connection reset",
    "a truncated body",
    "silence",
)


@dataclass(frozen=True)
class Detail:
    """A detail: which customer needs it, where it is read, and what the card says without it."""

    prices: tuple[str, ...]
    fields: dict[str, Any]
    prefix: str
    lost: dict[str, Any]
    code: str = "active"


DETAILS = {
    "the yearly prices": Detail(
        ("price_pro_month",), {}, "/v1/prices", {"plan": "Pro", "yearly_saving": None}
    ),
    "the names": Detail(
        ("price_pro_year", "price_business_year"), {}, "/v1/products", {"plan": "Abonnement"}
    ),
    "the name and the prices": Detail(
        ("price_pro_month",), {}, "/v1/pr", {"plan": "Abonnement", "yearly_saving": None}
    ),
    "the invoice": Detail(
        ("price_pro_year",), {"status": "past_due"}, "/v1/invoices", {"date": None}, "past_due"
    ),
    "the schedule": Detail(
        ("price_pro_year",),
        {"status": "paused"},
        "/v1/subscription_schedules",
        {"date": None},
        "paused",
    ),
}


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """Time enough for a healthy call after one that was given up."""
    return {**environ, "BILLING_STRIPE_TIMEOUT": str(BUDGET)}


def subscribe(emulator: Emulator, clock: Clock, detail: Detail) -> str:
    """A customer whose card needs ``detail``."""
    emulator.account.add_customer("cus_1")
    emulator.account.add_subscription("cus_1", detail.prices, id="sub_1", **detail.fields)
    if detail.code == "past_due":
        attempt = int(clock()) + 86_400
        emulator.account.add_invoice("cus_1", "sub_1", next_payment_attempt=attempt)
    if detail.code == "paused":
        pause, resume = {"pause_at": int(clock()) - 60}, {"resume_at": int(clock()) + 86_400}
        pauses = [{"key": "holiday", "pause": pause, "resume": resume}]
        emulator.account.add_schedule("sub_1", pause_schedules=pauses)
    return "cus_1"


@pytest.mark.parametrize("detail", DETAILS.values(), ids=DETAILS)
def test_without_a_breakdown_the_detail_is_there(
    serve: Serve, line: Line, emulator: Emulator, clock: Clock, detail: Detail
) -> None:
    customer = subscribe(emulator, clock, detail)
    body = program(serve(), customer, clock).get_json()
    assert body["status"]["code"] == detail.code
    assert body["plan"] == " + ".join(["Pro", "Business"][: len(detail.prices)])
    assert all(body[name] for name in detail.lost)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("detail", DETAILS.values(), ids=DETAILS)
def test_a_detail_that_cannot_be_read_costs_that_detail_alone(
    serve: Serve,
    line: Line,
    authority: Authority,
    emulator: Emulator,
    clock: Clock,
    detail: Detail,
    way: str,
) -> None:
    customer = subscribe(emulator, clock, detail)
    BREAKDOWNS[way].start(line, authority)
    line.prefix = detail.prefix
    started = time.monotonic()
    answer = program(serve(), customer, clock)
    assert answer.status_code == 200
    assert time.monotonic() - started < BUDGET + 2
    body = answer.get_json()
    assert body["stale"] is False
    assert body["status"]["code"] == detail.code
    assert body["button"]["label"] == "Abonnement bijwerken"
    assert {name: body[name] for name in detail.lost} == detail.lost


def test_a_name_that_was_read_before_stands_in(
    serve: Serve, line: Line, emulator: Emulator, clock: Clock
) -> None:
    customer = subscribe(emulator, clock, DETAILS["the names"])
    client = serve()
    assert program(client, customer, clock).get_json()["plan"] == "Pro + Business"
    line.play(error(500), "/v1/products")
    clock.advance(3601)
    body = program(client, customer, clock).get_json()
    assert body["plan"] == "Pro + Business"
    assert body["stale"] is False


def test_a_name_that_cannot_be_read_is_not_asked_for_with_every_card(
    serve: Serve, line: Line, emulator: Emulator, clock: Clock
) -> None:
    client = serve(BILLING_CACHE_TTL="0")
    customer = subscribe(emulator, clock, DETAILS["the names"])
    line.play(error(500), "/v1/products")
    for _ in range(5):
        program(client, customer, clock)
    assert sum(path.startswith("/v1/products") for path in line.requests) == 1
    line.mend()
    clock.advance(11)
    assert program(client, customer, clock).get_json()["plan"] == "Pro + Business"


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


def test_a_second_page_that_cannot_be_read_is_an_outage_and_not_half_a_card(
    serve: Serve, line: Line, emulator: Emulator, clock: Clock
) -> None:
    emulator.account.add_customer("cus_1")
    emulator.account.add_subscription("cus_1", id="sub_1")
    emulator.account.add_customer("cus_2")
    emulator.account.add_subscription("cus_2", id="sub_2")
    client = serve()
    whole = program(client, "cus_1", clock).get_json()

    def break_off(exchange: Exchange) -> None:
        if "starting_after" in exchange.path:
            error(500, Stripe_Should_Retry="false")(exchange)
        else:
            extended(has_more=True)(exchange)

    line.play(break_off, "/v1/subscriptions")
    clock.advance(31)
    body = program(client, "cus_1", clock).get_json()
    assert body["stale"] is True
    assert body["subscription"] == whole["subscription"]
    assert program(client, "cus_2", clock).status_code == 503
