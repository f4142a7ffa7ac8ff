"""Subscription schedules: phases of other prices to come, and pauses to come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .objects import JSON, new_id
from .subscriptions import NO_AUTOMATIC_TAX

_SILENT_PHASE: JSON = {
    "add_invoice_items": [],
    "application_fee_percent": None,
    "billing_cycle_anchor": None,
    "billing_thresholds": None,
    "collection_method": None,
    "default_payment_method": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "invoice_settings": None,
    "metadata": {},
    "on_behalf_of": None,
    "proration_behavior": "create_prorations",
    "transfer_data": None,
    "trial_end": None,
}


def schedule(id: str, owner: JSON, created: int, /, **fields: Any) -> JSON:
    """`owner` is the subscription, or `{customer, billing_mode}` of one that has yet to start.

    https://docs.stripe.com/api/subscription_schedules/object
    """
    return {
        "id": id,
        "object": "subscription_schedule",
        "application": None,
        "billing_mode": owner["billing_mode"],
        "canceled_at": None,
        "completed_at": None,
        "created": created,
        "current_phase": None,
        "customer": owner["customer"],
        "customer_account": None,
        "default_settings": {
            "application_fee_percent": None,
            "automatic_tax": dict(NO_AUTOMATIC_TAX),
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": None,
            "collection_method": "charge_automatically",
            "default_payment_method": None,
            "description": None,
            "invoice_settings": None,
            "on_behalf_of": None,
            "transfer_data": None,
        },
        "end_behavior": "release",
        "livemode": False,
        "metadata": {},
        "pause_schedules": [],
        "phases": [],
        "released_at": None,
        "released_subscription": None,
        "status": "active",
        "subscription": owner.get("id"),
        "test_clock": None,
        **fields,
    }


def pause_schedule(pause_at: int, resume_at: int | None, status: str = "succeeded") -> JSON:
    """One entry of `pause_schedules`: a pause, by its `status` to come or done, and its end.

    https://docs.stripe.com/billing/subscriptions/pause/schedules
    """
    resume: JSON = {
        "resume_at": resume_at,
        "settings": {
            "billing_cycle_anchor": "resume_at",
            "payment_behavior": "resume_on_payment_attempt",
            "proration_behavior": "create_prorations",
        },
        "status": {"error": None, "type": "scheduled"},
    }
    return {
        "key": new_id("pause"),
        "pause": {
            "pause_at": pause_at,
            "settings": None,
            "status": {"error": None, "type": status},
        },
        "resume": None if resume_at is None else resume,
    }


def phase(start: int, end: int, items: Sequence[tuple[JSON, int]], **fields: Any) -> JSON:
    """One phase, from `start` until `end`, of prices and their quantities.

    https://docs.stripe.com/api/subscription_schedules/object#subscription_schedule_object-phases
    """
    return {
        **_SILENT_PHASE,
        "currency": items[0][0]["currency"],
        "end_date": end,
        "items": [_phase_item(price, quantity) for price, quantity in items],
        "start_date": start,
        **fields,
    }


def _phase_item(price: JSON, quantity: int) -> JSON:
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": {},
        "plan": price["id"],
        "price": price["id"],
        "quantity": quantity,
        "tax_rates": [],
    }
