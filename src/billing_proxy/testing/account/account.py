"""The emulated Stripe account: everything in memory, nothing renewed by itself.

The account is no billing engine. Time passes only as its clock does, and what a status looks like
is what a situation, a test or the portal made of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from . import configurations, customers, discounts, invoices, periods, prices
from . import schedules as schedule_objects
from . import subscriptions as subscription_objects
from .objects import JSON, new_id
from .store import Store
from .visits import FIRST_VISIT_WITHIN, PortalVisit

DEBT = ("past_due", "unpaid", "incomplete")
"""The statuses in which an invoice waits for its payment."""
_ENDED = ("canceled", "incomplete_expired")


class Account(Store):
    """One Stripe account in test mode."""

    def __init__(
        self, *, clock: Callable[[], float] = time.time, id: str = "acct_1DemoEmulator0000"
    ) -> None:
        """`clock` returns Unix seconds; every moment in the account is relative to it."""
        super().__init__(clock)
        self.id = id
        self.name = "Voorbeeld B.V."
        self.visits: dict[str, PortalVisit] = {}
        self.deleted_customers_are_missing = False
        """Whether a deleted customer as a parameter is refused (True) or gives a list (False)."""

    def delete(self, id: str) -> JSON:
        """Delete a customer or a product; a customer's subscriptions end with it."""
        kind = "customer" if self.get("customer", id) else "product"
        with self.lock:
            if kind == "customer":
                now = self.now()
                for found in self.subscriptions_of(id):
                    if found["status"] not in _ENDED:
                        found.update(status="canceled", canceled_at=now, ended_at=now)
            return self.add({"id": id, "object": kind, "deleted": True})

    def subscriptions_of(self, customer: str) -> list[JSON]:
        """All subscriptions of one customer, newest first, ended ones included."""
        return self.all("subscription", customer)

    def forget_subscriptions(self, customer: str) -> None:
        """Let there never have been any, nor an invoice of one."""
        for kind in ("subscription", "subscription_schedule", "invoice"):
            for found in self.all(kind, customer):
                self.remove(kind, found["id"])

    def invoices_of(self, subscription: JSON, status: str | None = None) -> list[JSON]:
        """The invoices of a subscription, newest first, perhaps those of one `status`."""
        return [
            found
            for found in self.all("invoice", subscription["customer"])
            if invoices.subscription_of(found) == subscription["id"]
            and status in (None, found["status"])
        ]

    def add_customer(self, id: str | None = None, **fields: Any) -> JSON:
        """Add a customer who has a payment method, as most have."""
        id = id or new_id("cus")
        made = self.add(customers.customer(id, self.now(), **fields))
        if "invoice_settings" not in fields:
            card = self.add_payment_method(id)
            made["invoice_settings"]["default_payment_method"] = card["id"]
        return made

    def add_payment_method(self, customer: str, type: str = "card", **details: Any) -> JSON:
        """Add a payment method of `customer`, `details` for the hash named after its `type`.

        It becomes the default only by `invoice_settings`, or by the subscription's own field.
        """
        owner = self["customer", customer]
        return self.add(customers.payment_method(new_id("pm"), owner, self.now(), type, **details))

    def add_product(self, name: str, id: str | None = None, **fields: Any) -> JSON:
        """Add a product; `active=False` makes an archived one."""
        return self.add(prices.product(id or new_id("prod"), name, self.now(), **fields))

    def add_price(
        self,
        product: str,
        unit_amount: int | None,
        interval: str = "month",
        interval_count: int = 1,
        id: str | None = None,
        currency_options: JSON | None = None,
        **fields: Any,
    ) -> JSON:
        """Add a recurring price, in euro; `usage_type="metered"` for one by usage.

        `currency_options` are sent only when they are expanded, as at Stripe.
        """
        id = id or new_id("price")
        made = prices.price(
            id, product, unit_amount, interval, interval_count, self.now(), **fields
        )
        return self.add(made, currency_options=currency_options)

    def add_coupon(self, id: str | None = None, **fields: Any) -> JSON:
        """Add a coupon: `percent_off=10`, or `amount_off=500, currency="eur"`."""
        return self.add(discounts.coupon(id or new_id("co"), self.now(), **fields))

    def add_discount(self, owner: JSON, coupon: str, **fields: Any) -> JSON:
        """Apply a coupon to a subscription, to one of its items, or to a customer, until `end`."""
        kind = owner["object"]
        with self.lock:
            item = kind == "subscription_item"
            of = self["subscription", owner["subscription"]] if item else owner
            customer = owner["id"] if kind == "customer" else of["customer"]
            about = {} if kind == "customer" else {kind: owner["id"]}
            made = discounts.discount(
                new_id("di"), coupon, customer, self.now(), **{**about, **fields}
            )
            self.add(made)
            if kind == "customer":
                owner["discount"] = made
            else:
                owner["discounts"].append(made["id"])
            return made

    def add_subscription(
        self,
        customer: str,
        prices: Sequence[str | JSON] = ("price_pro_month",),
        *,
        id: str | None = None,
        billing_mode: str = "flexible",
        **fields: Any,
    ) -> JSON:
        """Add a subscription of `customer` to `prices`, active unless `fields` say otherwise.

        A price is an id, or a dictionary `{"price": id, **fields of the item}` to set a period,
        a quantity or `billed_until`. A period not given began a third of its length ago. Unless
        `fields` hold a `latest_invoice`, one is made: open for a status that means debt, else
        paid. Add another with `add_invoice`.
        """
        id = id or new_id("sub")
        with self.lock:
            items = [self.item(id, wanted) for wanted in prices]
            defaults = {
                "billing_mode": subscription_objects.billing_mode(billing_mode),
                "currency": items[0]["price"]["currency"],
            }
            created = min(item["current_period_start"] for item in items)
            made = subscription_objects.subscription(
                id, customer, created, items, **{**defaults, **fields}
            )
            self.add(made)
            if "latest_invoice" not in fields:
                self._first_invoice(made)
            return made

    def item(self, subscription: str, wanted: str | JSON) -> JSON:
        """An item of a price's id, or of `{"price": id, **fields}`, that belongs nowhere yet."""
        fields = {"price": wanted} if isinstance(wanted, str) else dict(wanted)
        price = self["price", fields.pop("price")]
        start, end = self._period(price, fields)
        return subscription_objects.item(subscription, price, start, end, **fields)

    def add_invoice(
        self,
        customer: str,
        subscription: str | None = None,
        payment: str | None = None,
        **fields: Any,
    ) -> JSON:
        """Add an open invoice; it becomes its subscription's `latest_invoice`.

        `payment` is the status of its payment intent, by default that of a payment that failed or
        has not been tried.
        """
        with self.lock:
            owner = self.get("subscription", subscription) if subscription else None
            amount = fields.pop("amount", amount_of(owner) if owner else 0)
            created = fields.pop("created", self.now())
            id = fields.pop("id", None) or new_id("in")
            if owner:
                names = ("collection_method", "currency")
                fields = {**{name: owner[name] for name in names}, **fields}
            buyer = self.get("customer", customer) or {}
            who = {
                f"customer_{name}": buyer.get(name)
                for name in ("address", "email", "name", "phone")
            }
            made = invoices.invoice(
                id, customer, subscription, created, amount, **{**who, **fields}
            )
            self.add(made)
            self.set_payment(made, payment or "requires_payment_method")
            if owner:
                owner["latest_invoice"] = made["id"]
            return made

    def set_payment(self, invoice: JSON, status: str) -> None:
        """Let the payment of an invoice stand at `status`, such as `processing`."""
        intent = self.add(invoices.payment_intent(invoice, status, self.now()))
        payments = {
            "object": "list",
            "data": [invoices.invoice_payment(invoice, intent)],
            "has_more": False,
            "url": f"/v1/invoice_payments?invoice={invoice['id']}",
        }
        self.add(invoice, payments=payments)

    def payment_of(self, invoice: JSON) -> JSON:
        """The payment intent of an invoice."""
        (payment,) = self.on_request(invoice["id"], "payments")["data"]
        return self["payment_intent", payment["payment"]["payment_intent"]]

    def pay(self, invoice: JSON, at: int | None = None) -> None:
        """The invoice is paid in full, now or `at` a moment."""
        with self.lock:
            invoice.update(invoices.paid(invoice, self.now() if at is None else at))
            self.set_payment(invoice, "succeeded")

    def add_schedule(
        self, subscription: str | None, *, customer: str | None = None, **fields: Any
    ) -> JSON:
        """Add a schedule and attach it; without a `subscription` one that has yet to start."""
        with self.lock:
            later: JSON = {
                "customer": customer,
                "billing_mode": subscription_objects.billing_mode("flexible"),
            }
            owner = self["subscription", subscription] if subscription else later
            status = {} if subscription else {"status": "not_started"}
            made = schedule_objects.schedule(
                new_id("sub_sched"), owner, self.now(), **{**status, **fields}
            )
            owner["schedule"] = made["id"]
            return self.add(made)

    def add_configuration(
        self, id: str | None = None, products: Sequence[JSON] = (), **fields: Any
    ) -> JSON:
        """Add a portal configuration; `is_default=True` for the one saved in the Dashboard.

        `products` are what a customer may change to: `{"product": id, "prices": [id, …]}`.
        """
        made = configurations.configuration(id or new_id("bpc"), self.now(), **fields)
        return self.add(made, products=[configurations.product(**each) for each in products])

    def offered(self, configuration: str) -> set[str]:
        """The prices that a customer may change to, by a portal configuration."""
        products = self.on_request(configuration, "products") or []
        return {price for product in products for price in product["prices"]}

    def add_session(self, session: JSON, secret: str) -> JSON:
        """Remember a portal session whose link ends in `secret`."""
        with self.lock:
            self.visits[secret] = PortalVisit(session, self.clock() + FIRST_VISIT_WITHIN)
            return self.add(session)

    def _period(self, price: JSON, fields: JSON) -> tuple[int, int]:
        interval, count = price["recurring"]["interval"], price["recurring"]["interval_count"]
        start, end = (
            fields.pop("current_period_start", None),
            fields.pop("current_period_end", None),
        )
        if start is None and end is None:
            start = self.now() - (periods.after(0, interval, count)) // 3
        if start is None:
            start = periods.before(end, interval, count)
        return start, end if end is not None else periods.after(start, interval, count)

    def _first_invoice(self, subscription: JSON) -> None:
        created = max(item["current_period_start"] for item in subscription["items"]["data"])
        amount = 0 if subscription["status"] == "trialing" else amount_of(subscription)
        made = self.add_invoice(
            subscription["customer"], subscription["id"], amount=amount, created=created
        )
        if subscription["status"] not in DEBT:
            self.pay(made, created)


def amount_of(subscription: JSON) -> int:
    """What one period of every licensed item costs, before discounts, in the minor unit."""
    return sum(
        (item["price"]["unit_amount"] or 0) * item.get("quantity", 0)
        for item in subscription["items"]["data"]
    )
