"""What the demo's company sells: three plans, some extras, and a portal to manage them in.

Amounts are in euro cents. Ids are stable, so that tests can name them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from demo.account.account import Account

CONFIGURATION = "bpc_demo_standaard"
"""The portal configuration that counts as saved in the Dashboard."""

_PRODUCTS = {
    "prod_free": "Free",
    "prod_pro": "Pro",
    "prod_business": "Business",
    "prod_seats": "Extra gebruikers",
    "prod_storage": "Extra opslag",
    "prod_gone": "Starter 2019",
}
_PRICES: dict[str, tuple[str, int, str, int]] = {
    "price_free_month": ("prod_free", 0, "month", 1),
    "price_pro_month": ("prod_pro", 2900, "month", 1),
    "price_pro_quarter": ("prod_pro", 8400, "month", 3),
    "price_pro_year": ("prod_pro", 29000, "year", 1),
    "price_business_month": ("prod_business", 9900, "month", 1),
    "price_business_year": ("prod_business", 99000, "year", 1),
    "price_seat_month": ("prod_seats", 500, "month", 1),
    "price_seat_year": ("prod_seats", 5000, "year", 1),
    "price_gone_month": ("prod_gone", 1500, "month", 1),
}
_TIERS: dict[str, Any] = {
    "billing_scheme": "tiered",
    "tiers_mode": "graduated",
    "usage_type": "metered",
}


def account_with_catalogue(clock: Callable[[], float] = time.time) -> Account:
    """A fresh account with products, prices and a saved portal, and no customers yet.

    One product is deleted and one archived; prices on both still work, as they do at Stripe.
    """
    account = Account(clock=clock)
    for id, name in _PRODUCTS.items():
        account.add_product(name, id, active=id != "prod_seats")
    for id, (product, amount, interval, count) in _PRICES.items():
        account.add_price(product, amount, interval, count, id)
    account.add_price("prod_storage", None, id="price_storage_metered", **_TIERS)
    account.add_configuration(CONFIGURATION, is_default=True)
    account.delete("prod_gone")
    return account
