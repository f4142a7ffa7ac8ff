"""The way through the portal, as a customer walks it, and the way back to the old tab."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from tests.browser.chromium import Frame, Locator, Page, expect

BUTTON = "Abonnement bijwerken (opent in een nieuw tabblad)"

SOON = 4000
"""Milliseconds after the first look in which an old tab has to show what changed: two looks."""


def badge(page: Page | Frame) -> Locator:
    """The badge of the subscription that the card shows."""
    return page.locator(".billing-facts .billing-badge")


def button(page: Page | Frame) -> Locator:
    """The card's button, by what a screen reader says of it."""
    return page.get_by_role("link", name=BUTTON, exact=True)


def portal_of(page: Page, press: Callable[[], None]) -> Page:
    """The portal, in the new tab that `press` opens from `page` and that is looked at then."""
    with page.context.expect_page() as tab:
        press()
    tab.value.bring_to_front()
    expect(tab.value.get_by_role("heading", name="Klantportaal")).to_be_visible()
    return tab.value


def cancel(portal: Page) -> None:
    """Cancel the subscription."""
    portal.locator("summary", has_text="Abonnement opzeggen").click()
    portal.get_by_role("button", name="Abonnement opzeggen").click()
    expect(portal.get_by_text("Je wijziging is opgeslagen.")).to_be_visible()


def leave(page: Page) -> None:
    """Look at another tab instead of `page`."""
    page.context.new_page().bring_to_front()


def feel_focus(page: Page) -> None:
    """Let `page` lose and get the focus as any tab does; Playwright shields pages from that."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    page.bring_to_front()


def origin(page: Page) -> str:
    """Scheme, host and port of what the tab shows."""
    url = urlsplit(page.url)
    return f"{url.scheme}://{url.netloc}"
