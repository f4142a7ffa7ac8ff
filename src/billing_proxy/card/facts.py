"""What the product knows of a customer: frozen facts, and what follows from them alone. Pure.

All moments are Unix seconds (UTC), as Stripe sends them. Field names are Stripe's.

Source: https://docs.stripe.com/api/subscriptions/object
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field


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
    customer: str | None = None
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


@dataclass(frozen=True, slots=True)
class YearlyPrice:
    """An active price for a year, per unit."""

    unit_amount: int
    currency: str
    tax_behavior: str | None


@dataclass(frozen=True, slots=True)
class Billing:
    """Everything read from Stripe about one customer.

    ``product_names`` and ``yearly_prices`` have what is known, by product id; a deleted or
    unreadable product is not in them. ``request_id`` is Stripe's, for the log.
    """

    customer: str | None
    subscriptions: tuple[Subscription, ...] = ()
    product_names: Mapping[str, str] = field(default_factory=dict)
    yearly_prices: Mapping[str, tuple[YearlyPrice, ...]] = field(default_factory=dict)
    request_id: str | None = None


def only_product(sub: Subscription) -> str | None:
    """The product of a subscription to one thing; only then is a saving computed."""
    return sub.items[0].product if len(sub.items) == 1 else None


def could_save(sub: Subscription) -> bool:
    """Whether ``sub`` is to one thing at a flat price per month, and will go on."""
    if only_product(sub) is None or sub.status not in ("active", "trialing") or sub.ends:
        return False
    item = sub.items[0]
    return item.unit_amount is not None and item.interval_in_use == ("month", 1)


def wants_invoice(sub: Subscription) -> str | None:
    """The id of the invoice that dates the debt of ``sub``, where it has not been read yet."""
    invoice = sub.latest_invoice
    owes = sub.status == "past_due" and not sub.ends
    return invoice if owes and isinstance(invoice, str) else None


def wants_schedule(sub: Subscription) -> str | None:
    """The id of the schedule that says when ``sub`` goes on, where it has not been read yet."""
    waits = sub.status == "paused" and not sub.ends
    return sub.schedule if waits and isinstance(sub.schedule, str) else None


def _earliest(moments: Iterable[int | None]) -> int | None:
    return min((m for m in moments if m is not None), default=None)
