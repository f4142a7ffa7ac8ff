"""Customers and their payment methods.

Both carry personal data, as they do at Stripe, so that a test can see that none of it gets out.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from .objects import JSON

NAME = "Sanne van der Geheim"
EMAIL = "sanne.geheim@klant.example"
PHONE = "+31207654321"
_ADDRESS = {
    "city": "Amsterdam",
    "country": "NL",
    "line1": "Geheimelaan 17",
    "line2": None,
    "postal_code": "1017 ZZ",
    "state": None,
}
PERSONAL = (NAME, EMAIL, PHONE, "Geheimelaan", "1017 ZZ")
"""What no answer, log or cache may hold of a customer that was added without a name of its own."""


def customer(id: str, created: int, /, **fields: Any) -> JSON:
    """https://docs.stripe.com/api/customers/object"""
    return {
        "id": id,
        "object": "customer",
        "address": dict(_ADDRESS),
        "balance": 0,
        "business_name": None,
        "created": created,
        "currency": "eur",
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": EMAIL,
        "individual_name": None,
        "invoice_prefix": secrets.token_hex(4).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": NAME,
        "next_invoice_sequence": 1,
        "phone": PHONE,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
        **fields,
    }


def payment_method(
    id: str, customer: JSON, created: int, type: str = "card", /, **details: Any
) -> JSON:
    """A payment method of any `type`; `details` replace fields of the hash named after it.

    https://docs.stripe.com/api/payment_methods/object
    """
    return {
        "id": id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            **{name: customer[name] for name in ("address", "email", "name", "phone")},
            "tax_id": None,
        },
        "created": created,
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": type,
        type: {**_DETAILS.get(type, _nothing)(created), **details},
    }


def _nothing(_: int) -> JSON:
    return {}


def _card(created: int) -> JSON:
    return {
        "brand": "visa",
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "pass",
        },
        "country": "NL",
        "display_brand": "visa",
        "exp_month": 8,
        "exp_year": datetime.fromtimestamp(created, UTC).year + 4,
        "fingerprint": secrets.token_hex(8),
        "funding": "credit",
        "generated_from": None,
        "iin": "424242",
        "last4": "4242",
        "networks": {"available": ["visa"], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def _sepa_debit(_: int) -> JSON:
    return {
        "bank_code": "RABO",
        "branch_code": None,
        "country": "NL",
        "fingerprint": secrets.token_hex(8),
        "generated_from": {"charge": None, "setup_attempt": None},
        "last4": "3000",
    }


_DETAILS: dict[str, Callable[[int], JSON]] = {
    "card": _card,
    "sepa_debit": _sepa_debit,
    "ideal": lambda _: {"bank": "rabobank", "bic": "RABONL2U"},
    "paypal": lambda _: {"country": "NL", "payer_email": EMAIL, "payer_id": "PAYERGEHEIM1"},
    "link": lambda _: {"email": EMAIL},
}
"""What stands in the hash of a type; a type that is not here has an empty one."""
