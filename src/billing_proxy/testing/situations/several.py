"""More than one subscription, of which one counts first."""

from __future__ import annotations

from ..account.account import Account
from .debts import owe
from .ending import add_canceled
from .made import since, subscribe
from .pauses import add_paused
from .trials import on_trial


def several(account: Account, customer: str) -> None:
    """Three subscriptions, of which the running one counts."""
    subscribe(account, customer)
    add_canceled(account, customer, 2)
    add_paused(account, customer, "pause_requested", 3)


def debt_beside(account: Account, customer: str) -> None:
    """One that runs, and one that is unpaid."""
    subscribe(account, customer, "price_business_month")
    owe(account, customer, "unpaid", 2)


def abandoned_checkout(account: Account, customer: str) -> None:
    """One that runs, and one whose first payment was never made."""
    subscribe(account, customer)
    subscribe(account, customer, since(account, 0.1), number=2, status="incomplete")


def free_beside_trial(account: Account, customer: str) -> None:
    """A free plan that runs, and a paid one on trial."""
    subscribe(account, customer, "price_free_month")
    on_trial(account, customer, 9, 2)


def many_ended(account: Account, customer: str) -> None:
    """One that runs, and four that have ended."""
    subscribe(account, customer)
    for number in range(2, 6):
        add_canceled(account, customer, number)
