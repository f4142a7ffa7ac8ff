"""One address, two readers: people get the page, programs that ask for it get JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.stage.clock import Clock, moment
from tests.stage.tokens import bearer, mint

FIELDS = {
    "customer",
    "subscription",
    "plan",
    "billing_period",
    "status",
    "access",
    "date",
    "second_date",
    "next_billing_date",
    "price",
    "discount",
    "payment_method",
    "open_invoice",
    "upcoming_change",
    "notices",
    "warning",
    "yearly_saving",
    "links",
    "button",
    "portal_url",
    "other_subscriptions",
    "as_of",
    "stale",
}


def read(client: FlaskClient, headers: dict[str, str]) -> dict[str, Any]:
    """The JSON card that ``headers`` get."""
    answer = client.get("/billing/subscription.json", headers=headers)
    assert answer.status_code == 200
    assert answer.is_json
    body: dict[str, Any] = answer.get_json()
    return body


def test_the_json_address_gives_json_whatever_is_asked_for(
    client: FlaskClient, as_anna: dict[str, str]
) -> None:
    headers = {**as_anna, "Accept": "text/html"}
    assert client.get("/billing/subscription.json", headers=headers).is_json


def test_the_two_json_addresses_say_the_same(client: FlaskClient, as_anna: dict[str, str]) -> None:
    negotiated = client.get("/billing/", headers={**as_anna, "Accept": "application/json"})
    assert negotiated.get_json() == read(client, as_anna)


def test_caches_are_told_that_the_answer_depends_on_the_wish_and_on_who_asks(
    client: FlaskClient, as_anna: dict[str, str]
) -> None:
    vary = client.get("/billing/", headers=as_anna).headers["Vary"]
    assert {"accept", "authorization", "cookie"} <= set(vary.lower().replace(" ", "").split(","))


def test_the_card_of_a_running_subscription_has_every_field_of_the_contract(
    client: FlaskClient, as_anna: dict[str, str]
) -> None:
    body = read(client, as_anna)
    assert set(body) >= FIELDS
    body = {name: body[name] for name in FIELDS}  # the contract lets new ones be added
    portal = body.pop("portal_url")
    assert body.pop("button") == {"label": "Abonnement bijwerken", "url": portal}
    assert body["status"].pop("meaning")
    assert body["price"].pop("text")
    assert {link["code"] for link in body.pop("links")} >= {"subscription_cancel"}
    for name in ("payment_method", "yearly_saving"):  # as the demo's customers have them
        body.pop(name)
    assert body == {
        "access": {"allowed": True, "until": None},
        "price": {"amount": 2900, "currency": "eur", "unit_amount": 2900, "quantity": 1},
        "discount": None,
        "open_invoice": None,
        "upcoming_change": None,
        "notices": [],
        "customer": "cus_anna",
        "subscription": "sub_anna",
        "plan": "Pro",
        "billing_period": {"interval": "month", "interval_count": 1, "label": "Maandelijks"},
        "status": {"code": "active", "label": "Actief", "stripe_status": "active"},
        "date": {
            "caption": "Volgende factureringsdatum",
            "date": "2076-12-12",
            "text": "12 december 2076",
        },
        "second_date": None,
        "next_billing_date": "2076-12-12",
        "warning": None,
        "other_subscriptions": [],
        "as_of": "2076-11-22T11:00:00Z",
        "stale": False,
    }


def test_a_customer_without_a_subscription_has_the_same_fields_empty(
    client: FlaskClient, emulator: Emulator, clock: Clock
) -> None:
    emulator.account.add_customer("cus_new")
    body = read(client, bearer(mint("cus_new", clock)))
    assert set(body) >= FIELDS
    assert body["status"].pop("meaning")
    assert body["status"] == {"code": "none", "label": None, "stripe_status": None}
    assert body["plan"] == "Free"
    empty = ("subscription", "billing_period", "date", "second_date", "next_billing_date")
    assert [body[name] for name in (*empty, "warning", "button")] == [None] * 7
    assert body["other_subscriptions"] == []


def test_the_addresses_in_json_are_absolute(client: FlaskClient, as_anna: dict[str, str]) -> None:
    body = client.get(
        "/billing/subscription.json", headers=as_anna, base_url="https://abonnement.example.nl"
    ).get_json()
    for url in (body["portal_url"], body["button"]["url"]):
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc) == ("https", "abonnement.example.nl")
        assert parts.path == "/billing/portal"


def test_other_subscriptions_stand_below_with_plan_status_and_date(
    client: FlaskClient, emulator: Emulator, as_anna: dict[str, str], anna: str
) -> None:
    emulator.account.add_subscription(
        anna,
        ["price_business_month"],
        id="sub_old",
        status="canceled",
        canceled_at=moment("2076-10-01 10:00:00"),
        ended_at=moment("2076-10-31 23:30:00"),
    )
    (other,) = read(client, as_anna)["other_subscriptions"]
    assert other["status"].pop("meaning")
    assert "subscription=sub_old" in other.pop("url")
    assert other == {
        "subscription": "sub_old",
        "plan": "Business",
        "status": {"code": "canceled", "label": "Opgezegd", "stripe_status": "canceled"},
        "access": {"allowed": False, "until": None},
        "price": None,
        # Half past eleven in the evening in UTC is half past midnight in Amsterdam.
        "date": {"caption": "Beëindigd op", "date": "2076-11-01", "text": "1 november 2076"},
    }
