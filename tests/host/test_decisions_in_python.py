"""``billing.card()``: the same card, for decisions in the site's own code."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from billing_proxy import (
    BillingCard,
    BillingError,
    BillingProxy,
    Code,
    CustomerNotFound,
    StripeMisconfigured,
    StripeUnavailable,
)
from demo.emulator import Emulator
from tests.host.sites import AT_ONCE, MakeSite, named_by_header, visitor
from tests.web.clock import Clock

billing = BillingProxy()


@pytest.fixture
def app(make_site: MakeSite) -> Flask:
    """A site, with an app context to be pushed."""
    return make_site(named_by_header)


def test_the_card_has_codes_to_decide_by_and_words_to_show(app: Flask, anna: str) -> None:
    with app.app_context():
        card = billing.card(anna)
    assert isinstance(card, BillingCard)
    assert card.status.code == "active"
    assert card.status.code is Code.ACTIVE
    assert (card.plan, card.customer, card.subscription) == ("Pro", anna, "sub_anna")
    assert card.next_billing_date == date(2076, 12, 12)
    assert card.stale is False


def test_it_is_the_card_of_the_customer_who_is_asked_for_whoever_is_logged_in(
    app: Flask, anna: str, bob: str
) -> None:
    with app.test_request_context(headers=visitor(anna)):
        assert billing.card(bob).plan == "Business"


def test_it_shares_the_cache_of_the_pages(app: Flask, anna: str, emulator: Emulator) -> None:
    app.test_client().get("/account", headers=visitor(anna))
    with app.app_context():
        billing.card(anna)
    assert emulator.calls("/v1/subscriptions") == 1


def test_it_follows_the_visit_of_its_browser_to_the_portal(
    app: Flask, anna: str, emulator: Emulator, clock: Clock
) -> None:
    app.add_url_rule("/plan", "plan", lambda: billing.card(anna).status.code)
    client = app.test_client()
    assert client.get("/plan").text == "active"
    client.get("/billing/portal", headers=visitor(anna))
    emulator.account.update("sub_anna", cancel_at=int(clock.now) + 86_400)
    clock.advance(1)
    client.get("/billing/return")
    assert client.get("/plan").text == "canceling"
    assert app.test_client().get("/plan").text == "canceling"


def test_a_customer_without_a_subscription_has_a_card_too(app: Flask, emulator: Emulator) -> None:
    emulator.account.add_customer("cus_new")
    with app.app_context():
        card = billing.card("cus_new")
    assert card.status.code is Code.NONE
    assert (card.plan, card.subscription, card.status.label) == ("Free", None, None)


@pytest.mark.parametrize("wrong", [None, "", "anna", "anna@example.nl", 7, b"cus_anna", "cus_"])
def test_what_is_no_customer_id_is_refused_before_stripe_is_asked(
    app: Flask, emulator: Emulator, wrong: object
) -> None:
    with app.app_context(), pytest.raises(ValueError, match="cus_"):
        billing.card(wrong)  # type: ignore[arg-type]
    assert emulator.calls() == 0


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, StripeUnavailable), (429, StripeUnavailable), (401, StripeMisconfigured)],
)
def test_what_goes_wrong_is_an_error_of_one_family(
    app: Flask, emulator: Emulator, anna: str, status: int, error: type[BillingError]
) -> None:
    emulator.fail(times=None, status=status, headers=AT_ONCE)
    with app.app_context(), pytest.raises(error) as raised:
        billing.card(anna)
    assert isinstance(raised.value, BillingError)
    assert emulator.key not in str(raised.value)


def test_a_customer_that_stripe_does_not_know_is_an_error_and_not_a_free_plan(app: Flask) -> None:
    with app.app_context(), pytest.raises(CustomerNotFound):
        billing.card("cus_gone")


def test_during_an_outage_the_last_known_card_says_that_it_is_old(
    app: Flask, emulator: Emulator, anna: str, clock: Clock
) -> None:
    with app.app_context():
        first = billing.card(anna)
        emulator.fail(times=None, headers=AT_ONCE)
        clock.advance(60)
        later = billing.card(anna)
    assert later.stale is True
    assert later.as_of == first.as_of
    assert later.status.code == "active"
