"""A naive Flask view: one bare ``subscriptions.list`` of Stripe's SDK for every request.

The client is made once, so its connection stays open. Nothing is checked, decided or formatted.
"""

from __future__ import annotations

import os

import stripe
from flask import Flask, Response, jsonify, request

app = Flask(__name__, static_folder=None)
client = stripe.StripeClient(
    os.environ["STRIPE_SECRET_KEY"],
    stripe_version="2026-10-28.endive",
    base_addresses={"api": os.environ["STRIPE_API_BASE"]},
)


@app.get("/subscription.json")
def subscription() -> Response:
    """The customer's subscriptions: ids and statuses."""
    customer = request.args["customer"]
    found = client.v1.subscriptions.list({"customer": customer, "status": "all", "limit": 100})
    return jsonify([{"id": sub.id, "status": sub.status} for sub in found.data])
