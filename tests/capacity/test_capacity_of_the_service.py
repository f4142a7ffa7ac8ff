"""The simulation against the service itself: the same views make the very same calls to Stripe."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from flask.testing import FlaskClient

from billing_proxy.capacity import LIVE_READS
from demo.emulator import Emulator
from tests.capacity.simulation import View, play, reads
from tests.capacity.sites import a_setup, a_site, a_view_every
from tests.conftest import Serve
from tests.web.clock import Clock
from tests.web.tokens import bearer, mint

LIST = "/v1/subscriptions"
UNHINDERED = "10000"  # the read budget counts real seconds, and days pass here in some of them


def look(client: FlaskClient, view: View, began: float, clock: Clock) -> None:
    """One view of a customer's card, at its moment."""
    clock.now = began + view.moment
    headers = bearer(mint(f"cus_{view.customer}", clock))
    assert client.get("/billing/subscription.json", headers=headers).status_code == 200


def serve_all(
    serve: Serve, emulator: Emulator, clock: Clock, views: Sequence[View], ttl: float
) -> int:
    """Let a service for each cache answer its views; gives the calls for cards at Stripe."""
    clients = [
        serve(BILLING_CACHE_TTL=str(ttl), BILLING_STRIPE_MAX_RATE=UNHINDERED)
        for _ in {view.cache for view in views}
    ]
    began = clock.now
    for customer in {view.customer for view in views}:
        emulator.account.add_customer(f"cus_{customer}")
        emulator.account.add_subscription(f"cus_{customer}", ["price_pro_month"])
    for view in views:
        look(clients[view.cache], view, began, clock)
    return emulator.calls(LIST)


@pytest.mark.parametrize(
    ("caches", "ttl", "every"),
    [(1, 30.0, 20), (1, 30.0, 200), (3, 30.0, 20), (1, 300.0, 60), (2, 0.0, 60)],
)
def test_the_service_reads_when_the_simulation_does_and_at_no_other_time(
    serve: Serve, emulator: Emulator, clock: Clock, caches: int, ttl: float, every: float
) -> None:
    site = a_site(
        customers=40, views=2 * a_view_every(every), views_per_visit=2, view_gap=13.0, zipf=0.5
    )
    views = play(site, a_setup(processes=caches, ttl=ttl), 6 * every, seed=7)
    assert len(views) > 300
    assert serve_all(serve, emulator, clock, views, ttl) == len(reads(views, ttl))


def test_a_visit_to_the_portal_adds_no_more_reads_than_the_formula_takes(
    browser: FlaskClient, emulator: Emulator, clock: Clock
) -> None:
    """The button opens a tab; that tab returns to the page, and the old one catches up."""
    browser.get("/billing/")
    before = emulator.calls(LIST)
    clock.advance(5)
    browser.get("/billing/portal")
    clock.advance(10)
    browser.get("/billing/card")  # a look back at the old tab, while the portal is open
    clock.advance(10)
    browser.get("/billing/return")
    browser.get("/billing/")
    browser.get("/billing/card")
    assert emulator.calls(LIST) - before == LIVE_READS


def test_products_are_read_once_in_their_time_by_each_process(
    serve: Serve, emulator: Emulator, clock: Clock
) -> None:
    views = play(a_site(customers=40, views=a_view_every(60)), a_setup(processes=2), 600, seed=7)
    serve_all(serve, emulator, clock, views, 30.0)
    assert emulator.calls("/v1/prices") + emulator.calls("/v1/products") == 2
