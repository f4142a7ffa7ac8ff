"""The stand-in for the page of an invoice, on which the demo's visitor really pays.

Its address is the invoice's `hosted_invoice_url`: https://docs.stripe.com/invoicing/hosted-invoice-page
"""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from billing_proxy.testing.account import lifecycle
from billing_proxy.testing.account.account import Account
from billing_proxy.testing.account.invoices import PAGES
from billing_proxy.testing.account.objects import JSON
from demo.portal import texts as words
from demo.portal.render import TEMPLATES, language, page

_METHODS = ("card", "ideal", "sepa_debit")


class InvoicePage:
    """The pages of one account's invoices."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def blueprint(self) -> Blueprint:
        """The blueprint with everything under `/i/`."""
        blueprint = Blueprint("invoice_page", __name__, template_folder=TEMPLATES)
        blueprint.add_url_rule(f"{PAGES}<secret>", view_func=self.show)
        blueprint.add_url_rule(f"{PAGES}<secret>", view_func=self.pay, methods=["POST"])
        return blueprint

    def show(self, secret: str) -> Response:
        """The invoice, with a way to pay it as long as it is open."""
        with self._account.lock:
            found = self._found(secret)
            if found is None:
                return page("message", language(None), 404, message="no_invoice")
            spoken = self._language(found)
            return page(
                "invoice",
                spoken,
                business=self._account.name,
                invoice=found,
                amount=words.money(found["amount_due"], found["currency"], spoken),
                due=words.day(found["due_date"], spoken) if found["due_date"] else None,
                state=self._state(found),
                methods=_METHODS,
            )

    def pay(self, secret: str) -> BaseResponse:
        """Pay it. A SEPA debit is under way from then on, as it takes days."""
        with self._account.lock:
            found = self._found(secret)
            method = request.form.get("method")
            if found is None or method not in _METHODS or self._state(found) != "open":
                return page("message", language(None), 409, message="conflict")
            if method == "sepa_debit":
                self._account.set_payment(found, "processing")
            else:
                lifecycle.pay(self._account, found)
            return redirect(request.path, 303)

    def _found(self, secret: str) -> JSON | None:
        address = f"{PAGES}{secret}"
        return next(
            (
                found
                for found in self._account.all("invoice")
                if found["hosted_invoice_url"] == address
            ),
            None,
        )

    def _state(self, invoice: JSON) -> str:
        if invoice["status"] == "open":
            payment = self._account.payment_of(invoice)["status"]
            return "processing" if payment == "processing" else "open"
        return str(invoice["status"])

    def _language(self, invoice: JSON) -> str:
        customer = self._account.get("customer", invoice["customer"]) or {}
        wanted = customer.get("preferred_locales") or ["nl"]  # as the page of the demo
        return language(wanted[0])
