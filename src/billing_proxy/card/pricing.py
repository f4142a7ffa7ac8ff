"""What a subscription costs per period, when that is charged, and what paying yearly would save.

Amounts are in Stripe's smallest unit of the currency. Only flat prices are added up: tiered and
metered ones, and those that are divided or entered by the customer, have no amount that is known
before the invoice. Pure. Sources: https://docs.stripe.com/api/prices/object,
https://docs.stripe.com/tax/products-prices-tax-codes-tax-behavior
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from .facts import Discount, Item, Subscription, YearlyPrice
from .wanted import could_save


class Amount(NamedTuple):
    """What is charged per billing period, before discounts.

    ``unit_amount`` and ``quantity`` are None when several items are added up; the former has
    decimals where it is less than the smallest unit.
    """

    amount: int
    currency: str
    interval: str
    interval_count: int
    unit_amount: int | Decimal | None
    quantity: int | None
    excludes_tax: bool


class Saving(NamedTuple):
    """What a year costs when paid monthly and when paid at once, by ``price``."""

    monthly: int
    yearly: int
    currency: str
    price: str | None = None

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
    return amount_of_items(sub, sub.counted_items)


def amount_of_items(sub: Subscription, items: tuple[Item, ...]) -> Amount | None:
    """What ``items`` cost, or would cost, per period under the terms of ``sub``."""
    periods = {item.period for item in items}
    currencies = {item.currency for item in items} | ({sub.currency} if sub.currency else set())
    sums = [_sum(item) for item in items]
    known = [each for each in sums if each is not None]
    if len(periods) != 1 or len(currencies) != 1 or len(known) < len(sums):
        return None
    (interval, count), currency = periods.pop(), currencies.pop()
    if interval is None or currency is None:
        return None
    single = items[0] if len(items) == 1 else None
    return Amount(
        amount=sum(known),
        currency=currency,
        interval=interval,
        interval_count=count,
        unit_amount=single.unit_amount if single else None,
        quantity=single.quantity if single else None,
        excludes_tax=any(_excludes_tax(sub, item) for item in items if not item.is_free),
    )


def discounts_at(sub: Subscription, moment: float) -> list[Discount]:
    """The discounts that an invoice of ``moment`` gets."""
    return [discount for discount in sub.discounts if discount.holds_at(moment)]


def costs_nothing(sub: Subscription, moment: float) -> bool:
    """Whether an invoice of ``moment`` is certain to be one of nothing."""
    if sub.is_free:
        return True
    discounts = discounts_at(sub, moment)
    if any(discount.percent_off == 100 for discount in discounts):
        return True
    amount = amount_of(sub)
    if amount is None:
        return False
    off = sum(d.amount_off or 0 for d in discounts if d.currency == amount.currency)
    return not amount.excludes_tax and 0 < amount.amount <= off


def yearly_saving(sub: Subscription, yearly: Iterable[YearlyPrice]) -> Saving | None:
    """What the customer of ``sub`` would save by paying yearly, or None when nothing is sure.

    Of several yearly prices the dearest counts: no more is promised than holds for each.
    """
    if not could_save(sub):
        return None
    item = sub.items[0]
    like = [
        price
        for price in yearly
        if price.currency == item.currency and price.tax_behavior == item.tax_behavior
    ]
    if not like or item.unit_amount is None or item.currency is None:
        return None
    dearest = max(like, key=lambda price: price.unit_amount)
    saving = Saving(
        monthly=12 * _rounded(item.unit_amount * item.quantity),
        yearly=_rounded(dearest.unit_amount * item.quantity),
        currency=item.currency,
        price=dearest.id,
    )
    return saving if saving.amount > 0 and saving.yearly > 0 else None


def _sum(item: Item) -> int | None:
    if item.quantity == 0:
        return 0
    return None if item.unit_amount is None else _rounded(item.unit_amount * item.quantity)


def _rounded(amount: int | Decimal) -> int:
    """A line in whole units; Stripe rounds after it has multiplied."""
    return int(Decimal(amount).quantize(Decimal(1), ROUND_HALF_UP))


def _excludes_tax(sub: Subscription, item: Item) -> bool:
    """Whether tax comes on top: it is computed, and the price does not say that it has it."""
    computed = sub.automatic_tax or (sub.taxed if item.taxed is None else item.taxed)
    return computed and item.tax_behavior != "inclusive"
