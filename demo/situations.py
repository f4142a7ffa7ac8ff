"""The situations that personas are in: each function gives a customer its subscriptions.

Every moment is relative to the account's clock; subscription ids follow the customer's.
"""

from __future__ import annotations

from demo.account import lifecycle, periods
from demo.account.account import Account
from demo.account.objects import JSON
from demo.account.periods import DAY
from demo.account.subscriptions import NOT_CANCELED, pause_schedule
from demo.account.subscriptions import paused as paused_details


def _id(customer: str) -> str:
    return customer.replace("cus_", "sub_")


def pro(account: Account, customer: str) -> None:
    """Pro per month, running."""
    account.add_subscription(customer, id=_id(customer))


def business(account: Account, customer: str) -> None:
    """Business per year."""
    account.add_subscription(customer, ["price_business_year"], id=_id(customer))


def free(account: Account, customer: str) -> None:
    """A real subscription of nothing a month."""
    account.add_subscription(customer, ["price_free_month"], id=_id(customer))


def quarter(account: Account, customer: str) -> None:
    """Three months are not one month."""
    account.add_subscription(customer, ["price_pro_quarter"], id=_id(customer))


def team(account: Account, customer: str) -> None:
    """Two licensed items of one period, one of an archived product."""
    seats = {"price": "price_seat_month", "quantity": 12}
    account.add_subscription(customer, ["price_pro_month", seats], id=_id(customer))


def metered(account: Account, customer: str) -> None:
    """A licensed item beside a metered, tiered one without a quantity."""
    prices = ["price_business_month", "price_storage_metered"]
    account.add_subscription(customer, prices, id=_id(customer))


def mixed(account: Account, customer: str) -> None:
    """Items with differing intervals, which flexible billing allows."""
    account.add_subscription(customer, ["price_pro_month", "price_seat_year"], id=_id(customer))


def prebilled(account: Account, customer: str) -> None:
    """Billed until after the end of the current period."""
    now = account.now()
    item = {"price": "price_pro_month", "billed_until": periods.after(now, "month", 4)}
    account.add_subscription(customer, [item], id=_id(customer))


def product_gone(account: Account, customer: str) -> None:
    """A price whose product was deleted."""
    account.add_subscription(customer, ["price_gone_month"], id=_id(customer))


def after_trial(account: Account, customer: str) -> None:
    """Active; `trial_end` stays filled after the trial."""
    start = account.now() - 12 * DAY
    item = {"price": "price_pro_month", "current_period_start": start}
    trial: JSON = {"trial_start": start - 14 * DAY, "trial_end": start}
    account.add_subscription(customer, [item], id=_id(customer), **trial)


def renewed(account: Account, customer: str) -> None:
    """Canceled and taken back; left-over `cancellation_details` mean nothing."""
    details = {**NOT_CANCELED, "feedback": "unused", "reason": "cancellation_requested"}
    account.add_subscription(customer, id=_id(customer), cancellation_details=details)


def several(account: Account, customer: str) -> None:
    """Three subscriptions, of which the running one counts."""
    pro(account, customer)
    _add_canceled(account, customer, f"{_id(customer)}_2")
    _add_paused(account, customer, "pause_requested", f"{_id(customer)}_3")


def trial(account: Account, customer: str) -> None:
    """A trial: the items end with it."""
    _add_trial(account, customer)


def trial_canceled(account: Account, customer: str) -> None:
    """A trial that was canceled: nothing is charged at its end."""
    _add_trial(account, customer)
    lifecycle.cancel(account, account.subscriptions_of(customer)[0])


def canceling_classic(account: Account, customer: str) -> None:
    """Canceled by the flag alone, as the API and the Dashboard may do."""
    account.add_subscription(
        customer,
        id=_id(customer),
        billing_mode="classic",
        cancel_at_period_end=True,
        canceled_at=account.now() - 2 * DAY,
    )


def canceling_flexible(account: Account, customer: str) -> None:
    """Canceled in the portal under flexible billing: `cancel_at` alone."""
    lifecycle.cancel(account, account.add_subscription(customer, id=_id(customer)))


def canceling_with_charges(account: Account, customer: str) -> None:
    """Canceled for the end of the year; the monthly item goes on until then."""
    prices = ["price_pro_month", "price_seat_year"]
    lifecycle.cancel(account, account.add_subscription(customer, prices, id=_id(customer)))


def past_due(account: Account, customer: str) -> None:
    """A failed payment that Stripe will try again."""
    _add_debt(account, customer, "past_due", next_payment_attempt=account.now() + 3 * DAY)


