"""Coupons, and the discounts that apply them to a subscription, an item or a customer."""

from __future__ import annotations

from typing import Any

from .objects import JSON


def coupon(id: str, created: int, /, **fields: Any) -> JSON:
    """`percent_off`, or `amount_off` with a `currency`; for good unless `duration` differs.

    https://docs.stripe.com/api/coupons/object. The name is internal.
    """
    return {
        "id": id,
        "object": "coupon",
        "amount_off": None,
        "created": created,
        "currency": None,
        "duration": "forever",
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "name": f"INTERNAL {id}",
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 1,
        "valid": True,
        **fields,
    }


def discount(id: str, coupon: str, customer: str, start: int, /, **fields: Any) -> JSON:
    """A coupon at work, until `end`, or without one: https://docs.stripe.com/api/discounts/object

    Since 2025-09-30.clover the coupon stands behind `source`.
    """
    return {
        "id": id,
        "object": "discount",
        "checkout_session": None,
        "customer": customer,
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon, "type": "coupon"},
        "start": start,
        "subscription": None,
        "subscription_item": None,
        **fields,
    }
