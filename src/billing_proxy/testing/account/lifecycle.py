"""What the customer portal and the page of an invoice do to a subscription, field by field.

Sources: https://docs.stripe.com/customer-management, /billing/subscriptions/cancel,
/billing/subscriptions/pausing, /billing/subscriptions/pause-payment,
/billing/subscriptions/subscription-schedules, /billing/subscriptions/pending-updates and
/billing/subscriptions/billing-mode. Moments are Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import invoices, periods, schedules, subscriptions
from .account import DEBT, Account
from .objects import JSON

_PAUSED_FOR_MONEY = (
    "trial_end_without_payment_method",
    "first_payment_failure",
    "final_payment_failure",
)
_LENGTHS = {"day": 1, "week": 7, "month": 30, "year": 365}


def possible(subscription: JSON) -> set[str]:
    """The actions the portal offers for this subscription, by name of the functions below."""
    status = subscription["status"]
    ending = bool(subscription["cancel_at"] or subscription["cancel_at_period_end"])
    running = status in ("active", "trialing")
    scheduled = subscription["schedule"] is not None
    collecting = subscription["pause_collection"] is None
    automatic = subscription["collection_method"] == "charge_automatically"
    flexible = subscription["billing_mode"]["type"] == "flexible"
    offers = {
        "change_price": running and not ending and not scheduled and _one_licensed(subscription),
        "keep_price": running and not ending and scheduled,
        "cancel": not ending and (running or status in ("past_due", "unpaid", "paused")),
        "renew": ending and not scheduled and status not in ("canceled", "incomplete_expired"),
        "pause": status == "active" and not (ending or scheduled)
        and collecting and flexible and automatic,
        "resume": status == "paused" and not ending,
        "resume_collection": status == "active" and not collecting,
    }  # fmt: skip
    return {name for name, offered in offers.items() if offered}


def _one_licensed(subscription: JSON) -> bool:
    items = subscription["items"]["data"]
    return len(items) == 1 and items[0]["price"]["recurring"]["usage_type"] == "licensed"


def change_price(account: Account, subscription: JSON, price: JSON, waits: bool = False) -> None:
    """Another plan or period, now, or when it `waits` at the end of the period.

    Another interval begins a new period now; a trial ends.
    """
    if waits:
        _schedule_price(account, subscription, price)
        return
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
    names = ("id", "created", "current_period_start", "current_period_end", "discounts", "quantity")
    return {name: item[name] for name in names if name in item}


def is_lower(old: JSON, new: JSON, conditions: list[JSON]) -> bool:
    """Whether the portal keeps a change from one price to another for the end of the period.

    https://docs.stripe.com/customer-management/configure-portal#manage-downgrades
    """
    wanted = {condition["type"] for condition in conditions}
    shorter = _days(new) < _days(old)
    cheaper = _days(new) == _days(old) and (new["unit_amount"] or 0) < (old["unit_amount"] or 0)
    return ("shortening_interval" in wanted and shorter) or (
        "decreasing_item_amount" in wanted and cheaper
    )


def _days(price: JSON) -> int:
    recurring = price["recurring"]
    return _LENGTHS[recurring["interval"]] * int(recurring["interval_count"])


def _schedule_price(account: Account, subscription: JSON, price: JSON) -> None:
    item = subscription["items"]["data"][0]
    start, end = item["current_period_start"], item["current_period_end"]
    recurring, quantity = price["recurring"], item.get("quantity", 1)
    later = periods.after(end, recurring["interval"], recurring["interval_count"])
    phases = [
        schedules.phase(start, end, [(item["price"], quantity)]),
        schedules.phase(end, later, [(price, quantity)]),
    ]
    current = {"start_date": start, "end_date": end}
    account.add_schedule(subscription["id"], phases=phases, current_phase=current)


def keep_price(account: Account, subscription: JSON) -> None:
    """Take a scheduled change back: the schedule lets go of the subscription."""
    schedule = account.get("subscription_schedule", subscription["schedule"] or "")
    subscription["schedule"] = None
    if schedule:
        schedule.update(
            status="released",
            released_at=account.now(),
            released_subscription=subscription["id"],
            subscription=None,
        )


def update_payment_method(account: Account, customer: str, type: str, **details: object) -> None:
    """A new default payment method, of one subscription with a method of its own too.

    With it Stripe collects what it was to try again anyway, and what was paused for money resumes.
    It pays no invoice that is sent, none that is given up, and it finishes no 3-D Secure.
    """
    method = account.add_payment_method(customer, type, **details)
    account["customer", customer]["invoice_settings"]["default_payment_method"] = method["id"]
    for subscription in account.subscriptions_of(customer):
        if subscription["default_payment_method"]:
            subscription["default_payment_method"] = method["id"]
        if subscription["status"] == "past_due":
            _retry(account, subscription)
        elif _pause_reason(subscription) in _PAUSED_FOR_MONEY:
            resume(account, subscription)


def _retry(account: Account, subscription: JSON) -> None:
    for invoice in account.invoices_of(subscription, "open"):
        failed = account.payment_of(invoice)["status"] == "requires_payment_method"
        if failed and invoice["collection_method"] == "charge_automatically":
            pay(account, invoice)


def pay(account: Account, invoice: JSON) -> None:
    """Pay an invoice. The last open one of a debt makes the subscription active.

    A change that waited for this payment takes place.
    """
    account.pay(invoice)
    found = account.get("subscription", invoices.subscription_of(invoice) or "")
    if found is None:
        return
    if update := found["pending_update"]:
        found["items"]["data"] = update["subscription_items"]
        found["pending_update"] = None
    if found["status"] in DEBT and not account.invoices_of(found, "open"):
        found["status"] = "active"
        if any(item["current_period_end"] <= account.now() for item in found["items"]["data"]):
            _start_period(account, found)


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
        entry = schedules.pause_schedule(now, resume_at)
        account.add_schedule(subscription["id"], pause_schedules=[entry])


def resume(account: Account, subscription: JSON) -> None:
    """Back to active, with a new period from now; a schedule lets go of the subscription."""
    subscription.update(status="active", status_details=None)
    _start_period(account, subscription)
    _paid_invoice(account, subscription, "subscription_cycle")
    keep_price(account, subscription)


def resume_collection(subscription: JSON) -> None:
    """Collect payments again after `pause_collection`."""
    subscription["pause_collection"] = None


def cancel(account: Account, subscription: JSON, feedback: str | None = None) -> None:
    """Cancel at the end of what was paid for; what has nothing left of that ends at once.

    Flexible billing sets `cancel_at` to the latest end of an item and leaves the flag alone;
    classic billing sets the flag and `cancel_at`. `canceled_at` is the moment of the request. What
    was scheduled falls away.
    """
    now = account.now()
    keep_price(account, subscription)
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
    made = account.add_invoice(subscription["customer"], subscription["id"], billing_reason=reason)
    account.pay(made)


def update_customer(account: Account, customer: str, form: Mapping[str, str]) -> None:
    """Another name, e-mail address, address or VAT number; what `form` leaves out stays."""
    found = account["customer", customer]
    found.update({name: form[name] or None for name in ("name", "email") if name in form})
    lines = {name: form[name] or None for name in ("line1", "postal_code", "city") if name in form}
    found["address"] = {
        "country": "NL",
        "line2": None,
        "state": None,
        **(found["address"] or {}),
        **lines,
    }
    if "vat" in form:
        data = [{"object": "tax_id", "type": "eu_vat", "value": form["vat"]}]
        account.add(found, tax_ids={"object": "list", "data": data if form["vat"] else []})
