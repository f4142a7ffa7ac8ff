"""What the customer portal does to a subscription, field by field.

Sources: https://docs.stripe.com/customer-management, /billing/subscriptions/cancel,
/billing/subscriptions/pausing, /billing/subscriptions/pause-payment and
/billing/subscriptions/billing-mode. Moments are Unix seconds.
"""

from __future__ import annotations

from demo.account import invoices, periods, subscriptions
from demo.account.account import Account, amount_of
from demo.account.objects import JSON

_DEBT = ("past_due", "unpaid", "incomplete")
_PAUSED_FOR_MONEY = (
    "trial_end_without_payment_method",
    "first_payment_failure",
    "final_payment_failure",
)


def possible(subscription: JSON) -> set[str]:
    """The actions the portal offers for this subscription, by name of the functions below."""
    status = subscription["status"]
    ending = bool(subscription["cancel_at"] or subscription["cancel_at_period_end"])
    running = status in ("active", "trialing")
    one_item = len(subscription["items"]["data"]) == 1
    collecting = subscription["pause_collection"] is None
    can_pause = (
        subscription["billing_mode"]["type"] == "flexible"
        and subscription["collection_method"] == "charge_automatically"
    )
    offers = {
        "change_price": running and one_item and not ending,
        "cancel": not ending and (running or status in ("past_due", "unpaid", "paused")),
        "renew": ending and status not in ("canceled", "incomplete_expired"),
        "pause": status == "active" and not ending and collecting and can_pause,
        "resume": status == "paused" and not ending,
        "resume_collection": status == "active" and not collecting,
    }
    return {name for name, offered in offers.items() if offered}


def change_price(account: Account, subscription: JSON, price: JSON) -> None:
    """Another plan or period. Another interval begins a new period now; a trial ends."""
    item = subscription["items"]["data"][0]
    old, new = item["price"]["recurring"], price["recurring"]
    renewed = subscription["status"] == "trialing" or any(
        old[name] != new[name] for name in ("interval", "interval_count")
    )
    item.update(subscriptions.item(subscription["id"], price, 0, 0, **_kept(item)))
    if renewed:
        if subscription["status"] == "trialing":
            subscription.update(status="active", trial_end=account.now())
        _start_period(account, subscription)
        _paid_invoice(account, subscription, "subscription_update")


def _kept(item: JSON) -> JSON:
    names = ("id", "created", "current_period_start", "current_period_end", "quantity")
    return {name: item[name] for name in names if name in item}


def update_payment_method(account: Account, customer: str, brand: str, last4: str) -> None:
    """A new default card. Open debts are paid with it, and what was paused for money resumes."""
    card = account.add_payment_method(customer, brand, last4)
    owner = account["customer", customer]
    owner["invoice_settings"]["default_payment_method"] = card["id"]
    for subscription in account.subscriptions_of(customer):
        if subscription["status"] in _DEBT:
            _settle(account, subscription)
        elif _pause_reason(subscription) in _PAUSED_FOR_MONEY:
            resume(account, subscription)


def _settle(account: Account, subscription: JSON) -> None:
    for invoice in account.all("invoice", subscription["customer"]):
        parent = (invoice["parent"] or {}).get("subscription_details") or {}
        if parent.get("subscription") == subscription["id"] and invoice["status"] == "open":
            invoice.update(invoices.paid(invoice, account.now()))
    subscription["status"] = "active"
    if any(item["current_period_end"] <= account.now() for item in subscription["items"]["data"]):
        _start_period(account, subscription)


def _pause_reason(subscription: JSON) -> str | None:
    if subscription["status"] != "paused":
        return None
    details = subscription["status_details"]
    return str(details["paused"]["subscription"]["type"]) if details else None


def pause(account: Account, subscription: JSON, resume_at: int | None) -> None:
    """Pause now. The period ends at this moment; a resume date stands on a schedule only."""
    now = account.now()
    subscription["status"] = "paused"
    subscription["status_details"] = subscriptions.paused("pause_requested", now)
    for item in subscription["items"]["data"]:
        item["current_period_end"] = now
    if resume_at is not None:
        entry = subscriptions.pause_schedule(now, resume_at)
        account.add_schedule(subscription["id"], pause_schedules=[entry])


def resume(account: Account, subscription: JSON) -> None:
    """Back to active, with a new period from now; a schedule lets go of the subscription."""
    subscription.update(status="active", status_details=None)
    _start_period(account, subscription)
    _paid_invoice(account, subscription, "subscription_cycle")
    if schedule := account.get("subscription_schedule", subscription["schedule"] or ""):
        schedule.update(
            status="released",
            released_at=account.now(),
            released_subscription=subscription["id"],
            subscription=None,
        )
        subscription["schedule"] = None


def resume_collection(subscription: JSON) -> None:
    """Collect payments again after `pause_collection`."""
    subscription["pause_collection"] = None


def cancel(account: Account, subscription: JSON, feedback: str | None = None) -> None:
    """Cancel at the end of what was paid for; what has nothing left of that ends at once.

    Flexible billing sets `cancel_at` to the latest end of an item and leaves the flag alone;
    classic billing sets the flag and `cancel_at`. `canceled_at` is the moment of the request.
    """
    now = account.now()
    ends = [item["current_period_end"] for item in subscription["items"]["data"]]
    reason = {"feedback": feedback, "reason": "cancellation_requested"}
    details = {**subscriptions.NOT_CANCELED, **reason}
    subscription.update(canceled_at=now, cancellation_details=details)
    if max(ends) <= now:
        subscription.update(status="canceled", ended_at=now)
    elif subscription["billing_mode"]["type"] == "flexible":
        subscription.update(cancel_at=max(ends), cancel_at_period_end=False)
    else:
        subscription.update(cancel_at=min(ends), cancel_at_period_end=True)


def renew(subscription: JSON) -> None:
    """Take a cancellation back before it has taken effect."""
    subscription.update(
        cancel_at=None,
        cancel_at_period_end=False,
        canceled_at=None,
        cancellation_details=dict(subscriptions.NOT_CANCELED),
    )


def _start_period(account: Account, subscription: JSON) -> None:
    now = account.now()
    subscription["billing_cycle_anchor"] = now
    for item in subscription["items"]["data"]:
        recurring = item["price"]["recurring"]
        end = periods.after(now, recurring["interval"], recurring["interval_count"])
        item.update(current_period_start=now, current_period_end=end)


def _paid_invoice(account: Account, subscription: JSON, reason: str) -> None:
    made = account.add_invoice(
        subscription["customer"],
        subscription["id"],
        amount=amount_of(subscription),
        billing_reason=reason,
    )
    made.update(invoices.paid(made, account.now()))
