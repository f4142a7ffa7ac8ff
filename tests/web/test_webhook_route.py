"""Stripe's events: checked, then used to forget, never to fill a card.

Source of the signature: https://docs.stripe.com/webhooks#verify-manually
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demo.emulator import Emulator
from tests.conftest import ANNA, Serve
from tests.web.clock import Clock, moment
from tests.web.tokens import bearer, mint

SECRET = "whsec_a_made_up_signing_secret"
AT_ONCE = {"Stripe-Should-Retry": "false"}

Post = Callable[..., TestResponse]


@pytest.fixture
def clock() -> Clock:
    """The real time, standing still: Stripe's SDK looks at its own watch for a signature's age."""
    return Clock(time.time())


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    """A service with the webhook turned on."""
    return serve(STRIPE_WEBHOOK_SECRET=SECRET)


def event(kind: str = "customer.subscription.updated", **more: Any) -> dict[str, Any]:
    """An event as Stripe sends it: https://docs.stripe.com/api/events/object"""
    subscription = {"id": "sub_anna", "object": "subscription", "customer": ANNA}
    return {
        "id": "evt_1",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1_795_000_000,
        "data": {"object": subscription},
        "livemode": False,
        "type": kind,
        **more,
    }


def signed(body: bytes, at: float, secret: str = SECRET) -> str:
    """The header with which Stripe signs ``body`` at the moment ``at`` (Unix seconds)."""
    text = f"{int(at)}.".encode() + body
    return f"t={int(at)},v1={hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}"


@pytest.fixture
def post(client: FlaskClient, clock: Clock) -> Post:
    """Send an event, rightly signed unless told otherwise."""

    def send(what: Any, *, at: float | None = None, secret: str = SECRET) -> TestResponse:
        body = what if isinstance(what, bytes) else json.dumps(what).encode()
        header = signed(body, clock() if at is None else at, secret)
        return client.post("/billing/webhook", data=body, headers={"Stripe-Signature": header})

    return send


def read(client: FlaskClient, clock: Clock, customer: str = ANNA) -> TestResponse:
    """The JSON card of ``customer``."""
    return client.get("/billing/subscription.json", headers=bearer(mint(customer, clock)))


def test_without_a_secret_there_is_no_webhook(serve: Serve, clock: Clock) -> None:
    body = json.dumps(event()).encode()
    for path in ("/billing/webhook", "/webhook"):
        headers = {"Stripe-Signature": signed(body, clock())}
        assert serve().post(path, data=body, headers=headers).status_code == 404


def test_an_event_makes_the_next_read_a_live_one(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, post: Post
) -> None:
    assert read(client, clock).get_json()["status"]["label"] == "Actief"
    emulator.account.update("sub_anna", cancel_at=moment("2076-12-12 11:00:00"))
    clock.advance(1)
    assert read(client, clock).get_json()["status"]["label"] == "Actief"
    calls = emulator.calls()
    answer = post(event())
    assert answer.status_code == 204
    assert answer.data == b""
    assert emulator.calls() == calls
    clock.advance(1)
    assert read(client, clock).get_json()["status"]["label"] == "Wordt opgezegd"
    assert emulator.calls() == calls + 1
    clock.advance(1)
    read(client, clock)
    assert emulator.calls() == calls + 1


@pytest.mark.parametrize(
    "kind",
    [
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "invoice.payment_failed",
        "invoice.paid",
        "subscription_schedule.updated",
    ],
)
def test_every_kind_of_event_about_a_subscription_counts(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, post: Post, kind: str
) -> None:
    read(client, clock)
    clock.advance(1)
    calls = emulator.calls()
    assert post(event(kind)).status_code == 204
    clock.advance(1)
    read(client, clock)
    assert emulator.calls() == calls + 1


def test_a_customer_that_comes_expanded_counts_too(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, post: Post
) -> None:
    read(client, clock)
    clock.advance(1)
    calls = emulator.calls()
    expanded = {"id": "sub_anna", "customer": {"id": ANNA, "object": "customer"}}
    assert post(event(data={"object": expanded})).status_code == 204
    clock.advance(1)
    read(client, clock)
    assert emulator.calls() == calls + 1


def test_an_event_fills_no_card_whatever_it_says(
    client: FlaskClient, anna: str, clock: Clock, post: Post
) -> None:
    claims = {"id": "sub_anna", "customer": ANNA, "status": "canceled", "ended_at": 1}
    assert post(event(data={"object": claims})).status_code == 204
    clock.advance(1)
    assert read(client, clock).get_json()["status"]["label"] == "Actief"


def test_an_event_leaves_other_customers_warm(
    client: FlaskClient, emulator: Emulator, anna: str, bob: str, clock: Clock, post: Post
) -> None:
    read(client, clock, bob)
    clock.advance(1)
    calls = emulator.calls()
    post(event())
    read(client, clock, bob)
    assert emulator.calls() == calls


def test_the_last_known_card_may_stand_in_after_an_event(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, post: Post
) -> None:
    read(client, clock)
    clock.advance(1)
    post(event())
    emulator.fail(times=None, headers=AT_ONCE)
    clock.advance(1)
    assert read(client, clock).get_json()["stale"] is True


