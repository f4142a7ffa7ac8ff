"""A customer for each state that a card can have."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from .account.account import Account
from .catalogue import account_with_catalogue
from .situations import debts, ending, pauses, running, trials

_SITUATIONS: Mapping[str, Callable[[Account, str], None]] = {
    "active": running.pro,
    "trialing": trials.trial,
    "canceling": ending.canceling_flexible,
    "canceled": ending.canceled,
    "past_due": debts.past_due,
    "paused": pauses.paused,
    "unknown": running.unknown_status,
    "none": lambda _account, _customer: None,
}

CUSTOMERS: Mapping[str, str] = {state: f"cus_{state}" for state in _SITUATIONS}
"""Ids of customers, by the `status.code` of their cards: one for each code there is."""


def account_with_customers(clock: Callable[[], float] = time.time) -> Account:
    """A fresh account with the catalogue and all of `CUSTOMERS`, on `clock` (Unix seconds)."""
    account = account_with_catalogue(clock)
    for state, customer in CUSTOMERS.items():
        account.add_customer(customer)
        put(account, customer, state)
    return account


def put(account: Account, customer: str, state: str) -> None:
    """Give a customer the subscription of `state`, in place of all that was there.

    Raises ValueError for what is no state.
    """
    if state not in _SITUATIONS:
        raise ValueError(f"{state!r} is none of the states {', '.join(_SITUATIONS)}")
    with account.lock:
        account.forget_subscriptions(customer)
        _SITUATIONS[state](account, customer)
