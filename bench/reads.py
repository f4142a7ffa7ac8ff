"""How often Stripe is read for a minute's views, against the least that the TTL allows.

The minute is played: the service gets a clock that is set to each view's moment. Everything else
is the product, the emulator and the SDK.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from bench.emulated import Stripe
from bench.processes import SETTINGS, bearer
from bench.ratios import Aim, Row, Spread
from bench.zipf import least_reads, zipf_views
from billing_proxy.app import create_app

VIEWS, CUSTOMERS, SECONDS, TTL = 10_000, 500, 60.0, 30.0
PRODUCTS = 1
"""The one product that all these customers have is read once for all of them."""


def measure(stripe: Stripe) -> Iterator[Row]:
    """The reads that come in at Stripe, by its own count."""
    views = zipf_views(views=VIEWS, customers=CUSTOMERS, seconds=SECONDS)
    customers = stripe.add("zipf", CUSTOMERS)
    logging.getLogger("billing_proxy").addHandler(logging.NullHandler())
    least = least_reads(views, ttl=TTL) + PRODUCTS
    began = float(int(time.time()) // 60 * 60)
    now = began
    settings = {
        **SETTINGS,
        **stripe.settings,
        "BILLING_CACHE_TTL": f"{TTL:.0f}",
        "BILLING_STRIPE_MAX_RATE": "10000",  # in the played minute no real time passes
    }
    client = create_app(settings, clock=lambda: now).test_client()
    headers = [bearer(customer) for customer in customers]
    stripe.calls()
    for view in views:
        now = began + view.at
        answer = client.get("/billing/subscription.json", headers=headers[view.customer])
        if answer.status_code != 200:
            raise RuntimeError(f"a view is answered {answer.status_code}")
    reads = stripe.calls()
    yield Row(
        f"Stripe reads for {VIEWS:,} views by {CUSTOMERS} customers in {SECONDS:.0f} s",
        f"{reads}",
        f"the least with a TTL of {TTL:.0f} s: {least}",
        Spread.of([reads / least]),
        Aim.EXACTLY,
        1,
    )
