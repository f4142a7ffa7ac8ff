"""What the rules look up by themselves: details that have to be read, and edges in time."""

from __future__ import annotations

from typing import Any

import pytest

from billing_proxy.card.facts import (
    Invoice,
    Item,
    PausePeriod,
    Schedule,
    Subscription,
)
from billing_proxy.card.rules import Caption, Code, Dated, decide
from billing_proxy.card.wanted import wants_invoice, wants_schedule

from .stripe_objects import NOW

PAUSED_UNTIL_NOW = Schedule(pauses=(PausePeriod(1, NOW),))
BY_INVOICE = {"collection_method": "send_invoice"}


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"status": "past_due", "latest_invoice": "in_1"}, "latest_invoice"),
        ({"status": "past_due", "latest_invoice": Invoice()}, None),
        ({"status": "past_due"}, None),
        ({"status": "past_due", "latest_invoice": "in_1", "cancel_at": 9}, "latest_invoice"),
        ({"status": "unpaid", "latest_invoice": "in_1"}, "latest_invoice"),
        ({"status": "incomplete", "latest_invoice": "in_1"}, "latest_invoice"),
        ({"status": "active", "latest_invoice": "in_1"}, None),
        ({"status": "active", "latest_invoice": "in_1", **BY_INVOICE}, "latest_invoice"),
        ({"status": "active", "latest_invoice": "in_1", "pending_update": True}, "latest_invoice"),
        ({"status": "canceled", "latest_invoice": "in_1", **BY_INVOICE}, None),
        ({"status": "active", "latest_invoice": "in_1", "schedule": "sub_sched_1"}, "schedule"),
        ({"status": "trialing", "schedule": "sub_sched_1"}, "schedule"),
        ({"status": "canceled", "latest_invoice": "in_1", "schedule": "sub_sched_1"}, None),
        ({"status": "paused", "schedule": "sub_sched_1"}, "schedule"),
        ({"status": "paused", "schedule": Schedule()}, None),
        ({"status": "paused", "schedule": Schedule(pauses=(PausePeriod(),))}, None),
        ({"status": "paused"}, None),
        ({"status": "paused", "schedule": "sub_sched_1", "cancel_at": 9}, "schedule"),
    ],
)  # fmt: skip
def test_only_what_the_card_shows_costs_another_call(
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
        ({"status": "past_due", "latest_invoice": Invoice(next_payment_attempt=NOW)},
            Caption.NEXT_ATTEMPT),
        ({"status": "paused", "schedule": Schedule(pauses=(PausePeriod(1, NOW),))},
            Caption.RESUMES),
        ({"status": "active", "pause_collection": None, "cancel_at": NOW}, Caption.ENDS),
    ],
)  # fmt: skip
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
)  # fmt: skip
def test_a_pause_ends_when_the_one_under_way_does(
    pauses: list[tuple[int | None, int | None]], resumes: int | None
) -> None:
    schedule = Schedule(pauses=tuple(PausePeriod(start, end) for start, end in pauses))
    decision = decide(Subscription(status="paused", schedule=schedule), NOW)
    assert decision.date == (Dated(Caption.RESUMES, resumes) if resumes else None)


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
            allowed=True,
        )
    )
