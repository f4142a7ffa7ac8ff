"""Whom a credential may name: a Stripe customer, or somebody who has never paid."""

from __future__ import annotations

import re
from typing import NamedTuple

NO_CUSTOMER = "none"
"""Stands for somebody who is signed in and has no customer at Stripe, so nothing is asked there."""

_CUSTOMER = re.compile(r"cus_[A-Za-z0-9_-]{1,120}")


class Grant(NamedTuple):
    """Whom a credential is for, and until when (Unix seconds).

    ``name`` is what the site calls the customer, for who looks after several; it decides nothing.
    ``locale`` is the language that the site has chosen for the reader, or nothing.
    """

    customer: str
    expires: int
    name: str = ""
    locale: str = ""


def is_customer_id(value: object) -> bool:
    """Whether ``value`` looks like a Stripe customer id, fit for a path, a header and a log."""
    return isinstance(value, str) and _CUSTOMER.fullmatch(value) is not None


def names_somebody(value: object) -> bool:
    """Whether ``value`` is a customer id or ``NO_CUSTOMER``: somebody to show a card to."""
    return value == NO_CUSTOMER or is_customer_id(value)
