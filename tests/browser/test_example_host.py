"""The card on the account page of the example site, under that site's own policy and styles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from billing_proxy.testing.server import LoopbackServer
from demo.emulator import Emulator
from demo.personas import populate
from examples.host import create_app
from tests.browser.checks import axe, faults, measured
from tests.browser.chromium import Page, expect
from tests.browser.conftest import NewContext
from tests.browser.portal import SOON, badge, button, cancel, feel_focus, portal_of

pytestmark = pytest.mark.browser


@pytest.fixture
def site() -> Iterator[str]:
    """The example site, on a Stripe of its own; its address."""
    with Emulator() as stripe:
        populate(stripe.account)
        settings = {
            "SECRET_KEY": "the example's own key, which signs its sessions",
            "HTTPS": False,
            "STRIPE_SECRET_KEY": stripe.key,
            "STRIPE_API_BASE": stripe.url,
        }
        with closing(LoopbackServer(create_app(settings), "127.0.0.1", 0)) as server:
            server.start()
            yield f"http://127.0.0.1:{server.port}"


def log_in(page: Page, site: str, name: str) -> None:
    """Log in as `name`, which leads to the account page."""
    page.goto(f"{site}/inloggen")
    page.get_by_label(name).check()
    page.get_by_role("button", name="Inloggen").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mijn account")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("name", "label"), [("Anna de Vries", "Actief"), ("Bram Bakker", "Achterstallig")]
)
def test_the_card_stands_on_the_account_page_without_a_fault(
    new_context: NewContext, site: str, name: str, label: str, scheme: str
) -> None:
    page = measured(new_context(color_scheme=scheme)).new_page()
    log_in(page, site, name)
    assert faults(page, f"{site}/account", site) == []
    expect(badge(page)).to_have_text(label)
    assert axe(page) == []


def test_the_card_on_the_account_page_shows_a_cancellation_by_itself(
    new_context: NewContext, site: str
) -> None:
    page = new_context().new_page()
    log_in(page, site, "Anna de Vries")
    feel_focus(page)
    portal = portal_of(page, button(page).click)
    cancel(portal)
    portal.get_by_role("link", name="Terug naar").click()
    portal.close()
    page.bring_to_front()
    expect(badge(page)).to_have_text("Wordt opgezegd", timeout=SOON)
    expect(page.get_by_role("status")).to_contain_text("Wordt opgezegd")
