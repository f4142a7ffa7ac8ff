"""The page as its readers meet it: four facts in order, what they mean, and one button."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock, moment
from tests.stage.pages import Page
from tests.stage.tokens import bearer, mint

UPDATE, MANAGE = "Abonnement bijwerken", "Abonnement beheren"

# Customer, badge, caption of the date (None: no date), button, whether there is a warning.


def page_of(client: FlaskClient, customer: str, clock: Clock, path: str = "/billing/") -> Page:
    """The page that ``customer`` sees after following a link."""
    client.get(f"/billing/?token={mint(customer, clock)}")
    answer = client.get(path)
    assert answer.status_code == 200
    return Page(answer.text)


def test_four_facts_stand_in_order_under_their_captions(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    facts = page_of(client, anna, clock).facts
    assert list(facts)[:4] == [
        "Huidig plan",
        "Factureringsperiode",
        "Abonnementsstatus",
        "Volgende factureringsdatum",
    ]
    assert facts["Huidig plan"] == "Pro"
    assert facts["Factureringsperiode"].startswith("Maandelijks")
    assert facts["Abonnementsstatus"] == "Actief"
    assert facts["Volgende factureringsdatum"] == "12 december 2076"


def test_the_button_opens_the_portal_in_a_new_tab_without_a_script(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    page = page_of(client, anna, clock)
    (button,) = page.buttons
    assert button.attributes["target"] == "_blank"
    assert button.attributes["rel"] == "noopener"
    assert str(button.attributes["href"]).startswith("/billing/portal")
    assert not any(name.startswith("on") for e in page.elements for name in e.attributes)
    assert not any("javascript:" in str(e.attributes.get("href")) for e in page.elements)
    for script in page.all("script"):  # one may help, none may be needed or stand in the page
        assert script.attributes.get("src")
        assert not script.text.strip()


def test_the_page_holds_no_portal_address_of_stripes(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock
) -> None:
    assert emulator.url not in page_of(client, anna, clock).html
    assert "/p/session/" not in page_of(client, anna, clock).html


def test_nothing_on_the_page_is_fetched_from_elsewhere(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    for element in page_of(client, anna, clock).elements:
        for name in ("src", "href", "action", "data"):
            value = element.attributes.get(name) or ""
            assert not re.match(r"(?i)(https?:)?//", value)
        assert "style" not in element.attributes


def test_without_a_subscription_there_is_a_text_the_free_plan_and_no_button(
    client: FlaskClient, emulator: Emulator, clock: Clock
) -> None:
    emulator.account.add_customer("cus_new")
    page = page_of(client, "cus_new", clock)
    assert page.facts == {"Huidig plan": "Free"}
    assert "geen betaald abonnement" in page.words
    assert page.buttons == page.portal_links == []


def test_further_subscriptions_stand_below_one_line_each(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock
) -> None:
    account = emulator.account
    item = {"price": "price_business_month", "current_period_end": moment("2076-12-01 11:00:00")}
    leaving = account.add_subscription(anna, [item], cancel_at=moment("2076-12-01 11:00:00"))
    account.add_subscription(
        anna, ["price_free_month"], status="canceled", ended_at=moment("2076-10-05 11:00:00")
    )
    assert leaving["cancel_at"]
    page = page_of(client, anna, clock)
    assert page.facts["Huidig plan"] == "Pro"
    lines = [" ".join(li.text.split()) for li in page.all("li")]
    assert any(line.startswith(LEAVING) for line in lines)
    assert any(line.startswith("Free Opgezegd Beëindigd op 5 oktober 2076") for line in lines)


LEAVING = "Business Wordt opgezegd € 99,00 per maand Eindigt op 1 december 2076"
NASTY = "<script>alert('x')</script> & \"Zoon\""


def test_a_products_name_is_text_and_never_markup(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock
) -> None:
    emulator.account.update("prod_pro", name=NASTY)
    emulator.account.add_subscription(anna, ["price_pro_year"], status="canceled")
    for path in ("/billing/", "/billing/card"):
        page = page_of(client, anna, clock, path)
        assert page.facts["Huidig plan"] == NASTY
        assert "<script>alert" not in page.html
    body = client.get("/billing/subscription.json").get_json()
    assert body["plan"] == NASTY


def test_the_page_links_to_what_this_customer_can_do_in_the_portal(
    client: FlaskClient, anna: str, emulator: Emulator, clock: Clock
) -> None:
    def offers() -> tuple[str, list[str]]:
        page = page_of(client, anna, clock)
        section = page.words.partition("Wat je in het klantportaal kunt doen")[2]
        return section, [link.text for link in page.all("a", "billing-link")]

    section, links = offers()
    for offer in ("Betaalmethode wijzigen", "Abonnement opzeggen"):
        assert offer in section
        assert any(offer in link for link in links)
    assert any("Facturen en betalingen bekijken" in link for link in links)
    emulator.account.update("sub_anna", status="canceled", ended_at=int(clock()) - 60)
    clock.advance(31)
    section, _ = offers()
    assert "Abonnement opzeggen" not in section
    assert "Overstappen naar een groter plan" not in section


def test_the_page_shows_how_to_upgrade_in_four_numbered_steps(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    html = page_of(client, anna, clock).html
    (steps,) = re.findall(r"<ol\b[^>]*>(.*?)</ol>", html, re.DOTALL)
    texts = [
        " ".join(Page(step).elements[0].text.split())
        for step in re.findall(r"<li\b.*?</li>", steps, re.DOTALL)
    ]
    assert len(texts) == 4
    for text, word in zip(texts, ("pagina", "knop", "periode|jaar|maand", "bevestig"), strict=True):
        assert re.search(word, text.lower())
    assert "plan" in texts[2].lower()


def test_the_page_is_dutch_has_one_heading_and_a_title(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    page = page_of(client, anna, clock)
    assert page.html.lower().startswith("<!doctype html>")
    assert page.all("html")[0].attributes["lang"] == "nl"
    assert len(page.all("h1")) == 1
    assert page.all("title")[0].text.strip()
    assert any(meta.attributes.get("name") == "viewport" for meta in page.all("meta"))


def test_the_page_and_its_portal_stay_dutch_in_an_english_browser(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock
) -> None:
    english = {"Accept-Language": "en-GB, en;q=0.9"}
    client.get(f"/billing/?token={mint(anna, clock)}")
    page = Page(client.get("/billing/", headers=english).text)
    assert page.all("html")[0].attributes["lang"] == "nl"
    assert page.facts["Abonnementsstatus"] == "Actief"
    client.get("/billing/portal", headers=english)
    assert emulator.requests[-1].params["locale"] == "nl"


def test_the_tokens_locale_goes_before_stripes_and_that_before_the_browsers(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock
) -> None:
    """On the page, in the portal, by a pass out of JSON, and in an error before the card."""
    wish = {"Accept-Language": "en"}
    for claim, preferred, tag in (
        ("de-AT", "fr", "de"),
        ("pt", "fr-BE", "fr"),
        (None, "fr", "fr"),
        (None, "pt", "en"),
    ):
        emulator.account.update(anna, preferred_locales=[preferred])
        client = serve(BILLING_LOCALE="auto")
        token = mint(anna, clock, locale=claim)
        client.get(f"/billing/?token={token}")
        page = Page(client.get("/billing/", headers=wish).text)
        (section,) = page.all("section", "billing-card")
        assert page.all("html")[0].attributes["lang"] == section.attributes["lang"] == tag
        body = serve(BILLING_LOCALE="auto").get(
            "/billing/subscription.json", headers={**bearer(token), **wish}
        )
        assert body.headers["Content-Language"] == tag
        for path in ("/billing/portal", body.get_json()["portal_url"]):
            client.get(path, headers=wish)
            assert emulator.requests[-1].params["locale"] == tag
    client = serve(BILLING_LOCALE="auto")
    client.get(f"/billing/?token={mint(anna, clock, locale='de')}")
    emulator.fail(times=None)
    answer = client.get("/billing/", headers=wish)
    assert (answer.status_code, Page(answer.text).all("html")[0].attributes["lang"]) == (503, "de")


def test_the_fragment_is_the_card_alone(client: FlaskClient, anna: str, clock: Clock) -> None:
    fragment = page_of(client, anna, clock, "/billing/card")
    assert fragment.all("html") == fragment.all("body") == fragment.all("h1") == []
    assert fragment.facts == page_of(client, anna, clock).facts
    assert fragment.all("ol") == []
