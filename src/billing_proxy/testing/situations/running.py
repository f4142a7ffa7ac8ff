"""All is well: plans, periods, payment methods and odd items of running subscriptions."""

from __future__ import annotations

from datetime import UTC, datetime

from ..account import periods
from ..account.account import Account
from ..account.objects import JSON
from ..account.periods import DAY
from ..account.subscriptions import NOT_CANCELED
from .made import pays_with, since, subscribe


def pro(account: Account, customer: str) -> None:
    """Pro per month, running."""
    subscribe(account, customer)


def business(account: Account, customer: str) -> None:
    """Business per year."""
    subscribe(account, customer, "price_business_year")


def quarter(account: Account, customer: str) -> None:
    """Three months are not one month."""
    subscribe(account, customer, "price_pro_quarter")


def team(account: Account, customer: str) -> None:
    """Two licensed items of one period, one of an archived product."""
    seats = {"price": "price_seat_month", "quantity": 12}
    subscribe(account, customer, "price_pro_month", seats)


def no_seats(account: Account, customer: str) -> None:
    """A second item with quantity 0, which counts for nothing."""
    seats = {"price": "price_seat_month", "quantity": 0}
    subscribe(account, customer, "price_pro_month", seats)


def metered(account: Account, customer: str) -> None:
    """A licensed item beside a metered, tiered one without a quantity."""
    subscribe(account, customer, "price_business_month", "price_storage_metered")


def mixed(account: Account, customer: str) -> None:
    """Items with differing intervals, which flexible billing allows."""
    subscribe(account, customer, "price_pro_month", "price_seat_year")


def week(account: Account, customer: str) -> None:
    """Seven days are a week."""
    subscribe(account, customer, "price_news_7_days", "price_news_week")


def two_years(account: Account, customer: str) -> None:
    """Twenty-four months are two years."""
    subscribe(account, customer, "price_news_24_months", "price_news_2_years")


def prebilled(account: Account, customer: str) -> None:
    """Billed until after the end of the current period."""
    until = periods.after(account.now(), "month", 4)
    subscribe(account, customer, {"price": "price_pro_month", "billed_until": until})


def product_gone(account: Account, customer: str) -> None:
    """A price whose product was deleted."""
    subscribe(account, customer, "price_gone_month")


def archived(account: Account, customer: str) -> None:
    """A product that is no longer sold; its yearly price is still there."""
    subscribe(account, customer, "price_classic_month")


def two_directions(account: Account, customer: str) -> None:
    """Names that are written from right to left, side by side."""
    subscribe(account, customer, "price_hebrew_month", "price_arabic_month")


def after_trial(account: Account, customer: str) -> None:
    """Active; `trial_end` stays filled after the trial."""
    start = account.now() - 12 * DAY
    trial: JSON = {"trial_start": start - 14 * DAY, "trial_end": start}
    subscribe(account, customer, since(account, 12), **trial)


def renewed(account: Account, customer: str) -> None:
    """Canceled and taken back; left-over `cancellation_details` mean nothing."""
    details = {**NOT_CANCELED, "feedback": "unused", "reason": "cancellation_requested"}
    subscribe(account, customer, cancellation_details=details)


def by_debit(account: Account, customer: str) -> None:
    """Pays by SEPA debit."""
    pays_with(account, customer, "sepa_debit", last4="0043")
    subscribe(account, customer)


def by_method_of_its_own(account: Account, customer: str) -> None:
    """The subscription's own payment method goes before the customer's."""
    card = account.add_payment_method(customer, brand="mastercard", last4="4444")
    subscribe(account, customer, default_payment_method=card["id"])


def by_unknown_method(account: Account, customer: str) -> None:
    """A type of payment method that Stripe may add to its open enum."""
    pays_with(account, customer, "tulip_pay")
    subscribe(account, customer)


def by_invoice(account: Account, customer: str) -> None:
    """Pays by invoice, and has paid the last one."""
    subscribe(account, customer, collection_method="send_invoice", days_until_due=14)


def card_expires_soon(account: Account, customer: str) -> None:
    """The card's last month ends before the next charge, which is near."""
    made = subscribe(account, customer, since(account, 5))
    charge = made["items"]["data"][0]["current_period_end"]
    _card_until(account, customer, periods.before(charge, "month"))


def card_expires_later(account: Account, customer: str) -> None:
    """The card's last month ends before the next charge, which is far away."""
    _card_until(account, customer, account.now() + 90 * DAY)
    subscribe(account, customer, since(account, 60, "price_business_year"))


def unknown_status(account: Account, customer: str) -> None:
    """A value that Stripe may add to its open enum."""
    subscribe(account, customer, status="hibernating")


def _card_until(account: Account, customer: str, moment: int) -> None:
    last = datetime.fromtimestamp(moment, UTC)
    pays_with(account, customer, "card", exp_month=last.month, exp_year=last.year)
