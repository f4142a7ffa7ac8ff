"""The emulated Stripe account: everything in memory, nothing renewed by itself.

The account is no billing engine. Time passes only as its clock does, and what a status looks like
is what a persona, a test or the portal made of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from demo.account import invoices, objects, periods, subscriptions
from demo.account.objects import JSON, new_id

KINDS = (
    "billing_portal.configuration",
    "billing_portal.session",
    "customer",
    "invoice",
    "payment_method",
    "price",
    "product",
    "subscription",
    "subscription_schedule",
)
_OPEN_DEBT = {"past_due", "unpaid", "incomplete"}


@dataclass
class PortalVisit:
    """What a portal link is good for: until `expires_at` (Unix seconds), longer once opened."""

    session: JSON
    expires_at: float
    opened: bool = False
    flow_done: bool = False


class Account:
    """One Stripe account in test mode.

    Every method may be called from any thread. The dictionaries handed out are the stored ones;
    change them with `update`, which takes the lock that the API's answers are made under.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.time, id: str = "acct_1DemoEmulator0000"
    ) -> None:
        """`clock` returns Unix seconds; every moment in the account is relative to it."""
        self.id = id
        self.name = "Voorbeeld B.V."
        self.clock = clock
        self.lock = threading.RLock()
        self.visits: dict[str, PortalVisit] = {}
        self.deleted_customers_are_missing = False
        """Whether a deleted customer as a parameter is refused (True) or gives a list (False)."""
        self._objects: dict[str, dict[str, JSON]] = {kind: {} for kind in KINDS}

    def now(self) -> int:
        """The account's time in whole Unix seconds."""
        return int(self.clock())

    def get(self, kind: str, id: str) -> JSON | None:
        """The object of that `kind` and `id`; a deleted one is `{id, object, deleted: True}`."""
        with self.lock:
            return self._objects[kind].get(id)

    def __getitem__(self, key: tuple[str, str]) -> JSON:
        """`account[kind, id]`: the object, which must be there. Raises KeyError."""
        kind, id = key
        with self.lock:
            return self._objects[kind][id]

    def all(self, kind: str, customer: str | None = None) -> list[JSON]:
        """Every object of that `kind`, of one `customer` if given, that is not deleted.

        Newest first, as Stripe lists them.
        """
        with self.lock:
            there = [
                found
                for found in self._objects[kind].values()
                if not found.get("deleted") and customer in (None, found.get("customer"))
            ]
        return sorted(there, key=lambda found: int(found["created"]))[::-1]

    def update(self, id: str, **fields: Any) -> JSON:
        """Replace `fields` of the object with this `id`. Raises KeyError when there is none."""
        with self.lock:
            for table in self._objects.values():
                if id in table:
                    table[id].update(fields)
                    return table[id]
        raise KeyError(id)

    def delete(self, id: str) -> JSON:
        """Delete a customer or a product; a customer's subscriptions end with it."""
        kind = "customer" if self.get("customer", id) else "product"
        with self.lock:
            if kind == "customer":
                for found in self.subscriptions_of(id):
                    if found["status"] not in ("canceled", "incomplete_expired"):
                        now = self.now()
                        found.update(status="canceled", canceled_at=now, ended_at=now)
            self._objects[kind][id] = {"id": id, "object": kind, "deleted": True}
            return self._objects[kind][id]

    def subscriptions_of(self, customer: str) -> list[JSON]:
        """All subscriptions of one customer, newest first, ended ones included."""
        return self.all("subscription", customer)

    def add_customer(self, id: str | None = None, **fields: Any) -> JSON:
        """Add a customer who has a payment method, as most have."""
        id = id or new_id("cus")
        made = objects.customer(id, self.now(), **fields)
        if "invoice_settings" not in fields:
            card = self.add_payment_method(id)
            made["invoice_settings"]["default_payment_method"] = card["id"]
        return self._add(made)

    def add_payment_method(self, customer: str, brand: str = "visa", last4: str = "4242") -> JSON:
        """Add a card of `customer`; it becomes the default only by `invoice_settings`."""
        made = objects.payment_method(new_id("pm"), customer, self.now(), brand, last4)
        return self._add(made)

    def add_product(self, name: str, id: str | None = None, **fields: Any) -> JSON:
        """Add a product; `active=False` makes an archived one."""
        return self._add(objects.product(id or new_id("prod"), name, self.now(), **fields))

    def add_price(
        self,
        product: str,
        unit_amount: int | None,
        interval: str = "month",
        interval_count: int = 1,
        id: str | None = None,
        **fields: Any,
    ) -> JSON:
        """Add a recurring price in euro cents; `usage_type="metered"` for one by usage."""
        id = id or new_id("price")
        made = objects.price(
            id, product, unit_amount, interval, interval_count, self.now(), **fields
        )
        return self._add(made)

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
            items = [self._item(id, wanted) for wanted in prices]
            created = min(item["current_period_start"] for item in items)
            mode = subscriptions.billing_mode(billing_mode)
            made = subscriptions.subscription(
                id, customer, created, items, **{"billing_mode": mode, **fields}
            )
            self._add(made)
            if "latest_invoice" not in fields:
                self._first_invoice(made)
            return made

    def add_invoice(self, customer: str, subscription: str | None = None, **fields: Any) -> JSON:
        """Add an open invoice; it becomes its subscription's `latest_invoice`."""
        with self.lock:
            owner = self.get("subscription", subscription) if subscription else None
            amount = fields.pop("amount", amount_of(owner) if owner else 0)
            created = fields.pop("created", self.now())
            id = fields.pop("id", None) or new_id("in")
            made = self._add(
                invoices.invoice(id, customer, subscription, created, amount, **fields)
            )
            if owner:
                owner["latest_invoice"] = made["id"]
            return made

    def add_schedule(self, subscription: str, **fields: Any) -> JSON:
        """Add a schedule to a subscription and attach it."""
        with self.lock:
            owner = self._objects["subscription"][subscription]
            made = subscriptions.schedule(new_id("sub_sched"), owner, self.now(), **fields)
            owner["schedule"] = made["id"]
            return self._add(made)

    def add_configuration(self, id: str | None = None, **fields: Any) -> JSON:
        """Add a portal configuration; `is_default=True` for the one saved in the Dashboard."""
        return self._add(objects.configuration(id or new_id("bpc"), self.now(), **fields))

    def add_session(self, session: JSON, secret: str, lifetime: float) -> JSON:
        """Remember a portal session whose link, ending in `secret`, opens for `lifetime` s."""
        with self.lock:
            self.visits[secret] = PortalVisit(session, self.clock() + lifetime)
            return self._add(session)

    def _add(self, made: JSON) -> JSON:
        with self.lock:
            self._objects[made["object"]][made["id"]] = made
        return made

    def _item(self, subscription: str, wanted: str | JSON) -> JSON:
        fields = {"price": wanted} if isinstance(wanted, str) else dict(wanted)
        price = self._objects["price"][fields.pop("price")]
        start, end = self._period(price, fields)
        return subscriptions.item(subscription, price, start, end, **fields)

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
            subscription["customer"],
            subscription["id"],
            amount=amount,
            created=created,
            collection_method=subscription["collection_method"],
        )
        if subscription["status"] not in _OPEN_DEBT:
            made.update(invoices.paid(made, created))


def amount_of(subscription: JSON) -> int:
    """What one period of every licensed item costs, in cents."""
    return sum(
        (item["price"]["unit_amount"] or 0) * item.get("quantity", 0)
        for item in subscription["items"]["data"]
    )
