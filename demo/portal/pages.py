"""The stand-in for Stripe's customer portal: plain pages on which changes really take effect.

It opens with the link of a portal session and shows what the session's customer may do. A flow
(https://docs.stripe.com/customer-management/portal-deep-links) shows its one action, then goes
where the flow says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.exceptions import Conflict, HTTPException
from werkzeug.wrappers import Response as BaseResponse

from demo.account import lifecycle, periods
from demo.account.account import Account, PortalVisit
from demo.account.objects import JSON
from demo.api.sessions import VISIT_LASTS
from demo.portal import texts as words

CARDS = {"visa": "4242", "mastercard": "4444", "amex": "8431"}
"""The cards a customer can choose: brand and last four digits."""

_FEATURES = {
    "update_payment_method": "payment_method_update",
    "change_price": "subscription_update",
    "cancel": "subscription_cancel",
    "pause": "subscription_pause",
}
_FLOWS = {feature: action for action, feature in _FEATURES.items()}


@dataclass(frozen=True)
class Offer:
    """A subscription as the portal shows it: in words, with the actions it allows."""

    id: str
    name: str
    lines: list[str]
    status: str
    state: str
    date: str | None
    actions: set[str]
    choices: list[tuple[str, str]]


class Portal:
    """The portal pages of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def blueprint(self) -> Blueprint:
        """The blueprint with everything under `/p/`."""
        blueprint = Blueprint("portal", __name__)
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
            session, language = visit.session, _language(visit.session)
            only, offers = self._shown(visit, language)
            return _page(
                "portal",
                language,
                secret=secret,
                session=session,
                business=self._account.name,
                only=only,
                done="done" in request.args,
                offers=offers,
                card=self._card(session["customer"]),
                cards=CARDS,
                feedback=words.FEEDBACK[language],
                invoices=self._invoices(session["customer"], language),
                features=self._features(session),
            )

    def change(self, secret: str, action: str) -> BaseResponse:
        """Do what a form asks, then back to the portal or to where the flow ends (303)."""
        with self._account.lock:
            visit = self._visit(secret)
            if visit is None:
                return self._gone(secret)
            try:
                self._act(visit.session, action)
            except (HTTPException, KeyError, ValueError):
                language = _language(visit.session)
                return _page("message", language, 409, message="conflict", secret=secret)
            return redirect(self._next(visit, secret), 303)

    def _gone(self, secret: str) -> Response:
        expired = self._account.visits.get(secret)
        language = _language(expired.session if expired else None)
        return _page("message", language, 410 if expired else 404, message="gone")

    def _visit(self, secret: str) -> PortalVisit | None:
        visit = self._account.visits.get(secret)
        if visit is None or self._account.clock() >= visit.expires_at:
            return None
        if not visit.opened:
            visit.opened = True
            visit.expires_at = self._account.clock() + VISIT_LASTS
        return visit

    def _next(self, visit: PortalVisit, secret: str) -> str:
        home = f"/p/session/{secret}?done"
        if not _only(visit):
            return home
        visit.flow_done = True
        after = visit.session["flow"]["after_completion"]
        return str(after["redirect"]["return_url"]) if after["type"] == "redirect" else home

    def _act(self, session: JSON, action: str) -> None:
        feature = _FEATURES.get(action)
        if feature and not self._features(session)[feature]["enabled"]:
            raise Conflict
        if action == "update_payment_method":
            brand = request.form["card"]
            lifecycle.update_payment_method(self._account, session["customer"], brand, CARDS[brand])
            return
        found = self._account.get("subscription", request.form["subscription"])
        if found is None or found["customer"] != session["customer"]:
            raise Conflict
        if action not in lifecycle.possible(found):
            raise Conflict
        self._change_subscription(found, action)

    def _change_subscription(self, subscription: JSON, action: str) -> None:
        account, form = self._account, request.form
        if action == "change_price":
            price = account.get("price", form["price"])
            if price is None or price["id"] not in dict(self._choices(subscription, "en")):
                raise Conflict
            lifecycle.change_price(account, subscription, price)
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

    def _features(self, session: JSON) -> JSON:
        found = self._account["billing_portal.configuration", session["configuration"]]
        features: JSON = found["features"]
        return features

    def _shown(self, visit: PortalVisit, language: str) -> tuple[str | None, list[Offer]]:
        """The one action of a flow and its subscription; everything once it is not possible."""
        only, offers = _only(visit), self._offers(visit.session, language)
        if only and only != "update_payment_method":
            wanted = visit.session["flow"][visit.session["flow"]["type"]]["subscription"]
            fitting = [offer for offer in offers if offer.id == wanted and only in offer.actions]
            return (only, fitting) if fitting else (None, offers)
        return only, offers

    def _offers(self, session: JSON, language: str) -> list[Offer]:
        features = self._features(session)
        offered = {name for name, feature in _FEATURES.items() if features[feature]["enabled"]}
        offered |= {"renew", "resume", "resume_collection"}
        return [
            self._offer(found, language, lifecycle.possible(found) & offered)
            for found in self._account.subscriptions_of(session["customer"])
        ]

    def _offer(self, found: JSON, language: str, actions: set[str]) -> Offer:
        names, lines = [], []
        for item in found["items"]["data"]:
            name = self._product_name(item["price"], language)
            names.append(name)
            quantity = f"{item.get('quantity', 1)} × " if item.get("quantity", 1) > 1 else ""
            lines.append(f"{quantity}{name}, {_price(item['price'], language)}")
        collecting = found["pause_collection"] is None
        state = found["status"] if collecting else "collection_paused"
        return Offer(
            id=found["id"],
            name=" + ".join(names),
            lines=lines,
            status=words.status(state, language),
            state=state,
            date=_date_line(found, language),
            actions=actions,
            choices=self._choices(found, language) if "change_price" in actions else [],
        )

    def _product_name(self, price: JSON, language: str) -> str:
        product = self._account.get("product", price["product"])
        if product is None or product.get("deleted"):
            return words.TEXTS[language]["unknown_product"]
        return str(product["name"])

    def _choices(self, subscription: JSON, language: str) -> list[tuple[str, str]]:
        """Prices that may be chosen instead: active, licensed, of a product still on sale."""
        current = subscription["items"]["data"][0]["price"]["id"]
        choices = []
        for price in reversed(self._account.all("price")):
            product = self._account.get("product", price["product"]) or {}
            licensed = price["recurring"]["usage_type"] == "licensed"
            if price["active"] and product.get("active") and licensed and price["id"] != current:
                choices.append((price["id"], f"{product['name']}, {_price(price, language)}"))
        return choices

    def _card(self, customer: str) -> str | None:
        owner = self._account.get("customer", customer) or {}
        settings = owner.get("invoice_settings") or {}
        found = self._account.get("payment_method", settings.get("default_payment_method") or "")
        if found is None:
            return None
        return f"{found['card']['brand'].capitalize()} •••• {found['card']['last4']}"

    def _invoices(self, customer: str, language: str) -> list[tuple[str, str, str, str]]:
        return [
            (
                words.day(row["created"], language),
                row["number"],
                words.money(row["total"], language),
                words.status(row["status"], language),
            )
            for row in self._account.all("invoice", customer)
        ]


