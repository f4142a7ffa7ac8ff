"""The card on a page of somebody else: neither changes how the other looks."""

from __future__ import annotations

from typing import Any

import pytest

from demo.hosts import HOSTS, Host
from demo.service import Service
from tests.browser.checks import axe, overflowing
from tests.browser.chromium import BrowserContext, Page, lacking

pytestmark = pytest.mark.browser

RESET = """
*, *::before, *::after { box-sizing: border-box; margin: 0; padding: 0; }
body { background: #fff; color: #333; font: 18px/1.8 Georgia, serif; text-align: center; }
a { color: #0d6efd; text-decoration: underline; }
a:hover { color: red; text-decoration: none; }
p { margin: 0 0 2em; color: #767676; font-size: 1.2em; line-height: 2; }
dl { display: block; margin: 3em 0; padding: 1em; }
dt { margin: 1em 0; float: left; width: 9em; color: #767676; font-weight: 700; }
dd { margin: 0 0 .5em 10em; color: #767676; font-size: 1.3em; font-weight: 400; }
main { direction: rtl; font-style: italic; text-indent: 2em; text-transform: uppercase; }
main { white-space: nowrap; }
ul, ol { margin: 2em; padding-left: 2em; list-style: square; }
li { margin: 1em 0; }
span { color: inherit; }
"""
"""What loud typography of other sites does to the elements that the card is made of."""

LOOKS = """
(root, names) => [...root.querySelectorAll("*")].map((element) => {
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect(), frame = root.getBoundingClientRect();
  const place = [box.x - frame.x, box.y - frame.y, box.width, box.height].map(Math.round);
  return [element.localName, place.join(" ")].concat(
    (names || [...style]).map((name) => `${name}: ${style.getPropertyValue(name)}`));
})
"""

OF_THE_CARD = [
    *("background-color", "color", "display", "float", "font-size", "font-weight"),
    *("line-height", "list-style-type", "text-align", "text-decoration-line"),
    *("direction", "font-style", "text-indent", "text-transform", "white-space-collapse"),
]

NARROW = {
    "a centred column": "body { display: flex; flex-direction: column; align-items: center; }",
    "a centred grid": "body { display: grid; place-items: center; }",
    "a float": "main { float: left; }",
    "a table": "main { display: table; }",
}
"""Places that ask what is in them how wide it would like to be."""

HOST = """<!doctype html><html lang="nl"><meta charset="utf-8"><title>Mijn account</title>
<style>main {{ max-width: 700px; --billing-font: system-ui }} {style}</style>
<body><main><h1>Mijn account</h1>
<section id="host">
  <h2>Gegevens</h2><p class="lead">Naam: <strong>Anna</strong>, <a href="#">wijzig</a></p>
  <dl><dt>Klant sinds</dt><dd>2023</dd></dl>
  <ul><li>een</li></ul><ol><li>twee</li></ol>
  <form><label>Naam <input name="name"></label> <select><option>1</select>
    <button>Opslaan</button></form>
  <table><tr><th scope="row">Kop<td>cel</table><time>nu</time><span class="badge">nieuw</span>
</section>
{card}
</main>"""

CUSTOMERS = ("cus_demo_meerdere", "cus_demo_veel_beeindigd", "cus_demo_achterstallig_opgezegd")


def fragment(page: Page, service: Service, customer: str) -> str:
    """The card as a host fetches it."""
    answer = page.request.get(service.link(customer, "/billing/card"))
    assert answer.ok
    return answer.text()


def hosted(page: Page, style: str, card: str) -> Page:
    """A host's page with `style` and `card` in it; its stylesheet has come in."""
    page.set_content(HOST.format(style=style, card=card))
    return page


def looks(page: Page, selector: str, names: list[str] | None = None) -> Any:
    """How each element inside `selector` looks, in all or in some properties."""
    return page.locator(selector).evaluate(LOOKS, names)


def faults_of(page: Page) -> list[str]:
    """What axe finds in the cards of a page, and what is too wide on a phone."""
    page.set_viewport_size({"width": 800, "height": 900})
    found = axe(page)
    page.set_viewport_size({"width": 320, "height": 600})
    return [fault for fault in found + overflowing(page) if "billing-" in fault]


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab wide enough for columns of facts."""
    tab = context.new_page()
    tab.set_viewport_size({"width": 800, "height": 900})
    return tab


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_the_styles_of_a_site_leave_the_card_as_it_was(
    page: Page, demo: Service, customer: str
) -> None:
    card = fragment(page, demo, customer)
    alone = looks(hosted(page, "", card), ".billing-card", OF_THE_CARD)
    among_others = looks(hosted(page, RESET, card), ".billing-card", OF_THE_CARD)
    assert len(among_others) == len(alone)
    assert [
        f"{before[0]} {before[1]}: {was} becomes {became}"
        for before, after in zip(alone, among_others, strict=True)
        for was, became in zip(before, after, strict=True)
        if was != became
    ] == []
    assert faults_of(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_axe_and_the_ruler_find_nothing_in_a_card_on_a_site_that_follows_the_recipe(
    page: Page, demo: Service, host: Host, scheme: str
) -> None:
    if not host.is_installed:
        lacking(f"{host.name} has not been fetched (make hosts)")
    for customer in CUSTOMERS[1:]:
        card = fragment(page, demo, customer)
        page.set_content(host.html(card, scheme), wait_until="networkidle")
        assert faults_of(page) == [], customer


@pytest.mark.parametrize("style", NARROW.values(), ids=NARROW)
def test_a_place_that_is_as_wide_as_its_content_fits_on_a_telephone(
    page: Page, demo: Service, style: str
) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    hosted(page, style, fragment(page, demo, "cus_demo_meerdere"))
    assert [fault for fault in overflowing(page) if "billing-" in fault] == []


@pytest.mark.parametrize("style", ["", RESET], ids=["plain site", "loud site"])
def test_the_cards_stylesheet_changes_nothing_outside_of_the_card(
    page: Page, demo: Service, style: str
) -> None:
    without = looks(hosted(page, style, ""), "main")
    card = fragment(page, demo, "cus_demo_meerdere")
    hosted(page, style, card)
    page.locator("section.billing-card").evaluate("card => card.remove()")
    assert [look for look in looks(page, "main") if look[0] != "link"] == without


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_a_class_around_the_card_makes_it_light_or_dark_in_the_font_of_the_site(
    page: Page, demo: Service, scheme: str, dark: bool
) -> None:
    card = fragment(page, demo, "cus_demo_achterstallig_opgezegd")
    other = "light" if dark else "dark"
    style = (
        f":root {{ color-scheme: {other} }} main {{ --billing-font: initial; font: 1em Georgia }}"
    )
    hosted(page, style, f'<div class="billing-{scheme}">{card}</div>')
    color, font = page.locator(".billing-meaning").evaluate(
        "e => [getComputedStyle(e).color, getComputedStyle(e).fontFamily]"
    )
    assert (color, font) == ("rgb(236, 239, 244)" if dark else "rgb(24, 32, 43)", "Georgia")
    assert [fault for fault in axe(page) if "billing-" in fault] == []
