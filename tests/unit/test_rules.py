"""The rule table: what Stripe says of a subscription, and what the customer reads on the card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from billing_proxy.card.card import BillingCard, CardDate
from billing_proxy.card.facts import PauseCollection, Subscription
from billing_proxy.card.rules import decide, without_subscription

from .cards import card_of, json_of, with_invoice, with_pauses
from .stripe_objects import NOW, at, make_item, make_subscription, paused_because

OCTOBER_1, OCTOBER_31 = at("2026-10-01 10:00"), at("2026-10-31 10:00")
LAST_WEEK, YESTERDAY = at("2026-11-15 10:00"), at("2026-11-21 10:00")
TOMORROW, NEXT_WEEK = at("2026-11-23 10:00"), at("2026-11-29 10:00")
DECEMBER_5, DECEMBER_12 = at("2026-12-05 10:00"), at("2026-12-12 10:00")
JANUARY_12 = at("2027-01-12 10:00")

UPDATE, MANAGE = "Abonnement bijwerken", "Abonnement beheren"


@dataclass(frozen=True)
class Expected:
    """What stands on the card; a date is its caption and its day."""

    code: str
    label: str | None
    button: str
    date: tuple[str, str] | None = None
    second: tuple[str, str] | None = None
    charge: str | None = None
    warns: bool = False


def shown(date: CardDate | None) -> tuple[str, str] | None:
    return (date.caption, date.date.isoformat()) if date else None


def seen(card: BillingCard) -> Expected:
    return Expected(
        code=card.status.code.value,
        label=card.status.label,
        button=card.button or "",
        date=shown(card.date),
        second=shown(card.second_date),
        charge=card.next_billing_date.isoformat() if card.next_billing_date else None,
        warns=card.warning is not None,
    )


def row(
    name: str, subscription: dict[str, Any] | Subscription, code: str, **expected: Any
) -> object:
    label, button = {
        "canceled": ("Opgezegd", MANAGE),
        "past_due": ("Achterstallig", UPDATE),
        "canceling": ("Wordt opgezegd", MANAGE),
        "paused": ("Gepauzeerd", UPDATE),
        "trialing": ("Proefperiode", UPDATE),
        "active": ("Actief", UPDATE),
        "unknown": (None, UPDATE),
    }[code]
    expected = {"button": button, "warns": code == "past_due", **expected}
    return pytest.param(subscription, Expected(code, label, **expected), id=name)


def trial(**fields: Any) -> dict[str, Any]:
    """A trial until 29 November: all its items end then."""
    items = [make_item(current_period_end=NEXT_WEEK)]
    return make_subscription(
        **{"status": "trialing", "trial_end": NEXT_WEEK, "items": items} | fields
    )


def paused(**fields: Any) -> dict[str, Any]:
    """A paused subscription: its items ended when the pause began."""
    items = [make_item(current_period_end=LAST_WEEK)]
    return make_subscription(status="paused", items=items, **fields)


def two_items(first: int | None, second: int | None, **fields: Any) -> dict[str, Any]:
    items = [
        make_item(current_period_end=first),
        make_item(product="prod_seats", current_period_end=second),
    ]
    return make_subscription(items=items, **fields)


def sub(status: str, **fields: Any) -> dict[str, Any]:
    return make_subscription(status=status, **fields)


RULE_1 = [
    row("ended-and-asked-for-earlier", sub("canceled", ended_at=OCTOBER_31, canceled_at=OCTOBER_1),
        "canceled", date=("Beëindigd op", "2026-10-31")),
    row("without-the-real-end-the-request-counts", sub("canceled", canceled_at=OCTOBER_1),
        "canceled", date=("Beëindigd op", "2026-10-01")),
    row("without-any-date", sub("canceled"), "canceled"),
    row("an-end-that-was-planned-later-is-history", sub("canceled", ended_at=OCTOBER_31,
        cancel_at=DECEMBER_12, cancel_at_period_end=True), "canceled", date=("Beëindigd op",
        "2026-10-31")),
]  # fmt: skip

BY_INVOICE = sub("past_due", collection_method="send_invoice")

RULE_2 = [
    row("past-due-and-tried-again-soon", with_invoice(sub("past_due"),
        next_payment_attempt=NEXT_WEEK), "past_due", date=("Volgende betaalpoging", "2026-11-29")),
    row("past-due-without-another-try", with_invoice(sub("past_due")), "past_due"),
    row("past-due-and-the-try-has-passed", with_invoice(sub("past_due"),
        next_payment_attempt=YESTERDAY), "past_due"),
    row("past-due-and-the-try-is-this-very-second", with_invoice(sub("past_due"),
        next_payment_attempt=NOW), "past_due"),
    row("past-due-with-an-invoice-nobody-read", sub("past_due"), "past_due"),
    row("past-due-never-dates-by-due-date-when-charged-automatically",
        with_invoice(sub("past_due"), due_date=NEXT_WEEK), "past_due"),
    row("past-due-by-invoice-shows-the-day-it-was-due", with_invoice(BY_INVOICE,
        due_date=LAST_WEEK), "past_due", date=("Vervaldatum factuur", "2026-11-15")),
    row("past-due-by-invoice-has-no-next-attempt", with_invoice(BY_INVOICE, due_date=LAST_WEEK,
        next_payment_attempt=NEXT_WEEK), "past_due", date=("Vervaldatum factuur", "2026-11-15")),
    row("past-due-by-invoice-without-due-date", with_invoice(BY_INVOICE), "past_due"),
    row("past-due-and-ending", with_invoice(sub("past_due", cancel_at=JANUARY_12),
        next_payment_attempt=NEXT_WEEK), "past_due", date=("Eindigt op", "2027-01-12"),
        button=MANAGE),
    row("past-due-and-ending-by-the-flag", two_items(DECEMBER_12, DECEMBER_5, status="past_due",
        cancel_at_period_end=True), "past_due", date=("Eindigt op", "2026-12-05"), button=MANAGE),
    row("unpaid", sub("unpaid"), "past_due"),
    row("unpaid-is-not-tried-again", with_invoice(sub("unpaid"), next_payment_attempt=NEXT_WEEK),
        "past_due"),
    row("unpaid-has-no-due-date", with_invoice(sub("unpaid", collection_method="send_invoice"),
        due_date=NEXT_WEEK), "past_due"),
    row("unpaid-and-ending", sub("unpaid", cancel_at=JANUARY_12), "past_due", date=("Eindigt op",
        "2027-01-12"), button=MANAGE),
    row("incomplete", sub("incomplete"), "past_due"),
    row("incomplete-has-no-date-of-its-invoice", with_invoice(sub("incomplete"),
        next_payment_attempt=NEXT_WEEK, due_date=NEXT_WEEK), "past_due"),
    row("incomplete-and-ending", sub("incomplete", cancel_at_period_end=True), "past_due",
        date=("Eindigt op", "2026-12-12"), button=MANAGE),
    row("a-debt-with-paused-collection-stays-a-debt", sub("past_due",
        pause_collection={"behavior": "void", "resumes_at": None}), "past_due"),
]  # fmt: skip

ENDS_DECEMBER_12 = ("Eindigt op", "2026-12-12")
ENDS_JANUARY_12 = ("Eindigt op", "2027-01-12")
OPEN_PAUSE = {"behavior": "void", "resumes_at": None}

RULE_3 = [
    row("canceled-in-the-portal-with-flexible-billing", make_subscription(cancel_at=DECEMBER_12,
        cancel_at_period_end=False, canceled_at=YESTERDAY), "canceling", date=ENDS_DECEMBER_12),
    row("canceled-by-the-flag-alone", make_subscription(cancel_at=None, cancel_at_period_end=True),
        "canceling", date=ENDS_DECEMBER_12),
    row("canceled-by-both-signals", make_subscription(cancel_at=DECEMBER_12,
        cancel_at_period_end=True), "canceling", date=ENDS_DECEMBER_12),
    row("the-flag-means-the-earliest-item", two_items(DECEMBER_12, DECEMBER_5,
        cancel_at_period_end=True), "canceling", date=("Eindigt op", "2026-12-05")),
    row("a-month-is-charged-before-the-end", make_subscription(cancel_at=JANUARY_12), "canceling",
        date=ENDS_JANUARY_12, second=("Volgende factureringsdatum", "2026-12-12"),
        charge="2026-12-12"),
    row("one-item-is-charged-before-the-latest-one-ends", two_items(DECEMBER_12, DECEMBER_5,
        cancel_at=DECEMBER_12), "canceling", date=ENDS_DECEMBER_12,
        second=("Volgende factureringsdatum", "2026-12-05"), charge="2026-12-05"),
    row("billed-ahead-until-the-end", make_subscription(cancel_at=JANUARY_12,
        items=[make_item(billed_until=JANUARY_12)]), "canceling", date=ENDS_JANUARY_12),
    row("ending-before-the-period-does", make_subscription(cancel_at=DECEMBER_5), "canceling",
        date=("Eindigt op", "2026-12-05")),
    row("a-charge-in-the-past-is-none", make_subscription(cancel_at=JANUARY_12,
        items=[make_item(current_period_end=YESTERDAY)]), "canceling", date=ENDS_JANUARY_12),
    row("an-end-that-stripe-has-yet-to-process", make_subscription(cancel_at=YESTERDAY),
        "canceling", date=("Eindigt op", "2026-11-21")),
    row("the-flag-without-a-period-end", make_subscription(items=[], cancel_at_period_end=True),
        "canceling"),
    row("a-trial-that-just-ends", trial(cancel_at=NEXT_WEEK), "canceling", date=("Eindigt op",
        "2026-11-29")),
    row("a-trial-that-just-ends-by-the-flag", trial(cancel_at_period_end=True), "canceling",
        date=("Eindigt op", "2026-11-29")),
    row("a-trial-that-is-paid-for-a-while", trial(cancel_at=JANUARY_12), "canceling",
        date=ENDS_JANUARY_12, second=("Proefperiode eindigt op", "2026-11-29"),
        charge="2026-11-29"),
    row("nothing-is-charged-while-collection-is-paused", make_subscription(cancel_at=JANUARY_12,
        pause_collection=OPEN_PAUSE), "canceling", date=ENDS_JANUARY_12),
    row("collection-resumes-in-time-for-the-charge", make_subscription(cancel_at=JANUARY_12,
        pause_collection={"behavior": "void", "resumes_at": DECEMBER_5}), "canceling",
        date=ENDS_JANUARY_12, second=("Volgende factureringsdatum", "2026-12-12"),
        charge="2026-12-12"),
    row("paused-until-it-ends", paused(cancel_at=JANUARY_12), "canceling", date=ENDS_JANUARY_12),
]  # fmt: skip

RULE_4 = [
    row("paused-for-an-unknown-time", paused(), "paused"),
    row("paused-until-a-known-day", with_pauses(paused(), (LAST_WEEK, JANUARY_12)), "paused",
        date=("Hervat op", "2027-01-12")),
    row("the-pause-under-way-counts-not-a-later-one", with_pauses(paused(), (DECEMBER_12,
        JANUARY_12), (LAST_WEEK, DECEMBER_5)), "paused", date=("Hervat op", "2026-12-05")),
    row("only-a-later-pause-is-known", with_pauses(paused(), (DECEMBER_12, JANUARY_12)), "paused"),
    row("the-resume-date-has-passed", with_pauses(paused(), (LAST_WEEK, YESTERDAY)), "paused"),
    row("the-schedule-names-no-resume-date", with_pauses(paused(), (LAST_WEEK, None)), "paused"),
    row("the-schedule-was-not-read", paused(schedule="sub_sched_1"), "paused"),
]  # fmt: skip

RULE_5 = [
    row("in-trial", trial(), "trialing", date=("Proefperiode eindigt op", "2026-11-29"),
        charge="2026-11-29"),
    row("the-trial-end-has-passed", trial(trial_end=YESTERDAY), "trialing"),
    row("the-trial-end-is-missing", trial(trial_end=None), "trialing"),
    row("nothing-is-charged-after-the-trial-while-collection-is-paused",
        trial(pause_collection=OPEN_PAUSE), "trialing", date=("Proefperiode eindigt op",
        "2026-11-29")),
]  # fmt: skip

RULE_6 = [
    row("collection-paused-for-good", make_subscription(pause_collection=OPEN_PAUSE), "paused"),
    row("collection-paused-until-a-known-day",
        make_subscription(pause_collection={"behavior": "void", "resumes_at": DECEMBER_5}),
        "paused", date=("Hervat op", "2026-12-05")),
]  # fmt: skip

NEXT_BILLING = {"date": ("Volgende factureringsdatum", "2026-12-12"), "charge": "2026-12-12"}

RULE_7 = [
    row("active", make_subscription(), "active", **NEXT_BILLING),
    row("collection-has-resumed", make_subscription(pause_collection={"behavior": "void",
        "resumes_at": YESTERDAY}), "active", **NEXT_BILLING),
    row("collection-resumes-this-very-second",
        make_subscription(pause_collection={"behavior": "void", "resumes_at": NOW}), "active",
        **NEXT_BILLING),
    row("a-withdrawn-cancellation-leaves-its-request-behind",
        make_subscription(canceled_at=YESTERDAY, cancellation_details={"reason": "too_expensive"}),
        "active", **NEXT_BILLING),
    row("a-trial-of-long-ago-leaves-its-end-behind", make_subscription(trial_end=OCTOBER_1),
        "active", **NEXT_BILLING),
    row("a-later-trial-end-is-no-trial-either", make_subscription(trial_end=DECEMBER_5), "active",
        **NEXT_BILLING),
    row("the-earliest-item-is-billed-first", two_items(JANUARY_12, DECEMBER_12), "active",
        **NEXT_BILLING),
    row("an-item-without-a-period-end-is-passed-over", two_items(None, DECEMBER_12), "active",
        **NEXT_BILLING),
    row("billed-ahead", make_subscription(items=[make_item(current_period_end=DECEMBER_5,
        billed_until=DECEMBER_12)]), "active", **NEXT_BILLING),
    row("billed-ahead-no-further-than-the-period",
        make_subscription(items=[make_item(current_period_end=DECEMBER_12,
        billed_until=DECEMBER_5)]), "active", **NEXT_BILLING),
    row("billed-ahead-for-one-item-only",
        make_subscription(items=[make_item(current_period_end=DECEMBER_5, billed_until=JANUARY_12),
        make_item(product="prod_seats", current_period_end=DECEMBER_12)]), "active",
        **NEXT_BILLING),
    row("a-period-end-in-the-past-is-dropped",
        make_subscription(items=[make_item(current_period_end=YESTERDAY)]), "active"),
    row("a-period-end-this-very-second-is-dropped",
        make_subscription(items=[make_item(current_period_end=NOW)]), "active"),
    row("no-items", make_subscription(items=[]), "active"),
]  # fmt: skip

RULE_8 = [
    row("a-status-of-tomorrow", sub("suspended"), "unknown"),
    row("a-status-of-tomorrow-with-an-end", sub("suspended", cancel_at=DECEMBER_12), "unknown"),
    row("no-status", make_subscription(status=None), "unknown"),
    row("an-empty-status", sub(""), "unknown"),
    row("a-status-that-is-no-text", make_subscription(status=7), "unknown"),
    row("a-status-in-capitals", sub("ACTIVE"), "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("subscription", "expected"),
    [*RULE_1, *RULE_2, *RULE_3, *RULE_4, *RULE_5, *RULE_6, *RULE_7, *RULE_8],
)
def test_the_card_follows_the_rule_table(
    subscription: dict[str, Any] | Subscription, expected: Expected
) -> None:
    assert seen(card_of(subscription)) == expected


def test_nobody_is_let_in_past_the_end_that_stripe_has_not_processed_yet() -> None:
    for status in ("active", "trialing", "past_due"):
        assert card_of(sub(status, cancel_at=TOMORROW)).access.allowed is True
        assert card_of(sub(status, cancel_at=NOW)).access.allowed is False


@pytest.mark.parametrize(
    ("reason", "warns"),
    [
        ("trial_end_without_payment_method", True),
        ("first_payment_failure", True),
        ("final_payment_failure", True),
        ("pause_requested", False),
        ("system", False),
        ("a_reason_of_tomorrow", False),
    ],
)  # fmt: skip
def test_a_pause_warns_when_the_customer_has_to_mend_the_payment(reason: str, warns: bool) -> None:
    card = card_of(paused(status_details=paused_because(reason)))
    assert (card.warning is not None) is warns
    assert card.status.label == "Gepauzeerd"


def test_a_pause_of_collection_is_the_customers_own_and_does_not_warn() -> None:
    assert card_of(make_subscription(pause_collection=OPEN_PAUSE)).warning is None


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_collection_resumes_at_its_very_second(seconds: int) -> None:
    paused_collection = {"behavior": "keep_as_draft", "resumes_at": DECEMBER_5}
    card = card_of(make_subscription(pause_collection=paused_collection), now=DECEMBER_5 + seconds)
    assert card.status.label == ("Gepauzeerd" if seconds < 0 else "Actief")


@pytest.mark.parametrize(
    "subscriptions",
    [(), (sub("incomplete_expired"),), (sub("incomplete_expired"), sub("incomplete_expired"))],
    ids=["none", "one-that-never-began", "two-that-never-began"],
)
def test_without_a_subscription_the_card_says_so(subscriptions: tuple[Any, ...]) -> None:
    card = card_of(*subscriptions, free_plan="Gratis")
    assert card.plan == "Gratis"
    assert card.status.code == "none"
    assert card.status.label is None
    assert "geen betaald abonnement" in card.status.meaning
    assert card.status.stripe_status is None
    assert (card.subscription, card.billing_period, card.date, card.second_date) == (None,) * 4
    assert (card.next_billing_date, card.warning, card.button) == (None,) * 3
    assert card.other_subscriptions == ()


def test_without_a_subscription_there_is_a_button_where_one_can_be_chosen() -> None:
    card = card_of(can_choose=True)
    button = json_of(card, upgrade_url="https://site.example/plans")["button"]
    assert button == {"label": "Abonnement kiezen", "url": "https://site.example/plans"}


def test_who_has_a_subscription_is_not_sent_to_choose_one() -> None:
    body = json_of(card_of(sub("canceled"), can_choose=True), upgrade_url="https://site.example/x")
    assert body["button"]["label"] == "Abonnement beheren"
    assert body["button"]["url"] == body["portal_url"]


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"status": "active"}, True),
        ({"status": "trialing"}, True),
        ({"status": "past_due"}, True),
        ({"status": "unpaid"}, False),
        ({"status": "incomplete"}, False),
        ({"status": "paused"}, False),
        ({"status": "canceled"}, False),
        ({"status": "suspended"}, None),
        ({"status": "active", "cancel_at": NOW + 1}, True),
        ({"status": "active", "cancel_at": NOW - 1}, False),
        ({"status": "active", "cancel_at_period_end": True}, True),
        ({"status": "active", "pause_collection": PauseCollection(behavior="void")}, False),
        ({"status": "active", "pause_collection": PauseCollection(NOW - 1, "void")}, True),
        ({"status": "active", "pause_collection": PauseCollection(behavior="keep_as_draft")}, True),
        ({"status": "past_due", "pause_collection": PauseCollection(behavior="void")}, False),
    ],
    ids=str,
)
def test_who_may_in_is_one_rule(fields: dict[str, Any], allowed: bool | None) -> None:
    assert decide(Subscription(**fields), NOW).allowed is allowed


def test_who_has_no_subscription_may_not_in() -> None:
    assert without_subscription().allowed is False
