"""The cache of cards: fresh for seconds, one load per customer at a time, last known good. Pure
but for its threads: no Flask, no Stripe.

Terms are HTTP's: a value is *fresh* for ``ttl`` seconds (RFC 9111 section 4.2), and for
``stale_if_error`` seconds more it may stand in while loading fails (RFC 5861 section 4).
Where values are kept is a ``Store``'s matter. What is added here: waiting requests share the error
too, a load has a deadline, and a caller may ask for a value read after a given moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from ..errors import BillingError, StripeTooSlow, StripeUnavailable
from .guard import SLOW, Guard
from .store import Entry, Store
from .threads import Workers

V = TypeVar("V")

STAND_IN_AFTER = 2.0
"""Seconds that a load may take where the last known value may be shown."""

HEALTHY = 0.5
"""Seconds for the same where the last load failed: Stripe mostly answers in less."""


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


@dataclass(frozen=True, slots=True, eq=False)
class _Flight(Generic[V]):
    """A load under way; ``started`` in Unix seconds, ``until`` in those of ``time.monotonic``."""

    started: float
    until: float
    report: Report
    future: Future[tuple[Entry[V], Outcome]]


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
        store: where they are kept.
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
        store: Store[V],
        ttl: float,
        stale_if_error: float,
        timeout: float,
        workers: Workers,
        guard: Guard,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._guard = guard
        self._ttl = ttl
        self._retention = ttl + stale_if_error
        self._timeout = timeout
        self._workers = workers
        self._clock = clock
        self._lock = threading.RLock()
        self._flights: dict[Hashable, _Flight[V]] = {}

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
        entry = self._store.get(key)
        if entry is not None and self._is_fresh(entry, not_before):
            return Found(entry.value, entry.read_at, Outcome.HIT)
        try:
            loaded, outcome = self._loaded(key, load, not_before, urgent=entry is None)
        except StripeUnavailable as error:
            return self._stand_in(key, not_before, error)
        return Found(loaded.value, loaded.read_at, outcome)

    def _loaded(
        self,
        key: Hashable,
        load: Callable[[float], V],
        not_before: float | None,
        *,
        urgent: bool,
    ) -> tuple[Entry[V], Outcome]:
        """What a load gives: one that is under way, or a new one.

        A load that found a value of another process may give one too early for who joined it; then
        there is another.
        """
        while True:
            with self._lock:
                flight = self._flights.get(key)
                joins = flight is not None and self._may_join(flight, not_before)
                if flight is None or not joins:
                    flight = self._take_off(key, load, not_before, urgent=urgent)
            entry, outcome = self._await(flight, patient=urgent or not_before is not None)
            if not joins:
                return entry, outcome
            if not_before is None or entry.read_at >= not_before:
                return entry, Outcome.COLLAPSED

    def is_fresh(self, key: Hashable, read_at: float) -> bool:
        """Whether the value of ``key`` is still the one read at ``read_at``, and fresh."""
        entry = self._store.get(key)
        return entry is not None and entry.read_at == read_at and self._is_fresh(entry, None)

    def stands_in(self, key: Hashable, read_at: float) -> bool:
        """Whether the last known value of ``key`` is the one read at ``read_at``, and all there is.

        That is so while the circuit refuses to load another, and while a load is under way that
        is a probe or has taken too long already.
        """
        entry = self._last_known(key)
        if entry is None or entry.read_at != read_at or self._is_fresh(entry, None):
            return False
        flight, breaker = self._flights.get(key), self._guard.breaker
        if flight is None or not self._may_join(flight, None):
            return breaker.refuses
        return breaker.is_open or time.monotonic() >= self._patience_ends(flight)

    def expire(self, key: Hashable) -> None:
        """Load ``key`` anew the next time; until that succeeds, what is known may stand in."""
        self._store.expire(key)
        self._ground(key)

    def drop(self, key: Hashable) -> None:
        """Forget ``key`` for good."""
        self._store.drop(key)
        self._ground(key)

    def _ground(self, key: Hashable) -> None:
        """Let nobody join what is being loaded now: it began too early."""
        with self._lock:
            self._flights.pop(key, None)

    def _is_fresh(self, entry: Entry[V], not_before: float | None) -> bool:
        age = self._clock() - entry.read_at
        recent = not_before is None or entry.read_at >= not_before
        return entry.fresh and recent and -self._store.clock_skew <= age < self._ttl

    def _last_known(self, key: Hashable) -> Entry[V] | None:
        """What may stand in for ``key``, fresh or not: nothing that is too old."""
        entry = self._store.get(key)
        recent = entry is not None and self._clock() - entry.read_at <= self._retention
        return entry if recent else None

    def _may_join(self, flight: _Flight[V], not_before: float | None) -> bool:
        recent = not_before is None or flight.started >= not_before
        return recent and not flight.future.done() and time.monotonic() < flight.until

    def _take_off(
        self,
        key: Hashable,
        load: Callable[[float], V],
        not_before: float | None,
        *,
        urgent: bool,
    ) -> _Flight[V]:
        """Start a load; it takes the place of one that is under way but began too early."""
        self._guard.admit()
        started, until = self._clock(), time.monotonic() + self._timeout
        report = Report(self._guard)

        def does(entry: Entry[V]) -> bool:
            return self._is_fresh(entry, not_before)

        def fly() -> tuple[Entry[V], Outcome]:
            if time.monotonic() >= until:
                raise StripeTooSlow("there was no thread free in time")
            turn = self._store.turn(key, does, not_before=not_before, until=until)
            if isinstance(turn, Entry):
                return turn, Outcome.COLLAPSED
            try:
                self._guard.spend(wait=urgent)
                value = load(until)
            except BillingError as error:
                report.failed(error)
                self._store.fail(key, turn, error)
                raise
            report.answered()
            return self._store.put(key, value, turn), Outcome.MISS

        def forget(future: Future[Any]) -> None:
            with self._lock:
                current = self._flights.get(key)
                if current is not None and current.future is future:
                    del self._flights[key]

        flight = self._flights[key] = _Flight(started, until, report, self._workers.submit(fly))
        flight.future.add_done_callback(forget)
        return flight

    def _await(self, flight: _Flight[V], *, patient: bool) -> tuple[Entry[V], Outcome]:
        """What the load gives; every waiting request raises an error of its own.

        Where a last known value may stand in, nobody waits long, whoever comes later not at all,
        and nobody for a probe; where Stripe is slow, only so many wait, and while the circuit is
        open, only as long as a healthy answer takes.
        """
        until = flight.until if patient else self._patience_ends(flight)
        if self._guard.breaker.is_open:
            until = min(until, time.monotonic() + (SLOW if patient else 0))
        try:
            return self._guard.wait(flight.future, until)
        except StripeUnavailable as error:
            if time.monotonic() >= flight.until:
                flight.future.cancel()
                flight.report.failed(error)
            raise error.again() from None
        except BillingError as error:
            raise error.again() from None

    def _patience_ends(self, flight: _Flight[V]) -> float:
        """Until when (``time.monotonic``) to wait for a load where a last known value is there."""
        patience = HEALTHY if self._guard.breaker.is_suspicious else STAND_IN_AFTER
        return min(flight.until, flight.until - self._timeout + patience)

    def _stand_in(
        self, key: Hashable, not_before: float | None, error: StripeUnavailable
    ) -> Found[V]:
        entry = self._last_known(key)
        if entry is None:
            raise error
        outcome = Outcome.HIT if self._is_fresh(entry, not_before) else Outcome.STALE
        return Found(entry.value, entry.read_at, outcome)
