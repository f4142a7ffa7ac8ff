"""What the rules look up by themselves: details that have to be read, and edges in time."""

from __future__ import annotations

from typing import Any

import pytest

from billing_proxy.card.facts import (
    Invoice,
    Item,
    PausePeriod,
    Subscription,
    wants_invoice,
    wants_schedule,
)
from billing_proxy.card.rules import Caption, Code, Dated, Notice, decide

from .stripe_objects import NOW


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"status": "past_due", "latest_invoice": "in_1"}, "latest_invoice"),
        ({"status": "past_due", "latest_invoice": Invoice()}, None),
        ({"status": "past_due"}, None),
        ({"status": "past_due", "latest_invoice": "in_1", "cancel_at": 9}, None),
        ({"status": "past_due", "latest_invoice": "in_1", "cancel_at_period_end": True}, None),
        ({"status": "unpaid", "latest_invoice": "in_1"}, None),
        ({"status": "incomplete", "latest_invoice": "in_1"}, None),
        ({"status": "active", "latest_invoice": "in_1", "schedule": "sub_sched_1"}, None),
        ({"status": "trialing", "latest_invoice": "in_1", "schedule": "sub_sched_1"}, None),
        ({"status": "canceled", "latest_invoice": "in_1", "schedule": "sub_sched_1"}, None),
        ({"status": "paused", "schedule": "sub_sched_1"}, "schedule"),
        ({"status": "paused", "schedule": (PausePeriod(),)}, None),
        ({"status": "paused", "schedule": ()}, None),
        ({"status": "paused"}, None),
        ({"status": "paused", "schedule": "sub_sched_1", "cancel_at": 9}, None),
    ],
)
def test_only_a_date_that_the_card_shows_costs_another_call(
    fields: dict[str, Any], detail: str | None
) -> None:
    sub = Subscription(**fields)
    assert wants_invoice(sub) == (fields["latest_invoice"] if detail == "latest_invoice" else None)
    assert wants_schedule(sub) == (fields["schedule"] if detail == "schedule" else None)


@pytest.mark.parametrize(
    ("fields", "caption"),
    [
        ({"status": "active", "items": (Item(current_period_end=NOW),)}, Caption.NEXT_BILLING),
        ({"status": "trialing", "trial_end": NOW}, Caption.TRIAL_ENDS),
        (
            {"status": "past_due", "latest_invoice": Invoice(next_payment_attempt=NOW)},
            Caption.NEXT_ATTEMPT,
        ),
        ({"status": "paused", "schedule": (PausePeriod(1, NOW),)}, Caption.RESUMES),
        ({"status": "active", "pause_collection": None, "cancel_at": NOW}, Caption.ENDS),
    ],
)
def test_a_date_about_the_future_goes_at_its_very_second(
    fields: dict[str, Any], caption: Caption
) -> None:
    before = decide(Subscription(**fields), NOW - 0.5)
    assert before.date == Dated(caption, NOW)
    at_the_time = decide(Subscription(**fields), NOW)
    stays = caption is Caption.ENDS  # an end that Stripe has yet to process is still an end
    assert at_the_time.date == (Dated(caption, NOW) if stays else None)
    assert at_the_time.next_billing is None
    assert at_the_time.code == before.code


@pytest.mark.parametrize(
    ("pauses", "resumes"),
    [
        ([(NOW - 9, NOW + 9)], NOW + 9),
        ([(None, NOW + 9)], NOW + 9),
        ([(NOW, NOW + 9)], NOW + 9),
        ([(NOW + 1, NOW + 9)], None),
        ([(NOW - 9, NOW + 9), (NOW - 5, NOW + 7)], NOW + 7),
        ([(NOW - 9, NOW - 1), (NOW - 5, None)], None),
    ],
)
def test_a_pause_ends_when_the_one_under_way_does(
    pauses: list[tuple[int | None, int | None]], resumes: int | None
) -> None:
    schedule = tuple(PausePeriod(start, end) for start, end in pauses)
    decision = decide(Subscription(status="paused", schedule=schedule), NOW)
    assert decision.date == (Dated(Caption.RESUMES, resumes) if resumes else None)


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"status": "past_due"}, Notice.PAYMENT_FAILED),
        ({"status": "past_due", "collection_method": "send_invoice"}, Notice.INVOICE_OPEN),
        ({"status": "unpaid"}, Notice.INVOICES_UNPAID),
        ({"status": "unpaid", "collection_method": "send_invoice"}, Notice.INVOICES_UNPAID),
        ({"status": "incomplete"}, Notice.FIRST_PAYMENT_OPEN),
        ({"status": "incomplete", "cancel_at": NOW + 9}, Notice.FIRST_PAYMENT_OPEN),
    ],
)
def test_a_debt_warns_of_what_the_customer_has_to_do(
    fields: dict[str, Any], warning: Notice
) -> None:
    assert decide(Subscription(**fields), NOW).warning is warning


def test_an_end_that_is_a_trials_end_is_no_charge() -> None:
    sub = Subscription(status="trialing", trial_end=NOW + 9, cancel_at=NOW + 9)
    decision = decide(sub, NOW)
    assert (decision.code, decision.second_date) == (Code.CANCELING, None)
    assert decide(Subscription(status="trialing", trial_end=NOW + 9, cancel_at=NOW + 10), NOW) == (
        type(decision)(
            code=Code.CANCELING,
            action=decision.action,
            date=Dated(Caption.ENDS, NOW + 10),
            second_date=Dated(Caption.TRIAL_ENDS, NOW + 9),
            next_billing=NOW + 9,
        )
    )
