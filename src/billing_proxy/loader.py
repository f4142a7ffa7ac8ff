"""One load for many: the card's facts from the store, or from one reading that everybody shares.

Terms are HTTP's: a value is *fresh* for ``ttl`` seconds (RFC 9111 section 4.2), and for
``stale_if_error`` seconds more it may stand in while loading fails (RFC 5861 section 4). Waiting
requests share the error too, a load has a deadline, and a caller may ask for a value that was read
after a given moment. That, and to load again what failed, is done only as often as
``cache.allowance`` lets each customer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from cachetools import LRUCache

from .cache.allowance import MAXSIZE, Allowance
from .cache.guard import SLOW, Guard, Report
from .cache.store import Entry, Store
from .cache.threads import Threads
from .errors import BillingError, ReadBudgetSpent, StripeTooSlow

V = TypeVar("V")
Read = TypeVar("Read", covariant=True)

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


class Reader(Protocol[Read]):
    """What reads one customer's value anew."""

    def read(self, customer: str, *, until: float) -> Read:
        """The value, read by ``until`` (``time.monotonic``); raises BillingError."""


class Found(NamedTuple, Generic[V]):
    """A value and the moment (Unix seconds) its reading began."""

    value: V
    read_at: float
    outcome: Outcome


@dataclass(frozen=True, slots=True, eq=False)
class _Load(Generic[V]):
    """A load under way; ``started`` in Unix seconds, ``until`` in those of ``time.monotonic``."""

    started: float
    until: float
    report: Report
    future: Future[tuple[Entry[V], Outcome]]


