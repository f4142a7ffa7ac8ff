"""A site tests its own pages: a customer in every state, what changes meanwhile, an outage."""

from __future__ import annotations

from itertools import permutations

import pytest
import requests
from flask import Flask

from billing_proxy import BillingProxy, Code
from billing_proxy.testing import CUSTOMERS, Emulator
from tests.host.sites import NO_CARD_NOW, add_account_page, named_by_header, visitor

pytest_plugins = ["billing_proxy.testing.fixtures"]


@pytest.fixture
def site(stripe_emulator: Emulator) -> Flask:
    app = Flask("site")
    app.config.update(SECRET_KEY="the site's own", **stripe_emulator.settings)
    BillingProxy(app, customer_loader=named_by_header)
    return add_account_page(app)


def code(site: Flask, customer: str) -> str:
    """The state that the site's page shows, by the JSON that goes with it."""
    answer = site.test_client().get("/billing/subscription.json", headers=visitor(customer))
    return str(answer.get_json()["status"]["code"])


def test_there_is_a_customer_in_every_state(site: Flask, stripe_emulator: Emulator) -> None:
    assert set(CUSTOMERS) == set(Code)
    assert {state: code(site, customer) for state, customer in CUSTOMERS.items()} == {
        state: state for state in CUSTOMERS
    }
    with pytest.raises(ValueError, match="'late' is none of the states active, "):
        stripe_emulator.customer("late")


def test_a_change_from_any_state_to_any_other_is_on_the_page_at_once(
    site: Flask, stripe_emulator: Emulator
) -> None:
    for before, after in permutations(CUSTOMERS, 2):
        customer = stripe_emulator.customer(before)
        assert code(site, customer) == before
        stripe_emulator.change(customer, after)
        assert code(site, customer) == after


def test_the_page_is_there_in_an_outage(site: Flask, stripe_emulator: Emulator) -> None:
    stripe_emulator.fail(times=None)
    answer = site.test_client().get("/account", headers=visitor(CUSTOMERS["active"]))
    assert answer.status_code == 200
    assert NO_CARD_NOW in answer.text


def test_who_goes_to_the_portal_finds_the_way_back(site: Flask, stripe_emulator: Emulator) -> None:
    headers = visitor(CUSTOMERS["active"])
    to = site.test_client().get("/billing/portal", headers=headers).location
    assert to.startswith(stripe_emulator.url)
    assert 'href="http://localhost/billing/' in requests.get(to, timeout=5).text
