"""BILLING_LOCALE: Dutch, English, or what the browser asks for; codes stay the same in each."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from billing_proxy import BillingProxy
from demo.emulator import Emulator
from tests.host.sites import AT_ONCE, Host, MakeSite, log_in, named_by_header, visitor
from tests.web.pages import Page

DUTCH = ("nl", "Huidig plan", "Abonnement bijwerken", "Actief", "Maandelijks")
ENGLISH = ("en", "Current plan", "Update subscription", "Active", "Monthly")
ASKED = [
    ("nl", None, DUTCH),
    ("nl", "en", DUTCH),
    ("en", None, ENGLISH),
    ("en", "nl", ENGLISH),
    ("auto", None, DUTCH),
    ("auto", "nl", DUTCH),
    ("auto", "nl-BE,nl;q=0.9,en;q=0.5", DUTCH),
    ("auto", "en", ENGLISH),
    ("auto", "en-GB,en;q=0.9,nl;q=0.5", ENGLISH),
    ("auto", "nl;q=0.4,en;q=0.8", ENGLISH),
    ("auto", "sv,en;q=0.5", ENGLISH),
    ("auto", "sv,pl;q=0.5", DUTCH),
    ("auto", "*", DUTCH),
    ("auto", "", DUTCH),
    ("auto", "x-klingon,;;q=,é,-", DUTCH),
]


def ask(client: FlaskClient, path: str, customer: str, language: str | None) -> Any:
    """What ``customer`` gets, whose browser wants ``language``."""
    more = {} if language is None else {"Accept-Language": language}
    return client.get(path, headers=visitor(customer, **more))


@pytest.mark.parametrize(("locale", "accepted", "words"), ASKED)
@pytest.mark.parametrize("path", ["/account", "/billing/", "/billing/card"])
def test_the_card_speaks_the_language_of_the_setting_or_of_the_browser(
    make_site: MakeSite,
    anna: str,
    path: str,
    locale: str,
    accepted: str | None,
    words: tuple[str, ...],
) -> None:
    tag, plan, button, label, period = words
    client = make_site(named_by_header, BILLING_LOCALE=locale).test_client()
    html = ask(client, path, anna, accepted).text
    page = Page(html)
    assert page.facts[plan] == "Pro"
    assert label in page.facts.values()
    assert period in page.facts.values()
    assert button in html
    assert page.all("section", "billing-card")[0].attributes["lang"] == tag


@pytest.mark.parametrize(("locale", "accepted", "words"), ASKED)
def test_the_json_speaks_it_too_and_its_codes_never_change(
    make_site: MakeSite, anna: str, locale: str, accepted: str | None, words: tuple[str, ...]
) -> None:
    _, _, button, label, period = words
    client = make_site(named_by_header, BILLING_LOCALE=locale).test_client()
    body = ask(client, "/billing/subscription.json", anna, accepted).get_json()
    assert (body["status"]["code"], body["status"]["stripe_status"]) == ("active", "active")
    assert body["status"]["label"] == label
    assert body["billing_period"] == {"interval": "month", "interval_count": 1, "label": period}
    assert body["date"]["date"] == "2076-12-12"
    assert "december 2076" in body["date"]["text"].lower()
    assert body["button"]["label"] == button


@pytest.mark.parametrize(("locale", "accepted", "words"), ASKED)
def test_the_portal_opens_in_the_language_of_the_page(
    make_site: MakeSite,
    emulator: Emulator,
    anna: str,
    locale: str,
    accepted: str | None,
    words: tuple[str, ...],
) -> None:
    client = make_site(named_by_header, BILLING_LOCALE=locale).test_client()
    assert ask(client, "/billing/portal", anna, accepted).status_code == 303
    assert emulator.requests[-1].params["locale"] == words[0]


def test_answers_by_language_are_not_taken_for_one_another(make_site: MakeSite, anna: str) -> None:
    client = make_site(named_by_header, BILLING_LOCALE="auto").test_client()
    for path in ("/billing/", "/billing/card", "/billing/subscription.json"):
        dutch, english = (ask(client, path, anna, tag) for tag in ("nl", "en"))
        assert "Accept-Language" in dutch.headers["Vary"]
        assert dutch.headers["ETag"] != english.headers["ETag"]
        headers = visitor(anna, **{"Accept-Language": "en", "If-None-Match": dutch.headers["ETag"]})
        assert client.get(path, headers=headers).status_code == 200


def test_two_languages_share_one_reading(
    make_site: MakeSite, anna: str, emulator: Emulator
) -> None:
    client = make_site(named_by_header, BILLING_LOCALE="auto").test_client()
    for tag in ("nl", "en", "nl"):
        ask(client, "/account", anna, tag)
    assert emulator.calls("/v1/subscriptions") == 1


def test_a_failure_is_said_in_the_language_of_the_page(
    make_site: MakeSite, emulator: Emulator, anna: str
) -> None:
    client = make_site(named_by_header, BILLING_LOCALE="auto").test_client()
    emulator.fail(times=None, headers=AT_ONCE)
    page = ask(client, "/account", anna, "en")
    assert page.status_code == 200
    assert "Your subscription cannot be retrieved right now" in page.text
    assert "Je abonnement" not in page.text


def test_in_python_the_card_follows_the_request_and_is_dutch_without_one(
    make_site: MakeSite, anna: str
) -> None:
    app = make_site(named_by_header, BILLING_LOCALE="auto")
    billing = BillingProxy()
    for tag, label in (("en", "Active"), ("nl", "Actief")):
        with app.test_request_context(headers={"Accept-Language": tag}):
            assert billing.card(anna).status.label == label
            assert billing.card(anna).status.code == "active"
    with app.app_context():
        assert billing.card(anna).status.label == "Actief"


def test_the_language_of_the_site_and_that_of_the_card_do_not_get_in_each_others_way(
    host: Host,
) -> None:
    """Flask-Babel keeps formatting the site's own dates in the site's own language."""
    client = host(BILLING_LOCALE="en")
    log_in(client, "anna")
    html = client.get("/account").text
    assert "sinds 3 april 2023" in html
    assert Page(html).facts["Subscription status"] == "Active"
