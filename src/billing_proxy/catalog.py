"""Product names, shared by all customers. No Flask, no Stripe.

A name that cannot be read costs the name, never the card: the last known one stands in, and the
next try waits ``RETRY`` seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cachetools import LRUCache

from .errors import BillingError

RETRY = 10.0
"""Seconds to leave Stripe alone about a product whose name could not be read."""


@dataclass(frozen=True, slots=True)
class _Product:
    name: str | None
    good_until: float


class Catalog:
    """Names by product id, each fresh for ``ttl`` seconds; a deleted product has none.

    ``clock`` gives Unix seconds. Safe to share between threads; one of them reads at a time, and
    the others find what it read.
    """

    def __init__(self, *, ttl: float, clock: Callable[[], float], maxsize: int = 10_000) -> None:
        self._ttl = ttl
        self._clock = clock
        self._products: LRUCache[str, _Product] = LRUCache(maxsize)
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def names(
        self,
        products: Iterable[str],
        read: Callable[[Sequence[str]], Mapping[str, str]],
        *,
        patience: float,
    ) -> dict[str, str]:
        """The names that are known of ``products``, reading those that are not or no longer.

        ``read`` gets the missing ids and gives the names that exist; it may raise BillingError.
        ``patience`` is how many seconds to wait for another thread that is reading already.
        """
        wanted = list(dict.fromkeys(products))
        if self._missing(wanted) and self._reading.acquire(timeout=max(patience, 0)):
            try:
                if missing := self._missing(wanted):
                    self._read(missing, read)
            finally:
                self._reading.release()
        with self._lock:
            found = {product: self._products.get(product) for product in wanted}
        return {product: entry.name for product, entry in found.items() if entry and entry.name}

    def forget(self, product: str) -> None:
        """Read ``product`` anew the next time; until then its name stands in."""
        with self._lock:
            entry = self._products.get(product)
            if entry is not None:
                self._products[product] = _Product(entry.name, good_until=0)

    def _missing(self, wanted: Iterable[str]) -> list[str]:
        now = self._clock()
        with self._lock:
            return [
                product
                for product in wanted
                if (entry := self._products.get(product)) is None or entry.good_until <= now
            ]

    def _read(
        self, missing: Sequence[str], read: Callable[[Sequence[str]], Mapping[str, str]]
    ) -> None:
        try:
            names = read(missing)
        except BillingError:
            good_until = self._clock() + min(RETRY, self._ttl)
            with self._lock:
                for product in missing:
                    last = self._products.get(product)
                    self._products[product] = _Product(last.name if last else None, good_until)
            return
        good_until = self._clock() + self._ttl
        with self._lock:
            for product in missing:
                self._products[product] = _Product(names.get(product), good_until)
