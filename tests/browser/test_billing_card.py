"""`<billing-card>` on a strict site: `localhost` shows what `127.0.0.1` serves."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from werkzeug.wrappers import Request, Response

from billing_proxy.testing.account import lifecycle
from billing_proxy.testing.server import LoopbackServer
from demo.emulator import Emulator
from demo.service import Service, served
from demo.start_page import customer_token
from tests.browser.checks import axe, measured, readings, watched
from tests.browser.chromium import BrowserContext, Frame, Page, Route, expect
from tests.browser.portal import badge, feel_focus, leave

pytestmark = pytest.mark.browser

SCRIPT = "billing/static/billing-card.js"
PAGE = """<!doctype html>
<html lang="{lang}"><meta charset="utf-8"><meta name="color-scheme" content="{scheme}">
<title>Mijn account</title><link rel="icon" href="data:,">
<script src="{service}/{script}" defer></script>
<main><h1>Mijn account</h1>{cards}</main>
"""
POLICY = "default-src 'none'; script-src {0}; frame-src {0}; connect-src 'self'; img-src data:"
HEARD = """
window.heard = [];
for (const name of ["billing-card-change", "billing-card-error"])
  addEventListener(name, (event) => console.debug(heard.push([name, event.detail?.reason])));
"""
FITS = """() => new Promise((fits) => (function look() {
  const more = innerHeight - document.documentElement.getBoundingClientRect().height;
  const scrolls = document.documentElement.scrollHeight > innerHeight;
  more >= 0 && more < 1 && !scrolls ? fits() : requestAnimationFrame(look);
})())"""
"""Waits until the frame is as high as its content, and has nothing to scroll."""


@dataclass
class Site:
    """A site whose policy allows nothing inline; it counts who asks it for a token."""

    port: int = 0
    service: Service = field(init=False)
    asked: Counter[str] = field(default_factory=Counter)
    late: float = 0
    """Seconds by which the tokens that it hands out have ended already."""

    def token(self, customer: str) -> str:
        lasting = time.time() if not self.late else time.time() - 3600 - self.late
        return customer_token(customer, self.service.secret, lasting)

    @Request.application
    def __call__(self, request: Request) -> Response:
        if request.path.startswith("/token/"):
            self.asked[customer := request.path[7:]] += 1
            return Response(f'{{"token": "{self.token(customer)}"}}', mimetype="application/json")
        tag = '<billing-card token-src="/token/{}"></billing-card>'
        cards = "".join(map(tag.format, request.args.getlist("of")))
        more = {"scheme": "light", "lang": "nl", "script": SCRIPT, **request.args}
        html = PAGE.format(service=self.service.url, cards=cards, **more)
        policy = {"Content-Security-Policy": POLICY.format(self.service.url)}
        return Response(html, mimetype="text/html", headers=policy)

    def open(self, page: Page, *customers: str, **more: str) -> list[Frame]:
        """Show the cards of the customers; returns their frames, in that order."""
        query = urlencode([*(("of", customer) for customer in customers), *more.items()])
        page.goto(f"http://localhost:{self.port}/?{query}")
        frames = page.locator("billing-card iframe")
        expect(frames).to_have_count(len(customers))
        for frame in frames.all():
            expect(frame).to_have_attribute("style", re.compile("height: [0-9]+px"))  # it spoke
        return [handle.content_frame() for handle in frames.element_handles()]


@pytest.fixture(scope="module")
def site(emulator: Emulator) -> Iterator[Site]:
    """A site of its own, and the product, which that may frame."""
    site = Site()
    with closing(LoopbackServer(site, "127.0.0.1", 0)) as server:
        server.start()
        site.port = server.port
        host = f"http://localhost:{server.port}"
        with served(emulator, "wsgi:app", BILLING_FRAME_ANCESTORS=host) as site.service:
            yield site


@pytest.fixture
def page(context: BrowserContext, site: Site) -> Page:
    """A tab with meters that notes what it hears."""
    site.late = 0
    measured(context).add_init_script(HEARD)
    return context.new_page()


@pytest.fixture
def debtor(emulator: Emulator) -> str:
    """Another customer, with a payment that failed."""
    return emulator.customer("past_due")


def scheme_of(frame: Frame) -> str:
    paper = "getComputedStyle(document.querySelector('.billing-card')).backgroundColor"
    return "light" if frame.evaluate(paper) == "rgb(255, 255, 255)" else "dark"


def look(page: Page) -> None:
    """Look at another tab, and at this one again."""
    feel_focus(page)
    leave(page)
    page.bring_to_front()


def test_two_cards_take_the_height_of_their_content_and_the_sites_colours(
    page: Page, site: Site, customer: str, debtor: str
) -> None:
    with watched(page, site.service.url) as found:
        frames = site.open(page, customer, debtor, scheme="dark")
        for frame, label in zip(frames, ["Actief", "Achterstallig"], strict=True):
            expect(badge(frame)).to_have_text(label)
            assert readings(frame) == []
    assert {fault for fault in found if "localhost" not in fault} == set()
    page.evaluate("document.querySelector('main').style = 'display: grid; place-items: center'")
    for width, wide in ((900, 640), (360, 344)):
        page.set_viewport_size({"width": width, "height": 2400})
        for frame in frames:
            frame.evaluate(FITS)
            assert frame.evaluate("innerWidth") == wide
    assert [scheme_of(frame) for frame in frames] == ["dark", "dark"]
    page.evaluate("document.querySelector('meta[name=color-scheme]').content = 'light'")
    for frame in frames:
        expect(frame.locator("meta[name=color-scheme]")).to_have_attribute("content", "light")
        assert scheme_of(frame) == "light"
    assert axe(page) == []
    assert page.evaluate("[heard, history.length]") == [[], 2]


def test_a_change_is_told_to_the_page_and_what_others_say_counts_for_nothing(
    page: Page, site: Site, emulator: Emulator, customer: str, debtor: str
) -> None:
    frame, _ = site.open(page, customer, debtor)
    expect(badge(frame)).to_have_text("Actief")
    other = page.main_frame.child_frames
    forged = "parent.postMessage({ billingCard: { status: 401, version: 'forged' } }, '*')"
    page.evaluate(forged)
    page.evaluate("const own = document.body.appendChild(document.createElement('iframe'))")
    (stranger,) = set(page.main_frame.child_frames) - set(other)
    stranger.evaluate(forged)
    (subscription,) = emulator.account.subscriptions_of(customer)
    lifecycle.cancel(emulator.account, subscription)
    with page.expect_console_message():
        look(page)
    assert page.evaluate("heard") == [["billing-card-change", None]]
    expect(badge(frame)).to_have_text("Wordt opgezegd")
    assert [site.asked[customer], site.asked[debtor]] == [1, 1]


def test_a_token_that_has_ended_makes_room_for_a_new_one_and_starts_no_loop(
    page: Page, site: Site, customer: str
) -> None:
    def end(route: Route) -> None:
        """Let the script of the frame ask with a token that has ended meanwhile."""
        old = customer_token(customer, site.service.secret, 0)
        by_script = route.request.resource_type == "fetch"
        route.continue_(url=f"{site.service.url}/billing/card?token={old}" if by_script else None)

    def after(seconds: int) -> None:
        page.clock.set_fixed_time(began + seconds)
        page.evaluate("void dispatchEvent(new Event('focus'))")

    page.route("**/billing/card?*", end)
    began = int(time.time())
    page.clock.set_fixed_time(began)
    (frame,) = site.open(page, customer, lang="de")
    expect(badge(frame)).to_have_text("Actief")
    steps = page.evaluate("history.length")
    with frame.expect_navigation():
        after(20)
    expect(page.locator("iframe")).to_be_visible()
    expect(badge(frame)).to_have_text("Actief")
    assert page.evaluate("[heard, history.length]") == [[], steps]
    assert site.asked[customer] == 2

    site.late = 1
    again = page.get_by_role("button", name="Noch einmal versuchen")
    after(40)
    expect(again).to_be_visible()
    after(49)
    page.evaluate("fetch('/token/somebody_else').then((answer) => answer.text())")
    assert site.asked[customer] == 3
    with page.expect_event("frameattached"):
        after(51)
    expect(again).to_be_visible()
    assert page.evaluate("heard") == [["billing-card-error", "expired"]] * 2
    assert site.asked[customer] == 4
    assert axe(page) == []

    site.late = 0
    again.click()
    expect(page.frame_locator("iframe").get_by_text("Actief")).to_be_visible()


def test_an_element_may_come_before_its_script_move_and_leave(
    page: Page, site: Site, customer: str, debtor: str
) -> None:
    site.open(page, script="")
    page.evaluate(
        """([token, script]) => {
          window.card = document.createElement("billing-card");
          card.token = token;
          document.querySelector("main").append(card);
          const late = document.createElement("script");
          late.src = script;
          late.type = "module";
          document.head.append(late, late.cloneNode());
        }""",
        [site.token(customer), f"{site.service.url}/{SCRIPT}"],
    )
    shown = page.frame_locator("iframe").locator(".billing-facts .billing-badge")
    expect(shown).to_have_text("Actief")
    page.evaluate("document.body.prepend(card)")
    expect(shown).to_have_text("Actief")
    page.evaluate("(token) => { card.token = token; }", site.token(debtor))
    expect(shown).to_have_text("Achterstallig")
    page.evaluate("(token) => card.setAttribute('token', token)", site.token(customer))
    expect(shown).to_have_text("Actief")
    page.evaluate("card.token = null")  # who signs out, whichever way the token came
    expect(page.locator("iframe")).to_have_count(0)
    page.evaluate("(token) => { card.token = token; }", site.token(debtor))
    expect(shown).to_have_text("Achterstallig")
    page.evaluate("card.remove()")
    assert page.evaluate("[heard, card.shadowRoot.querySelector('iframe')]") == [[], None]
