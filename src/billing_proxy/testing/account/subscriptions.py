"""Subscriptions and their items."""

from __future__ import annotations

from typing import Any

from .objects import JSON, new_id
from .prices import plan

NOT_CANCELED: JSON = {"comment": None, "feedback": None, "feedback_option": None, "reason": None}
"""`cancellation_details` of a subscription that nobody canceled."""

NO_AUTOMATIC_TAX: JSON = {"disabled_reason": None, "enabled": False, "liability": None}
"""`automatic_tax` of a subscription without Stripe Tax."""

_FLEXIBLE: JSON = {"flexible": {"proration_discounts": "included"}, "type": "flexible"}


def billing_mode(kind: str) -> JSON:
    """`billing_mode` for `flexible` (Stripe's default for new subscriptions) or `classic`.

    https://docs.stripe.com/billing/subscriptions/billing-mode
    """
    return dict(_FLEXIBLE) if kind == "flexible" else {"flexible": None, "type": "classic"}


def subscription(id: str, customer: str, created: int, items: list[JSON], /, **fields: Any) -> JSON:
    """https://docs.stripe.com/api/subscriptions/object"""
    return {
        "id": id,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": dict(NO_AUTOMATIC_TAX),
        "billing_cycle_anchor": created,
        "billing_cycle_anchor_config": None,
        "billing_mode": billing_mode("flexible"),
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": dict(NOT_CANCELED),
        "collection_method": "charge_automatically",
        "created": created,
        "currency": "eur",
        "customer": customer,
        "customer_account": None,
        "days_until_due": None,
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"type": "self"},
        },
        "items": {
            "object": "list",
            "data": items,
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={id}",
        },
        "latest_invoice": None,
        "livemode": False,
        "managed_payments": None,
        "metadata": {},
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "presentment_details": None,
        "schedule": None,
        "start_date": created,
        "status": "active",
        "status_details": None,
        "test_clock": None,
        "transfer_data": None,
        "trial_end": None,
        "trial_settings": {"end_behavior": {"missing_payment_method": "create_invoice"}},
        "trial_start": None,
        **fields,
    }


def item(subscription: str, price: JSON, start: int, end: int, /, **fields: Any) -> JSON:
    """https://docs.stripe.com/api/subscription_items/object

    The period stands here and no longer on the subscription (since 2025-03-31.basil). A metered
    item has no `quantity`.
    """
    made: JSON = {
        "id": new_id("si"),
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": start,
        "current_period_end": end,
        "current_period_start": start,
        "current_trial": None,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "quantity": 1,
        "subscription": subscription,
        "tax_rates": [],
        **fields,
    }
    if price["recurring"]["usage_type"] == "metered":
        del made["quantity"]
    return made


def paused(reason: str, since: int) -> JSON:
    """`status_details` of a subscription that went to `paused` for `reason` at `since`.

    https://docs.stripe.com/api/subscriptions/object#subscription_object-status_details
    """
    return {
        "paused": {
            "subscription": {"type": reason},
            "transitioned_at": since,
            "type": "subscription",
        }
    }


def pending_update(items: list[JSON], expires_at: int) -> JSON:
    """A change to `items` that waits for its payment, until `expires_at`.

    https://docs.stripe.com/billing/subscriptions/pending-updates
    """
    return {
        "billing_cycle_anchor": None,
        "discount": None,
        "discounts": None,
        "expires_at": expires_at,
        "metadata": None,
        "subscription_items": items,
        "trial_end": None,
        "trial_from_plan": None,
    }
