"""A customer loader that does not do what it should: a safe answer for the visitor, clear words in
the log for the developer, and nobody's card."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Request, abort
from flask.testing import FlaskClient
from werkzeug.local import LocalProxy

from demo.emulator import Emulator
from tests.host.sites import NOT_LOGGED_IN, OUR_FAULT, MakeSite, named_by_header, visitor
from tests.stage.clock import Clock
from tests.stage.pages import Page
from tests.stage.tokens import TOKEN_SECRET, mint

ROUTES = ("/billing/", "/billing/card", "/billing/subscription.json", "/billing/portal")


class Account:
    """A user of a site, handed over in place of its customer id."""

    stripe_customer_id = "cus_anna"

    def __str__(self) -> str:
        return self.stripe_customer_id


def raises(request: Request) -> str:
    raise LookupError("the session store at 10.0.0.7 is away")


def aborts(request: Request) -> str:
    abort(418)


WRONG = {
    "an object": Account(),
    "an e-mail address": "anna@example.nl",
    "a number": 7,
    "bytes": b"cus_anna",
    "a list": ["cus_anna"],
    "a pair": ("cus_anna", True),
    "true": True,
    "a user id": "anna",
    "a subscription": "sub_anna",
    "an id with a path": "cus_anna/../cus_bob",
    "an id with a line break": "cus_anna\n",
    "an id with a query": "cus_anna?expand=x",
    "an id in spaces": " cus_anna ",
    "two ids": "cus_anna,cus_bob",
}


def assert_nobodys_card(client: FlaskClient, emulator: Emulator) -> None:
    """Every answer is an error or a sentence, and Stripe was never asked."""
    for path in ROUTES:
        answer = client.get(path)
        assert answer.status_code >= 400
        for secret in ("Huidig plan", "Anna", "anna@", "Traceback", "10.0.0.7", "customer loader"):
            assert secret not in answer.text
    page = client.get("/account")
    assert page.status_code == 200
    assert "Mijn account" in page.text
    assert "Huidig plan" not in page.text
    assert emulator.calls() == 0


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG.keys())
def test_what_is_no_customer_id_shows_no_card_and_says_so_in_the_log(
    make_site: MakeSite,
    emulator: Emulator,
    anna: str,
    bob: str,
    caplog: pytest.LogCaptureFixture,
    answer: Any,
) -> None:
    client = make_site(lambda _: answer).test_client()
    assert_nobodys_card(client, emulator)
    assert OUR_FAULT in Page(client.get("/account").text).words
    assert "must return a Stripe customer id (cus_…), NO_CUSTOMER or None" in caplog.text
    assert f"returned a {type(answer).__name__}" in caplog.text
    assert "anna@" not in caplog.text


@pytest.mark.parametrize("answer", [None, ""], ids=["none", "an empty text"])
def test_nobody_is_told_to_log_in_and_no_error_is_logged(
    make_site: MakeSite,
    emulator: Emulator,
    anna: str,
    caplog: pytest.LogCaptureFixture,
    answer: Any,
) -> None:
    client = make_site(lambda _: answer).test_client()
    assert_nobodys_card(client, emulator)
    assert [client.get(path).status_code for path in ROUTES] == [401] * 4
    assert NOT_LOGGED_IN in Page(client.get("/account").text).words
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "WARNING")]


def test_a_missing_loader_shows_no_card_and_the_log_says_how_to_register_one(
    make_site: MakeSite, emulator: Emulator, anna: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = make_site(None).test_client()
    assert_nobodys_card(client, emulator)
    assert OUR_FAULT in Page(client.get("/account").text).words
    assert "@billing.customer_loader" in caplog.text
    assert client.get("/billing/readyz").status_code == 503


@pytest.mark.parametrize(("loader", "name"), [(raises, "LookupError"), (aborts, "ImATeapot")])
def test_a_loader_that_raises_shows_no_card_and_leaves_its_traceback_in_the_log(
    make_site: MakeSite,
    emulator: Emulator,
    anna: str,
    caplog: pytest.LogCaptureFixture,
    loader: Any,
    name: str,
) -> None:
    client = make_site(loader).test_client()
    assert_nobodys_card(client, emulator)
    assert OUR_FAULT in Page(client.get("/account").text).words
    assert f"the customer loader raised {name}" in caplog.text
    assert f"in {loader.__name__}" in caplog.text


def test_a_proxy_of_a_customer_id_is_as_good_as_the_id(make_site: MakeSite, anna: str) -> None:
    """As Flask's own ``session`` and Flask-Login's ``current_user`` are proxies."""
    client = make_site(lambda _: LocalProxy(lambda: anna)).test_client()
    assert Page(client.get("/account").text).facts["Huidig plan"] == "Pro"


def test_a_token_in_the_address_never_changes_whose_card_stands_on_the_sites_page(
    make_site: MakeSite, anna: str, bob: str, clock: Clock
) -> None:
    client = make_site(named_by_header, BILLING_TOKEN_SECRET=TOKEN_SECRET).test_client()
    for query in (f"token={mint(bob, clock)}", f"customer={bob}", f"pass={bob}"):
        page = Page(client.get(f"/account?{query}", headers=visitor(anna)).text)
        assert page.facts["Huidig plan"] == "Pro"
