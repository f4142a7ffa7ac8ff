"""What the product knows of a customer: frozen facts, and what follows from them alone. Pure.

All moments are Unix seconds (UTC), amounts are in the currency's smallest unit as Stripe counts it,
and field names are Stripe's. None means that Stripe did not say, or that the key may not read it.

Source: https://docs.stripe.com/api/subscriptions/object
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple


class Item(NamedTuple):
    """One line of a subscription: a price, its recurring interval and the period that is paid.

    ``unit_amount`` is None where the price is not flat, and has decimals where it is less than the
    smallest unit. ``taxed`` is None where the subscription's own tax rates count.
    """

    id: str | None = None
    price: str | None = None
    product: str | None = None
    product_name: str | None = None
    interval: str | None = None
    interval_count: int = 1
    current_period_end: int | None = None
    billed_until: int | None = None
    metered: bool = False
    quantity: int = 1
    unit_amount: int | Decimal | None = None
    currency: str | None = None
    tax_behavior: str | None = None
    taxed: bool | None = None

    @property
    def period(self) -> tuple[str | None, int]:
        """Interval and count; equal periods are the same, whichever way the price was entered."""
        for short, times, long in (("day", 7, "week"), ("month", 12, "year")):
            if self.interval == short and self.interval_count % times == 0:
                return (long, self.interval_count // times)
        return (self.interval, self.interval_count)

    @property
    def next_billing(self) -> int | None:
        """When this item is charged next: prebilling may reach beyond the current period."""
        known = [m for m in (self.current_period_end, self.billed_until) if m is not None]
        return max(known, default=None)

    @property
    def is_free(self) -> bool:
        """Whether nothing is ever charged for it."""
        return self.quantity == 0 or self.unit_amount == 0


class PauseCollection(NamedTuple):
    """A pause of collection alone: the status stays ``active``. ``resumes_at`` None is open-ended.

    With ``behavior`` ``void`` the service is not provided meanwhile.
    Source: https://docs.stripe.com/billing/subscriptions/pause-payment
    """

    resumes_at: int | None = None
    behavior: str | None = None


class PausePeriod(NamedTuple):
    """One entry of a schedule's ``pause_schedules``: from ``pause_at`` until ``resume_at``."""

    pause_at: int | None = None
    resume_at: int | None = None

    def holds_at(self, moment: float) -> bool:
        """Whether the subscription is paused at ``moment``."""
        begun = self.pause_at is not None and self.pause_at <= moment
        return begun and (self.resume_at is None or self.resume_at > moment)


class Phase(NamedTuple):
    """What a schedule makes of the subscription from ``start_date`` on."""

    start_date: int
    items: tuple[Item, ...] = ()


class Schedule(NamedTuple):
    """What is planned for a subscription: https://docs.stripe.com/api/subscription_schedules"""

    phases: tuple[Phase, ...] = ()
    pauses: tuple[PausePeriod, ...] = ()


