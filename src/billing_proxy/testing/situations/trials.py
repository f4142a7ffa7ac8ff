"""On trial."""

from __future__ import annotations

from ..account import lifecycle
from ..account.account import Account
from ..account.objects import JSON
from ..account.periods import DAY
from .made import has_no_payment_method, subscribe


def trial(account: Account, customer: str) -> None:
    """A trial with a payment method: the items end with it."""
    on_trial(account, customer, 9)


def trial_canceled(account: Account, customer: str) -> None:
    """A trial that was canceled: nothing is charged at its end."""
    lifecycle.cancel(account, on_trial(account, customer, 9))


def trial_that_stops(account: Account, customer: str) -> None:
    """No payment method, and without one the trial stops, soon."""
    _without_method(account, customer, 5, "cancel")


def trial_that_pauses(account: Account, customer: str) -> None:
    """No payment method, and without one the trial pauses, later."""
    _without_method(account, customer, 12, "pause")


def trial_that_sends_an_invoice(account: Account, customer: str) -> None:
    """No payment method, and without one an invoice follows."""
    _without_method(account, customer, 12, "create_invoice")


def on_trial(account: Account, customer: str, days: int, number: int = 1) -> JSON:
    """A trial of two weeks of Pro with so many days to go."""
    end = account.now() + days * DAY
    start = end - 14 * DAY
    item = {
        "price": "price_pro_month",
        "current_period_start": start,
        "current_period_end": end,
    }
    when: JSON = {"trial_start": start, "trial_end": end}
    return subscribe(account, customer, item, number=number, status="trialing", **when)


def _without_method(account: Account, customer: str, days: int, then: str) -> None:
    has_no_payment_method(account, customer)
    made = on_trial(account, customer, days)
    made["trial_settings"] = {"end_behavior": {"missing_payment_method": then}}
