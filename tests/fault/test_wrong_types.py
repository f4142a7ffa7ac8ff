"""Every field of what Stripe sends may be missing or of the wrong type: a card, and no crash."""

from __future__ import annotations

import json
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing_proxy.card.builder import CardBuilder
from billing_proxy.card.facts import Billing
from billing_proxy.card.links import Links
from billing_proxy.card.rules import Code
from billing_proxy.gateway.reading import read_subscription
from billing_proxy.language.words import Language
from billing_proxy.testing.catalogue import account_with_catalogue
from tests.fault.fuzzing import GONE, changed, paths
from tests.stage.clock import Clock

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
        json.dumps(card.to_json(Links("https://billing.example.nl/portal")))
