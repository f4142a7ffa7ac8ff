"""The routes that a breakdown may touch, each asked as its own customer would."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint

WEBHOOK_SECRET = "whsec_a_made_up_signing_secret"

Ask = Callable[[FlaskClient, str, Clock], TestResponse]


@dataclass(frozen=True)
class Answer:
    """What matters of an answer: the status, whether it owns up to being stale, Retry-After."""

    status: int
    stale: bool = False
    retry_after: bool = False


def page(client: FlaskClient, customer: str, clock: Clock) -> TestResponse:
    """The page, in the browser of somebody who followed a link."""
    client.get(f"/billing/?token={mint(customer, clock)}")
    return client.get("/billing/", headers={"Accept": "text/html,*/*;q=0.8"})


def negotiated(client: FlaskClient, customer: str, clock: Clock) -> TestResponse:
    """The page's address, asked for JSON."""
    headers = bearer(mint(customer, clock), Accept="application/json")
    return client.get("/billing/", headers=headers)


def program(client: FlaskClient, customer: str, clock: Clock) -> TestResponse:
    """The JSON API."""
    return client.get("/billing/subscription.json", headers=bearer(mint(customer, clock)))


def fragment(client: FlaskClient, customer: str, clock: Clock) -> TestResponse:
    """The card alone, in a frame that has a token in its address."""
    return client.get(f"/billing/card?token={mint(customer, clock)}")


def portal(client: FlaskClient, customer: str, clock: Clock) -> TestResponse:
    """The portal, by a click in a signed-in browser."""
    client.get(f"/billing/?token={mint(customer, clock)}")
    return client.get("/billing/portal", headers={"Accept": "text/html"})


def webhook(
    client: FlaskClient, customer: str, _: Clock, kind: str = "customer.subscription.updated"
) -> TestResponse:
    """An event about the customer, as Stripe signs it."""
    id_ = customer if kind.startswith("customer.deleted") else "sub_1"
    event = {
        "id": "evt_1",
        "object": "event",
        "data": {"object": {"id": id_, "customer": customer}},
        "livemode": False,
        "type": kind,
    }
    body = json.dumps(event).encode()
    headers = {"Stripe-Signature": signature(body, int(time.time()))}
    return client.post("/billing/webhook", data=body, headers=headers)


def signature(body: bytes, at: int, secret: str = WEBHOOK_SECRET) -> str:
    """The header with which Stripe signs ``body`` at the moment ``at`` (Unix seconds)."""
    text = f"{at}.".encode() + body
    return f"t={at},v1={hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()}"


CARDS: dict[str, Ask] = {
    "page": page,
    "negotiated": negotiated,
    "program": program,
    "fragment": fragment,
}
ROUTES: dict[str, Ask] = {**CARDS, "portal": portal, "webhook": webhook}


def customer_of(route: str) -> str:
    """Each route has a customer of its own, so that none lives on what another has read."""
    return f"cus_{route}"


def ask(app: Flask, route: str, clock: Clock) -> TestResponse:
    """The answer to the customer of ``route``, in a new browser."""
    return ROUTES[route](app.test_client(), customer_of(route), clock)


def what_matters(answer: TestResponse) -> Answer:
    """The answer, boiled down."""
    return Answer(
        answer.status_code,
        stale=is_stale(answer),
        retry_after=1 <= int(answer.headers.get("Retry-After", 0)) <= 60,
    )


def is_stale(answer: TestResponse) -> bool:
    """Whether a card says that it is not of today, in JSON or in words."""
    if answer.mimetype == "application/json":
        return answer.get_json()["stale"] is True
    return "Dit is de stand van" in answer.text
