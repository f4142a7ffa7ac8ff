"""Stripe's objects around a subscription, as plain dictionaries with every field Stripe sends.

Each function returns a complete object of API version 2026-10-28.endive; `fields` replaces what
a caller wants different. Amounts are in cents, moments in Unix seconds (UTC).

Source: https://docs.stripe.com/api and the classes of the `stripe` package.
"""

from __future__ import annotations

import secrets
from typing import Any

JSON = dict[str, Any]
"""A Stripe object as it goes over the wire."""

_NO_ADDRESS = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


def new_id(prefix: str) -> str:
    """A fresh id in Stripe's form: `sub_1Ab…`."""
    return f"{prefix}_1{secrets.token_hex(11)}"


def customer(id: str, created: int, /, **fields: Any) -> JSON:
    """https://docs.stripe.com/api/customers/object"""
    return {
        "id": id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "business_name": None,
        "created": created,
        "currency": "eur",
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "individual_name": None,
        "invoice_prefix": secrets.token_hex(4).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": ["nl"],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **fields,
    }


def payment_method(id: str, customer: str, created: int, brand: str, last4: str) -> JSON:
    """A card: https://docs.stripe.com/api/payment_methods/object"""
    return {
        "id": id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": dict(_NO_ADDRESS),
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "card": {
            "brand": brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "NL",
            "display_brand": brand,
            "exp_month": 8,
            "exp_year": 2034,
            "fingerprint": secrets.token_hex(8),
            "funding": "credit",
            "generated_from": None,
            "last4": last4,
            "networks": {"available": [brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": created,
        "customer": customer,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def product(id: str, name: str, created: int, /, **fields: Any) -> JSON:
    """https://docs.stripe.com/api/products/object"""
    return {
        "id": id,
        "object": "product",
        "active": True,
        "created": created,
        "default_price": None,
        "description": None,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": None,
        "type": "service",
        "unit_label": None,
        "updated": created,
        "url": None,
        **fields,
    }


def price(
    id: str,
    product: str,
    unit_amount: int | None,
    interval: str,
    interval_count: int,
    created: int,
    /,
    usage_type: str = "licensed",
    **fields: Any,
) -> JSON:
    """A recurring price, in euro: https://docs.stripe.com/api/prices/object

    `nickname` is filled on purpose: Stripe hides it from customers, so the page must too.
    """
    return {
        "id": id,
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": "eur",
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": f"INTERNAL {id}",
        "product": product,
        "recurring": {
            "interval": interval,
            "interval_count": interval_count,
            "meter": None,
            "trial_period_days": None,
            "usage_type": usage_type,
        },
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring",
        "unit_amount": unit_amount,
        "unit_amount_decimal": None if unit_amount is None else str(unit_amount),
        **fields,
    }


def plan(price: JSON) -> JSON:
    """The older `plan` object that Stripe still sends beside each price of an item.

    https://docs.stripe.com/api/plans/object
    """
    recurring = price["recurring"]
    copied = ("id", "active", "billing_scheme", "created", "currency", "livemode", "metadata")
    return {
        **{name: price[name] for name in copied},
        **{name: recurring[name] for name in ("interval", "interval_count", "meter")},
        "object": "plan",
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": recurring["usage_type"],
    }


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


def _features() -> JSON:
    return {
        "customer_update": {"allowed_updates": ["email", "tax_id"], "enabled": True},
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
            "products": None,
            "proration_behavior": "none",
            "schedule_at_period_end": {"conditions": []},
            "trial_update_behavior": "end_trial",
        },
    }
