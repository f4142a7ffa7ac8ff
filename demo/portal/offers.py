"""What the portal shows of an account: subscriptions with the actions they allow, in words."""

from __future__ import annotations

from dataclasses import dataclass

from billing_proxy.testing.account import lifecycle
from billing_proxy.testing.account.account import Account
from billing_proxy.testing.account.objects import JSON
from demo.portal import texts as words

FEATURES = {
    "update_payment_method": "payment_method_update",
    "update_customer": "customer_update",
    "change_price": "subscription_update",
    "keep_price": "subscription_update",
    "cancel": "subscription_cancel",
    "pause": "subscription_pause",
}
"""The actions that the configuration can switch off, each by its feature."""
_ALWAYS = {"renew", "resume", "resume_collection"}


@dataclass(frozen=True)
class Offer:
    """A subscription as the portal shows it: in words, with the actions it allows."""

    id: str
    name: str
    lines: list[str]
    status: str
    state: str
    dates: list[str]
    actions: set[str]
    choices: list[tuple[str, str]]


@dataclass(frozen=True)
class InvoiceRow:
    """An invoice in the portal's list; `pay` is where it is paid, for an open one."""

    date: str
    number: str
    amount: str
    status: str
    pay: str | None


@dataclass(frozen=True)
class Offers:
    """Everything that one session's customer may see, in one language."""

    account: Account
    session: JSON
    language: str

    @property
    def features(self) -> JSON:
        """What the session's configuration allows."""
        found = self.account["billing_portal.configuration", self.session["configuration"]]
        features: JSON = found["features"]
        return features

    def subscriptions(self) -> list[Offer]:
        """The customer's subscriptions, newest first."""
        features = self.features
        allowed = {name for name, feature in FEATURES.items() if features[feature]["enabled"]}
        return [
            self._offer(found, lifecycle.possible(found) & (allowed | _ALWAYS))
            for found in self.account.subscriptions_of(self.session["customer"])
        ]

    def choices(self, subscription: JSON) -> list[tuple[str, str]]:
        """The prices that the configuration offers instead of the present one."""
        current = subscription["items"]["data"][0]["price"]
        allowed = self.account.offered(self.session["configuration"])
        confirmed = self._confirmed(subscription)
        return [
            (price["id"], self._choice(subscription, price))
            for price in reversed(self.account.all("price"))
            if price["id"] in allowed
            and price["id"] != current["id"]
            and confirmed in (None, price["id"])
        ]

    def waits(self, subscription: JSON, price: JSON) -> bool:
        """Whether a change to `price` takes place only at the end of the period."""
        update = self.features["subscription_update"]
        conditions = update["schedule_at_period_end"]["conditions"]
        current = subscription["items"]["data"][0]["price"]
        trialing = subscription["status"] == "trialing"
        return not trialing and lifecycle.is_lower(current, price, conditions)

    def invoices(self) -> list[InvoiceRow]:
        """The customer's invoices, newest first."""
        return [self._invoice(row) for row in self.account.all("invoice", self.session["customer"])]

    def payment_method(self) -> str | None:
        """The customer's default payment method."""
        settings = self.customer["invoice_settings"]
        found = self.account.get("payment_method", settings["default_payment_method"] or "")
        return words.payment_method(found, self.language) if found else None

    @property
    def customer(self) -> JSON:
        """The customer whose portal this is."""
        return self.account["customer", self.session["customer"]]

    def _confirmed(self, subscription: JSON) -> str | None:
        """The one price of a flow that only confirms it."""
        flow = self.session["flow"] or {}
        confirm = flow.get("subscription_update_confirm") or {}
        if confirm.get("subscription") != subscription["id"]:
            return None
        price: str | None = confirm["items"][0].get("price")
        return price

    def _choice(self, subscription: JSON, price: JSON) -> str:
        text = f"{self._product_name(price)}, {words.price(price, self.language)}"
        if not self.waits(subscription, price):
            return text
        end = subscription["items"]["data"][0]["current_period_end"]
        return f"{text} ({self._say('from', date=words.day(end, self.language))})"

    def _offer(self, found: JSON, actions: set[str]) -> Offer:
        names, lines = [], []
        for item in found["items"]["data"]:
            name = self._product_name(item["price"])
            names.append(name)
            quantity = f"{item.get('quantity', 1)} × " if item.get("quantity", 1) != 1 else ""
            lines.append(f"{quantity}{name}, {words.price(item['price'], self.language)}")
        collecting = found["pause_collection"] is None
        state = found["status"] if collecting else "collection_paused"
        return Offer(
            id=found["id"],
            name=" + ".join(names),
            lines=lines,
            status=words.status(state, self.language),
            state=state,
            dates=[*self._dates(found), *self._to_come(found)],
            actions=actions,
            choices=self.choices(found) if "change_price" in actions else [],
        )

    def _product_name(self, price: JSON) -> str:
        product = self.account.get("product", price["product"])
        if product is None or product.get("deleted"):
            return self._say("unknown_product")
        return str(product["name"])

    def _dates(self, found: JSON) -> list[str]:
        ends = min(item["current_period_end"] for item in found["items"]["data"])
        end = found["cancel_at"] or (ends if found["cancel_at_period_end"] else None)
        if found["status"] in ("canceled", "incomplete_expired", "paused"):
            return []
        kind, moment = ("ends", end) if end else ("renews", ends)
        return [self._say(kind, date=words.day(moment, self.language))]

    def _to_come(self, found: JSON) -> list[str]:
        """What the schedule will do: other prices, a pause, the end of a pause."""
        schedule = self.account.get("subscription_schedule", found["schedule"] or "")
        if schedule is None:
            return []
        lines = []
        for phase in schedule["phases"]:
            if phase["start_date"] > self.account.now():
                prices = [self.account["price", item["price"]] for item in phase["items"]]
                name = " + ".join(self._product_name(price) for price in prices)
                date = words.day(phase["start_date"], self.language)
                lines.append(self._say("changes", date=date, name=name))
        for entry in schedule["pause_schedules"]:
            for kind, moment in (
                ("pauses", entry["pause"]["pause_at"]),
                ("resumes", (entry["resume"] or {}).get("resume_at") or 0),
            ):
                if moment > self.account.now():
                    lines.append(self._say(kind, date=words.day(moment, self.language)))
        return lines

    def _invoice(self, row: JSON) -> InvoiceRow:
        processing = row["status"] == "open" and (
            self.account.payment_of(row)["status"] == "processing"
        )
        return InvoiceRow(
            words.day(row["created"], self.language),
            row["number"],
            words.money(row["total"], row["currency"], self.language),
            words.status("processing" if processing else row["status"], self.language),
            row["hosted_invoice_url"] if row["status"] == "open" and not processing else None,
        )

    def _say(self, key: str, **values: str) -> str:
        return words.TEXTS[self.language][key].format(**values)
