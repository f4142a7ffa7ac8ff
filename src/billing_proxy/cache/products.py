"""What customers may know of products, shared by all of them: names, and what a year costs.

Only kept here: the reader reads. What cannot be read costs that detail, never the card: the last
known one stands in, and the next try waits ``RETRY`` seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from cachetools import LRUCache

from ..card.facts import YearlyPrice

RETRY = 10.0
"""Seconds to leave Stripe alone about a product that could not be read."""


class Product(NamedTuple):
    """``name`` is None for a deleted product; ``yearly_prices`` None where nobody has asked."""

    name: str | None = None
    yearly_prices: tuple[YearlyPrice, ...] | None = None


class _Known(NamedTuple):
    product: Product
    good_until: float
    failed: bool = False


class SharedProducts(Protocol):
    """Products that several processes share, each for as long as it stays fresh."""

    def get(self, ids: Sequence[str]) -> Mapping[str, Product] | None:
        """Those that are known; None when nobody can be asked now."""

    def put(self, products: Mapping[str, Product]) -> None:
        """Keep what was read."""

    def forget(self, id_: str) -> None:
        """Let ``id_`` be read anew by whoever needs it next."""


class Products:
    """Products by id, each fresh for ``ttl`` seconds; a deleted product has no name.

    ``timer`` gives seconds that only go forward. Safe to share between threads. With ``shared``,
    what that holds is what is fresh.
    """

    def __init__(
        self,
        *,
        ttl: float,
        timer: Callable[[], float] = time.monotonic,
        shared: SharedProducts | None = None,
        maxsize: int = 10_000,
    ) -> None:
        self._ttl = ttl
        self._timer = timer
        self._shared = shared
        self._known: LRUCache[str, _Known] = LRUCache(maxsize)
        self._lock = threading.Lock()
        self._reading = threading.Lock()

    def get(self, ids: Iterable[str]) -> dict[str, Product]:
        """What is known of ``ids``, fresh or not."""
        with self._lock:
            found = {id_: self._known.get(id_) for id_ in ids}
        return {id_: known.product for id_, known in found.items() if known}

    def learn(self, ids: Sequence[str]) -> None:
        """Take over what other processes know of ``ids``, and believe no more than they do."""
        shared = self._shared.get(ids) if self._shared and ids else None
        if shared is None:
            return
        good_until = self._timer() + self._ttl
        with self._lock:
            for id_ in ids:
                if id_ in shared:
                    self._known[id_] = _Known(shared[id_], good_until)
                elif (own := self._known.get(id_)) and not own.failed:
                    self._known[id_] = own._replace(good_until=float("-inf"))

    def missing(self, ids: Iterable[str], *, priced: str | None = None) -> list[str]:
        """Those of ``ids`` that must be read; of ``priced`` the yearly prices must be known too."""
        now = self._timer()
        with self._lock:
            return [id_ for id_ in ids if not self._is_fresh(id_, id_ == priced, now)]

    @contextmanager
    def reading(self, *, patience: float) -> Iterator[bool]:
        """Whether this thread may read now: one does at a time, and the others find what it read.

        ``patience`` is how many seconds to wait for another one that is reading already.
        """
        mine = self._reading.acquire(timeout=max(patience, 0))
        try:
            yield mine
        finally:
            if mine:
                self._reading.release()

    def put(self, ids: Iterable[str], found: Mapping[str, Product], *, priced: str | None) -> None:
        """Keep what was ``found`` of ``ids``; those that Stripe does not have are known as such."""
        good_until = self._timer() + self._ttl
        read: dict[str, Product] = {}
        for id_ in ids:
            product = found.get(id_, Product())
            if id_ == priced and product.yearly_prices is None:
                product = product._replace(yearly_prices=())
            read[id_] = product
        with self._lock:
            self._known.update({id_: _Known(p, good_until) for id_, p in read.items()})
        if self._shared:
            self._shared.put(read)

    def put_off(self, ids: Iterable[str], *, priced: str | None) -> None:
        """``ids`` could not be read: what is known stands in, and the next try waits."""
        good_until = self._timer() + min(RETRY, self._ttl)
        with self._lock:
            for id_ in ids:
                last = self._known.get(id_)
                product = last.product if last else Product()
                if id_ == priced and product.yearly_prices is None:
                    product = product._replace(yearly_prices=())
                self._known[id_] = _Known(product, good_until, failed=True)

    def expire(self, product: str) -> None:
        """Read ``product`` anew the next time; until then what is known stands in."""
        if self._shared:
            self._shared.forget(product)
        with self._lock:
            known = self._known.get(product)
            if known is not None:
                self._known[product] = known._replace(good_until=float("-inf"))

    def _is_fresh(self, id_: str, priced: bool, now: float) -> bool:
        known = self._known.get(id_)
        if known is None or known.good_until <= now:
            return False
        return not priced or known.product.yearly_prices is not None
