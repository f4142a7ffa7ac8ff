"""Stripe's events: checked, then read for what they tell to forget. Pure: events never fill a card,
since they come late, twice and out of order; they only make the next read a live one.

Source: https://docs.stripe.com/api/events/object
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import InvalidEvent
from .api import verify_signature

FORGETS_CUSTOMER = ("customer.subscription.", "subscription_schedule.", "invoice.")
FORGETS_PRODUCT = ("product.", "price.")

MAX_BODY = 256 * 1024
"""Bytes; Stripe's events are far smaller."""

TOLERANCE = 300
"""Seconds that the signature's time may lie behind or ahead of ours."""


class Event(NamedTuple):
    """What an event is about. ``livemode`` is None when the event does not say."""

    type: str
    livemode: bool | None = None
    customer: str | None = None
    customer_deleted: bool = False
    product: str | None = None


def open_event(body: bytes, signature: str, secret: str, *, now: float) -> Event:
    """The event in a webhook's ``body``, once its ``Stripe-Signature`` has been checked.

    ``now`` is in Unix seconds.

    Raises:
        InvalidEvent: for a wrong or missing signature, one too old or from the future, or a body
            that is no event.
    """
    moment = signed_at(signature) if signature.isascii() else None
    if moment is None or moment > now + TOLERANCE:
        raise InvalidEvent("the signature's time is missing or in the future")
    verify_signature(body, signature, secret, tolerance=TOLERANCE)
    try:
        event = read_event(json.loads(body))
    except (ValueError, RecursionError):
        raise InvalidEvent("the body is no JSON") from None
    if event is None:
        raise InvalidEvent("the body is no event")
    return event


def read_event(body: Any) -> Event | None:
    """The event in a decoded JSON body, or None when it is no event object at all."""
    if not isinstance(body, Mapping) or not isinstance(body.get("type"), str):
        return None
    kind, livemode = body["type"], body.get("livemode")
    data = body.get("data")
    obj = data.get("object") if isinstance(data, Mapping) else None
    obj = obj if isinstance(obj, Mapping) else {}
    if kind == "customer.deleted":
        customer = obj.get("id")
    else:
        customer = obj.get("customer") if kind.startswith(FORGETS_CUSTOMER) else None
    product = None
    if kind.startswith(FORGETS_PRODUCT):
        product = obj.get("id") if kind.startswith("product.") else obj.get("product")
    return Event(
        type=kind,
        livemode=livemode if isinstance(livemode, bool) else None,
        customer=_id(customer),
        customer_deleted=kind == "customer.deleted",
        product=_id(product),
    )


def signed_at(header: str) -> int | None:
    """The time (Unix seconds) that a ``Stripe-Signature`` header names.

    Source: https://docs.stripe.com/webhooks#verify-manually
    """
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "t" and value.isascii() and value.isdigit() and len(value) < 12:
            return int(value)
    return None


def _id(value: Any) -> str | None:
    value = value.get("id") if isinstance(value, Mapping) else value
    return value if isinstance(value, str) and value else None
