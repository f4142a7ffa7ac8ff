"""The card in an iframe on another site: `localhost` frames what `127.0.0.1` serves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from werkzeug.wrappers import Request, Response

from billing_proxy.testing.server import LoopbackServer
from demo.emulator import Emulator
from demo.service import Service, served
from demo.start_page import customer_token
from tests.browser.checks import axe, measured, readings, watched
from tests.browser.chromium import BrowserContext, Frame, Page, expect
from tests.browser.portal import SOON, badge, button, cancel, feel_focus, origin, portal_of

pytestmark = pytest.mark.browser

HOST_PAGE = """<!doctype html>
<html lang="nl"><meta charset="utf-8"><title>Mijn account</title><link rel="icon" href="data:,">
<main><h1>Mijn account</h1>
<iframe title="Abonnement" src="{}" width="600" height="500"></iframe></main>
"""


@pytest.fixture(scope="module")
def host() -> Iterator[LoopbackServer]:
    """Another site; each of its pages frames the address in its `?frame=`."""

    @Request.application
    def site(request: Request) -> Response:
        return Response(HOST_PAGE.format(request.args["frame"]), mimetype="text/html")

    with closing(LoopbackServer(site, "127.0.0.1", 0)) as server:
        server.start()
        yield server


@pytest.fixture(scope="module")
def framable(emulator: Emulator, host: LoopbackServer) -> Iterator[Service]:
    """The product, which that site may frame."""
    site = f"http://localhost:{host.port}"
    with served(emulator, "wsgi:app", BILLING_FRAME_ANCESTORS=site) as service:
        yield service


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab with meters in every frame."""
    return measured(context).new_page()


def show(page: Page, host: LoopbackServer, address: str, name: str = "localhost") -> Frame:
    """Open the host's page with `address` in its iframe; returns the document in that."""
    page.goto(f"http://{name}:{host.port}/?frame={address}")
    (frame,) = page.main_frame.child_frames
    return frame


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_card_shows_in_a_frame_without_a_fault(
    page: Page, host: LoopbackServer, framable: Service, customer: str, scheme: str
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    with watched(page, framable.url) as found:
        frame = show(page, host, framable.link(customer, "/billing/card"))
        expect(badge(frame)).to_have_text("Actief")
        assert readings(frame) == []
    assert found == [f"request to {page.url}"]
    assert frame.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe(frame) == []
    assert axe(page) == []


def test_a_frame_opens_the_portal_without_a_cookie_and_shows_a_cancellation_by_itself(
    page: Page, host: LoopbackServer, framable: Service, emulator: Emulator, customer: str
) -> None:
    frame = show(page, host, framable.link(customer, "/billing/card"))
    feel_focus(page)
    assert page.context.cookies() == []
    portal = portal_of(page, button(frame).click)
    assert origin(portal) == emulator.url
    cancel(portal)
    portal.wait_for_function("performance.now() > 2000")  # a live read is had every two seconds
    portal.close()
    page.bring_to_front()
    expect(badge(frame)).to_have_text("Wordt opgezegd", timeout=SOON)
    expect(frame.get_by_role("status")).to_contain_text("Wordt opgezegd")


def test_the_way_out_of_an_error_in_a_frame_opens_a_tab(
    page: Page, host: LoopbackServer, framable: Service
) -> None:
    frame = show(page, host, f"{framable.url}/billing/card")
    assert axe(frame) == []
    with page.context.expect_page() as tab:
        frame.get_by_role("link", name="Naar je abonnement").click()
    expect(tab.value.get_by_role("heading", level=1)).to_have_text("Je bent niet ingelogd")


def test_a_frame_whose_token_ends_loses_its_card_and_says_why(
    page: Page, host: LoopbackServer, framable: Service, customer: str
) -> None:
    ended = f"{framable.url}/billing/card?token={customer_token(customer, framable.secret, 0)}"
    frame = show(page, host, framable.link(customer, "/billing/card"))
    expect(frame.get_by_role("status")).to_have_count(1)  # which the script adds
    page.route("**/billing/card?*", lambda route: route.continue_(url=ended))
    frame.evaluate("void dispatchEvent(new Event('focus'))")
    expect(frame.get_by_role("region")).to_contain_text("Je link of sessie is verlopen")
    assert badge(frame).count() == 0


def test_who_comes_near_an_old_card_gets_links_with_a_newer_pass_first(
    page: Page, host: LoopbackServer, framable: Service, customer: str
) -> None:
    frame = show(page, host, framable.link(customer, "/billing/card"))
    expect(frame.get_by_role("status")).to_have_count(1)
    page.clock.set_fixed_time(time.time() + 360)
    with page.expect_response("**/billing/card?*"):
        button(frame).hover()


def test_nobody_but_the_named_site_may_frame_the_card(
    page: Page, host: LoopbackServer, demo: Service, framable: Service, customer: str
) -> None:
    _assert_refused(show(page, host, demo.link(customer, "/billing/card")))
    link = framable.link(customer, "/billing/card")
    _assert_refused(show(page, host, link, name="127.0.0.1"))


def test_the_named_site_may_frame_the_card_and_not_the_page(
    page: Page, host: LoopbackServer, framable: Service, customer: str
) -> None:
    _assert_refused(show(page, host, framable.link(customer)))


def _assert_refused(frame: Frame) -> None:
    frame.wait_for_url("chrome-error://chromewebdata/")
    expect(frame.locator(".billing-card")).to_have_count(0)
