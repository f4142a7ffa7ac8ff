"""The site of whoever reads docs/embedding.md: an app factory, a page, and a log-in for tests."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, render_template_string, session
from flask.testing import FlaskClient

from billing_proxy import BillingProxy

PAGE = "<h1>Mijn account</h1>{{ billing_card() }}"


def create_app(settings: Mapping[str, str]) -> Flask:
    """The site with these settings."""
    app = Flask(__name__)
    app.config.update(settings)
    BillingProxy(app, customer_loader=lambda _: session.get("stripe_customer_id"))
    app.add_url_rule("/account", view_func=lambda: render_template_string(PAGE))
    return app


def log_in(client: FlaskClient, stripe_customer_id: str) -> None:
    """Give the browser the session of a user who has this customer id."""
    with client.session_transaction() as open_session:
        open_session["stripe_customer_id"] = stripe_customer_id
