"""The stand-in for Stripe's customer portal: plain pages on which changes really take effect.

It opens with the link of a portal session and shows what the session's customer may do. A flow
(https://docs.stripe.com/customer-management/portal-deep-links) shows its one action, then goes
where the flow says.
"""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request
from werkzeug.exceptions import Conflict, HTTPException
from werkzeug.wrappers import Response as BaseResponse

from billing_proxy.testing.account import lifecycle, periods
from billing_proxy.testing.account.account import Account
from billing_proxy.testing.account.objects import JSON
from billing_proxy.testing.account.visits import PortalVisit
from demo.portal import texts as words
from demo.portal.offers import FEATURES, Offer, Offers
from demo.portal.render import TEMPLATES, language, page

_METHODS: dict[str, tuple[str, dict[str, str]]] = {
    "visa": ("card", {"brand": "visa", "last4": "4242"}),
    "mastercard": ("card", {"brand": "mastercard", "last4": "4444"}),
    "amex": ("card", {"brand": "amex", "last4": "8431"}),
    "sepa": ("sepa_debit", {"last4": "3000"}),
}
"""The payment methods a customer can choose: the type, and what its hash says."""
_FLOWS = {
    "payment_method_update": "update_payment_method",
    "customer_update": "update_customer",
    "subscription_cancel": "cancel",
    "subscription_pause": "pause",
    "subscription_update": "change_price",
    "subscription_update_confirm": "change_price",
}


class Portal:
    """The portal pages of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def blueprint(self) -> Blueprint:
        """The blueprint with everything under `/p/`."""
        blueprint = Blueprint("portal", __name__, template_folder=TEMPLATES)
        blueprint.add_url_rule("/p/session/<secret>", view_func=self.show)
        blueprint.add_url_rule(
            "/p/session/<secret>/<action>", view_func=self.change, methods=["POST"]
        )
        return blueprint

    def show(self, secret: str) -> Response:
        """The portal's page, or the one action of a flow."""
        with self._account.lock:
            visit = self._visit(secret)
            if visit is None:
                return self._gone(secret)
            shown = self._offers(visit.session)
            only, offers = _narrowed(visit, shown.subscriptions())
            return page(
                "portal",
                shown.language,
                secret=secret,
                session=visit.session,
                business=self._account.name,
                only=only,
                done="done" in request.args,
                offers=offers,
                method=shown.payment_method(),
                methods=[
                    (name, words.payment_method({"type": type, type: details}, shown.language))
                    for name, (type, details) in _METHODS.items()
                ],
                customer=shown.customer,
                vat=self._vat(visit.session["customer"]),
                feedback=words.FEEDBACK[shown.language],
                invoices=shown.invoices(),
                features=shown.features,
            )

    def change(self, secret: str, action: str) -> BaseResponse:
        """Do what a form asks, then back to the portal or to where the flow ends (303)."""
        with self._account.lock:
            visit = self._visit(secret)
            if visit is None:
                return self._gone(secret)
            try:
                self._act(self._offers(visit.session), action)
            except (HTTPException, KeyError, ValueError):
                spoken = language(visit.session["locale"])
                return page("message", spoken, 409, message="conflict", secret=secret)
            return redirect(self._next(visit, secret), 303)

    def _offers(self, session: JSON) -> Offers:
        return Offers(self._account, session, language(session["locale"]))

    def _gone(self, secret: str) -> Response:
        expired = self._account.visits.get(secret)
        spoken = language(expired.session["locale"] if expired else None)
        return page("message", spoken, 410 if expired else 404, message="gone")

    def _visit(self, secret: str) -> PortalVisit | None:
        visit = self._account.visits.get(secret)
        return visit if visit and visit.opens(self._account.clock()) else None

    def _next(self, visit: PortalVisit, secret: str) -> str:
        home = f"/p/session/{secret}?done"
        if not _only(visit):
            return home
        visit.flow_done = True
        after = visit.session["flow"]["after_completion"]
        return str(after["redirect"]["return_url"]) if after["type"] == "redirect" else home

    def _act(self, shown: Offers, action: str) -> None:
        feature = FEATURES.get(action)
        if feature and not shown.features[feature]["enabled"]:
            raise Conflict
        customer = shown.session["customer"]
        if action == "update_payment_method":
            type, details = _METHODS[request.form["method"]]
            lifecycle.update_payment_method(self._account, customer, type, **details)
            return
        if action == "update_customer":
            lifecycle.update_customer(self._account, customer, request.form)
            return
        found = self._account.get("subscription", request.form["subscription"])
        if found is None or found["customer"] != customer:
            raise Conflict
        if action not in lifecycle.possible(found):
            raise Conflict
        self._change_subscription(shown, found, action)

    def _change_subscription(self, shown: Offers, subscription: JSON, action: str) -> None:
        account, form = self._account, request.form
        if action == "change_price":
            if form["price"] not in dict(shown.choices(subscription)):
                raise Conflict
            price = account["price", form["price"]]
            waits = shown.waits(subscription, price)
            lifecycle.change_price(account, subscription, price, waits)
        elif action == "keep_price":
            lifecycle.keep_price(account, subscription)
        elif action == "pause":
            later = periods.after(account.now(), "month") if form["resume"] == "month" else None
            lifecycle.pause(account, subscription, later)
        elif action == "cancel":
            lifecycle.cancel(account, subscription, form.get("feedback") or None)
        elif action == "resume":
            lifecycle.resume(account, subscription)
        elif action == "resume_collection":
            lifecycle.resume_collection(subscription)
        else:
            lifecycle.renew(subscription)

    def _vat(self, customer: str) -> str:
        known = self._account.on_request(customer, "tax_ids")
        return str(known["data"][0]["value"]) if known and known["data"] else ""


def _narrowed(visit: PortalVisit, offers: list[Offer]) -> tuple[str | None, list[Offer]]:
    """The one action of a flow and its subscription; everything once it is not possible."""
    only = _only(visit)
    if only is None or only in ("update_payment_method", "update_customer"):
        return only, offers
    flow = visit.session["flow"]
    wanted = flow[flow["type"]]["subscription"]
    fitting = [offer for offer in offers if offer.id == wanted and only in offer.actions]
    return (only, fitting) if fitting else (None, offers)


def _only(visit: PortalVisit) -> str | None:
    """The one action of a flow that is not done yet."""
    flow = visit.session["flow"]
    return _FLOWS[flow["type"]] if flow and not visit.flow_done else None
