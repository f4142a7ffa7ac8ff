"""Two tabs, one browser: whoever may not see a card any more is told so in its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from billing_proxy.testing.account import lifecycle
from demo.emulator import Emulator
from demo.service import Service
from tests.browser.checks import axe
from tests.browser.chromium import BrowserContext, Page, expect
from tests.browser.portal import SOON, badge, button, feel_focus, origin

pytestmark = pytest.mark.browser

HELP = "Neem contact op met Voorbeeld B.V."
AS_ANOTHER = "Je bent intussen ingelogd als een andere klant."


@pytest.fixture
def page(context: BrowserContext, demo: Service, customer: str) -> Page:
    """The customer's page, in a tab that feels whether it is looked at."""
    tab = context.new_page()
    tab.goto(demo.link(customer))
    feel_focus(tab)
    return tab


@pytest.fixture
def other(emulator: Emulator) -> str:
    """A customer who signs in by another tab of the same browser."""
    return emulator.customer("active")


def test_an_old_tab_never_turns_into_the_card_of_who_signed_in_since(
    page: Page, demo: Service, other: str
) -> None:
    old_link = page.get_by_role("link", name="Abonnement bijwerken").get_attribute("href")
    page.context.new_page().goto(demo.link(other))
    page.bring_to_front()
    expect(page.get_by_text(AS_ANOTHER)).to_be_visible(timeout=SOON)
    expect(page.get_by_role("status")).not_to_be_empty()
    assert badge(page).count() == 0
    expect(page.locator("main a:visible")).to_have_text(["Naar je abonnement", HELP])
    assert axe(page) == []
    assert page.goto(f"{demo.url}{old_link}").status == 403
    page.get_by_role("link", name="Naar je abonnement").click()
    expect(badge(page)).to_have_text("Actief")


@pytest.fixture(params=["kept alive", "out of the cache"])
def back(page: Page, request: pytest.FixtureRequest) -> Callable[[], None]:
    """Press *Back*, to a page that the browser kept as it was (bfcache) or loads again."""
    if request.param != "kept alive":
        page.evaluate("addEventListener('unload', () => {})")  # is never kept
    return lambda: page.evaluate("setTimeout(() => history.back())")


def test_after_signing_out_back_shows_nobodys_card(
    page: Page, demo: Service, back: Callable[[], None]
) -> None:
    page.goto(f"{demo.url}/billing/nergens")
    page.context.clear_cookies()
    back()
    expect(page.get_by_role("main").get_by_text("Je bent niet ingelogd")).to_be_visible()
    assert badge(page).count() == 0


def test_a_page_that_shows_several_cards_keeps_none_of_them_after_signing_out(page: Page) -> None:
    """The same one twice, and one that is read from elsewhere."""
    for address in ("", "?elsewhere"):
        page.locator(".billing-card").first.evaluate(
            """(card, address) => {
              const more = card.cloneNode(true);
              more.dataset.billingRefresh += address;
              card.after(more);
            }""",
            address,
        )
    page.context.clear_cookies()
    page.evaluate("void dispatchEvent(new Event('focus'))")
    expect(page.locator("main").get_by_text("Je bent niet ingelogd")).to_have_count(3)
    assert badge(page).count() == 0


def test_back_from_the_portal_shows_what_was_done_there(
    page: Page, emulator: Emulator, customer: str, back: Callable[[], None]
) -> None:
    page.goto(f"{origin(page)}{button(page).get_attribute('href')}")
    lifecycle.cancel(emulator.account, emulator.account.subscriptions_of(customer)[0])
    back()
    expect(badge(page)).to_have_text("Wordt opgezegd")