def _only(visit: PortalVisit) -> str | None:
    """The one action of a flow that is not done yet."""
    flow = visit.session["flow"]
    return _FLOWS.get(flow["type"]) if flow and not visit.flow_done else None


def _price(price: JSON, language: str) -> str:
    recurring = price["recurring"]
    often = words.per(recurring["interval"], recurring["interval_count"], language)
    if price["unit_amount"] is None:
        return f"{words.TEXTS[language]['usage']} {often}"
    return f"{words.money(price['unit_amount'], language)} {often}"


def _date_line(subscription: JSON, language: str) -> str | None:
    ends = min(item["current_period_end"] for item in subscription["items"]["data"])
    end = subscription["cancel_at"] or (ends if subscription["cancel_at_period_end"] else None)
    if subscription["status"] in ("canceled", "incomplete_expired", "paused"):
        return None
    kind, moment = ("ends", end) if end else ("renews", ends)
    return words.TEXTS[language][kind].format(date=words.day(moment, language))


def _language(session: JSON | None) -> str:
    """Dutch when the session asks for it; without a wish, what the browser prefers."""
    locale = session["locale"] if session else None
    if locale in (None, "auto"):
        return request.accept_languages.best_match(["nl", "en"]) or "en"
    return "nl" if locale == "nl" else "en"


def _page(name: str, language: str, status: int = 200, **shown: Any) -> Response:
    texts = words.TEXTS[language]
    page = render_template(f"demo/{name}.html", language=language, t=texts, **shown)
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(page, status, headers, mimetype="text/html")