def invoice_overdue(account: Account, customer: str) -> None:
    """Pays by invoice, and did not: no retry, a due date that has passed."""
    start = account.now() - 18 * DAY
    item = {"price": "price_business_month", "current_period_start": start}
    by_invoice: JSON = {"collection_method": "send_invoice", "days_until_due": 14}
    account.add_subscription(customer, [item], id=_id(customer), status="past_due", **by_invoice)
    invoice = account.all("invoice", customer)[0]
    account.update(invoice["id"], due_date=start + 14 * DAY)


def past_due_canceling(account: Account, customer: str) -> None:
    """In debt and canceled at once."""
    past_due(account, customer)
    lifecycle.cancel(account, account.subscriptions_of(customer)[0])


def unpaid(account: Account, customer: str) -> None:
    """In debt, and no retry is left."""
    _add_debt(account, customer, "unpaid")


def incomplete(account: Account, customer: str) -> None:
    """The first payment has not succeeded yet."""
    start = account.now() - 2 * 3600
    item = {"price": "price_pro_month", "current_period_start": start}
    account.add_subscription(customer, [item], id=_id(customer), status="incomplete")


def paused_after_trial(account: Account, customer: str) -> None:
    """The trial ended without a payment method."""
    _add_paused(account, customer, "trial_end_without_payment_method")
    account["customer", customer]["invoice_settings"]["default_payment_method"] = None


def paused_for_payment(account: Account, customer: str) -> None:
    """Paused by Stripe after the last failed payment."""
    _add_paused(account, customer, "final_payment_failure")


def paused(account: Account, customer: str) -> None:
    """Paused on request, until further notice."""
    _add_paused(account, customer, "pause_requested")


def paused_until(account: Account, customer: str) -> None:
    """Paused on request; the resume date stands on the schedule."""
    _add_paused(account, customer, "pause_requested")
    now = account.now()
    account.add_schedule(
        _id(customer), pause_schedules=[pause_schedule(now - 5 * DAY, now + 21 * DAY)]
    )


def collection_paused(account: Account, customer: str) -> None:
    """Active, but nothing is collected for a while."""
    pause = {"behavior": "void", "resumes_at": account.now() + 30 * DAY}
    account.add_subscription(customer, id=_id(customer), pause_collection=pause)


def canceled(account: Account, customer: str) -> None:
    """Over: the list leaves it out unless asked for all."""
    _add_canceled(account, customer, _id(customer))


def expired(account: Account, customer: str) -> None:
    """The first payment never succeeded: not a subscription to speak of."""
    start = account.now() - 3 * DAY
    item = {"price": "price_pro_month", "current_period_start": start}
    status: JSON = {"status": "incomplete_expired", "ended_at": start + DAY}
    account.add_subscription(customer, [item], id=_id(customer), **status)


def unknown_status(account: Account, customer: str) -> None:
    """A value that Stripe may add to its open enum."""
    account.add_subscription(customer, id=_id(customer), status="hibernating")


def _add_trial(account: Account, customer: str) -> None:
    start, end = account.now() - 5 * DAY, account.now() + 9 * DAY
    item = {
        "price": "price_pro_month",
        "current_period_start": start,
        "current_period_end": end,
    }
    account.add_subscription(
        customer,
        [item],
        id=_id(customer),
        status="trialing",
        trial_start=start,
        trial_end=end,
    )


def _add_debt(account: Account, customer: str, status: str, **invoice: int) -> None:
    item = {"price": "price_pro_month", "current_period_start": account.now() - 4 * DAY}
    made = account.add_subscription(customer, [item], id=_id(customer), status=status)
    latest = made["latest_invoice"]
    account.update(latest, attempted=True, attempt_count=1, **invoice)


def _add_canceled(account: Account, customer: str, id: str) -> None:
    end = account.now() - 20 * DAY
    item = {"price": "price_business_month", "current_period_end": end}
    over: JSON = {"status": "canceled", "canceled_at": end - 9 * DAY, "ended_at": end}
    account.add_subscription(customer, [item], id=id, **over)


def _add_paused(account: Account, customer: str, reason: str, id: str | None = None) -> None:
    since = account.now() - 5 * DAY
    item = {
        "price": "price_pro_month",
        "current_period_start": since - 14 * DAY,
        "current_period_end": since,
    }
    details = paused_details(reason, since)
    account.add_subscription(
        customer, [item], id=id or _id(customer), status="paused", status_details=details
    )
