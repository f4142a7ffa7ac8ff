"""The table of truth: the service as it is delivered shows of each persona what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from billing_proxy.app import create_app
from billing_proxy.testing.account.customers import PERSONAL
from billing_proxy.testing.catalogue import account_with_catalogue
from demo.emulator import Emulator
from demo.personas import LABELS, PERSONAS, PLACES, Persona, populate
from demo.start_page import customer_token

NOW = 3_373_268_400
"""22 November 2076, 11:00 UTC: far enough ahead for every token to be valid."""
SECRET = "a-secret-of-these-tests-that-is-long-enough"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(populate(account_with_catalogue(lambda: NOW))) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def service(emulator: Emulator) -> FlaskClient:
    """The product as it is delivered, on the emulator, at the emulator's time."""
    settings = {
        "STRIPE_SECRET_KEY": emulator.key,
        "STRIPE_API_BASE": emulator.url,
        "SECRET_KEY": SECRET,
        "BILLING_TOKEN_SECRET": SECRET,
    }
    return create_app(settings, clock=lambda: NOW).test_client()


def text_at(card: Any, place: str) -> str | None:
    """What stands at a dotted place of the JSON, with its spaces as a keyboard has them."""
    for name in place.split("."):
        card = card and card[name]
    return card.replace("\xa0", " ") if card else None


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.name)
def test_the_service_shows_what_the_table_says(service: FlaskClient, persona: Persona) -> None:
    token = customer_token(persona.customer, SECRET, NOW)
    asked = {"Authorization": f"Bearer {token}"}
    answer = service.get("/billing/subscription.json", headers=asked)
    card: Any = answer.get_json()
    if not persona.exists:
        assert answer.status_code == 404
        return
    date = card["date"] or {"caption": None}
    assert (card["status"]["code"], date["caption"]) == (persona.code, persona.caption)
    assert tuple(notice["code"] for notice in card["notices"]) == persona.notices
    for place, wanted in persona.shows.items():
        there = text_at(card, PLACES[place])
        begins = wanted is not None and wanted.endswith("…") and there is not None
        assert there == wanted or (begins and str(there).startswith(str(wanted)[:-1])), place
    assert [word for word in PERSONAL if word in answer.text] == []


def test_every_status_every_label_and_every_notice_has_a_persona(emulator: Emulator) -> None:
    statuses = {found["status"] for found in emulator.account.all("subscription")}
    assert statuses > {
        *("active", "canceled", "incomplete", "incomplete_expired"),
        *("past_due", "paused", "trialing", "unpaid"),
    }
    assert {persona.code for persona in PERSONAS} == {*LABELS, "none", "unknown"}
    assert {code for persona in PERSONAS for code in persona.notices} == {
        *("payment_failed", "payment_processing", "invoice_open", "invoices_unpaid"),
        *("first_payment_open", "debt_while_ending", "paused_payment_failed"),
        *("paused_without_payment_method", "trial_without_payment_method", "card_expires"),
        *("update_pending", "other_debt"),
    }


def test_no_two_personas_are_the_same() -> None:
    for what in ("customer", "description"):
        assert len({getattr(persona, what) for persona in PERSONAS}) == len(PERSONAS)
