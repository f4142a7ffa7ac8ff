"""What a subscription costs per period, and what paying yearly would save. Pure.

Amounts are in Stripe's smallest unit of the currency. Only flat prices are added up: tiered and
metered ones, and those that are divided or entered by the customer, have no amount that is known
before the invoice. Sources: https://docs.stripe.com/api/prices/object,
https://docs.stripe.com/tax/products-prices-tax-codes-tax-behavior
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .facts import Item, Subscription, YearlyPrice, could_save


@dataclass(frozen=True, slots=True)
class Amount:
    """What is charged per billing period.

    ``unit_amount`` and ``quantity`` are None when several items are added up.
    """

    amount: int
    currency: str
    interval: str
    interval_count: int
    unit_amount: int | None
    quantity: int | None
    excludes_tax: bool
    excludes_discount: bool


@dataclass(frozen=True, slots=True)
class Saving:
    """What a year costs when paid monthly and when paid at once."""

    monthly: int
    yearly: int
    currency: str

    @property
    def amount(self) -> int:
        """The difference, always positive."""
        return self.monthly - self.yearly

    @property
    def percent(self) -> int:
        """The difference in whole percents, rounded down: no more is promised than is true."""
        return self.amount * 100 // self.monthly


def amount_of(sub: Subscription) -> Amount | None:
    """What ``sub`` costs per period, or None when that is not known or not one amount."""
    intervals = {item.interval_in_use for item in sub.items}
    currencies = {item.currency for item in sub.items}
    units = [item.unit_amount for item in sub.items]
    if len(intervals) != 1 or len(currencies) != 1 or None in currencies or None in units:
        return None
    (interval, count), currency = intervals.pop(), currencies.pop()
    if interval is None or currency is None:
        return None
    single = sub.items[0] if len(sub.items) == 1 else None
    return Amount(
        amount=sum(item.quantity * (item.unit_amount or 0) for item in sub.items),
        currency=currency,
        interval=interval,
        interval_count=count,
        unit_amount=single.unit_amount if single else None,
        quantity=single.quantity if single else None,
        excludes_tax=any(_excludes_tax(sub, item) for item in sub.items),
        excludes_discount=sub.discounted or any(item.discounted for item in sub.items),
    )


def yearly_saving(sub: Subscription, yearly: Iterable[YearlyPrice]) -> Saving | None:
    """What the customer of ``sub`` would save by paying yearly, or None when nothing is sure.

    Of several yearly prices the dearest counts: no more is promised than holds for each.
    """
    if not could_save(sub):
        return None
    item = sub.items[0]
    like = [
        price.unit_amount
        for price in yearly
        if price.currency == item.currency and price.tax_behavior == item.tax_behavior
    ]
    if not like or item.unit_amount is None or item.currency is None:
        return None
    saving = Saving(
        monthly=12 * item.unit_amount * item.quantity,
        yearly=max(like) * item.quantity,
        currency=item.currency,
    )
    return saving if saving.amount > 0 else None


def _excludes_tax(sub: Subscription, item: Item) -> bool:
    """Whether tax comes on top: the price says so, or tax is computed and the price is silent."""
    if item.tax_behavior == "inclusive":
        return False
    return item.tax_behavior == "exclusive" or sub.taxed or item.taxed
