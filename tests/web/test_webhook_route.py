"""Stripe's events: checked, then used to forget, never to fill a card.

Source of the signature: https://docs.stripe.com/webhooks#verify-manually
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demo.emulator import Emulator
from tests.conftest import ANNA, Serve
from tests.stage.clock import Clock, moment
from tests.stage.tokens import bearer, mint

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


def test_an_event_fills_no_card_whatever_it_says(
    client: FlaskClient, anna: str, clock: Clock, post: Post
) -> None:
    claims = {"id": "sub_anna", "customer": ANNA, "status": "canceled", "ended_at": 1}
    assert post(event(data={"object": claims})).status_code == 204
    clock.advance(1)
    assert read(client, clock).get_json()["status"]["label"] == "Actief"


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
    "body", [b"", b"not JSON", b"[]", b"null", b'"text"', b"{}", b'{"type": 7}', b"\xff\xfe", b"{"]
)
def test_a_signed_body_that_is_no_event_is_refused(post: Post, body: bytes) -> None:
    assert post(body).status_code == 400


def test_a_body_larger_than_any_event_is_refused(post: Post, client: FlaskClient) -> None:
    assert post(event(padding="x" * 2_000_000)).status_code == 400
    assert client.post("/billing/webhook", data=b"x" * 5_000_000).status_code == 400


def test_a_body_that_the_web_server_cannot_read_is_the_clients_mistake(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    class InvalidChunk(Exception):  # as gunicorn's, which is no error of werkzeug's
        pass

    class Malformed(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise InvalidChunk

        readinto = readline = read  # type: ignore[assignment]

    answer = client.post("/billing/webhook", input_stream=Malformed(b"{}"), content_length=2)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert "the body cannot be read: InvalidChunk" in caplog.text
    assert "Traceback" not in caplog.text


def test_an_event_of_live_mode_is_refused_by_a_test_key(post: Post) -> None:
    answer = post(event(livemode=True))
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
