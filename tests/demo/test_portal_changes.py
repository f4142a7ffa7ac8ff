"""The stand-in portal: what a customer does there is what the API answers from then on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from stripe import StripeClient

from demo.account.periods import DAY, after
from demo.emulator import Emulator

OWNER = "cus_owner"
BACK = "https://site.example/account"
Visit = Callable[..., Any]


@pytest.fixture
def read(client: StripeClient) -> Callable[[dict[str, Any]], Any]:
    """A subscription as the API answers it now."""
    return lambda subscription: client.v1.subscriptions.retrieve(
        subscription["id"], {"expand": ["latest_invoice", "schedule"]}
    )


def test_the_page_shows_what_the_customer_has(emulator: Emulator, visit: Visit) -> None:
    emulator.account.add_subscription(OWNER, [{"price": "price_pro_month", "quantity": 3}])
    page = visit().see()
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    for text in (
        '<html lang="nl">',
        "Demo – dit is niet Stripe",
        "3 × Pro, € 29,00 per maand",
        "Actief",
        "Visa •••• 4242",
        "Betaald",
        f'href="{BACK}"',
        "Terug naar Voorbeeld B.V.",
    ):
        assert text in page.text
    assert "INTERNAL" not in page.text


@pytest.mark.parametrize(
    ("locale", "title"),
    [("nl", "Klantportaal"), ("en", "Customer portal"), ("auto", "Customer portal")],
)
def test_the_page_speaks_the_language_asked_for(visit: Visit, locale: str, title: str) -> None:
    assert f"<h1>{title}</h1>" in visit(locale=locale).see().text


def test_nobody_sees_or_changes_the_subscription_of_another(
    emulator: Emulator, visit: Visit
) -> None:
    other = emulator.account.add_customer()["id"]
    foreign = emulator.account.add_subscription(other, ["price_business_year"])
    visitor = visit()
    assert foreign["id"] not in visitor.see().text
    assert visitor.do("cancel", foreign).status_code == 409
    assert foreign["cancel_at"] is None


def test_a_cancellation_under_flexible_billing_sets_an_end_and_no_flag(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    made = emulator.account.add_subscription(OWNER, ["price_pro_month", "price_seat_year"])
    answer = visit().do("cancel", made, feedback="too_expensive")
    found = read(made)
    assert answer.status_code == 303
    assert found.status == "active"
    assert found.cancel_at == max(item.current_period_end for item in found["items"].data)
    assert found.cancel_at_period_end is False
    assert found.canceled_at == emulator.account.now()
    assert found.ended_at is None
    assert found.cancellation_details.reason == "cancellation_requested"
    assert found.cancellation_details.feedback == "too_expensive"


def test_a_cancellation_under_classic_billing_sets_both(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    made = emulator.account.add_subscription(OWNER, billing_mode="classic")
    visit().do("cancel", made)
    found = read(made)
    assert found.cancel_at_period_end is True
    assert found.cancel_at == found["items"].data[0].current_period_end


def test_a_cancellation_of_what_is_already_over_ends_it_at_once(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    now = emulator.account.now()
    item = {"price": "price_pro_month", "current_period_end": now - DAY}
    made = emulator.account.add_subscription(OWNER, [item], status="paused")
    visit().do("cancel", made)
    found = read(made)
    assert (found.status, found.ended_at) == ("canceled", now)


@pytest.mark.parametrize("mode", ["flexible", "classic"])
def test_a_cancellation_taken_back_leaves_nothing(
    emulator: Emulator, visit: Visit, read: Any, mode: str
) -> None:
    made = emulator.account.add_subscription(OWNER, billing_mode=mode)
    visitor = visit()
    visitor.do("cancel", made)
    assert "Opzegging intrekken" in visitor.see().text
    visitor.do("renew", made)
    found = read(made)
    assert found.cancel_at is None
    assert found.cancel_at_period_end is False
    assert found.canceled_at is None
    assert found.cancellation_details.reason is None


def test_another_plan_of_the_same_period_keeps_the_period(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    made = emulator.account.add_subscription(OWNER)
    before = read(made)["items"].data[0]
    visit().do("change_price", made, price="price_business_month")
    item = read(made)["items"].data[0]
    assert item.price.product == "prod_business"
    assert item.plan.id == "price_business_month"
    assert item.id == before.id
    assert item.current_period_end == before.current_period_end


def test_another_period_begins_now_and_is_paid(emulator: Emulator, visit: Visit, read: Any) -> None:
    made = emulator.account.add_subscription(OWNER)
    visit().do("change_price", made, price="price_pro_year")
    found = read(made)
    item = found["items"].data[0]
    now = emulator.account.now()
    assert (item.current_period_start, item.current_period_end) == (now, after(now, "year"))
    assert (found.latest_invoice.status, found.latest_invoice.total) == ("paid", 29000)


def test_another_plan_ends_a_trial(emulator: Emulator, visit: Visit, read: Any) -> None:
    made = emulator.account.add_subscription(OWNER, status="trialing", trial_end=1_900_000_000)
    visit().do("change_price", made, price="price_business_month")
    found = read(made)
    assert found.status == "active"
    assert found.trial_end == emulator.account.now()


@pytest.mark.parametrize("price", ["price_pro_month", "price_storage_metered", "price_none"])
def test_a_price_that_is_not_offered_cannot_be_chosen(
    emulator: Emulator, visit: Visit, price: str
) -> None:
    made = emulator.account.add_subscription(OWNER)
    assert visit().do("change_price", made, price=price).status_code == 409


def test_a_new_payment_method_settles_what_stripe_tries_again(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    account = emulator.account
    made = account.add_subscription(OWNER, status="past_due")
    account.add_invoice(OWNER, made["id"], next_payment_attempt=account.now() + DAY)
    visitor = visit()
    visitor.do("update_payment_method", method="mastercard")
    found = read(made)
    assert found.status == "active"
    assert (found.latest_invoice.status, found.latest_invoice.amount_remaining) == ("paid", 0)
    assert found.latest_invoice.next_payment_attempt is None
    assert {row["status"] for row in account.all("invoice", OWNER)} == {"paid"}
    assert "Mastercard •••• 4444" in visitor.see().text


def test_a_paid_debt_starts_the_next_period_when_the_last_one_is_over(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    now = emulator.account.now()
    item = {"price": "price_pro_month", "current_period_end": now - DAY}
    made = emulator.account.add_subscription(OWNER, [item], status="past_due")
    visit().do("update_payment_method", method="visa")
    assert read(made)["items"].data[0].current_period_end == after(now, "month")


def test_a_new_payment_method_resumes_what_was_paused_for_want_of_one(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    def add(reason: str) -> dict[str, Any]:
        details = {"paused": {"type": "subscription", "subscription": {"type": reason}}}
        return emulator.account.add_subscription(OWNER, status="paused", status_details=details)

    for_money, on_request = add("trial_end_without_payment_method"), add("pause_requested")
    visit().do("update_payment_method", method="visa")
    assert read(for_money).status == "active"
    assert read(on_request).status == "paused"


def test_a_pause_moves_the_period_end_to_now_and_the_resume_date_to_a_schedule(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    made = emulator.account.add_subscription(OWNER)
    visit().do("pause", made, resume="month")
    found, now = read(made), emulator.account.now()
    assert found.status == "paused"
    assert found.status_details.paused.subscription.type == "pause_requested"
    assert found.status_details.paused.transitioned_at == now
    assert found["items"].data[0].current_period_end == now
    assert found.pause_collection is None
    assert found.schedule.pause_schedules[0].resume.resume_at == after(now, "month")
    assert found.schedule.subscription == found.id


def test_a_pause_without_an_end_has_no_schedule(
    emulator: Emulator, visit: Visit, read: Any
) -> None:
    made = emulator.account.add_subscription(OWNER)
    visit().do("pause", made, resume="manual")
    found = read(made)
    assert found.status == "paused"
    assert found.schedule is None


def test_resuming_starts_a_new_period_and_lets_the_schedule_go(
    emulator: Emulator, visit: Visit, read: Any, client: StripeClient
) -> None:
    made = emulator.account.add_subscription(OWNER)
    visitor = visit()
    visitor.do("pause", made, resume="month")
    schedule = read(made).schedule.id
    visitor.do("resume", made)
    found, now = read(made), emulator.account.now()
    assert found.status == "active"
    assert found.status_details is None
    assert found.schedule is None
    assert found["items"].data[0].current_period_end == after(now, "month")
    assert client.v1.subscription_schedules.retrieve(schedule).status == "released"


def test_collection_can_be_resumed(emulator: Emulator, visit: Visit, read: Any) -> None:
    pause = {"behavior": "void", "resumes_at": None}
    made = emulator.account.add_subscription(OWNER, pause_collection=pause)
    visitor = visit()
    assert "Innen gepauzeerd" in visitor.see().text
    visitor.do("resume_collection", made)
    assert read(made).pause_collection is None


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("pause", {"billing_mode": "classic"}),
        ("pause", {"collection_method": "send_invoice"}),
        ("pause", {"cancel_at": 1_900_000_000}),
        ("cancel", {"cancel_at": 1_900_000_000}),
        ("cancel", {"status": "canceled"}),
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
    for name in ("subscription_cancel", "payment_method_update"):
        features[name]["enabled"] = False
    visitor = visit()
    assert "Abonnement opzeggen" not in visitor.see().text
    assert "Betaalmethode opslaan" not in visitor.see().text
    assert visitor.do("cancel", made).status_code == 409
    assert visitor.do("update_payment_method", method="visa").status_code == 409


@pytest.mark.parametrize(
    ("kind", "shown", "hidden"),
    [
        ("payment_method_update", "Betaalmethode opslaan", "Abonnement opzeggen"),
        ("subscription_cancel", "Abonnement opzeggen", "Betaalmethode opslaan"),
        ("subscription_update", "Plan of periode wijzigen", "Abonnement opzeggen"),
        ("subscription_pause", "Pauzeren", "Abonnement opzeggen"),
    ],
)
def test_a_flow_shows_its_one_action_only(
    emulator: Emulator, visit: Visit, kind: str, shown: str, hidden: str
) -> None:
    made = emulator.account.add_subscription(OWNER)
    about = {} if kind == "payment_method_update" else {kind: {"subscription": made["id"]}}
    page = visit(flow_data={"type": kind, **about}).see().text
    assert shown in page
    assert hidden not in page
    assert "Facturen" not in page


def test_a_flow_that_is_no_longer_possible_shows_the_whole_portal(
    emulator: Emulator, visit: Visit
) -> None:
    made = emulator.account.add_subscription(OWNER)
    other = emulator.account.add_subscription(OWNER, ["price_business_year"])
    about = {"subscription": made["id"]}
    visitor = visit(flow_data={"type": "subscription_update", "subscription_update": about})
    assert other["id"] not in visitor.see().text
    emulator.account.update(made["id"], cancel_at=1_900_000_000)
    page = visitor.see().text
    assert "Opzegging intrekken" in page
    assert other["id"] in page


def test_a_finished_flow_goes_to_the_portal_unless_it_says_where(
    emulator: Emulator, visit: Visit
) -> None:
    flow = {"type": "payment_method_update"}
    to_portal = visit(flow_data=flow)
    answer = to_portal.do("update_payment_method", method="visa")
    assert answer.headers["Location"].startswith("/p/session/test_")
    assert "Facturen" in to_portal.see().text
    redirect = {"type": "redirect", "redirect": {"return_url": f"{BACK}?done"}}
    elsewhere = visit(flow_data={**flow, "after_completion": redirect})
    answer = elsewhere.do("update_payment_method", method="visa")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{BACK}?done")


def test_a_form_that_says_nothing_is_refused(emulator: Emulator, visit: Visit) -> None:
    made = emulator.account.add_subscription(OWNER)
    visitor = visit()
    for action in ("update_payment_method", "change_price", "cancel"):
        assert visitor.do(action).status_code == 409
    assert visitor.do("change_price", made).status_code == 409
