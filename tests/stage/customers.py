"""Customers nobody has asked about, for tests that share one Stripe."""

from __future__ import annotations

from itertools import count

from demo.emulator import Emulator

_numbers = count(1)


def add_to(stripe: Emulator, wanted: int) -> list[str]:
    """Add so many customers with Pro per month; gives their ids, which no test has had before."""
    customers = [f"cus_number{next(_numbers)}" for _ in range(wanted)]
    for customer in customers:
        stripe.account.add_customer(customer)
        stripe.account.add_subscription(customer, id=customer.replace("cus_", "sub_"))
    return customers
