"""From Stripe's JSON to facts. Pure.

Reading never raises: a field that is missing, null or of an unexpected type is None, and a moment
outside the years 1970 to 9998 counts as missing.

Source: https://docs.stripe.com/api/subscriptions/object
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from sys import intern
from typing import Any

from ..card.facts import Invoice, Item, PauseCollection, PausePeriod, Subscription, YearlyPrice

LATEST_MOMENT = 253_370_764_799  # 9998-12-31T23:59:59Z: a day further in any time zone still exists


def read_subscription(obj: Mapping[str, Any]) -> Subscription:
    """Read a Stripe ``subscription`` object (a decoded JSON object)."""
    return Subscription(
        id=read_text(obj.get("id")),
        customer=_id(obj.get("customer")),
        status=_word(obj.get("status")),
        created=_moment(obj.get("created")) or 0,
        cancel_at=_moment(obj.get("cancel_at")),
        cancel_at_period_end=obj.get("cancel_at_period_end") is True,
        canceled_at=_moment(obj.get("canceled_at")),
        ended_at=_moment(obj.get("ended_at")),
        trial_end=_moment(obj.get("trial_end")),
        collection_method=_word(obj.get("collection_method")),
        pause_collection=_pause_collection(obj.get("pause_collection")),
        pause_reason=_word(_dig(obj, "status_details", "paused", "subscription", "type")),
        items=read_items(_dig(obj, "items", "data")),
        discounted=bool(_objects_or_ids(obj.get("discounts"))),
        taxed=_is_taxed(obj, "default_tax_rates"),
        latest_invoice=_id(obj.get("latest_invoice")),
        schedule=_id(obj.get("schedule")),
    )


def read_invoice(obj: Mapping[str, Any]) -> Invoice:
    """Read a Stripe ``invoice`` object: https://docs.stripe.com/api/invoices/object"""
    return Invoice(
        next_payment_attempt=_moment(obj.get("next_payment_attempt")),
        due_date=_moment(obj.get("due_date")),
    )


def read_pause_periods(obj: Mapping[str, Any]) -> tuple[PausePeriod, ...]:
    """Read the pauses of a Stripe ``subscription_schedule`` object.

    Source: https://docs.stripe.com/api/subscription_schedules/object
    """
    return tuple(
        PausePeriod(
            pause_at=_moment(_dig(entry, "pause", "pause_at")),
            resume_at=_moment(_dig(entry, "resume", "resume_at")),
        )
        for entry in _objects(obj.get("pause_schedules"))
    )


def read_flat_price(price: Any) -> Item:
    """What a Stripe ``price`` object says about an item: https://docs.stripe.com/api/prices/object"""
    recurring = _dig(price, "recurring")
    count = _dig(recurring, "interval_count")
    whole = _is_whole(count) and 0 < count < 100_000
    metered = _dig(recurring, "usage_type") == "metered"
    amount = _dig(price, "unit_amount")
    flat = (
        _dig(price, "billing_scheme") in ("per_unit", None)
        and not metered
        and not _dig(price, "transform_quantity")
        and not _dig(price, "custom_unit_amount")
    )
    return Item(
        product=_word(_id(_dig(price, "product"))),
        interval=_word(_dig(recurring, "interval")) if whole or count is None else None,
        interval_count=count if whole else 1,
        metered=metered,
        unit_amount=amount if flat and _is_whole(amount) and 0 <= amount < 10**15 else None,
        currency=_currency(_dig(price, "currency")),
        tax_behavior=_word(_dig(price, "tax_behavior")),
    )


def read_items(objects: Any) -> tuple[Item, ...]:
    """Read a list of Stripe ``subscription_item`` objects.

    Source: https://docs.stripe.com/api/subscription_items/object
    """
    return tuple(_item(item) for item in _objects(objects))


def read_yearly_prices(prices: Iterable[Mapping[str, Any]]) -> tuple[YearlyPrice, ...]:
    """The flat yearly ones among Stripe ``price`` objects that are for sale."""
    found = []
    for obj in prices:
        price = read_flat_price(obj)
        yearly = price.interval_in_use == ("year", 1) and obj.get("active") is True
        if yearly and price.unit_amount is not None and price.currency is not None:
            found.append(YearlyPrice(price.unit_amount, price.currency, price.tax_behavior))
    return tuple(found)


def read_product_name(obj: Any) -> str | None:
    """The name in a Stripe ``product`` object, which a deleted one does not have."""
    return read_text(_dig(obj, "name"))


def _item(obj: Mapping[str, Any]) -> Item:
    item = read_flat_price(obj.get("price"))
    quantity: Any = obj.get("quantity")
    counted = _is_whole(quantity) and 0 <= quantity < 10**9
    return replace(
        item,
        current_period_end=_moment(obj.get("current_period_end")),
        billed_until=_moment(obj.get("billed_until")),
        quantity=quantity if counted else 1,
        unit_amount=item.unit_amount if counted or quantity is None else None,
        taxed=_is_taxed(obj, "tax_rates"),
        discounted=bool(_objects_or_ids(obj.get("discounts"))),
    )


def _is_taxed(obj: Mapping[str, Any], rates: str) -> bool:
    """Whether tax comes on top of a price that does not say so itself."""
    exclusive = any(rate.get("inclusive") is False for rate in _objects(obj.get(rates)))
    return exclusive or _dig(obj, "automatic_tax", "enabled") is True


def _pause_collection(value: Any) -> PauseCollection | None:
    if not isinstance(value, Mapping):
        return None
    return PauseCollection(resumes_at=_moment(value.get("resumes_at")))


def _dig(value: Any, *path: str) -> Any:
    """Follow ``path`` through nested objects; None as soon as something is not there."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [v for v in value if isinstance(v, Mapping)] if isinstance(value, list) else []


def _objects_or_ids(value: Any) -> list[Any]:
    return [v for v in value if v] if isinstance(value, list) else []


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _currency(value: Any) -> str | None:
    code = isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha()
    return intern(value.lower()) if code else None


def read_text(value: Any) -> str | None:
    """A text that is not blank, or None. JSON allows half a surrogate pair; that is replaced."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip().encode("utf-8", "replace").decode()


def _word(value: Any) -> str | None:
    """A text of which there are few different ones, kept once in memory."""
    text = read_text(value)
    return intern(text) if text else None


def _id(value: Any) -> str | None:
    """The id of a field that Stripe sends as an id or, expanded, as an object."""
    return read_text(value.get("id") if isinstance(value, Mapping) else value)


def _moment(value: Any) -> int | None:
    return value if _is_whole(value) and 0 < value <= LATEST_MOMENT else None
