"""Every field of what Stripe sends may be missing or of the wrong type: a card, and no crash."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from billing_proxy.app import create_app
from billing_proxy.card.builder import CardBuilder
from billing_proxy.card.facts import Billing
from billing_proxy.card.links import Links
from billing_proxy.card.rules import Code
from billing_proxy.gateway.reading import read_subscription
from billing_proxy.language.words import Language
from demo.catalogue import account_with_catalogue
from demo.emulator import Emulator
from tests.fault.fuzzing import GONE, changed, paths
from tests.fault.routes import fragment, program
from tests.stage.clock import Clock
from tests.stage.pages import Page
from tests.stage.tokens import TOKEN_SECRET

STATUSES = ("active", "past_due", "paused")

NOW = 1_900_000_000
CLOCK = Clock(NOW)
WRONG: tuple[Any, ...] = (
    GONE,
    None,
    "",
    "x",
    "2026-12-12",
    0,
    -1,
    7,
    1.5,
    10**30,
    float("inf"),
    True,
    False,
    [],
    [None],
    {},
    {"id": 7, "object": None, "data": "x"},
    "\x00\r\n<script>",
    "\ud800",
)

WRONG_ON_THE_WIRE = (GONE, None, "", "x", "\ud800", "\x00\r\n<script>", 7, 10**30, True, [None], {})


def whole() -> dict[str, Any]:
    """A subscription with something in every field that the card may look at."""
    account = account_with_catalogue(CLOCK)
    account.add_customer("cus_1")
    made = account.add_subscription("cus_1", id="sub_1", cancel_at=NOW + 86_400)
    filled = {
        "pause_collection": {"behavior": "void", "resumes_at": NOW + 3600},
        "status_details": {"paused": {"subscription": {"type": "pause_requested"}}},
        "discounts": ["di_1"],
        "default_tax_rates": [{"id": "txr_1", "object": "tax_rate", "inclusive": False}],
    }
    for item in made["items"]["data"]:
        del item["plan"]  # an older twin of the price
    return {**made, **filled}


WHOLE = whole()


FIELDS = {name: [path for path in paths(WHOLE) if path[0] == name] for name in WHOLE}
"""The ways to each field, and to everything in it."""


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_of_the_wrong_type_still_makes_a_card(name: str) -> None:
    builder = CardBuilder(ZoneInfo("Europe/Amsterdam"), Language("nl"), free_plan="Free")
    for path, status, value in product(FIELDS[name], STATUSES, WRONG):
        sub = read_subscription(changed({**WHOLE, "status": status}, path, value))
        billing = Billing("cus_1", (sub,), {"prod_pro": "Pro"})
        card = builder.build(billing, now=float(NOW), as_of=float(NOW), stale=False)
        assert card.status.code is not Code.NONE or name == "customer", path
        json.dumps(card.to_json(Links(lambda *_: "https://billing.example.nl/portal")))


@pytest.fixture(scope="module")
def stripe() -> Iterator[Emulator]:
    """A Stripe with a customer whose card needs every detail there is."""
    with Emulator(clock=CLOCK) as running:
        account = running.account
        account.add_customer("cus_1")
        account.add_subscription("cus_1", id="sub_1")
        account.add_subscription("cus_1", id="sub_2", status="past_due", latest_invoice="in_1")
        account.add_subscription("cus_1", id="sub_3", status="paused", schedule="sub_sched_1")
        yield running


@pytest.fixture(scope="module")
def client(stripe: Emulator) -> FlaskClient:
    """A service that reads everything anew each time, and has the time for it."""
    environ = {
        "STRIPE_SECRET_KEY": stripe.key,
        "STRIPE_API_BASE": stripe.url,
        "SECRET_KEY": "a made-up key that signs the cookies of these tests",
        "BILLING_TOKEN_SECRET": TOKEN_SECRET,
        "BILLING_CACHE_TTL": "0",
        "BILLING_CATALOG_TTL": "0",
        "BILLING_STRIPE_TIMEOUT": "5",
        "BILLING_STRIPE_MAX_RATE": "1000",
    }
    return create_app(environ, clock=CLOCK).test_client()


@pytest.fixture(autouse=True)
def stripe_is_well_again(stripe: Emulator) -> Iterator[None]:
    """What a test lets go wrong ends with it."""
    yield
    stripe.clear_faults()


# Another customer's subscription is no answer at all: tests/unit/test_reader.py.
@pytest.mark.parametrize("name", [name for name in FIELDS if name != "customer"])
def test_all_that_may_be_in_a_field_is_shown_side_by_side(
    client: FlaskClient, stripe: Emulator, name: str
) -> None:
    for path in FIELDS[name]:
        odd = [changed(WHOLE, path, value) for value in WRONG_ON_THE_WIRE]
        body = json.dumps({"object": "list", "data": odd, "has_more": False, "url": "/v1/x"})
        stripe.fail("/v1/subscriptions", status=200, times=None, body=body)
        card = program(client, "cus_1", CLOCK)
        assert card.status_code == 200, path
        assert card.get_json()["stale"] is False
        assert card.get_json()["status"]["code"] != "none"
        assert len(card.get_json()["other_subscriptions"]) == len(odd) - 1
        if path == (name,):
            html = fragment(client, "cus_1", CLOCK)
            assert html.status_code == 200
            assert "<script>\n" not in html.text.replace("\r", "")
            assert Page(html.text).all("section", "billing-card")
        stripe.clear_faults()


DETAILS: dict[str, tuple[str, dict[str, Any]]] = {
    "invoice": (
        "/v1/invoices/in_1",
        {"id": "in_1", "object": "invoice", "next_payment_attempt": NOW * 2, "due_date": NOW},
    ),
    "schedule": (
        "/v1/subscription_schedules/sub_sched_1",
        {
            "id": "sub_sched_1",
            "object": "subscription_schedule",
            "pause_schedules": [
                {"pause": {"pause_at": NOW - 60}, "resume": {"resume_at": NOW * 2}}
            ],
        },
    ),
    "products": (
        "/v1/products",
        {"object": "list", "data": [{"id": "prod_pro", "object": "product", "name": "Pro"}]},
    ),
    "prices": (
        "/v1/prices",
        {
            "object": "list",
            "data": [
                {
                    "id": "price_pro_year",
                    "object": "price",
                    "active": True,
                    "billing_scheme": "per_unit",
                    "currency": "eur",
                    "product": {"id": "prod_pro", "object": "product", "name": "Pro"},
                    "recurring": {"interval": "year", "interval_count": 1, "usage_type": "x"},
                    "tax_behavior": "exclusive",
                    "unit_amount": 9900,
                }
            ],
        },
    ),
}


@pytest.mark.parametrize("kind", DETAILS)
def test_a_detail_with_a_field_of_the_wrong_type_costs_no_card(
    client: FlaskClient, stripe: Emulator, kind: str
) -> None:
    address, obj = DETAILS[kind]
    for path, value in product(paths(obj), WRONG_ON_THE_WIRE):
        stripe.fail(address, status=200, body=json.dumps(changed(obj, path, value)))
        card = program(client, "cus_1", CLOCK)
        assert card.status_code == 200
        assert card.get_json()["stale"] is False
        assert card.get_json()["subscription"] == "sub_2"
        assert len(card.get_json()["other_subscriptions"]) == 2
        stripe.clear_faults()
