"""From the card to the portal in a new tab, and back to a card that has followed."""

from __future__ import annotations

import pytest

from billing_proxy.service import LIVE_INTERVAL
from billing_proxy.testing.account import lifecycle
from demo.emulator import Emulator
from demo.service import Service
from tests.browser.checks import SETTLED, axe
from tests.browser.chromium import BrowserContext, Page, expect
from tests.browser.conftest import NewContext
from tests.browser.portal import SOON, badge, button, cancel, feel_focus, leave, origin, portal_of

pytestmark = pytest.mark.browser


@pytest.fixture
def page(context: BrowserContext, demo: Service, customer: str) -> Page:
    """The customer's page, in a tab that feels whether it is looked at."""
    tab = context.new_page()
    tab.goto(demo.link(customer))
    feel_focus(tab)
    expect(badge(tab)).to_have_text("Actief")
    return tab


def look_again(page: Page) -> None:
    """Come back to `page`, and wait until it has asked for its card."""
    with page.expect_response("**/billing/card?*") as answered:
        page.bring_to_front()
    answered.value.finished()
    page.evaluate(SETTLED)


def test_the_old_tab_shows_the_cancellation_by_itself_and_says_so(
    page: Page, emulator: Emulator
) -> None:
    page.evaluate("window.sameDocument = true")
    steps = page.get_by_role("heading", name="Overstappen naar een groter plan")
    expect(steps).to_be_visible()
    portal = portal_of(page, button(page).click)
    assert origin(portal) == emulator.url
    assert portal.evaluate("window.opener") is None
    cancel(portal)
    portal.close()
    page.bring_to_front()
    expect(badge(page)).to_have_text("Wordt opgezegd", timeout=SOON)
    expect(page.get_by_role("status")).to_contain_text("Wordt opgezegd")
    expect(page.get_by_role("status")).to_have_attribute("lang", "nl")
    expect(page.get_by_role("term").filter(has_text="Eindigt op")).to_be_visible()
    expect(page.get_by_role("link", name="Abonnement beheren")).to_be_visible()
    expect(steps).to_be_hidden()
    assert page.evaluate("window.sameDocument")
    assert axe(page) == []


def test_the_page_that_the_portal_leads_back_to_shows_the_cancellation(page: Page) -> None:
    portal = portal_of(page, button(page).click)
    cancel(portal)
    portal.get_by_role("link", name="Terug naar").click()
    expect(badge(portal)).to_have_text("Wordt opgezegd")


def test_without_javascript_the_portal_opens_and_a_reload_shows_the_cancellation(
    new_context: NewContext, demo: Service, customer: str
) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto(demo.link(customer))
    expect(badge(page)).to_have_text("Actief")
    portal = portal_of(page, button(page).click)
    cancel(portal)
    portal.close()
    expect(badge(page)).to_have_text("Actief")
    page.wait_for_timeout(LIVE_INTERVAL * 1000)  # a live card may be as old as this
    page.reload()
    expect(badge(page)).to_have_text("Wordt opgezegd")


def test_a_card_that_did_not_change_stays_the_same_node_and_nothing_is_announced(
    page: Page,
) -> None:
    card = page.locator(".billing-card").element_handle()
    leave(page)
    look_again(page)
    assert card.evaluate("card => card.isConnected")
    expect(page.get_by_role("status")).to_be_empty()


def test_a_change_shows_when_the_tab_is_looked_at_twice_within_a_second(
    page: Page, emulator: Emulator, customer: str
) -> None:
    portal_of(page, button(page).click)
    look_again(page)
    leave(page)
    lifecycle.cancel(emulator.account, emulator.account.subscriptions_of(customer)[0])
    page.bring_to_front()
    expect(badge(page)).to_have_text("Wordt opgezegd", timeout=SOON)


def test_the_focus_stays_on_the_button_when_the_card_changes(page: Page) -> None:
    portal = portal_of(page, button(page).click)
    cancel(portal)
    portal.close()
    page.bring_to_front()
    expect(badge(page)).to_have_text("Wordt opgezegd", timeout=SOON)
    expect(page.get_by_role("link", name="Abonnement beheren")).to_be_focused()


def test_a_lost_connection_leaves_the_card_as_it_was(page: Page) -> None:
    page.route("**/billing/card?*", lambda route: route.abort())
    card = page.locator(".billing-card").element_handle()
    leave(page)
    with page.expect_event("requestfailed"):
        page.bring_to_front()
    page.evaluate(SETTLED)
    assert card.evaluate("card => card.isConnected")


def test_the_warning_leads_straight_to_where_the_debt_is_paid(
    context: BrowserContext, demo: Service, emulator: Emulator, customer: str
) -> None:
    made = emulator.account.add_subscription(customer, status="unpaid")
    page = context.new_page()
    page.goto(demo.link(customer))
    with context.expect_page() as tab:
        page.get_by_role("link", name="Nu betalen").click()
    assert origin(tab.value) == emulator.url
    tab.value.get_by_role("button", name="Betalen").click()
    expect(tab.value.get_by_role("status")).to_contain_text("Deze factuur is betaald")
    assert made["status"] == "active"
