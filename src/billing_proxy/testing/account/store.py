"""Where the emulated account keeps its objects: by kind and id, in memory, under one lock."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable
from typing import Any

from .objects import JSON

KINDS = (
    "billing_portal.configuration",
    "billing_portal.session",
    "coupon",
    "customer",
    "discount",
    "invoice",
    "payment_intent",
    "payment_method",
    "price",
    "product",
    "subscription",
    "subscription_schedule",
)


class Store:
    """The objects of one account.

    Every method may be called from any thread. The dictionaries handed out are the stored ones;
    change them with `update`, which takes the lock that the API's answers are made under.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """`clock` returns Unix seconds; every moment in the account is relative to it."""
        self.clock = clock
        self.lock = threading.RLock()
        self._objects: dict[str, dict[str, JSON]] = {kind: {} for kind in KINDS}
        self._on_request: dict[tuple[str, str], object] = {}

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

    def add(self, made: JSON, **on_request: object) -> JSON:
        """Keep an object; what is sent `on_request` only, when it is expanded, stands apart."""
        with self.lock:
            self._objects[made["object"]][made["id"]] = made
            for name, value in on_request.items():
                self._on_request[made["id"], name] = value
        return made

    def remove(self, kind: str, id: str) -> None:
        """Keep an object no longer, nor that it was there."""
        with self.lock:
            del self._objects[kind][id]

    def on_request(self, id: str, name: str) -> Any:
        """A copy of the field `name` that `id` sends only when it is expanded, else None."""
        with self.lock:
            return copy.deepcopy(self._on_request.get((id, name)))
