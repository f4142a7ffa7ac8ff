"""While Stripe fails, the last known card stands in and says so; it is never made up."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock, moment
from tests.stage.pages import Page
from tests.stage.tokens import bearer, mint

AT_ONCE = {"Stripe-Should-Retry": "false"}


def read(client: FlaskClient, customer: str, clock: Clock) -> TestResponse:
    """The JSON card of ``customer``."""
    return client.get("/billing/subscription.json", headers=bearer(mint(customer, clock)))


@pytest.fixture
def outage(emulator: Emulator) -> Callable[[], None]:
    """Let Stripe fail from now on."""
    return lambda: emulator.fail(times=None, headers=AT_ONCE)


def test_the_last_known_card_stands_in_with_the_time_it_was_read(
    client: FlaskClient, anna: str, clock: Clock, outage: Callable[[], None]
) -> None:
    before = read(client, anna, clock).get_json()
    outage()
    clock.advance(600)
    answer = read(client, anna, clock)
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["stale"] is True
    assert body["as_of"] == "2076-11-22T11:00:00Z"
    same = ("customer", "subscription", "plan", "billing_period", "status", "date")
    assert {name: body[name] for name in same} == {name: before[name] for name in same}


def test_the_page_says_so_in_dutch_with_the_time_in_amsterdam(
    browser: FlaskClient, clock: Clock, outage: Callable[[], None]
) -> None:
    assert Page(browser.get("/billing/").text).facts["Abonnementsstatus"] == "Actief"
    outage()
    clock.advance(60)
    page = Page(browser.get("/billing/").text)
    assert page.facts["Abonnementsstatus"] == "Actief"
    assert "12:00" in page.words
    assert "22 november" in page.words


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503},
        {"status": 429},
        {"status": 200, "body": "<html>maintenance</html>"},
        {"status": 200, "body": ""},
        {"status": 200, "body": "{"},
        {"status": 200, "body": "[]"},
        {"status": 200, "body": "null"},
        {"status": 200, "body": {}},
        {"status": 200, "body": {"object": "list", "data": None}},
        {"status": 200, "body": {"object": "list", "data": ["sub_anna"]}},
        {"status": 502, "body": "<html>bad gateway</html>"},
        {"status": 204, "body": ""},
        {"drop": True},
        {"hang": True},
    ],
    ids=str,
)
def test_whatever_way_stripe_fails_the_last_known_card_stands_in(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock, fault: dict[str, object]
) -> None:
    client = serve(BILLING_STRIPE_TIMEOUT="0.4")
    read(client, anna, clock)
    emulator.fail(times=None, headers=AT_ONCE, **fault)
    clock.advance(31)
    answer = read(client, anna, clock)
    assert answer.status_code == 200
    assert answer.get_json()["stale"] is True
    assert answer.get_json()["plan"] == "Pro"
    assert read(client, "cus_unread", clock).status_code == 503


@pytest.mark.parametrize("prefix", ["/v1/", "/v1/invoices", "/v1/products", "/v1/prices"])
def test_a_card_takes_no_longer_than_the_settings_allow_retries_included(
    serve: Serve, emulator: Emulator, clock: Clock, prefix: str
) -> None:
    emulator.account.add_customer("cus_late")
    emulator.account.add_subscription("cus_late", status="past_due")
    emulator.fail(prefix, times=None, hang=True)
    client = serve(BILLING_STRIPE_TIMEOUT="0.6")
    started = time.monotonic()
    answer = read(client, "cus_late", clock)
    assert time.monotonic() - started < 0.6 + 0.5  # some room for a busy machine
    assert answer.status_code == (503 if prefix == "/v1/" else 200)


@pytest.mark.parametrize("path", ["/billing/return", "/billing/portal"])
def test_after_the_portal_an_outage_shows_a_stale_card_and_not_a_fresh_one(
    browser: FlaskClient, clock: Clock, outage: Callable[[], None], path: str
) -> None:
    browser.get("/billing/")
    clock.advance(1)
    browser.get(path)
    outage()
    clock.advance(2)
    body = browser.get("/billing/subscription.json").get_json()
    assert body["stale"] is True
    assert body["as_of"] == "2076-11-22T11:00:00Z"


def test_once_stripe_is_back_the_card_is_fresh_again(
    client: FlaskClient,
    emulator: Emulator,
    anna: str,
    clock: Clock,
    outage: Callable[[], None],
) -> None:
    read(client, anna, clock)
    outage()
    clock.advance(60)
    assert read(client, anna, clock).get_json()["stale"] is True
    emulator.clear_faults()
    emulator.account.update("sub_anna", cancel_at=moment("2076-12-12 11:00:00"))
    clock.advance(5)
    body = read(client, anna, clock).get_json()
    assert body["stale"] is False
    assert body["as_of"] == "2076-11-22T11:01:05Z"
    assert body["status"]["label"] == "Wordt opgezegd"


@pytest.mark.parametrize(
    ("status", "type_"), [(401, "invalid_request_error"), (403, "invalid_request_error")]
)
def test_a_refused_key_is_an_outage_for_who_has_a_last_known_card_and_a_502_for_others(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, status: int, type_: str
) -> None:
    read(client, anna, clock)
    message = "Invalid API Key provided: sk_test_****0000"
    body = {"error": {"type": type_, "message": message}}
    emulator.fail(status=status, times=None, body=body)
    clock.advance(31)
    assert read(client, anna, clock).get_json()["stale"] is True
    assert client.get("/readyz").status_code == 503
    answer = read(client, "cus_stranger", clock)
    assert answer.status_code == 502
    assert "Retry-After" not in answer.headers
