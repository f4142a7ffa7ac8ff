"""Every kind of persona, on a phone in light and on a desktop in dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from demo.personas import PERSONAS, Persona
from demo.service import Service
from tests.browser.checks import axe, faults, measured
from tests.browser.chromium import Locator, Page, expect
from tests.browser.conftest import NewContext

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
LIGHT: dict[str, Any] = {"color_scheme": "light"}
DARK: dict[str, Any] = {"color_scheme": "dark"}

LOOKS = {"phone-light": PHONE | LIGHT, "desktop-dark": DESKTOP | DARK}
"""The width decides where things stand, and light or dark their colours: each is seen once."""

KINDS = {(one.code, one.caption, one.notices, one.exists): one for one in reversed(PERSONAS)}
"""The first persona of each kind: the others differ in a word, not in what is on the page."""


@pytest.fixture(scope="module")
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    """A tab with meters; personas come and go in it, each by a link of its own."""
    with closing(chromium.new_context(**LOOKS[request.param])) as context:
        yield measured(context).new_page()


@pytest.mark.parametrize("page", LOOKS, indirect=True)
@pytest.mark.parametrize("persona", KINDS.values(), ids=lambda persona: persona.name)
def test_a_persona_sees_its_badge_on_a_page_without_a_fault(
    page: Page, demo: Service, persona: Persona
) -> None:
    status = 200 if persona.exists else 404
    assert faults(page, demo.link(persona.customer), demo.url, status=status) == []
    badge = page.locator(".billing-facts .billing-badge")
    if persona.label:
        expect(badge).to_have_text(persona.label)
    else:
        expect(badge).to_have_count(0)
    assert page.locator(".billing-facts").count() == persona.exists
    assert axe(page) == []


def test_the_card_is_light_or_dark_as_the_reader_prefers(
    new_context: NewContext, demo: Service, customer: str
) -> None:
    darkest, brightest = (0, 0, 0), (255, 255, 255)
    for preference, ground, ink in ((LIGHT, brightest, darkest), (DARK, darkest, brightest)):
        page = new_context(**preference).new_page()
        page.goto(demo.link(customer))
        card = page.locator(".billing-card")
        assert _nearest(_color(card, "backgroundColor"), darkest, brightest) == ground
        assert _nearest(_color(card, "color"), darkest, brightest) == ink


def test_the_meters_see_what_is_wrong(new_context: NewContext, demo: Service) -> None:
    page = measured(new_context(**PHONE)).new_page()
    bad = """<!doctype html><body><p style="height: 50px">low</p><div>words</div>
      <table style="width: 500px"><tr><td>wide</table><img src="http://127.0.0.1:9/away.png">
      <script nonce="n">
        const frame = () => new Promise(requestAnimationFrame);
        const paint = { type: "paint", buffered: true };
        Promise.all([
          new Promise((done) => new PerformanceObserver(done).observe(paint)),
          new Promise((done) => addEventListener("load", done)),
        ]).then(frame).then(frame).then(() => {
          document.body.prepend(document.createElement("hr"));
          setTimeout(() => unknown());
        });
      </script><script>refused()</script>"""
    policy = "script-src 'nonce-n'"
    headers = {"Content-Security-Policy": policy, "Content-Type": "text/html"}
    page.route("**/bad", lambda route: route.fulfill(body=bad, headers=headers))
    found = "\n".join(faults(page, f"{demo.url}/bad", demo.url))
    for sign in (
        "console: ",
        "script: unknown is not defined",
        "request to http://127.0.0.1:9/away.png",
        "script-src-elem refuses inline",
        "table. is wider than its place",
        "the page scrolls sideways",
        "layout shift of 0.",
    ):
        assert sign in found
    assert axe(page) != []


Color: TypeAlias = tuple[int, ...]


def _color(element: Locator, name: str) -> Color:
    value: str = element.evaluate("(element, name) => getComputedStyle(element)[name]", name)
    return tuple(map(int, re.findall(r"\d+", value)))


def _nearest(color: Color, *choices: Color) -> Color:
    return min(choices, key=lambda choice: abs(sum(color) - sum(choice)))
