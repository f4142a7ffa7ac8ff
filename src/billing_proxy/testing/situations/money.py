"""What is really paid: nothing, less by a discount, more by a tax, in which currency."""

from __future__ import annotations

from ..account import periods
from ..account.account import Account
from ..account.prices import tax_rate
from .made import subscribe


def free(account: Account, customer: str) -> None:
    """A real subscription of nothing a month."""
    subscribe(account, customer, "price_free_month")


def nothing_of_it(account: Account, customer: str) -> None:
    """A paid price, none of which is taken."""
    subscribe(account, customer, {"price": "price_pro_month", "quantity": 0})


def percent_off(account: Account, customer: str) -> None:
    """Ten percent off for three months."""
    coupon = account.add_coupon(percent_off=10, duration="repeating", duration_in_months=3)
    end = periods.after(account.now(), "month", 3)
    account.add_discount(subscribe(account, customer), coupon["id"], end=end)


def amount_off(account: Account, customer: str) -> None:
    """Ten euro off each invoice, which makes a year's price dearer than twelve months."""
    coupon = account.add_coupon(amount_off=1000, currency="eur")
    account.add_discount(subscribe(account, customer), coupon["id"])


def all_off(account: Account, customer: str) -> None:
    """Nothing to pay, for good."""
    coupon = account.add_coupon(percent_off=100)
    account.add_discount(subscribe(account, customer), coupon["id"])


def off_one_item(account: Account, customer: str) -> None:
    """A discount on one of two items."""
    coupon = account.add_coupon(percent_off=50)
    made = subscribe(account, customer, "price_pro_month", "price_seat_month")
    account.add_discount(made["items"]["data"][1], coupon["id"])


def off_for_customer(account: Account, customer: str) -> None:
    """A discount on everything that the customer buys."""
    coupon = account.add_coupon(percent_off=20)
    subscribe(account, customer)
    account.add_discount(account["customer", customer], coupon["id"])


def fifty_discounts(account: Account, customer: str) -> None:
    """More discounts than a card has room for."""
    made = subscribe(account, customer, "price_business_month")
    for _ in range(50):
        coupon = account.add_coupon(amount_off=10, currency="eur")
        account.add_discount(made, coupon["id"])


def other_currency(account: Account, customer: str) -> None:
    """Charged in euro, by a price whose base is the dollar."""
    subscribe(account, customer, "price_dollar", currency="eur")


def dinar(account: Account, customer: str) -> None:
    """A currency that has two decimals at Stripe and none elsewhere."""
    subscribe(account, customer, "price_dinar")


def tax_on_top(account: Account, customer: str) -> None:
    """An exclusive price, and Stripe computes the tax."""
    tax = {"disabled_reason": None, "enabled": True, "liability": {"type": "self"}}
    subscribe(account, customer, "price_pro_plus_tax", automatic_tax=tax)


def tax_shifted(account: Account, customer: str) -> None:
    """A rate of 0 %: the customer accounts for the tax itself."""
    rate = tax_rate(0.0, inclusive=False, created=account.now())
    subscribe(account, customer, "price_pro_plus_tax", default_tax_rates=[rate])


def tax_not_computed(account: Account, customer: str) -> None:
    """An exclusive price, and nobody computes a tax."""
    subscribe(account, customer, "price_pro_plus_tax")
