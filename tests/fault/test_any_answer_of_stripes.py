"""Stripe may send anything at all: there is a card, or an outage, and never a crash."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.app import create_app
from billing_proxy.testing.catalogue import account_with_catalogue
from tests.fault.fuzzing import damaged, examples, junk
from tests.fault.routes import ROUTES
from tests.stage.clock import Clock
from tests.stage.tokens import TOKEN_SECRET

BASE = "http://stripe.test"

NOW = 1_900_000_000

CLOCK = Clock(NOW)


def account() -> dict[str, Any]:
    """What Stripe would answer, by address: a customer with every kind of subscription."""
    made = account_with_catalogue(CLOCK)
    made.add_customer("cus_1")
    made.add_subscription("cus_1", id="sub_1")
    made.add_subscription("cus_1", ["price_pro_year", "price_business_year"], id="sub_2")
    made.add_subscription("cus_1", id="sub_3", status="trialing", trial_end=NOW + 9)
    made.add_subscription("cus_1", id="sub_4", cancel_at=NOW + 86_400)
    made.add_subscription("cus_1", id="sub_5", pause_collection={"resumes_at": NOW + 5})
    made.add_subscription("cus_1", id="sub_6", status="past_due", latest_invoice="in_1")
    made.add_subscription("cus_1", id="sub_7", status="paused", schedule="sub_sched_1")
    pauses = [{"pause": {"pause_at": NOW - 9}, "resume": {"resume_at": NOW + 9}}]
    products = [made["product", "prod_pro"], made["product", "prod_business"]]
    return {
        "subscriptions": [made["subscription", f"sub_{n}"] for n in range(1, 8)],
        "invoices": {"id": "in_1", "object": "invoice", "next_payment_attempt": NOW + 5},
        "subscription_schedules": {"id": "sub_sched_1", "pause_schedules": pauses},
        "products": {"object": "list", "data": products, "has_more": False},
        "prices": {"object": "list", "data": made.all("price"), "has_more": False},
        "sessions": {"id": "bps_1", "object": "billing_portal.session", "url": f"{BASE}/p/1"},
    }


GOOD = account()
KINDS = [kind for kind in GOOD if kind != "subscriptions"]


@pytest.fixture(scope="module")
def app() -> Flask:
    """A service that reads everything anew each time."""
    environ = {
        "STRIPE_SECRET_KEY": "sk_test_0000000000000000",
        "STRIPE_API_BASE": BASE,
        "STRIPE_WEBHOOK_SECRET": "whsec_a_made_up_signing_secret",
        "SECRET_KEY": "a made-up key that signs the cookies of these tests",
        "BILLING_TOKEN_SECRET": TOKEN_SECRET,
        "BILLING_CACHE_TTL": "0",
        "BILLING_STALE_IF_ERROR": "0",
        "BILLING_CATALOG_TTL": "0",
        "BILLING_STRIPE_TIMEOUT": "0.95",
        "BILLING_STRIPE_MAX_RATE": "10000",
    }
    return create_app(environ, clock=CLOCK)


@pytest.fixture(autouse=True)
def nothing_crashed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No record of any logger has a traceback."""
    yield
    assert [r.getMessage() for r in caplog.get_records("call") if r.exc_info] == []


def ask(app: Flask, route: str, answers: dict[str, Any]) -> int:
    """The status of ``route`` when Stripe gives these answers; whatever it is, it is no crash."""
    # Failures must not add up to an open circuit, behind which nothing is read any more.
    app.extensions["billing_proxy"].service._guard.breaker.succeeded()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as stripe:
        for kind, body in answers.items():
            address = re.compile(rf"{BASE}/v1/(billing_portal/)?{kind}([/?].*)?$")
            text = body if isinstance(body, bytes) else json.dumps(body)
            method = stripe.post if kind == "sessions" else stripe.get
            method(address, body=text, content_type="application/json")
        answer = ROUTES[route](app.test_client(), "cus_1", CLOCK)
    assert answer.status_code in (200, 204, 303, 404, 429, 502, 503)
    assert "Traceback" not in answer.text
    if answer.status_code == 200 and answer.mimetype == "application/json":
        assert answer.get_json()["customer"] == "cus_1"
        json.dumps(answer.get_json(), allow_nan=False)
    return answer.status_code


def listed(subscriptions: Any, **fields: Any) -> dict[str, Any]:
    return {
        "object": "list",
        "url": "/v1/subscriptions",
        "has_more": False,
        "data": subscriptions,
        **fields,
    }


a_subscription = st.sampled_from(GOOD["subscriptions"]).flatmap(damaged)


def test_the_answers_are_good_to_begin_with(app: Flask) -> None:
    whole = {**GOOD, "subscriptions": listed(GOOD["subscriptions"])}
    found = {route: ask(app, route, whole) for route in ROUTES}
    assert found == {**dict.fromkeys(ROUTES, 200), "portal": 303, "webhook": 204}


@examples(200)
@given(
    subscriptions=st.lists(a_subscription, min_size=1, max_size=3),
    route=st.sampled_from(["page", "program", "fragment"]),
)
def test_damaged_subscriptions_make_a_card_or_an_outage(
    app: Flask, subscriptions: list[Any], route: str
) -> None:
    status = ask(app, route, {**GOOD, "subscriptions": listed(subscriptions)})
    assert status in (200, 503)


@examples(100)
@given(data=st.data(), kind=st.sampled_from(KINDS))
def test_damaged_details_cost_no_card(app: Flask, data: st.DataObject, kind: str) -> None:
    broken = data.draw(damaged(GOOD[kind]) | junk)
    answers = {**GOOD, "subscriptions": listed(GOOD["subscriptions"]), kind: broken}
    route = data.draw(st.sampled_from(["page", "program", "portal"]))
    status = ask(app, route, answers)
    assert status in ((303, 429, 503) if route == "portal" else (200,))


@examples(100)
@given(body=junk | st.binary(max_size=60), route=st.sampled_from(list(ROUTES)))
def test_any_json_and_any_bytes_are_no_card_that_stripe_did_not_send(
    app: Flask, body: Any, route: str
) -> None:
    status = ask(app, route, dict.fromkeys(GOOD, body))
    assert status in {"webhook": (204,), "portal": (429, 503)}.get(route, (503,))
