"""What the made-up company sells: plans, extras, a portal to manage them in, and odd leftovers.

Amounts are in cents. Ids are stable, so that tests can name them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .account.account import Account

CONFIGURATION = "bpc_demo_standaard"
"""The portal configuration that counts as saved in the Dashboard."""

_PRODUCTS = {
    "prod_free": "Free",
    "prod_basic": "Basic",
    "prod_pro": "Pro",
    "prod_business": "Business",
    "prod_seats": "Extra gebruikers",
    "prod_storage": "Extra opslag",
    "prod_news": "Nieuwsbrief",
    "prod_abroad": "Pro internationaal",
    "prod_hebrew": "תוכנית מקצועית",
    "prod_arabic": "الخطة الاحترافية",
    "prod_classic": "Klassiek",
    "prod_gone": "Starter 2019",
}
_ARCHIVED = ("prod_seats", "prod_classic")
_ON_SALE = {
    "prod_free": ["price_free_month"],
    "prod_basic": ["price_basic_month", "price_basic_year"],
    "prod_pro": ["price_pro_month", "price_pro_quarter", "price_pro_year"],
    "prod_business": ["price_business_month", "price_business_year"],
}
"""What a customer can change to in the portal."""

_PRICES: dict[str, tuple[str, int, str, int]] = {
    "price_free_month": ("prod_free", 0, "month", 1),
    "price_basic_month_2019": ("prod_basic", 1500, "month", 1),
    "price_basic_month": ("prod_basic", 1900, "month", 1),
    "price_basic_year": ("prod_basic", 19000, "year", 1),
    "price_pro_month": ("prod_pro", 2900, "month", 1),
    "price_pro_quarter": ("prod_pro", 8400, "month", 3),
    "price_pro_year": ("prod_pro", 29000, "year", 1),
    "price_business_month": ("prod_business", 9900, "month", 1),
    "price_business_year": ("prod_business", 99000, "year", 1),
    "price_seat_month": ("prod_seats", 500, "month", 1),
    "price_seat_year": ("prod_seats", 5000, "year", 1),
    "price_news_week": ("prod_news", 300, "week", 1),
    "price_news_7_days": ("prod_news", 200, "day", 7),
    "price_news_24_months": ("prod_news", 20000, "month", 24),
    "price_news_2_years": ("prod_news", 30000, "year", 2),
    "price_hebrew_month": ("prod_hebrew", 1900, "month", 1),
    "price_arabic_month": ("prod_arabic", 1900, "month", 1),
    "price_classic_month": ("prod_classic", 1900, "month", 1),
    "price_classic_year": ("prod_classic", 19000, "year", 1),
    "price_gone_month": ("prod_gone", 1500, "month", 1),
}
_TIERS: dict[str, Any] = {
    "billing_scheme": "tiered",
    "tiers_mode": "graduated",
    "usage_type": "metered",
}
_IN_EURO = {
    "custom_unit_amount": None,
    "tax_behavior": "unspecified",
    "unit_amount": 2900,
    "unit_amount_decimal": "2900",
}


def account_with_catalogue(clock: Callable[[], float] = time.time) -> Account:
    """A fresh account with products, prices and a saved portal, and no customers yet.

    One product is deleted and two are archived; prices on all of them still work, as they do at
    Stripe.
    """
    account = Account(clock=clock)
    for id, name in _PRODUCTS.items():
        account.add_product(name, id, active=id not in _ARCHIVED)
    for id, (product, amount, interval, count) in _PRICES.items():
        account.add_price(product, amount, interval, count, id)
    account.add_price("prod_storage", None, id="price_storage_metered", **_TIERS)
    account.add_price("prod_pro", 2900, id="price_pro_plus_tax", tax_behavior="exclusive")
    account.add_price(
        "prod_abroad", 3200, id="price_dollar", currency="usd", currency_options={"eur": _IN_EURO}
    )
    account.add_price("prod_abroad", 149_950, id="price_dinar", currency="rsd")
    on_sale: list[Any] = [{"product": id, "prices": prices} for id, prices in _ON_SALE.items()]
    account.add_configuration(CONFIGURATION, products=on_sale, is_default=True)
    account.delete("prod_gone")
    return account
