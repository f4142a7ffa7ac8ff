"""The cache of cards: fresh for seconds, one load per customer at a time, last known good. Pure
but for its threads: no Flask, no Stripe.

Terms are HTTP's: a value is *fresh* for ``ttl`` seconds (RFC 9111 section 4.2), and for
``stale_if_error`` seconds more it may stand in while loading fails (RFC 5861 section 4).
cachetools bounds and expires; what is added here is what it does not have: waiting requests share
the error too, a load has a deadline, and a caller may ask for a value read after a given moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from cachetools import TTLCache

from .errors import BillingError, StripeTooSlow, StripeUnavailable
from .guard import SLOW, Guard
from .workers import Workers

V = TypeVar("V")

STAND_IN_AFTER = 2.0
"""Seconds to wait for a fresh value where the last known one may be shown."""


class Outcome(StrEnum):
    """Where an answer came from, for the log and the ``Cache-Status`` header."""

    HIT = "hit"
    MISS = "miss"
    COLLAPSED = "collapsed"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Found(Generic[V]):
    """A value and the moment (Unix seconds) its reading began."""

    value: V
    read_at: float
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    value: V
    read_at: float
    fresh: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Flight(Generic[V]):
    """A load under way; ``started`` in Unix seconds, ``until`` in those of ``time.monotonic``."""

    started: float
    until: float
    report: Report
    future: Future[V]


class Report:
    """Tells the guard how a load ended, once: the load itself does, or who waited in vain."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._once = threading.Lock()

    def answered(self) -> None:
        """The load has its answer."""
        if self._once.acquire(blocking=False):
            self._guard.answered()

    def failed(self, error: BillingError) -> None:
        """The load failed with ``error``, or did not end in time."""
        if self._once.acquire(blocking=False):
            self._guard.failed(error)


