"""What the product knows of a subscription: frozen facts, read from Stripe's objects. Pure.

All moments are Unix seconds (UTC), as Stripe sends them. Reading never raises: a field that is
missing, null or of an unexpected type is None, and a moment outside the years 1970 to 9998 counts
as missing. Field names are Stripe's.

Source: https://docs.stripe.com/api/subscriptions/object
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from sys import intern
from typing import Any

LATEST_MOMENT = 253_370_764_799  # 9998-12-31T23:59:59Z: a day further in any time zone still exists


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a subscription: a price, its recurring interval and the period that is paid.

    ``unit_amount`` is in the currency's smallest unit, and None where the price is not flat.
    """

    product: str | None = None
    interval: str | None = None
    interval_count: int = 1
    current_period_end: int | None = None
    billed_until: int | None = None
    metered: bool = False
    quantity: int = 1
    unit_amount: int | None = None
    currency: str | None = None
    tax_behavior: str | None = None
    taxed: bool = False
    discounted: bool = False

    @property
    def interval_in_use(self) -> tuple[str | None, int]:
        """Interval and count; twelve months are a year, whichever way the price was entered."""
        if self.interval == "month" and self.interval_count == 12:
            return ("year", 1)
        return (self.interval, self.interval_count)

    @property
    def next_billing(self) -> int | None:
        """When this item is charged next: prebilling may reach beyond the current period."""
        known = [m for m in (self.current_period_end, self.billed_until) if m is not None]
        return max(known, default=None)


@dataclass(frozen=True, slots=True)
class PauseCollection:
    """A pause of collection alone: the status stays ``active``. ``resumes_at`` None is open-ended.

    Source: https://docs.stripe.com/billing/subscriptions/pause-payment
    """

    resumes_at: int | None = None


@dataclass(frozen=True, slots=True)
class PausePeriod:
    """One entry of a schedule's ``pause_schedules``: from ``pause_at`` until ``resume_at``."""

    pause_at: int | None = None
    resume_at: int | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """What the latest invoice says about the next attempt or the due date."""

    next_payment_attempt: int | None = None
    due_date: int | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """The facts of one subscription that the card is decided from."""

    id: str | None = None
    status: str | None = None
    created: int = 0
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    ended_at: int | None = None
    trial_end: int | None = None
    collection_method: str | None = None
    pause_collection: PauseCollection | None = None
    pause_reason: str | None = None
    items: tuple[Item, ...] = ()
    discounted: bool = False
    taxed: bool = False
    latest_invoice: str | Invoice | None = None
    schedule: str | tuple[PausePeriod, ...] | None = None

    @property
    def ends(self) -> bool:
        """Whether a cancellation is on its way; either signal counts.

        With flexible billing the portal sets ``cancel_at`` and leaves ``cancel_at_period_end``
        false, so the flag alone is not enough: https://docs.stripe.com/billing/subscriptions/cancel
        """
        return self.cancel_at is not None or self.cancel_at_period_end

    @property
    def end(self) -> int | None:
        """When a cancellation takes effect, if that is known."""
        if self.cancel_at is not None:
            return self.cancel_at
        if not self.cancel_at_period_end:
            return None
        return _earliest(item.current_period_end for item in self.items)

    @property
    def next_billing(self) -> int | None:
        """The earliest moment at which an item is charged next, in the past or the future."""
        return _earliest(item.next_billing for item in self.items)

    def moments(self) -> Iterator[int]:
        """Every moment at which what is to be said of this subscription may change."""
        pause, invoice = self.pause_collection, self.latest_invoice
        single = (
            self.cancel_at,
            self.trial_end,
            pause.resumes_at if pause else None,
            invoice.next_payment_attempt if isinstance(invoice, Invoice) else None,
        )
        yield from (moment for moment in single if moment is not None)
        for item in self.items:
            yield from (m for m in (item.current_period_end, item.billed_until) if m is not None)
        for period in self.schedule if isinstance(self.schedule, tuple) else ():
            yield from (m for m in (period.pause_at, period.resume_at) if m is not None)

    def collection_paused_at(self, moment: int | float) -> bool:
        """Whether ``pause_collection`` still holds at ``moment``.

        Stripe does not say whether it clears the field at ``resumes_at``, so the clock decides.
        """
        pause = self.pause_collection
        return pause is not None and (pause.resumes_at is None or pause.resumes_at > moment)


def read_subscription(obj: Mapping[str, Any]) -> Subscription:
    """Read a Stripe ``subscription`` object (a decoded JSON object)."""
    return Subscription(
        id=read_text(obj.get("id")),
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
        items=tuple(_item(item) for item in _objects(_dig(obj, "items", "data"))),
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


def _earliest(moments: Iterable[int | None]) -> int | None:
    return min((m for m in moments if m is not None), default=None)


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
