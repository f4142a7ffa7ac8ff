"""Stripe's objects as its API sends them, for tests to vary.

Moments are written as texts in UTC: ``at("2026-12-12 10:00")`` is a Unix time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.stage.clock import NOW as NOW
from tests.stage.clock import moment as at
from tests.stage.tokens import CUSTOMER as CUSTOMER

PRICE = "price_1PgafmB7WZ01zgkW6dKueIc5"
NICKNAME = "intern-2024-v3"


PRICE_FIELDS = (
    "billing_scheme", "custom_unit_amount", "tax_behavior", "transform_quantity",
    "unit_amount_decimal",
)  # fmt: skip
PERIOD_END = at("2026-12-12 10:00")


def list_of(*objects: Any, has_more: bool = False, url: str = "/v1/things") -> dict[str, Any]:
    return {"object": "list", "url": url, "has_more": has_more, "data": list(objects)}


def make_item(
    *,
    product: Any = "prod_pro",
    interval: Any = "month",
    interval_count: Any = 1,
    usage_type: str = "licensed",
    current_period_end: Any = PERIOD_END,
    unit_amount: Any = None,
    currency: Any = "eur",
    **fields: Any,
) -> dict[str, Any]:
    """An item and its price; ``fields`` of either go where they belong."""
    recurring = {
        "interval": interval,
        "interval_count": interval_count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": usage_type,
    }
    price = {
        "id": PRICE,
        "object": "price",
        "nickname": NICKNAME,
        "product": product,
        "recurring": recurring,
        "type": "recurring",
        "unit_amount": unit_amount,
        "currency": currency,
        **{name: fields.pop(name) for name in PRICE_FIELDS if name in fields},
    }
    return {
        "id": "si_QXhVnC2h0Jczwc",
        "object": "subscription_item",
        "current_period_start": at("2026-11-12 10:00"),
        "current_period_end": current_period_end,
        "price": price,
        "quantity": 1,
        **fields,
    }


def make_subscription(
    *, items: Sequence[Mapping[str, Any]] | None = None, **fields: Any
) -> dict[str, Any]:
    """An active monthly subscription to Pro, billed on 12 December 2026, but for ``fields``."""
    return {
        "id": "sub_1Pgc6rB7WZ01zgkWNy0Cn5nw",
        "object": "subscription",
        "status": "active",
        "customer": CUSTOMER,
        "created": at("2026-01-12 10:00"),
        "billing_mode": {"type": "flexible"},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": "charge_automatically",
        "ended_at": None,
        "items": list_of(*([make_item()] if items is None else items)),
        "latest_invoice": "in_1PgafmB7WZ01zgkW",
        "pause_collection": None,
        "schedule": None,
        "status_details": None,
        "trial_end": None,
        **fields,
    }


def make_invoice(**fields: Any) -> dict[str, Any]:
    return {
        "id": "in_1PgafmB7WZ01zgkW",
        "object": "invoice",
        "status": "open",
        "due_date": None,
        "next_payment_attempt": None,
        **fields,
    }


def make_schedule(*pauses: tuple[int | None, int | None]) -> dict[str, Any]:
    """A schedule with pauses, each from a moment until a moment."""
    return {
        "id": "sub_sched_1Pgc7AB7WZ01zgkW",
        "object": "subscription_schedule",
        "status": "active",
        "pause_schedules": [
            {"key": "pause", "pause": {"pause_at": start}, "resume": {"resume_at": end}}
            for start, end in pauses
        ],
    }


def make_product(id_: str, name: Any) -> dict[str, Any]:
    return {"id": id_, "object": "product", "active": True, "name": name}


def paused_because(reason: str) -> dict[str, Any]:
    """The ``status_details`` of a paused subscription."""
    return {"paused": {"subscription": {"type": reason}}}
