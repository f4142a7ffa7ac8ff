"""``RedisStore``: one cache of cards for all processes and machines of a fleet.

Every card is a hash, and every change of one is a single script, so that it happens as a whole. A
process that wants to load takes a lease first; the others wait for what comes of it. What this
process has seen stays in its own memory too, and is all it has while the server fails.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any

from ..cache.store import Entry, Lease, MemoryStore
from ..card.facts import Billing
from ..errors import BillingError, StripeTooSlow, shared_error
from . import scripts
from .codec import Codec, texts
from .server import RedisServer, Script, ServerDown

KIND = "card"

POLL_INTERVAL = 0.02
"""Seconds between two looks at what another process is loading."""

EVENT_HOLDS = 120.0
"""Seconds for which a reading that began before an event is recognised when it comes in."""

CLOCK_SKEW = 2.0
"""Seconds that the clock of another machine may be ahead."""

_STANDING = ("t", "f", "d", "g")
"""What tells how the card that a process knows stands with all."""

_EVENT_MS = int(EVENT_HOLDS * 1000)


class RedisStore:
    """A ``Store`` of what is known of customers.

    Args:
        server: where the fleet keeps it.
        memory: where this process does.
        retention: seconds after which a value is gone, fresh or not.
        timeout: seconds that a load may take, after which its lease is void.
        clock: the time in Unix seconds. The clocks of the machines should agree within a second.
        pause: lets some seconds go by.
    """

    clock_skew = CLOCK_SKEW

    def __init__(
        self,
        server: RedisServer,
        memory: MemoryStore[Billing | None],
        *,
        retention: float,
        timeout: float,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._server = server
        self._memory = memory
        self._codec: Codec[Billing | None] = Codec(Billing | None, server.secret)
        self._keep_ms = max(int(retention * 1000), _EVENT_MS)
        self._lease_ms = int(timeout * 1000)
        self._clock = clock
        self._pause = pause
        self._claim = server.script(scripts.CLAIM, _state_and_word)
        self._put = server.script(scripts.PUT, int, tells=True)
        self._fail = server.script(scripts.FAIL, int)
        self._expire = server.script(scripts.EXPIRE, _nothing, tells=True)
        self._drop = server.script(scripts.DROP, _nothing, tells=True)

    def get(self, key: Hashable) -> Entry[Billing | None] | None:
        """What is known of ``key``, fresh or not: what the fleet knows, else this process."""
        known = self._memory.get(key)
        try:
            version, fresh, dropped, event = self._server.tracked_fields(self._key(key), _STANDING)
            if version is None:
                return self._known_here_alone(key, known, event, dropped)
            if known is None or known.version.encode() != version:
                return self._fetch(key)
        except ServerDown:
            return known
        if known.fresh != (fresh == b"1"):
            known = known._replace(fresh=fresh == b"1")
            self._memory.keep(key, known)
        return known

    def lease(
        self,
        key: Hashable,
        accepts: Callable[[Entry[Billing | None]], bool],
        *,
        not_before: float | None,
        until: float,
    ) -> Entry[Billing | None] | Lease:
        """A value that one ``accepts``, or the right to load one, after waiting for another's load.

        Raises:
            BillingError: what the other's load ended with.
            StripeTooSlow: when it takes too long.
        """
        try:
            return self._lease(key, accepts, not_before, until)
        except ServerDown:
            return self._memory.lease(key, accepts)

    def _lease(
        self,
        key: Hashable,
        accepts: Callable[[Entry[Billing | None]], bool],
        not_before: float | None,
        until: float,
    ) -> Entry[Billing | None] | Lease:
        lease = self._memory.grant(key)._replace(version=secrets.token_hex(8))
        known = awaited = b""
        while time.monotonic() < until:
            lease = lease._replace(started=self._clock())
            state, said = self._claim_lease(key, lease, not_before, known, awaited)
            if state == b"granted":
                return lease._replace(shared_generation=said)
            if state == b"failed":
                raise shared_error(said.decode("ascii", "replace"))
            if state == b"entry":
                entry, known = self.get(key), said
                if entry and ((awaited and entry.version.encode() == awaited) or accepts(entry)):
                    return entry
            else:
                awaited = said
                self._pause(POLL_INTERVAL)
        raise StripeTooSlow("another process did not get an answer in time")

    def put(self, key: Hashable, value: Billing | None, lease: Lease) -> Entry[Billing | None]:
        """Keep what was loaded under ``lease``, unless a later reading is kept already."""
        entry = self._memory.put(key, value, lease)
        if not lease.version:  # taken while the server was down
            return entry
        read_at = repr(lease.started)
        sealed = self._codec.seal(_seal_name(key, read_at, lease.version), _public(value))
        ahead = repr(self._clock() + self.clock_skew)
        try:
            fresh = self._put(
                [self._key(key)],
                [lease.version, lease.shared_generation, sealed, read_at, self._keep_ms, ahead],
            )
            entry = entry._replace(fresh=entry.fresh and bool(fresh))
        except ServerDown:
            entry = entry._replace(version="")
        self._memory.keep(key, entry)
        return entry

    def fail(self, key: Hashable, lease: Lease, error: BillingError) -> None:
        """The load under ``lease`` gave ``error``: whoever waits for it shares that."""
        if lease.version:
            with suppress(ServerDown):  # then the lease ends by itself
                self._fail([self._key(key)], [lease.version, type(error).__name__])

    def expire(self, key: Hashable) -> None:
        """What is known, or being read, of ``key`` is not fresh any more, anywhere."""
        self._memory.expire(key)
        self._invalidate(key, self._expire)

    def drop(self, key: Hashable) -> None:
        """Forget ``key`` everywhere."""
        self._memory.drop(key)
        self._invalidate(key, self._drop)

    def _invalidate(self, key: Hashable, script: Script[None]) -> None:
        args = [secrets.token_hex(4), _EVENT_MS]
        self._server.invalidate(self._key(key), lambda: script([self._key(key)], args))

    def _claim_lease(
        self,
        key: Hashable,
        lease: Lease,
        not_before: float | None,
        known: bytes,
        awaited: bytes,
    ) -> tuple[bytes, bytes]:
        since = "" if not_before is None else repr(not_before)
        return self._claim(
            [self._key(key)],
            [
                lease.version, repr(lease.started), since, self._lease_ms, known, awaited,
                _EVENT_MS,
            ],
        )  # fmt: skip

    def _known_here_alone(
        self,
        key: Hashable,
        known: Entry[Billing | None] | None,
        event: bytes | None,
        dropped: bytes | None,
    ) -> Entry[Billing | None] | None:
        """What the server lacks counts as it is if it never got there, and no event came since."""
        if known is None:
            return None
        if dropped is not None:
            self._memory.drop(key)
            return None
        if known.version or event is not None:
            return known._replace(fresh=False)
        return known

    def _fetch(self, key: Hashable) -> Entry[Billing | None] | None:
        """The value as the server has it, or None where that is not one of ours."""
        value, read_at, version, fresh = self._server.fields(self._key(key), ["v", "r", "t", "f"])
        try:
            moment, token = (read_at or b"").decode("ascii"), (version or b"").decode("ascii")
            billing = self._codec.open(_seal_name(key, moment, token), value)
            entry = Entry(billing, float(moment), fresh == b"1", token)
        except ValueError:
            return None
        self._memory.keep(key, entry)
        return entry

    def _key(self, key: Hashable) -> str:
        return self._server.key(KIND, str(key))


def _state_and_word(answer: Any) -> tuple[bytes, bytes]:
    state, word = texts(answer, 2)
    if state not in (b"granted", b"failed", b"entry", b"busy") or word is None:
        raise TypeError("the answer is none of the script's")
    return state, word


def _nothing(_: Any) -> None:
    """What the script gives is of no use."""


def _seal_name(key: Hashable, read_at: str, version: str) -> str:
    return f"{KIND}:{key}:{read_at}:{version}"


def _public(billing: Billing | None) -> Billing | None:
    """What the card is made of, without the ids that led to it."""
    if billing is None:
        return None
    return billing._replace(
        request_id=None,
        subscriptions=tuple(
            sub._replace(
                latest_invoice=None if isinstance(sub.latest_invoice, str) else sub.latest_invoice,
                schedule=None if isinstance(sub.schedule, str) else sub.schedule,
            )
            for sub in billing.subscriptions
        ),
    )