class CardCache(Generic[V]):
    """Values by customer.

    Args:
        maxsize: how many values to keep; the least recently used one makes room.
        ttl: seconds a value stays fresh; 0 loads every time.
        stale_if_error: seconds more that it may stand in for one that cannot be loaded.
        timeout: seconds one load may take, from when it was asked for.
        workers: the threads that load.
        guard: decides whether to load and who may wait for it.
        clock: the time in Unix seconds; a clock set back makes values stale, never fresh for long.
    """

    def __init__(
        self,
        *,
        maxsize: int,
        ttl: float,
        stale_if_error: float,
        timeout: float,
        workers: Workers,
        guard: Guard,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._guard = guard
        self._ttl = ttl
        self._retention = ttl + stale_if_error
        self._timeout = timeout
        self._workers = workers
        self._clock = clock
        self._lock = threading.RLock()
        self._entries: TTLCache[Hashable, _Entry[V]] = TTLCache(maxsize, self._retention, clock)
        self._flights: dict[Hashable, _Flight[V]] = {}
        self._revoked: TTLCache[Hashable, float] = TTLCache(maxsize, 2 * timeout, clock)

    def get(
        self,
        key: Hashable,
        load: Callable[[float], V],
        *,
        not_before: float | None = None,
    ) -> Found[V]:
        """The value of ``key``, fresh or loaded now.

        ``load`` gets the moment (``time.monotonic``) by which it must be done. With
        ``not_before`` (Unix seconds) a value whose reading began earlier does not count as fresh.

        Raises:
            StripeUnavailable: when loading fails and nothing recent enough is known.
            BillingError: whatever else ``load`` raises; no earlier value stands in for that.
        """
        try:
            with self._lock:
                entry = self._entries.get(key)
                if entry is not None and self._is_fresh(entry, not_before):
                    return Found(entry.value, entry.read_at, Outcome.HIT)
                flight = self._flights.get(key)
                joins = flight is not None and self._may_join(flight, not_before)
                if flight is None or not joins:
                    flight = self._take_off(key, load, urgent=entry is None)
            value = self._await(flight, patient=entry is None or not_before is not None)
        except StripeUnavailable as error:
            return self._stand_in(key, not_before, error)
        return Found(value, flight.started, Outcome.COLLAPSED if joins else Outcome.MISS)

    def is_fresh(self, key: Hashable, read_at: float) -> bool:
        """Whether the value of ``key`` is still the one read at ``read_at``, and fresh."""
        with self._lock:
            entry = self._entries.get(key)
            return entry is not None and entry.read_at == read_at and self._is_fresh(entry, None)

    def expire(self, key: Hashable) -> None:
        """Load ``key`` anew the next time; until that succeeds, what is known may stand in."""
        with self._lock:
            self._revoke(key)
            entry = self._entries.get(key)
            if entry is not None:
                self._entries[key] = replace(entry, fresh=False)

    def drop(self, key: Hashable) -> None:
        """Forget ``key`` for good."""
        with self._lock:
            self._revoke(key)
            self._entries.pop(key, None)

    def _revoke(self, key: Hashable) -> None:
        """Whatever is being loaded now began too early to count as fresh."""
        self._flights.pop(key, None)
        self._revoked[key] = self._clock()

    def _is_fresh(self, entry: _Entry[V], not_before: float | None) -> bool:
        age = self._clock() - entry.read_at
        recent = not_before is None or entry.read_at >= not_before
        return entry.fresh and recent and 0 <= age < self._ttl

    def _may_join(self, flight: _Flight[V], not_before: float | None) -> bool:
        recent = not_before is None or flight.started >= not_before
        return recent and not flight.future.done() and time.monotonic() < flight.until

    def _take_off(self, key: Hashable, load: Callable[[float], V], *, urgent: bool) -> _Flight[V]:
        """Start a load; it takes the place of one that is under way but began too early."""
        self._guard.admit()
        started, until = self._clock(), time.monotonic() + self._timeout
        report = Report(self._guard)

        def fly() -> V:
            if time.monotonic() >= until:
                raise StripeTooSlow("there was no thread free in time")
            try:
                self._guard.spend(wait=urgent)
                value = load(until)
            except BillingError as error:
                report.failed(error)
                raise
            report.answered()
            self._store(key, _Entry(value, started))
            return value

        def forget(future: Future[V]) -> None:
            with self._lock:
                current = self._flights.get(key)
                if current is not None and current.future is future:
                    del self._flights[key]

        flight = self._flights[key] = _Flight(started, until, report, self._workers.submit(fly))
        flight.future.add_done_callback(forget)
        return flight

    def _await(self, flight: _Flight[V], *, patient: bool) -> V:
        """What the load gives; every waiting request raises an error of its own.

        Where a last known value may stand in, nobody waits long; where Stripe is slow, only so
        many do, and while the circuit is open, only as long as a healthy answer takes.
        """
        now = time.monotonic()
        until = flight.until if patient else min(flight.until, now + STAND_IN_AFTER)
        if self._guard.breaker.is_open:
            until = min(until, now + SLOW)
        try:
            return self._guard.wait(flight.future, until)
        except StripeUnavailable as error:
            if time.monotonic() >= flight.until:
                flight.future.cancel()
                flight.report.failed(error)
            raise error.again() from None
        except BillingError as error:
            raise error.again() from None

    def _store(self, key: Hashable, entry: _Entry[V]) -> None:
        """Keep ``entry`` unless a newer one is kept; one from ahead is of a clock set back."""
        with self._lock:
            now, known = self._clock(), self._entries.get(key)
            if known is None or known.read_at <= entry.read_at or known.read_at > now:
                revoked = entry.read_at <= self._revoked.get(key, 0) <= now
                self._entries[key] = replace(entry, fresh=not revoked)

    def _stand_in(
        self, key: Hashable, not_before: float | None, error: StripeUnavailable
    ) -> Found[V]:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or self._clock() - entry.read_at > self._retention:
                raise error
            outcome = Outcome.HIT if self._is_fresh(entry, not_before) else Outcome.STALE
            return Found(entry.value, entry.read_at, outcome)
