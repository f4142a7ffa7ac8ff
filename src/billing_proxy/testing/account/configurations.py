"""Portal configurations: what the customer portal lets a customer do."""

from __future__ import annotations

from typing import Any

from .objects import JSON


def configuration(id: str, created: int, /, **fields: Any) -> JSON:
    """A portal configuration: https://docs.stripe.com/api/customer_portal/configurations/object"""
    return {
        "id": id,
        "object": "billing_portal.configuration",
        "active": True,
        "application": None,
        "business_profile": {
            "headline": "Voorbeeld B.V.",
            "privacy_policy_url": "https://example.com/privacy",
            "terms_of_service_url": "https://example.com/terms",
        },
        "created": created,
        "default_return_url": None,
        "features": _features(),
        "is_default": False,
        "livemode": False,
        "login_page": {"enabled": False, "url": None},
        "metadata": {},
        "name": None,
        "updated": created,
        **fields,
    }


def product(product: str, prices: list[str]) -> JSON:
    """A product that a customer may change to, by one of its prices.

    The list of them is sent only when `features.subscription_update.products` is expanded.
    """
    quantity = {"enabled": False, "maximum": None, "minimum": 1}
    return {"adjustable_quantity": quantity, "prices": prices, "product": product}


def _features() -> JSON:
    return {
        "customer_update": {
            "allowed_updates": ["address", "email", "name", "tax_id"],
            "enabled": True,
        },
        "invoice_history": {"enabled": True},
        "payment_method_update": {"enabled": True, "payment_method_configuration": None},
        "subscription_cancel": {
            "cancellation_reason": {"enabled": False, "feedback_options": None, "options": []},
            "enabled": True,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        "subscription_pause": {
            "duration": {
                "interval_options": [{"interval": "month", "interval_count": 1}],
                "type": "interval_options",
            },
            "enabled": True,
        },
        "subscription_update": {
            "billing_cycle_anchor": None,
            "default_allowed_updates": ["price"],
            "enabled": True,
            "proration_behavior": "none",
            "schedule_at_period_end": {
                "conditions": [{"type": "decreasing_item_amount"}, {"type": "shortening_interval"}]
            },
            "trial_update_behavior": "end_trial",
        },
    }
