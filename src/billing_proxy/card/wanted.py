"""What a reading has to ask, told by the facts alone: no rule is needed for it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .facts import Subscription

DEBTS = ("past_due", "unpaid", "incomplete")
"""The statuses of a subscription that has a payment open."""

_LIVE = ("active", "trialing", "past_due", "paused")


def lasting(subscriptions: Iterable[Subscription], customer: str | None) -> list[Subscription]:
    """Those of the customer to speak of.

    Another customer's are never among them, whatever stands between Stripe and us. A first payment
    that never came leaves none behind, and one that is still open beside a live subscription is a
    checkout that was left.
    """
    own = [
        sub
        for sub in subscriptions
        if sub.status != "incomplete_expired"
        and (customer is None or sub.customer in (customer, None))
    ]
    live = any(sub.status in _LIVE for sub in own)
    return [sub for sub in own if not (live and sub.status == "incomplete")]


def only_product(sub: Subscription) -> str | None:
    """The product of a subscription to one thing; only then is a saving computed."""
    return sub.items[0].product if len(sub.items) == 1 else None


def could_save(sub: Subscription) -> bool:
    """Whether ``sub`` is to one thing at a price per month, goes on as it is, and can be changed.

    A discount of unknown effect on a year, a change under way, or nothing to pay with makes every
    saving uncertain.
    """
    if only_product(sub) is None or sub.status not in ("active", "trialing") or sub.ends:
        return False
    bound = sub.schedule or sub.pause_collection or sub.pending_update
    discounted = sub.discounts or sub.more_discounts
    unpaid = sub.collection_method == "send_invoice" or sub.lacks_payment_method
    if bound or discounted or unpaid:
        return False
    item = sub.items[0]
    same = sub.currency in (item.currency, None)
    return bool(item.unit_amount and item.quantity and same) and item.period == ("month", 1)


def wants_invoice(sub: Subscription) -> str | None:
    """The id of the invoice that may be open, where it has not been read yet."""
    by_invoice = sub.collection_method == "send_invoice" and sub.status in _LIVE
    wanted = sub.status in DEBTS or by_invoice or (sub.pending_update and sub.status in _LIVE)
    return sub.latest_invoice if wanted and isinstance(sub.latest_invoice, str) else None


def wants_schedule(sub: Subscription) -> str | None:
    """The id of the schedule that says what is coming, where it has not been read yet."""
    return sub.schedule if sub.status in _LIVE and isinstance(sub.schedule, str) else None


def wanted_products(subscriptions: Sequence[Subscription]) -> list[str]:
    """The products whose names the card needs and does not have."""
    items = [item for sub in subscriptions for item in sub.items]
    for sub in subscriptions:
        items += [item for phase in sub.plan.phases for item in phase.items]
    nameless = [i.product for i in items if i.product is not None and i.product_name is None]
    return list(dict.fromkeys(nameless))
