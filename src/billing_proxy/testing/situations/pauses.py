"""Paused, in either of Stripe's two ways."""

from __future__ import annotations

from ..account.account import Account
from ..account.objects import JSON
from ..account.periods import DAY
from ..account.schedules import pause_schedule
from ..account.subscriptions import paused as paused_details
from .made import has_no_payment_method, subscribe


def paused_after_trial(account: Account, customer: str) -> None:
    """The trial ended without a payment method."""
    add_paused(account, customer, "trial_end_without_payment_method")
    has_no_payment_method(account, customer)


def paused_for_payment(account: Account, customer: str) -> None:
    """Paused by Stripe after the last failed payment."""
    add_paused(account, customer, "final_payment_failure")


def paused(account: Account, customer: str) -> None:
    """Paused on request, until further notice."""
    add_paused(account, customer, "pause_requested")


def paused_until(account: Account, customer: str) -> None:
    """Paused on request; the resume date stands on the schedule."""
    made = add_paused(account, customer, "pause_requested")
    now = account.now()
    entry = pause_schedule(now - 5 * DAY, now + 21 * DAY)
    account.add_schedule(made["id"], pause_schedules=[entry])


def collection_paused(account: Account, customer: str) -> None:
    """Active, but nothing is collected for a while, nor delivered."""
    _collection_paused(account, customer, "void")


def collection_paused_with_service(account: Account, customer: str) -> None:
    """Active, but nothing is collected for a while; the service goes on."""
    _collection_paused(account, customer, "keep_as_draft")


def add_paused(account: Account, customer: str, reason: str, number: int = 1) -> JSON:
    """A subscription that was paused for `reason` five days ago; its period ended then."""
    since = account.now() - 5 * DAY
    item = {
        "price": "price_pro_month",
        "current_period_start": since - 14 * DAY,
        "current_period_end": since,
    }
    details = paused_details(reason, since)
    return subscribe(
        account, customer, item, number=number, status="paused", status_details=details
    )


def _collection_paused(account: Account, customer: str, behavior: str) -> None:
    pause = {"behavior": behavior, "resumes_at": account.now() + 30 * DAY}
    subscribe(account, customer, pause_collection=pause)
