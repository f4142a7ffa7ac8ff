"""Whose wish decides about the language of the card; codes stay the same in each."""

from __future__ import annotations

from typing import Any

import pytest
from babel import Locale
from flask.testing import FlaskClient

from billing_proxy import BillingProxy
from billing_proxy.testing.emulator import Emulator
from tests.host.sites import MakeSite, named_by_header, visitor
from tests.stage.pages import Page

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


def test_a_site_hands_its_own_choice_over_and_what_hangs_on_the_page_keeps_it(
    make_site: MakeSite, emulator: Emulator, anna: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A tag or Babel's ``Locale``, as Flask-Babel has it; here only the site's own page has one."""
    emulator.account.update(anna, preferred_locales=["de-DE"])
    chosen = {"fr": Locale("fr", "BE"), "en": "en_GB", "pt": "pt", "none": None, "": ""}
    options = {"locale_selector": lambda request: chosen[request.headers.get("X-Wish", "")]}
    client = make_site(named_by_header, options=options, BILLING_LOCALE="auto").test_client()

    def page(path: str, wish: str = "") -> Page:
        return Page(client.get(path, headers=visitor(anna, **{"X-Wish": wish})).text)

    def spoken(page: Page) -> str | None:
        return page.all("section", "billing-card")[0].attributes["lang"]

    wishes = ("fr", "en", "pt", "none", "raises KeyError")
    assert [spoken(page("/account", w)) for w in wishes] == ["fr", "en", "de", "de", "de"]
    assert "the locale selector failed" in caplog.text
    french = page("/account", "fr")
    (card,) = french.all("section", "billing-card")
    assert spoken(page(str(card.attributes["data-billing-refresh"]))) == "fr"
    portal = str(french.portal_links[0].attributes["href"])
    for path, locale in ((portal, "fr"), ("/billing/portal", "de")):
        client.get(path, headers=visitor(anna))
        assert emulator.requests[-1].params["locale"] == locale


def test_a_site_chooses_in_python_too(make_site: MakeSite, anna: str) -> None:
    with make_site(named_by_header).app_context():
        billing = BillingProxy()
        assert [billing.card(anna, language=tag).language for tag in ("de-AT", "pt")] == [
            "de",
            "nl",
        ]
