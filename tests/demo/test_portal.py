"""The stand-in portal: what a customer does there is what the API answers from then on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from stripe import StripeClient

from billing_proxy.testing.account.periods import DAY, after
from demo.emulator import Emulator

OWNER = "cus_owner"
BACK = "https://site.example/account"
Visit = Callable[..., Any]


@pytest.fixture
def read(client: StripeClient) -> Callable[[dict[str, Any]], Any]:
    """A subscription as the API answers it now."""
    return lambda subscription: client.v1.subscriptions.retrieve(
        subscription["id"], {"expand": ["latest_invoice", "schedule", "customer"]}
    )


def test_the_page_shows_what_the_customer_has(emulator: Emulator, visit: Visit) -> None:
    made = emulator.account.add_subscription(OWNER, [{"price": "price_pro_month", "quantity": 3}])
    owed = emulator.account.add_invoice(OWNER, made["id"])
    page = visit().see()
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    for text in (
        *('<html lang="nl">', "Demo – dit is niet Stripe", "3 × Pro, € 29,00 per maand"),
        *("Actief", "Visa •••• 4242", "Betaald", "Terug naar Voorbeeld B.V.", f'href="{BACK}"'),
        f'href="{owed["hosted_invoice_url"]}">Betalen</a>',
    ):
        assert text in page.text
    assert "INTERNAL" not in page.text
    assert "<h1>Customer portal</h1>" in visit(locale="auto").see().text, "as the browser wishes"


def test_nobody_sees_or_changes_the_subscription_of_another(
    emulator: Emulator, visit: Visit
) -> None:
    other = emulator.account.add_customer()["id"]
    foreign = emulator.account.add_subscription(other, ["price_business_year"])
    visitor = visit()
    assert foreign["id"] not in visitor.see().text
    assert visitor.do("cancel", foreign).status_code == 409
    assert foreign["cancel_at"] is None


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_a_cancellation_sets_an_end_and_taken_back_leaves_nothing(
    emulator: Emulator, visit: Visit, read: Any, mode: str
) -> None:
    prices = ["price_pro_month", "price_seat_year"]
    made = emulator.account.add_subscription(OWNER, prices, billing_mode=mode)
    visitor = visit()
    assert visitor.do("cancel", made, feedback="too_expensive").status_code == 303
    found = read(made)
    ends = [item.current_period_end for item in found["items"].data]
    assert found.cancel_at == (max(ends) if mode == "flexible" else min(ends))
    assert found.cancel_at_period_end is (mode == "classic")
    assert (found.status, found.ended_at) == ("active", None)
    assert found.canceled_at == emulator.account.now()
    assert found.cancellation_details.feedback == "too_expensive"
    visitor.do("renew", made)
    found = read(made)
    assert (found.cancel_at, found.cancel_at_period_end, found.canceled_at) == (None, False, None)
    assert found.cancellation_details.reason is None


@pytest.mark.parametrize(
    ("status", "price", "renewed"),
    [
        ("active", "price_business_month", False),
        ("active", "price_pro_year", True),
        ("trialing", "price_basic_month", True),
    ],
)
def test_a_dearer_plan_or_a_longer_period_begins_now_and_ends_a_trial(
    emulator: Emulator, visit: Visit, read: Any, status: str, price: str, renewed: bool
) -> None:
    made = emulator.account.add_subscription(OWNER, status=status)
    before, now = read(made)["items"].data[0], emulator.account.now()
    visit().do("change_price", made, price=price)
    found = read(made)
    item = found["items"].data[0]
    assert (found.status, item.id) == ("active", before.id)
    assert item.price.id == item.plan.id == price
    assert (item.current_period_start == now) is renewed
    assert (found.latest_invoice.created == now) is renewed
    assert found.latest_invoice.status == "paid"


@pytest.mark.parametrize(
    ("old", "new"),
    [("price_pro_month", "price_basic_month"), ("price_pro_year", "price_pro_month")],
)
def test_a_cheaper_plan_or_a_shorter_period_waits_on_a_schedule_and_can_be_taken_back(
    emulator: Emulator, visit: Visit, read: Any, old: str, new: str
) -> None:
    made = emulator.account.add_subscription(OWNER, [old])
    visitor = visit()
    visitor.do("change_price", made, price=new)
    found = read(made)
    item = found["items"].data[0]
    later = found.schedule.phases[1]
    assert item.price.id == old
    assert (later.start_date, later["items"][0].price) == (item.current_period_end, new)
    assert "ga je over naar" in visitor.see().text
    visitor.do("keep_price", made)
    assert read(made).schedule is None
    released = emulator.account["subscription_schedule", found.schedule.id]
    assert (released["status"], released["subscription"]) == ("released", None)


@pytest.mark.parametrize(
    ("status", "collection", "payment", "then"),
    [
        ("past_due", "charge_automatically", "requires_payment_method", "active"),
        ("past_due", "charge_automatically", "processing", "past_due"),
        ("past_due", "charge_automatically", "requires_action", "past_due"),
        ("past_due", "send_invoice", "requires_payment_method", "past_due"),
        ("unpaid", "charge_automatically", "requires_payment_method", "unpaid"),
        ("incomplete", "charge_automatically", "requires_action", "incomplete"),
    ],
)
def test_a_new_payment_method_settles_only_what_stripe_tries_again(
    emulator: Emulator, visit: Visit, read: Any, status: str, collection: str, payment: str,
    then: str,
) -> None:  # fmt: skip
    account = emulator.account
    item = {"price": "price_pro_month", "current_period_end": account.now() - DAY}
    made = account.add_subscription(
        OWNER, [item], status=status, collection_method=collection, latest_invoice=None
    )
    account.add_invoice(OWNER, made["id"], payment, next_payment_attempt=account.now() + DAY)
    visitor = visit()
    visitor.do("update_payment_method", method="sepa")
    found = read(made)
    paid = then == "active"
    assert found.status == then
    assert (found.latest_invoice.status == "paid") is paid
    assert (found.latest_invoice.next_payment_attempt is None) is paid
    assert (found["items"].data[0].current_period_end > account.now()) is paid
    assert "SEPA-incasso •••• 3000" in visitor.see().text


def test_a_new_payment_method_resumes_what_was_paused_for_want_of_one(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    def add(reason: str) -> dict[str, Any]:
        details = {"paused": {"type": "subscription", "subscription": {"type": reason}}}
        return emulator.account.add_subscription(OWNER, status="paused", status_details=details)

    for_money, on_request = add("trial_end_without_payment_method"), add("pause_requested")
    visit().do("update_payment_method", method="visa")
    assert (read(for_money).status, read(on_request).status) == ("active", "paused")


def test_a_pause_ends_the_period_now_and_a_resumption_begins_another(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    made, now = emulator.account.add_subscription(OWNER), emulator.account.now()
    visitor = visit()
    visitor.do("pause", made, resume="month")
    found = read(made)
    assert (found.status, found.pause_collection) == ("paused", None)
    assert found.status_details.paused.subscription.type == "pause_requested"
    assert found["items"].data[0].current_period_end == now
    assert found.schedule.pause_schedules[0].resume.resume_at == after(now, "month")
    visitor.do("resume", made)
    found = read(made)
    assert (found.status, found.status_details, found.schedule) == ("active", None, None)
    assert found["items"].data[0].current_period_end == after(now, "month")
    visitor.do("pause", made, resume="manual")
    assert (read(made).status, read(made).schedule) == ("paused", None)
    made.update(status="active", pause_collection={"behavior": "void", "resumes_at": None})
    visitor.do("resume_collection", made)
    assert read(made).pause_collection is None


def test_the_customer_can_change_name_address_and_vat_number(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    made = emulator.account.add_subscription(OWNER)
    visitor = visit(flow_data={"type": "customer_update"})
    assert "Abonnement opzeggen" not in visitor.see().text
    visitor.do("update_customer", name="Nieuw B.V.", city="Utrecht", vat="NL1B01")
    found = read(made).customer
    assert (found.name, found.address.city) == ("Nieuw B.V.", "Utrecht")
    assert 'value="NL1B01"' in visitor.see().text


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("pause", {"billing_mode": "classic"}),
        ("pause", {"collection_method": "send_invoice"}),
        ("pause", {"cancel_at": 1_900_000_000}),
        ("cancel", {"cancel_at": 1_900_000_000}),
        ("cancel", {"status": "canceled"}),
        ("renew", {"cancel_at": 1_900_000_000, "schedule": "sub_sched_1"}),
        ("keep_price", {}),
        ("renew", {}),
        ("resume", {}),
        ("resume_collection", {}),
        ("explode", {}),
    ],
)
def test_what_does_not_fit_the_subscription_is_refused(
    emulator: Emulator, visit: Visit, action: str, fields: dict[str, Any]
) -> None:
    made = emulator.account.add_subscription(OWNER, **fields)
    answer = visit().do(action, made, resume="month")
    assert answer.status_code == 409
    assert "Dat kan nu niet" in answer.text


def test_a_feature_that_is_switched_off_is_neither_offered_nor_done(
    emulator: Emulator, visit: Visit
) -> None:
    made = emulator.account.add_subscription(OWNER)
    features = emulator.account["billing_portal.configuration", "bpc_demo_standaard"]["features"]
    for name in ("subscription_cancel", "payment_method_update", "customer_update"):
        features[name]["enabled"] = False
    visitor = visit()
    for text in ("Abonnement opzeggen", "Betaalmethode opslaan", "Gegevens opslaan"):
        assert text not in visitor.see().text
    for action in ("cancel", "update_payment_method", "update_customer"):
        assert visitor.do(action, made, method="visa").status_code == 409


@pytest.mark.parametrize(
    ("kind", "shown", "hidden"),
    [
        ("payment_method_update", "Betaalmethode opslaan", "Abonnement opzeggen"),
        ("subscription_cancel", "Abonnement opzeggen", "Betaalmethode opslaan"),
        ("subscription_update", "Plan of periode wijzigen", "Abonnement opzeggen"),
        ("subscription_pause", "Pauzeren", "Abonnement opzeggen"),
    ],
)
def test_a_flow_shows_its_one_action_until_it_is_done(
    emulator: Emulator, visit: Visit, kind: str, shown: str, hidden: str
) -> None:
    made = emulator.account.add_subscription(OWNER)
    about = {} if kind == "payment_method_update" else {kind: {"subscription": made["id"]}}
    visitor = visit(flow_data={"type": kind, **about})
    page = visitor.see().text
    assert shown in page
    assert hidden not in page
    assert "Facturen" not in page
    emulator.account.update(made["id"], cancel_at=1_900_000_000)
    assert ("Opzegging intrekken" in visitor.see().text) is (kind != "payment_method_update")


def test_a_confirmation_offers_its_one_price_and_comes_back_by_itself(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    made = emulator.account.add_subscription(OWNER)
    item = {"id": made["items"]["data"][0]["id"], "price": "price_pro_year"}
    kind = "subscription_update_confirm"
    after_completion = {"type": "redirect", "redirect": {"return_url": f"{BACK}?done"}}
    about = {kind: {"subscription": made["id"], "items": [item]}}
    visitor = visit(flow_data={"type": kind, **about, "after_completion": after_completion})
    assert visitor.see().text.count("<option") == 1
    assert visitor.do("change_price", made, price="price_business_year").status_code == 409
    answer = visitor.do("change_price", made, price="price_pro_year")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{BACK}?done")
    assert read(made)["items"].data[0].price.id == "price_pro_year"
    assert "Facturen" in visitor.see().text, "a flow that is done shows the whole portal"


def test_a_form_that_says_nothing_or_what_is_not_offered_is_refused(
    emulator: Emulator, visit: Visit
) -> None:
    made = emulator.account.add_subscription(OWNER)
    visitor = visit()
    for action in ("update_payment_method", "change_price", "cancel"):
        assert visitor.do(action).status_code == 409
    for price in ("", "price_pro_month", "price_storage_metered", "price_none"):
        assert visitor.do("change_price", made, price=price).status_code == 409
