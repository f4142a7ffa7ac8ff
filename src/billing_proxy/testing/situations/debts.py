"""An invoice waits for its payment."""

from __future__ import annotations

from typing import Any

from ..account import lifecycle
from ..account.account import Account
from ..account.objects import JSON
from ..account.periods import DAY
from ..account.subscriptions import pending_update
from .made import (
    latest_invoice,
    pays_with,
    since,
    subscribe,
    subscription_id,
)


def past_due(account: Account, customer: str) -> None:
    """A failed payment that Stripe will try again."""
    owe(account, customer, "past_due", next_payment_attempt=account.now() + 3 * DAY)


def debit_processing(account: Account, customer: str) -> None:
    """A failed payment, and a new debit that is under way for days."""
    pays_with(account, customer, "sepa_debit")
    made = owe(account, customer, "past_due")
    account.set_payment(latest_invoice(account, made), "processing")


def invoice_overdue(account: Account, customer: str) -> None:
    """Pays by invoice, and did not: no retry, a due date that has passed."""
    _by_invoice(account, customer, "past_due", days_ago=18, due_after=14)


def invoice_not_yet_due(account: Account, customer: str) -> None:
    """In debt, while the invoice that waits is due only in three weeks."""
    _by_invoice(account, customer, "past_due", days_ago=3, due_after=23)


def invoice_open(account: Account, customer: str) -> None:
    """Pays by invoice, and has some days left to do so."""
    _by_invoice(account, customer, "active", days_ago=5, due_after=14)


def past_due_canceling(account: Account, customer: str) -> None:
    """In debt and canceled at once."""
    past_due(account, customer)
    lifecycle.cancel(account, account.subscriptions_of(customer)[0])


def unpaid(account: Account, customer: str) -> None:
    """In debt, and no retry is left."""
    owe(account, customer, "unpaid")


def incomplete(account: Account, customer: str) -> None:
    """The first payment waits for the customer's bank, or for the customer."""
    made = subscribe(account, customer, since(account, 2 / 24), status="incomplete")
    account.set_payment(latest_invoice(account, made), "requires_action")


def update_pending(account: Account, customer: str) -> None:
    """A change to Business that waits for its payment."""
    made = subscribe(account, customer)
    present = made["items"]["data"][0]
    period = {name: present[name] for name in ("id", "current_period_start", "current_period_end")}
    wanted = account.item(made["id"], {"price": "price_business_month", **period})
    made["pending_update"] = pending_update([wanted], account.now() + DAY)
    account.add_invoice(
        customer, made["id"], "requires_action", amount=7000, billing_reason="subscription_update"
    )


def owe(account: Account, customer: str, status: str, number: int = 1, **invoice: Any) -> JSON:
    """A subscription in this status, whose invoice was tried once and not paid."""
    made = subscribe(account, customer, since(account, 4), number=number, status=status)
    account.update(made["latest_invoice"], attempted=True, attempt_count=1, **invoice)
    return made


def _by_invoice(
    account: Account, customer: str, status: str, *, days_ago: int, due_after: int
) -> JSON:
    start = account.now() - days_ago * DAY
    made = subscribe(
        account,
        customer,
        {"price": "price_business_year", "current_period_start": start},
        status=status,
        collection_method="send_invoice",
        days_until_due=due_after,
        latest_invoice=None,
    )
    account.add_invoice(
        customer, subscription_id(customer), created=start, due_date=start + due_after * DAY
    )
    return made