class Loader(Generic[V]):
    """Values by customer.

    Args:
        reader: reads a value anew.
        store: where values are kept.
        ttl: seconds a value stays fresh; 0 loads every time.
        stale_if_error: seconds more that it may stand in for one that cannot be loaded.
        timeout: seconds one load may take, from when it was asked for.
        threads: where values are loaded.
        guard: decides whether to load and who may wait for it.
        clock: the time in Unix seconds; a clock set back makes values stale, never fresh for long.
        timer: seconds that only go forward; deadlines are those of ``time.monotonic``.
        pause: lets some seconds go by.
    """

    def __init__(
        self,
        reader: Reader[V],
        *,
        store: Store[V],
        ttl: float,
        stale_if_error: float,
        timeout: float,
        threads: Threads,
        guard: Guard,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._reader = reader
        self._store = store
        self._guard = guard
        self._ttl = ttl
        self._retention = ttl + stale_if_error
        self._timeout = timeout
        self._threads = threads
        self._clock = clock
        self._pause = pause
        self._allowance = Allowance(timer)
        self._failed: LRUCache[str, BillingError] = LRUCache(MAXSIZE)
        self._lock = threading.RLock()
        self._loads: dict[str, _Load[V]] = {}

    def get(self, customer: str, *, not_before: float | None = None) -> Found[V]:
        """The value of ``customer``, fresh or loaded now.

        With ``not_before`` (Unix seconds) a value whose reading began earlier does not count as
        fresh. While loading fails, whatever the reason, the last known value stands in.

        Raises:
            BillingError: when loading fails and nothing recent enough is known.
        """
        entry = self._store.get(customer)
        if entry is not None and self._is_fresh(entry, not_before):
            return Found(entry.value, entry.read_at, Outcome.HIT)
        try:
            loaded, outcome = self._loaded(customer, not_before, known=entry)
        except BillingError as error:
            return self._stand_in(customer, not_before, error)
        return Found(loaded.value, loaded.read_at, outcome)

    def peek(self, customer: str) -> V | None:
        """What is known of ``customer``, however old; nothing is loaded."""
        entry = self._store.get(customer)
        return entry.value if entry else None

    def is_fresh(self, customer: str, read_at: float) -> bool:
        """Whether the value of ``customer`` is still the one read at ``read_at``, and fresh."""
        entry = self._store.get(customer)
        return entry is not None and entry.read_at == read_at and self._is_fresh(entry, None)

    def stands_in(self, customer: str, read_at: float) -> bool:
        """Whether the last known value of ``customer`` is the one read at ``read_at``, and all
        there is.

        That is so while the circuit refuses to load another, and while a load is under way that
        is a probe or has taken too long already.
        """
        entry = self._last_known(customer)
        if entry is None or entry.read_at != read_at or self._is_fresh(entry, None):
            return False
        load, breaker = self._loads.get(customer), self._guard.breaker
        if load is None or not self._may_join(load, None):
            return breaker.refuses
        return breaker.is_open or time.monotonic() >= self._patience_ends(load)

    def expire(self, customer: str) -> None:
        """Load ``customer`` anew the next time; until that succeeds, what is known may stand in."""
        self._store.expire(customer)
        self._detach(customer)

    def drop(self, customer: str) -> None:
        """Forget ``customer`` for good."""
        self._store.drop(customer)
        self._detach(customer)

    def _detach(self, customer: str) -> None:
        """Let nobody join what is being loaded now: it began too early."""
        with self._lock:
            self._loads.pop(customer, None)
            self._failed.pop(customer, None)

    def _loaded(
        self, customer: str, not_before: float | None, *, known: Entry[V] | None
    ) -> tuple[Entry[V], Outcome]:
        """What a load gives: one that is under way, or a new one when its turn has come.

        A load that found a value of another process may give one too early for who joined it; then
        there is another.
        """
        patient = known is None or not_before is not None
        while True:
            turn_in = 0.0
            with self._lock:
                load = self._loads.get(customer)
                joins = load is not None and self._may_join(load, not_before)
                if not joins:
                    turn_in = self._turn_in(customer, known)
                    if turn_in and customer in self._failed:
                        raise self._failed[customer].again()
                    load = None if turn_in else self._begin(customer, not_before, patient=patient)
            if load is None:
                with self._guard.waiting(customer):
                    self._pause(turn_in)  # then somebody else's load, begun meanwhile, does as well
                known = self._store.get(customer)
                if known is not None and self._is_fresh(known, not_before):
                    return known, Outcome.COLLAPSED
                continue
            entry, outcome = self._await(customer, load, patient=patient)
            if not joins:
                return entry, outcome
            if not_before is None or entry.read_at >= not_before:
                return entry, Outcome.COLLAPSED

    def _turn_in(self, customer: str, known: Entry[V] | None) -> float:
        """The seconds until ``customer`` may be read, for who asks before the ttl is over, or after
        a load that failed.
        """
        early = known is not None and 0 <= self._clock() - known.read_at < self._ttl
        if not (early or customer in self._failed) or self._guard.breaker.refuses:
            return 0.0
        return self._allowance.ask(customer)

    def _is_fresh(self, entry: Entry[V], not_before: float | None) -> bool:
        age = self._clock() - entry.read_at
        recent = not_before is None or entry.read_at >= not_before
        return entry.fresh and recent and -self._store.clock_skew <= age < self._ttl

    def _last_known(self, customer: str) -> Entry[V] | None:
        """What may stand in for ``customer``, fresh or not: nothing that is too old."""
        entry = self._store.get(customer)
        recent = entry is not None and self._clock() - entry.read_at <= self._retention
        return entry if recent else None

    def _may_join(self, load: _Load[V], not_before: float | None) -> bool:
        recent = not_before is None or load.started >= not_before
        return recent and not load.future.done() and time.monotonic() < load.until

    def _begin(self, customer: str, not_before: float | None, *, patient: bool) -> _Load[V]:
        """Start a load; it takes the place of one that is under way but began too early."""
        self._guard.admit()
        started, until = self._clock(), time.monotonic() + self._timeout
        report = Report(self._guard)

        def accepts(entry: Entry[V]) -> bool:
            return self._is_fresh(entry, not_before)

        def run() -> tuple[Entry[V], Outcome]:
            if time.monotonic() >= until:
                raise StripeTooSlow("there was no thread free in time")
            lease = self._store.lease(customer, accepts, not_before=not_before, until=until)
            if isinstance(lease, Entry):
                return lease, Outcome.COLLAPSED
            try:
                # Half of the time is Stripe's, whatever the wait for a turn was.
                self._guard.spend(patience=(until - time.monotonic()) / 2 if patient else 0.0)
                value = self._reader.read(customer, until=until)
            except BillingError as error:
                report.failed(error)
                self._store.fail(customer, lease, error)
                raise
            report.answered()
            return self._store.put(customer, value, lease), Outcome.MISS

        def end(future: Future[Any]) -> None:
            error = None if future.cancelled() else future.exception()
            with self._lock:
                if isinstance(error, BillingError) and not isinstance(error, ReadBudgetSpent):
                    self._failed[customer] = error.again()
                else:
                    self._failed.pop(customer, None)
                current = self._loads.get(customer)
                if current is not None and current.future is future:
                    del self._loads[customer]

        load = self._loads[customer] = _Load(started, until, report, self._threads.submit(run))
        load.future.add_done_callback(end)
        return load

    def _await(self, customer: str, load: _Load[V], *, patient: bool) -> tuple[Entry[V], Outcome]:
        """What the load gives; every waiting request raises an error of its own.

        Where a last known value may stand in, nobody waits long, whoever comes later not at all,
        and nobody for a probe; while the circuit is open, only as long as a healthy answer takes.
        """
        until = load.until if patient else self._patience_ends(load)
        if self._guard.breaker.is_open:
            until = min(until, time.monotonic() + (SLOW if patient else 0))
        try:
            return self._guard.wait(load.future, until, customer)
        except BillingError as error:
            if time.monotonic() >= load.until and not load.future.done():
                load.future.cancel()
                load.report.failed(error)
            raise error.again() from None

    def _patience_ends(self, load: _Load[V]) -> float:
        """Until when (``time.monotonic``) to wait for a load where a last known value is there."""
        patience = HEALTHY if self._guard.breaker.is_suspicious else STAND_IN_AFTER
        return min(load.until, load.until - self._timeout + patience)

    def _stand_in(self, customer: str, not_before: float | None, error: BillingError) -> Found[V]:
        entry = self._last_known(customer)
        if entry is None:
            raise error
        outcome = Outcome.HIT if self._is_fresh(entry, not_before) else Outcome.STALE
        return Found(entry.value, entry.read_at, outcome)
