"""The pages that are not a card that is right: errors, an old card in an outage, and the demo's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from billing_proxy.testing.situations.debts import past_due
from demo.emulator import Emulator
from demo.service import Service, served
from tests.browser.checks import axe, faults, measured, overflowing
from tests.browser.chromium import Page, expect
from tests.browser.conftest import NewContext
from tests.browser.portal import badge, button, portal_of

pytestmark = pytest.mark.browser


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """A tab of a visitor who is not signed in."""
    return measured(new_context()).new_page()


def axe_by_day_and_by_night(page: Page) -> list[str]:
    """What axe finds in light, in dark and in colours of the reader's own."""
    found = []
    for scheme, forced in (("light", "none"), ("dark", "none"), ("light", "active")):
        page.emulate_media(color_scheme=scheme, forced_colors=forced)
        found += axe(page)
    return found


@pytest.fixture
def stripe() -> Iterator[Emulator]:
    """A Stripe that is about to fail, with one customer."""
    with Emulator() as running:
        running.account.add_customer("cus_known")
        past_due(running.account, "cus_known")
        yield running


@pytest.fixture
def forgetful(stripe: Emulator) -> Iterator[Service]:
    """The product on that Stripe, in one process, of a company with a very long name.

    It asks for every card anew.
    """
    settings = {"BILLING_CACHE_TTL": "0", "WEB_CONCURRENCY": "1"}
    settings["BILLING_COMPANY"] = "Donaudampfschifffahrtsgesellschaft" * 3
    settings["BILLING_CONTACT_URL"] = "mailto:hulp@example.nl"
    with served(stripe, "wsgi:app", **settings) as service:
        yield service


def test_who_is_not_signed_in_reads_a_dutch_page(page: Page, demo: Service) -> None:
    assert faults(page, f"{demo.url}/billing/", demo.url, status=401) == []
    expect(page.get_by_role("heading", level=1)).to_have_text("Je bent niet ingelogd")
    assert axe_by_day_and_by_night(page) == []


def test_who_is_lost_reads_a_dutch_page(page: Page, demo: Service) -> None:
    assert faults(page, f"{demo.url}/billing/nergens", demo.url, status=404) == []
    expect(page.get_by_role("heading", level=1)).to_have_text("Deze pagina bestaat niet")
    assert axe_by_day_and_by_night(page) == []


def test_a_stranger_to_stripe_reads_a_dutch_page(page: Page, demo: Service) -> None:
    link = demo.link("cus_demo_onbekend")
    assert faults(page, link, demo.url, status=404) == []
    expect(page.get_by_role("heading", level=1)).to_have_text("We kunnen je abonnement niet vinden")


def test_in_an_outage_stand_the_last_known_card_or_a_dutch_page(
    page: Page, forgetful: Service, stripe: Emulator
) -> None:
    page.goto(forgetful.link("cus_known"))
    expect(badge(page)).to_have_text("Achterstallig")
    stripe.fail(times=None)
    assert faults(page, f"{forgetful.url}/billing/", forgetful.url) == []
    expect(badge(page)).to_have_text("Achterstallig")
    expect(page.locator(".billing-note")).to_contain_text("Dit is de stand van")
    assert axe_by_day_and_by_night(page) == []
    assert faults(page, forgetful.link("cus_unread"), forgetful.url, status=503) == []
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Je abonnement is nu niet op te halen"
    )
    page.set_viewport_size({"width": 320, "height": 600})
    assert overflowing(page) == []
    assert axe_by_day_and_by_night(page) == []


def test_the_demos_start_page_is_without_a_fault(page: Page, demo: Service) -> None:
    assert faults(page, f"{demo.url}/", demo.url) == []
    expect(page.get_by_role("heading", level=1)).to_have_text("Kies een klant")
    assert axe_by_day_and_by_night(page) == []


def test_the_demos_portal_is_without_a_fault(
    page: Page, demo: Service, emulator: Emulator, customer: str
) -> None:
    page.goto(demo.link(customer))
    portal = portal_of(page, button(page).click)
    assert faults(portal, portal.url, emulator.url) == []
    for folded in portal.locator("summary").all():
        folded.click()
    assert axe_by_day_and_by_night(portal) == []


def test_the_page_of_an_invoice_is_without_a_fault_before_and_after_it_is_paid(
    page: Page, emulator: Emulator, customer: str
) -> None:
    made = emulator.account.add_invoice(customer, amount=2900, due_date=emulator.account.now())
    assert faults(page, emulator.url + made["hosted_invoice_url"], emulator.url) == []
    assert axe_by_day_and_by_night(page) == []
    page.get_by_role("button", name="Betalen").click()
    expect(page.get_by_role("status")).to_contain_text("Deze factuur is betaald")
    assert axe_by_day_and_by_night(page) == []
