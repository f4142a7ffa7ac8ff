"""What a reader gets from the page by ear, by keyboard, enlarged, without colour and on paper."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from billing_proxy.testing.situations.several import several
from demo.emulator import Emulator
from demo.personas import PERSONAS
from demo.service import Service
from tests.browser.checks import overflowing
from tests.browser.chromium import BrowserContext, Page, expect
from tests.browser.conftest import NewContext
from tests.browser.portal import badge, button, portal_of

pytestmark = pytest.mark.browser

ONE_PER_LABEL = {persona.label: persona.customer for persona in PERSONAS if persona.label}
FULL_CARDS = (
    "cus_demo_meerdere",
    "cus_demo_team",
    "cus_demo_achterstallig_opgezegd",
)


@pytest.fixture
def page(context: BrowserContext, demo: Service, customer: str) -> Page:
    """The customer's page."""
    tab = context.new_page()
    tab.goto(demo.link(customer))
    return tab


def test_tab_reaches_the_button_with_a_visible_focus_and_enter_opens_the_portal(
    page: Page,
) -> None:
    for _ in range(5):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "billing-button":
            break
    expect(button(page)).to_be_focused()
    style, width = button(page).evaluate(
        "link => [getComputedStyle(link).outlineStyle, getComputedStyle(link).outlineWidth]"
    )
    assert (style, float(width.removesuffix("px")) >= 2) == ("solid", True)
    portal_of(page, lambda: page.keyboard.press("Enter"))


@pytest.mark.parametrize("customer", ["cus_demo_pro_maand", "cus_demo_onbetaald", "cus_demo_geen"])
def test_every_link_to_a_new_tab_says_so(page: Page, customer: str) -> None:
    links = page.locator("a[target=_blank]").all()
    assert links
    for link in links:
        expect(link).to_have_accessible_name(re.compile(r"^[\w ]+ \(opent in een nieuw tabblad\)$"))
        expect(link).to_have_attribute("rel", "noopener")


def test_each_badge_has_a_text_and_a_sign_besides_its_colour(
    context: BrowserContext, demo: Service
) -> None:
    page = context.new_page()
    page.emulate_media(forced_colors="active")
    signs = set()
    for label, customer in ONE_PER_LABEL.items():
        page.goto(demo.link(customer))
        expect(badge(page)).to_be_visible()
        expect(badge(page)).to_have_text(label)
        signs.add(badge(page).locator("path").get_attribute("d"))
        ink, paper = badge(page).evaluate(
            "b => [getComputedStyle(b).color, getComputedStyle(b).backgroundColor]"
        )
        assert ink != paper
    assert len(ONE_PER_LABEL) == 6
    assert len(signs) == 6


def test_a_screen_reader_hears_the_four_facts_first_in_the_order_of_the_page(
    page: Page,
) -> None:
    card = page.get_by_role("region", name="Je abonnement")
    expect(card.get_by_role("term")).to_have_text(
        [
            "Huidig plan",
            "Factureringsperiode",
            "Abonnementsstatus",
            "Volgende factureringsdatum",
            "Prijs",
            "Betaalmethode",
        ]
    )
    day, method = re.compile(r"^\d{1,2} [a-z]+ \d{4}$"), re.compile(r"^Visa eindigend op \d{4}")
    expect(card.get_by_role("definition")).to_have_text(
        ["Pro", "Maandelijks", "Actief", day, "€ 29,00 per maand", method]
    )


def test_language_headings_and_landmarks_tell_what_is_where(page: Page) -> None:
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    expect(page.locator(".billing-card")).to_have_attribute("lang", "nl")
    expect(page).to_have_title(re.compile("^Je abonnement"))
    expect(page.get_by_role("main")).to_have_count(1)
    expect(page.get_by_role("main").get_by_role("heading", level=1)).to_have_text("Je abonnement")
    levels = page.locator("h1, h2, h3, h4, h5, h6").evaluate_all(
        "headings => headings.map((heading) => Number(heading.localName[1]))"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for section in page.locator("section").all():
        expect(section).to_have_accessible_name(re.compile(r"\w"))


@pytest.mark.parametrize("percent", [200, 400])
@pytest.mark.parametrize("customer", FULL_CARDS)
def test_nothing_runs_off_an_enlarged_page(
    new_context: NewContext, demo: Service, customer: str, percent: int
) -> None:
    zoom = percent / 100
    size = {"width": int(1280 / zoom), "height": int(800 / zoom)}
    page = new_context(viewport=size, device_scale_factor=zoom).new_page()
    page.goto(demo.link(customer))
    assert overflowing(page) == []
    button = page.locator(".billing-button")
    button.scroll_into_view_if_needed()
    expect(button).to_be_in_viewport(ratio=0.95)  # all of it, but for a fraction of a pixel


def test_a_plan_with_a_very_long_name_stays_inside_the_card(
    context: BrowserContext, demo: Service, emulator: Emulator
) -> None:
    id, words = "cus_browser_long", "Donaudampfschifffahrtsgesellschaft" * 3
    emulator.account.add_customer(id)
    several(emulator.account, id)
    for subscription in emulator.account.subscriptions_of(id):
        product = emulator.account.add_product(words)
        price = emulator.account.add_price(product["id"], 2900)
        subscription["items"]["data"][0]["price"] = price
    page = context.new_page()
    page.set_viewport_size({"width": 320, "height": 600})
    page.goto(demo.link(id))
    expect(page.locator(".billing-plan")).to_have_text(words)
    assert overflowing(page) == []


def test_on_paper_stand_the_facts_and_nothing_to_press(page: Page) -> None:
    page.emulate_media(media="print")
    for link in page.locator("main a, summary").all():
        expect(link).to_be_hidden()
    for fact in page.locator(".billing-facts dt, .billing-facts dd").all():
        expect(fact).to_be_visible()
    expect(page.get_by_role("term")).to_have_count(6)
