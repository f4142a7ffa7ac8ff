"""Sites around the card, their visitors, and Stripe's letters to them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from flask import Flask, Request, render_template_string
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.stage.pages import Page

Host: TypeAlias = Callable[..., FlaskClient]
MakeSite: TypeAlias = Callable[..., Flask]

WEBHOOK_SECRET = "whsec_a_made_up_signing_secret"

AT_ONCE = {"Stripe-Should-Retry": "false"}
"""The header with which Stripe tells its SDK to give up at once."""

NO_CARD_NOW = "Je abonnement is nu niet op te halen"
NOT_LOGGED_IN = "Je bent niet ingelogd"
OUR_FAULT = "Er ging iets mis"


def named_by_header(request: Request) -> str | None:
    """A customer loader for tests: the visitor says who it is."""
    return request.headers.get("X-Visitor")


def visitor(customer: str, **more: str) -> dict[str, str]:
    """The headers of a visitor whom ``named_by_header`` knows."""
    return {"X-Visitor": customer, **more}


def add_account_page(app: Flask) -> Flask:
    """Give ``app`` a page of its own at ``/account``, with the card in it."""

    @app.get("/account")
    def account() -> str:
        return render_template_string("<main><h1>Mijn account</h1>{{ billing_card() }}</main>")

    return app


def log_in(client: FlaskClient, user: str) -> TestResponse:
    """Send the example's login form for ``user``, token and all."""
    form = client.get("/inloggen")
    data = {"csrf_token": csrf_token(form.text), "user": user, "submit": "Inloggen"}
    return client.post("/inloggen", data=data, headers={"Referer": form.request.url})


def csrf_token(html: str) -> str:
    """The token in a form."""
    (field, *_) = [
        element
        for element in Page(html).all("input")
        if element.attributes.get("name") == "csrf_token"
    ]
    return field.attributes["value"] or ""


def event(customer: str) -> bytes:
    """An event that says that a subscription of ``customer`` has changed."""
    subscription = {"id": "sub_1", "object": "subscription", "customer": customer}
    return json.dumps(
        {
            "id": "evt_1",
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": 1_795_000_000,
            "data": {"object": subscription},
            "livemode": False,
            "type": "customer.subscription.updated",
        }
    ).encode()


def send_event(client: FlaskClient, body: bytes, path: str = "/billing/webhook") -> TestResponse:
    """Post ``body`` as Stripe does: signed, without a cookie, a token or a referrer."""
    now = int(time.time())
    key = WEBHOOK_SECRET.encode()
    signature = hmac.new(key, f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={now},v1={signature}", "Content-Type": "application/json"}
    return client.post(path, data=body, headers=headers)


def policy(headers: Mapping[str, Any]) -> dict[str, list[str]]:
    """The directives of a Content-Security-Policy, each with its sources."""
    parts = (part.split() for part in str(headers["Content-Security-Policy"]).split(";"))
    return {name: sources for name, *sources in parts}
