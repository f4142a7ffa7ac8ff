"""``billing.card()``: the same card, for decisions in the site's own code."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask

from billing_proxy import (
    BillingCard,
    BillingProxy,
    Code,
)
from demo.emulator import Emulator
from tests.host.sites import AT_ONCE, MakeSite, named_by_header, visitor
from tests.stage.clock import Clock

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
