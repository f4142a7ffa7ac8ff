"""Products, prices and tax rates."""

from __future__ import annotations

from typing import Any

from .objects import JSON, new_id


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


def tax_rate(percentage: float, *, inclusive: bool, created: int) -> JSON:
    """Dutch VAT at `percentage`: https://docs.stripe.com/api/tax_rates/object"""
    return {
        "id": new_id("txr"),
        "object": "tax_rate",
        "active": True,
        "country": "NL",
        "created": created,
        "description": None,
        "display_name": "BTW",
        "effective_percentage": None,
        "flat_amount": None,
        "inclusive": inclusive,
        "jurisdiction": "NL",
        "jurisdiction_level": "country",
        "livemode": False,
        "metadata": {},
        "percentage": percentage,
        "rate_type": "percentage",
        "state": None,
        "tax_type": "vat",
    }