@pytest.mark.parametrize("missing", [True, False])
def test_a_deleted_customer_is_forgotten_for_good(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, post: Post, missing: bool
) -> None:
    emulator.account.deleted_customers_are_missing = missing
    read(client, clock)
    emulator.account.delete(anna)
    clock.advance(1)
    gone = event("customer.deleted", data={"object": {"id": anna, "object": "customer"}})
    assert post(gone).status_code == 204
    clock.advance(1)
    answer = read(client, clock)
    if missing:
        assert answer.status_code == 404
    else:
        assert answer.get_json()["status"]["label"] == "Opgezegd"


def test_not_even_in_an_outage_does_a_deleted_customers_card_come_back(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, post: Post
) -> None:
    read(client, clock)
    emulator.fail(times=None, headers=AT_ONCE)
    clock.advance(1)
    post(event("customer.deleted", data={"object": {"id": anna, "object": "customer"}}))
    clock.advance(1)
    assert read(client, clock).status_code == 503


def test_a_renamed_product_shows_its_new_name_without_waiting_an_hour(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, post: Post
) -> None:
    assert read(client, clock).get_json()["plan"] == "Pro"
    emulator.account.update("prod_pro", name="Pro Plus")
    renamed = event("product.updated", data={"object": {"id": "prod_pro", "object": "product"}})
    assert post(renamed).status_code == 204
    clock.advance(31)
    assert read(client, clock).get_json()["plan"] == "Pro Plus"


@pytest.mark.parametrize(
    "what",
    [
        event("some.event.of.the.future"),
        event(data={"object": {}}),
        event(data={}),
        event(data=None),
        event(data={"object": {"customer": 7}}),
        event(data={"object": {"customer": "cus_unheard_of"}}),
        event("product.updated", data={"object": {"id": None}}),
        {"type": "ping"},
    ],
    ids=str,
)
def test_a_signed_event_of_no_use_is_taken_all_the_same(post: Post, what: Any) -> None:
    assert post(what).status_code == 204


def test_an_event_that_comes_twice_is_taken_twice(post: Post) -> None:
    assert [post(event()).status_code for _ in range(2)] == [204, 204]


@pytest.mark.parametrize(
    ("age", "status"), [(0, 204), (290, 204), (301, 400), (86_400, 400), (-400, 400)]
)
def test_a_signature_is_good_for_five_minutes_and_not_ahead_of_time(
    post: Post, clock: Clock, age: float, status: int
) -> None:
    assert post(event(), at=clock() - age).status_code == status


def test_an_event_signed_with_another_secret_is_refused(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, post: Post
) -> None:
    read(client, clock)
    clock.advance(1)
    calls = emulator.calls()
    answer = post(event(), secret="whsec_of_another_endpoint")
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert SECRET not in answer.text
    read(client, clock)
    assert emulator.calls() == calls


def test_a_body_changed_after_signing_is_refused(client: FlaskClient, clock: Clock) -> None:
    header = signed(json.dumps(event()).encode(), clock())
    changed = json.dumps(event(id="evt_2")).encode()
    answer = client.post("/billing/webhook", data=changed, headers={"Stripe-Signature": header})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=",
        "v1=abc",
        "t=now,v1=abc",
        "t=99999999999999999999,v1=abc",
        "t=-1,v1=abc",
        "t=١٢٣,v1=abc",
        "t=1,t=2,v1=abc",
        ",,,,",
        "=" * 2000,
        "v0=abc,t=1",
    ],
)
def test_a_signature_that_is_none_is_refused(client: FlaskClient, header: str | None) -> None:
    headers = {} if header is None else {"Stripe-Signature": header.encode().decode("latin-1")}
    body = json.dumps(event()).encode()
    assert client.post("/billing/webhook", data=body, headers=headers).status_code == 400


def test_one_right_signature_among_several_is_enough(client: FlaskClient, clock: Clock) -> None:
    """While a secret is rolled, Stripe signs with both."""
    body = json.dumps(event()).encode()
    moment_, _, right = signed(body, clock()).partition(",")
    _, _, old = signed(body, clock(), "whsec_old").partition(",")
    headers = {"Stripe-Signature": f"{moment_},{old},{right},v0=x"}
    assert client.post("/billing/webhook", data=body, headers=headers).status_code == 204


@pytest.mark.parametrize(
    "body", [b"", b"not JSON", b"[]", b"null", b'"text"', b"{}", b'{"type": 7}', b"\xff\xfe", b"{"]
)
def test_a_signed_body_that_is_no_event_is_refused(post: Post, body: bytes) -> None:
    assert post(body).status_code == 400


def test_a_signed_body_nested_beyond_reason_is_refused_or_taken_but_breaks_nothing(
    post: Post,
) -> None:
    assert post(b'{"type":"x","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}").status_code == 400


def test_a_body_larger_than_any_event_is_refused(post: Post, client: FlaskClient) -> None:
    assert post(event(padding="x" * 2_000_000)).status_code == 400
    assert client.post("/billing/webhook", data=b"x" * 5_000_000).status_code == 400


def test_an_event_of_live_mode_is_refused_by_a_test_key(post: Post) -> None:
    answer = post(event(livemode=True))
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_webhook_takes_posts_only(client: FlaskClient, method: str) -> None:
    answer = client.open("/billing/webhook", method=method)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
