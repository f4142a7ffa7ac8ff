"""What the situations are made with."""

from __future__ import annotations

from typing import Any

from ..account.account import Account
from ..account.objects import JSON
from ..account.periods import DAY


def subscription_id(customer: str, number: int = 1) -> str:
    """The id of a customer's subscription: the first, or a further one."""
    id = customer.replace("cus_", "sub_")
    return id if number == 1 else f"{id}_{number}"


def subscribe(
    account: Account, customer: str, *prices: str | JSON, number: int = 1, **fields: Any
) -> JSON:
    """A subscription to `prices`, by default to Pro per month, running."""
    return account.add_subscription(
        customer,
        prices or ("price_pro_month",),
        id=subscription_id(customer, number),
        **fields,
    )


def since(account: Account, days: float, price: str = "price_pro_month") -> JSON:
    """An item of `price` whose period began so many days ago."""
    return {"price": price, "current_period_start": account.now() - int(days * DAY)}


def pays_with(account: Account, customer: str, type: str, **details: Any) -> JSON:
    """The customer's default becomes a new payment method of this type."""
    made = account.add_payment_method(customer, type, **details)
    account["customer", customer]["invoice_settings"]["default_payment_method"] = made["id"]
    return made


def has_no_payment_method(account: Account, customer: str) -> None:
    """The customer's default is taken away."""
    account["customer", customer]["invoice_settings"]["default_payment_method"] = None


def latest_invoice(account: Account, subscription: JSON) -> JSON:
    """The invoice that a subscription names as its latest."""
    return account["invoice", subscription["latest_invoice"]]
