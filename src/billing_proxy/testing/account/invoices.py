"""Invoices, and the payments that are tried for them."""

from __future__ import annotations

import secrets
from typing import Any

from .objects import JSON, new_id
from .subscriptions import NO_AUTOMATIC_TAX

PAGES = "/i/test_"
"""Where the pages of invoices begin. An address there is a bearer link, as at Stripe."""


def invoice(
    id: str, customer: str, subscription: str | None, created: int, amount: int, /, **fields: Any
) -> JSON:
    """An open invoice over `amount`, to be paid on the page at `hosted_invoice_url`.

    The address is a path of the emulator, which is made absolute when it goes over the wire.
    https://docs.stripe.com/api/invoices/object
    """
    parent: JSON = {
        "quote_details": None,
        "subscription_details": {"metadata": {}, "subscription": subscription},
        "type": "subscription_details",
    }
    return {
        "id": id,
        "object": "invoice",
        "account_country": "NL",
        "account_name": "Voorbeeld B.V.",
        "account_tax_ids": None,
        "amount_due": amount,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": None,
        "amount_remaining": amount,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {**NO_AUTOMATIC_TAX, "provider": None, "status": None},
        "automatically_finalizes_at": None,
        "billing_reason": "subscription_cycle",
        "collection_method": "charge_automatically",
        "created": created,
        "currency": "eur",
        "custom_fields": None,
        "customer": customer,
        "customer_account": None,
        "customer_address": None,
        "customer_email": None,
        "customer_name": None,
        "customer_phone": None,
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_payment_method": None,
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": created,
        "ending_balance": 0,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": f"{PAGES}{secrets.token_urlsafe(24)}",
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "lines": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/invoices/{id}/lines",
        },
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": f"DEMO-{id[-4:].upper()}",
        "on_behalf_of": None,
        "parent": parent if subscription else None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": created,
        "period_start": created,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "starting_balance": 0,
        "statement_descriptor": None,
        "status": "open",
        "status_details": None,
        "status_transitions": {
            "finalized_at": created,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": amount,
        "subtotal_excluding_tax": amount,
        "test_clock": None,
        "threshold_reason": None,
        "total": amount,
        "total_discount_amounts": [],
        "total_excluding_tax": amount,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": created,
        **fields,
    }


def paid(invoice: JSON, at: int) -> JSON:
    """`invoice` after it was paid in full at `at`."""
    return {
        **invoice,
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
        "attempted": True,
        "next_payment_attempt": None,
        "status": "paid",
        "status_transitions": {**invoice["status_transitions"], "paid_at": at},
    }


def subscription_of(invoice: JSON) -> str | None:
    """The id of the subscription that an invoice is for."""
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")


def invoice_payment(invoice: JSON, intent: JSON) -> JSON:
    """One try to pay an invoice: https://docs.stripe.com/api/invoice-payment/object"""
    at = invoice["status_transitions"]["paid_at"]
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": intent["amount_received"] or None,
        "amount_requested": invoice["amount_due"],
        "created": intent["created"],
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {
            "charge": None,
            "payment_intent": intent["id"],
            "payment_record": None,
            "type": "payment_intent",
        },
        "status": "paid" if at else "open",
        "status_transitions": {"canceled_at": None, "paid_at": at},
    }


def payment_intent(invoice: JSON, status: str, created: int) -> JSON:
    """Where the payment stands, `processing` for a debit that takes days.

    https://docs.stripe.com/api/payment_intents/object, without what a billing page never needs.
    """
    amount = invoice["amount_due"]
    return {
        "id": new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": amount if status == "succeeded" else 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"pi_secret_{secrets.token_hex(12)}",
        "confirmation_method": "automatic",
        "created": created,
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "description": "Subscription update",
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card", "ideal", "sepa_debit"],
        "processing": None,
        "receipt_email": invoice["customer_email"],
        "setup_future_usage": "off_session",
        "status": status,
    }