class Invoice(NamedTuple):
    """The latest invoice. ``processing`` says that its payment is under way, which takes days.

    ``payable`` says that Stripe has a page to pay it on; the address itself is a bearer link, and
    is never kept. Source: https://docs.stripe.com/api/invoices/object
    """

    id: str | None = None
    status: str | None = None
    amount_remaining: int | None = None
    currency: str | None = None
    next_payment_attempt: int | None = None
    due_date: int | None = None
    processing: bool = False
    payable: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it has yet to be paid."""
        return self.status == "open" and self.amount_remaining != 0


class Discount(NamedTuple):
    """A coupon in use: a percentage, or an amount off each invoice, until ``end``.

    Source: https://docs.stripe.com/api/discounts/object
    """

    percent_off: float | None = None
    amount_off: int | None = None
    currency: str | None = None
    once: bool = False
    end: int | None = None

    def holds_at(self, moment: float) -> bool:
        """Whether an invoice of ``moment`` gets it. One that is used up is no longer there."""
        return self.end is None or self.end > moment


class PaymentMethod(NamedTuple):
    """What a customer recognises a payment method by, and nothing else of it.

    Source: https://docs.stripe.com/api/payment_methods/object
    """

    type: str
    brand: str | None = None
    last4: str | None = None
    exp_month: int | None = None
    exp_year: int | None = None


class Subscription(NamedTuple):
    """The facts of one subscription that the card is decided from.

    ``discounts`` are those that count, the customer's where the subscription has none of its own;
    ``more_discounts`` says that there are some that could not be read. ``lacks_payment_method`` is
    True only where it is certain that neither the subscription nor the customer has one.
    ``update_expires_at`` is until when a ``pending_update`` waits for its payment.
    """

    id: str | None = None
    customer: str | None = None
    status: str | None = None
    created: int = 0
    cancel_at: int | None = None
    cancel_at_period_end: bool = False
    canceled_at: int | None = None
    ended_at: int | None = None
    trial_end: int | None = None
    missing_payment_method: str | None = None
    collection_method: str | None = None
    currency: str | None = None
    pause_collection: PauseCollection | None = None
    pause_reason: str | None = None
    items: tuple[Item, ...] = ()
    discounts: tuple[Discount, ...] = ()
    more_discounts: bool = False
    automatic_tax: bool = False
    taxed: bool = False
    latest_invoice: str | Invoice | None = None
    schedule: str | Schedule | None = None
    payment_method: PaymentMethod | None = None
    lacks_payment_method: bool = False
    pending_update: bool = False
    update_expires_at: int | None = None
    next_pending_invoice_item_invoice: int | None = None
    preferred_locales: tuple[str, ...] = ()

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
    def counted_items(self) -> tuple[Item, ...]:
        """The items that there is at least one of; all, where there is none of any."""
        return tuple(item for item in self.items if item.quantity) or self.items

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing, with or without a discount."""
        return bool(self.items) and all(item.is_free for item in self.items)

    @property
    def next_billing(self) -> int | None:
        """The earliest moment at which something is charged next, in the past or the future.

        Changes within a period may be invoiced before its end.
        """
        regular = [item.next_billing for item in self.items if not item.is_free]
        return _earliest([*regular, self.next_pending_invoice_item_invoice])

    @property
    def open_invoice(self) -> Invoice | None:
        """The latest invoice, where it is known to be unpaid."""
        invoice = self.latest_invoice
        return invoice if isinstance(invoice, Invoice) and invoice.is_open else None

    @property
    def plan(self) -> Schedule:
        """What is planned, as far as it is known."""
        return self.schedule if isinstance(self.schedule, Schedule) else Schedule()

    def moments(self) -> Iterator[int]:
        """Every moment at which what is to be said of this subscription may change."""
        found = [self.cancel_at, self.trial_end, self.ended_at, self.canceled_at]
        found += [self.update_expires_at, self.next_pending_invoice_item_invoice]
        found += [discount.end for discount in self.discounts]
        if self.pause_collection:
            found.append(self.pause_collection.resumes_at)
        if isinstance(self.latest_invoice, Invoice):
            found += [self.latest_invoice.next_payment_attempt, self.latest_invoice.due_date]
        for item in self.items:
            found += [item.current_period_end, item.billed_until]
        for pause in self.plan.pauses:
            found += [pause.pause_at, pause.resume_at]
        found += [phase.start_date for phase in self.plan.phases]
        yield from (moment for moment in found if moment is not None)

    def collection_paused_at(self, moment: float) -> bool:
        """Whether ``pause_collection`` still holds at ``moment``.

        Stripe does not say whether it clears the field at ``resumes_at``, so the clock decides.
        """
        pause = self.pause_collection
        return pause is not None and (pause.resumes_at is None or pause.resumes_at > moment)


class YearlyPrice(NamedTuple):
    """A price for a year, per unit, that is for sale."""

    unit_amount: int | Decimal
    currency: str
    tax_behavior: str | None
    id: str | None = None


class Billing(NamedTuple):
    """Everything read from Stripe about one customer, or, without one, that there is nothing.

    ``product_names`` and ``yearly_prices`` have what is known, by product id; a deleted or
    unreadable product is not in them. ``request_id`` is Stripe's, for the log.
    """

    customer: str | None
    subscriptions: tuple[Subscription, ...] = ()
    product_names: Mapping[str, str] = {}
    yearly_prices: Mapping[str, tuple[YearlyPrice, ...]] = {}
    request_id: str | None = None

    @property
    def preferred_locales(self) -> tuple[str, ...]:
        """The languages that the customer has at Stripe (BCP 47), the most wanted first."""
        return next((sub.preferred_locales for sub in self.subscriptions if sub.customer), ())


def _earliest(moments: Iterable[int | None]) -> int | None:
    return min((m for m in moments if m is not None), default=None)
