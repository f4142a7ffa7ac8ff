"""What customers may know of products, shared by all of them: names, and what a year costs.

No Flask, no Stripe. What cannot be read costs that detail, never the card: the last known one
stands in, and the next try waits ``RETRY`` seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from cachetools import LRUCache

from .errors import BillingError
from .pricing import YearlyPrice

RETRY = 10.0
"""Seconds to leave Stripe alone about a product that could not be read."""


@dataclass(frozen=True, slots=True)
class Product:
    """``name`` is None for a deleted product; ``yearly_prices`` None where nobody has asked."""

    name: str | None = None
    yearly_prices: tuple[YearlyPrice, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    product: Product
    good_until: float


Read: TypeAlias = Callable[[Sequence[str], str | None], Mapping[str, Product]]
"""Reads the products with these ids, and the yearly prices of the one that is named after them."""


class Catalog:
    """Products by id, each fresh for ``ttl`` seconds; a deleted product has no name.

    ``clock`` gives Unix seconds. Safe to share between threads; one of them reads at a time, and
    the others find what it read.
    """

    def __init__(self, *, ttl: float, clock: Callable[[], float], maxsize: int = 10_000) -> None:
        self._ttl = ttl
        self._clock = clock
        self._known: LRUCache[str, _Known] = LRUCache(maxsize)
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def products(
        self, wanted: Sequence[str], read: Read, *, priced: str | None = None, patience: float
    ) -> dict[str, Product]:
        """What is known of ``wanted`` after reading what is not, or no longer, known.

        ``priced`` is the one of them whose yearly prices matter. ``read`` may raise BillingError.
        ``patience`` is how many seconds to wait for another thread that is reading already.
        """
        if self._missing(wanted, priced) and self._reading.acquire(timeout=max(patience, 0)):
            try:
                if missing := self._missing(wanted, priced):
                    self._read(missing, priced if priced in missing else None, read)
            finally:
                self._reading.release()
        with self._lock:
            found = {id_: self._known.get(id_) for id_ in wanted}
        return {id_: known.product for id_, known in found.items() if known}

    def forget(self, product: str) -> None:
        """Read ``product`` anew the next time; until then what is known stands in."""
        with self._lock:
            known = self._known.get(product)
            if known is not None:
                self._known[product] = replace(known, good_until=0)

    def _missing(self, wanted: Sequence[str], priced: str | None) -> list[str]:
        now = self._clock()
        with self._lock:
            return [id_ for id_ in wanted if not self._is_fresh(id_, id_ == priced, now)]

    def _is_fresh(self, id_: str, priced: bool, now: float) -> bool:
        known = self._known.get(id_)
        if known is None or known.good_until <= now:
            return False
        return not priced or known.product.yearly_prices is not None

    def _read(self, missing: Sequence[str], priced: str | None, read: Read) -> None:
        failed = False
        try:
            found = read(missing, priced)
        except BillingError:
            found, failed = {}, True
        good_until = self._clock() + (min(RETRY, self._ttl) if failed else self._ttl)
        with self._lock:
            for id_ in missing:
                last = self._known.get(id_)
                product = last.product if failed and last else found.get(id_, Product())
                if id_ == priced and product.yearly_prices is None:
                    product = replace(product, yearly_prices=())
                self._known[id_] = _Known(product, good_until)
