"""In a site that exists already: the same card, for the customer that the site names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, Request
from flask.testing import FlaskClient

from billing_proxy.extension import BillingProxy
from demo.emulator import Emulator
from tests.stage.clock import Clock
from tests.stage.tokens import TOKEN_SECRET, bearer, mint

Site = Callable[..., FlaskClient]


@pytest.fixture
def site(emulator: Emulator, clock: Clock) -> Site:
    """A site with pages of its own, whose visitors the loader knows."""

    def make(loader: Callable[[Request], Any], **settings: Any) -> FlaskClient:
        app = Flask("site")
        app.config.update(
            SECRET_KEY="the site's own key, which signs its own cookies",
            STRIPE_SECRET_KEY=emulator.key,
            STRIPE_API_BASE=emulator.url,
            **settings,
        )
        billing = BillingProxy(clock=clock)
        billing.customer_loader(loader)
        billing.init_app(app)
        app.add_url_rule("/", "start", lambda: "the site's own page")
        return app.test_client()

    return make


def test_the_card_is_that_of_the_customer_the_site_names(site: Site, anna: str, bob: str) -> None:
    client = site(lambda request: request.headers.get("X-Test-Visitor"))
    for customer in (anna, bob):
        headers = {"X-Test-Visitor": customer}
        body = client.get("/billing/subscription.json", headers=headers).get_json()
        assert body["customer"] == customer
        assert "Huidig plan" in client.get("/billing/", headers=headers).text
    assert client.get("/billing/").status_code == 401


def test_the_portal_opens_for_that_customer_and_the_next_reads_are_live(
    site: Site, emulator: Emulator, anna: str, clock: Clock
) -> None:
    client = site(lambda _: anna)
    client.get("/billing/")
    clock.advance(1)
    assert client.get("/billing/portal").status_code == 303
    assert emulator.requests[-1].params["customer"] == anna
    before = emulator.calls()
    clock.advance(2)
    client.get("/billing/")
    clock.advance(1)
    client.get("/billing/return")
    clock.advance(1)
    client.get("/billing/")
    client.get("/billing/")
    assert emulator.calls() - before == 2


def test_the_links_of_an_embedded_card_need_no_pass(site: Site, anna: str) -> None:
    body = site(lambda _: anna).get("/billing/subscription.json").get_json()
    assert body["portal_url"] == "http://localhost/billing/portal"


def test_the_sites_own_pages_and_errors_stay_its_own(site: Site, anna: str) -> None:
    client = site(lambda _: anna)
    own = client.get("/")
    assert own.text == "the site's own page"
    assert "Content-Security-Policy" not in own.headers
    missing = client.get("/not-there")
    assert missing.status_code == 404
    assert "Content-Security-Policy" not in missing.headers


def test_tokens_count_only_where_the_site_wants_them(site: Site, anna: str, clock: Clock) -> None:
    headers = bearer(mint(anna, clock))
    without = site(lambda _: None)
    assert without.get("/billing/subscription.json", headers=headers).status_code == 401
    taking = site(lambda _: None, BILLING_TOKEN_SECRET=TOKEN_SECRET)
    assert taking.get("/billing/subscription.json", headers=headers).status_code == 200


def test_a_customer_parameter_does_not_get_past_the_loader(site: Site, anna: str, bob: str) -> None:
    client = site(lambda _: anna)
    body = client.get(f"/billing/subscription.json?customer={bob}").get_json()
    assert body["customer"] == anna
