"""What customers may know of products, shared by all of them: names, and what a year costs.

No Flask, no Stripe. What cannot be read costs that detail, never the card: the last known one
stands in, and the next try waits ``RETRY`` seconds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from cachetools import LRUCache

from ..card.facts import YearlyPrice
from ..errors import BillingError

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
    failed: bool = False


Read: TypeAlias = Callable[[Sequence[str], str | None], Mapping[str, Product]]
"""Reads the products with these ids, and the yearly prices of the one that is named after them."""


class SharedProducts(Protocol):
    """Products that several processes share, each for as long as it stays fresh."""

    def get(self, ids: Sequence[str]) -> Mapping[str, Product] | None:
        """Those that are known; None when nobody can be asked now."""

    def put(self, products: Mapping[str, Product]) -> None:
        """Keep what was read."""

    def forget(self, id_: str) -> None:
        """Let ``id_`` be read anew by whoever needs it next."""


class Catalog:
    """Products by id, each fresh for ``ttl`` seconds; a deleted product has no name.

    ``clock`` gives Unix seconds. Safe to share between threads; one of them reads at a time, and
    the others find what it read. With ``shared``, what that holds is what is fresh.
    """

    def __init__(
        self,
        *,
        ttl: float,
        clock: Callable[[], float],
        shared: SharedProducts | None = None,
        maxsize: int = 10_000,
    ) -> None:
        self._ttl = ttl
        self._clock = clock
        self._shared = shared
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
        self._learn(wanted)
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
        if self._shared:
            self._shared.forget(product)
        with self._lock:
            known = self._known.get(product)
            if known is not None:
                self._known[product] = replace(known, good_until=0)

    def _learn(self, wanted: Sequence[str]) -> None:
        """Take over what the others know, and believe no more than they do."""
        shared = self._shared.get(wanted) if self._shared and wanted else None
        if shared is None:
            return
        good_until = self._clock() + self._ttl
        with self._lock:
            for id_ in wanted:
                if id_ in shared:
                    self._known[id_] = _Known(shared[id_], good_until)
                elif (own := self._known.get(id_)) and not own.failed:
                    self._known[id_] = replace(own, good_until=0)

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
        read_now: dict[str, Product] = {}
        with self._lock:
            for id_ in missing:
                last = self._known.get(id_)
                product = last.product if failed and last else found.get(id_, Product())
                if id_ == priced and product.yearly_prices is None:
                    product = replace(product, yearly_prices=())
                self._known[id_] = _Known(product, good_until, failed)
                read_now[id_] = product
        if self._shared and not failed:
            self._shared.put(read_now)
