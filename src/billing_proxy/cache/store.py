"""Where cards are kept: ``Store`` is what the cache asks of such a place, ``MemoryStore`` the one
in this process. Pure but for its lock: no Flask, no Stripe.

cachetools bounds; how old a value is, its own date says, since a timed cache is lost when the clock
is set back. A value that was being read while something changed is kept as what was last known, and
never as fresh.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, Protocol, TypeVar

from cachetools import LRUCache

from ..errors import BillingError

V = TypeVar("V")


class Entry(NamedTuple, Generic[V]):
    """A value and the moment (Unix seconds) its reading began.

    ``fresh`` is false once an event said that it may have changed. ``version`` names the reading
    where several processes share what is kept.
    """

    value: V
    read_at: float
    fresh: bool = True
    version: str = ""


class Lease(NamedTuple):
    """The right to load one value.

    ``generation`` tells whether an event came in between, in this process; ``shared_generation``
    likewise among several, where ``version`` names the reading.
    """

    started: float
    generation: object
    version: str = ""
    shared_generation: bytes = b""


class Store(Protocol[V]):
    """What the cache of cards asks of the place where they are kept. Safe between threads.

    ``clock_skew`` is how many seconds the clock that dated a value may be ahead of this one.
    """

    clock_skew: float

    def get(self, key: Hashable) -> Entry[V] | None:
        """What is known of ``key``, fresh or not."""

    def lease(
        self,
        key: Hashable,
        accepts: Callable[[Entry[V]], bool],
        *,
        not_before: float | None,
        until: float,
    ) -> Entry[V] | Lease:
        """A value that one ``accepts``, if it has come in meanwhile, or the right to load one.

        Where processes share a store, this waits for the one that is loading already, until
        ``until`` (``time.monotonic``), unless it began before ``not_before`` (Unix seconds).

        Raises:
            BillingError: the other's, when its loading fails; or that it took too long.
        """

    def put(self, key: Hashable, value: V, lease: Lease) -> Entry[V]:
        """Keep what was loaded under ``lease``, unless a later reading is kept already."""

    def fail(self, key: Hashable, lease: Lease, error: BillingError) -> None:
        """The load under ``lease`` gave ``error``: whoever waits for it shares that."""

    def expire(self, key: Hashable) -> None:
        """What is known, or being read, of ``key`` is not fresh any more."""

    def drop(self, key: Hashable) -> None:
        """Forget ``key``; what is being read is not fresh any more."""


class MemoryStore(Generic[V]):
    """A ``Store`` in the memory of this process.

    Args:
        maxsize: how many values to keep; the least recently used one makes room.
        retention: seconds after which a value is gone, fresh or not.
        clock: the time in Unix seconds.
    """

    clock_skew = 0.0

    def __init__(
        self, *, maxsize: int, retention: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._retention = retention
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: LRUCache[Hashable, Entry[V]] = LRUCache(maxsize)
        self._generations: LRUCache[Hashable, object] = LRUCache(maxsize)

    def get(self, key: Hashable) -> Entry[V] | None:
        """What is known of ``key``, fresh or not."""
        try:
            with self._lock:
                entry = self._entries[key]  # `get` looks twice, for each warm answer
        except KeyError:
            return None
        return entry if self._clock() - entry.read_at < self._retention else None

    def lease(
        self,
        key: Hashable,
        accepts: Callable[[Entry[V]], bool],
        *,
        not_before: float | None = None,  # noqa: ARG002 -- nobody else loads in this process
        until: float = 0.0,  # noqa: ARG002
    ) -> Entry[V] | Lease:
        """A value that one ``accepts``, if it has come in meanwhile, or the right to load one."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and accepts(entry):
                return entry
        return self.grant(key)

    def grant(self, key: Hashable) -> Lease:
        """The right to load ``key`` now."""
        with self._lock:
            return Lease(self._clock(), self._generations.get(key))

    def put(self, key: Hashable, value: V, lease: Lease) -> Entry[V]:
        """Keep ``value`` unless a newer one is kept; one from ahead is of a clock set back."""
        with self._lock:
            fresh = self._generations.get(key) is lease.generation
            entry = Entry(value, lease.started, fresh, lease.version)
            self._keep(key, entry)
            return entry

    def keep(self, key: Hashable, entry: Entry[V]) -> None:
        """Keep an ``entry`` from elsewhere as it is, unless a newer one is kept."""
        with self._lock:
            self._keep(key, entry)

    def _keep(self, key: Hashable, entry: Entry[V]) -> None:
        known = self._entries.get(key)
        if known is None or known.read_at <= entry.read_at or known.read_at > self._clock():
            self._entries[key] = entry

    def fail(self, key: Hashable, lease: Lease, error: BillingError) -> None:
        """Nobody else waits for it."""

    def expire(self, key: Hashable) -> None:
        """What is known, or being read, of ``key`` is not fresh any more."""
        with self._lock:
            self._generations[key] = object()
            entry = self._entries.get(key)
            if entry is not None:
                self._entries[key] = entry._replace(fresh=False)

    def drop(self, key: Hashable) -> None:
        """Forget ``key``; what is being read is not fresh any more."""
        with self._lock:
            self._generations[key] = object()
            self._entries.pop(key, None)
