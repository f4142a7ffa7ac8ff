"""``RedisServer``: the one way to the Redis or Valkey server that a fleet shares.

The only file that imports redis. A server that is slow, full, gone or not Redis at all is
``ServerDown`` to whoever asks, at once while it stays so: each process then goes on by itself.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..cache.breaker import CircuitBreaker, Permit
from ..cache.threads import Workers
from ..errors import StripeUnavailable
from ..metrics.observer import SILENT, Observer

T = TypeVar("T")

Script: TypeAlias = Callable[[Sequence[str], Sequence[Any]], T]
"""Takes keys and arguments; raises ServerDown."""

LAYOUT = 1
"""Of what is kept. A release with another one never reads this one's keys; a test says when."""

TIMEOUT = 0.5
"""Seconds for connecting, and for each answer."""

THRESHOLD = 3
"""Failures in a row after which the server is left alone but for probes."""

PROBE_INTERVAL = 1.0
"""Seconds between two probes, and between two looks that a health check causes."""

MAX_UNTOLD = 10_000
"""Changes that are remembered for a server that cannot be told now."""

log = logging.getLogger(__name__)


def texts(answer: Any, count: int) -> list[bytes | None]:
    """``answer`` as so many texts, some of which may be missing.

    Raises:
        TypeError: when it is anything else.
    """
    found = list(answer)
    if len(found) != count or not all(text is None or isinstance(text, bytes) for text in found):
        raise TypeError("the answer is not what was asked for")
    return found


def connection(url: str) -> dict[str, Any]:
    """How to connect to ``url``, which may itself add what TLS needs."""
    options: dict[str, Any] = {
        "protocol": 2,
        "socket_timeout": TIMEOUT,
        # A connection that the server has closed meanwhile is no failure; a second one is.
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    }
    if not url.startswith("unix:"):
        options.update(socket_connect_timeout=TIMEOUT, socket_keepalive=True)
    return options


class ServerDown(Exception):
    """The server cannot be used for this. Never leaves the package."""


class RedisServer:
    """A server and the part of its keys that belongs to one Stripe account.

    Args:
        url: ``redis://``, ``rediss://`` (TLS) or ``unix://``, with user and password where needed.
        secret: what only services of the same account know; names and signs what they share.
        timer: seconds that only go forward.
        observer: hears whether the server can be used.
    """

    def __init__(
        self,
        url: str,
        *,
        secret: str,
        timer: Callable[[], float] = time.monotonic,
        observer: Observer = SILENT,
    ) -> None:
        self._observer = observer
        observer.shared_cache_changed(is_available=True)
        self.url = url
        self.secret = hashlib.blake2b(secret.encode(), person=b"billing-cache").digest()
        account = hashlib.blake2b(self.secret, digest_size=6).hexdigest()
        self.prefix = f"billing-proxy:v{LAYOUT}:{account}"
        self._client = redis.Redis.from_url(url, **connection(url))
        self._breaker = CircuitBreaker(
            "the cache server", threshold=THRESHOLD, probe_interval=PROBE_INTERVAL, timer=timer
        )
        self._timer = timer
        self._prober = Workers(size=1, queue=0)
        self._looked_at = -math.inf
        self._takes_writes = True
        self._is_up = True
        self._untold: dict[str, Callable[[], object]] = {}
        self._told_at = -math.inf
        self._telling = threading.Lock()

    def key(self, kind: str, name: str) -> str:
        """The key of ``name`` among those of its ``kind``."""
        return f"{self.prefix}:{kind}:{name}"

    def ask(self, call: Callable[[redis.Redis], T]) -> T:
        """What ``call`` gives, done with the client.

        Raises:
            ServerDown: when the server fails, or has failed just now.
        """
        permit = self._breaker.ask()
        if permit is Permit.PROBE:
            self._probe()
        if permit is not Permit.CALL:
            raise ServerDown
        return self._call(call)

    def fields(self, key: str, names: Sequence[str]) -> list[bytes | None]:
        """The fields ``names`` of the hash at ``key``. What is no hash is not ours, and removed.

        Raises:
            ServerDown
        """

        def read(client: redis.Redis) -> list[bytes | None]:
            try:
                return texts(client.hmget(key, list(names)), len(names))
            except redis.ResponseError as error:
                if not str(error).startswith("WRONGTYPE"):
                    raise
                client.delete(key)
                return [None] * len(names)

        return self.ask(read)

    def values(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values at ``keys``.

        Raises:
            ServerDown
        """
        return self.ask(lambda client: texts(client.mget(list(keys)), len(keys)))

    def script(self, lua: str, read: Callable[[Any], T]) -> Script[T]:
        """``lua`` as a function of keys and arguments, which runs at once and as a whole.

        ``read`` takes what it gives, and raises where that cannot be.
        """
        script = self._client.register_script(lua)

        def run(keys: Sequence[str], args: Sequence[Any]) -> T:
            return self.ask(lambda _: read(script(keys, args)))

        return run

    def tell(self, key: str, call: Callable[[], object]) -> None:
        """Make ``call``, which changes ``key``: now, or when the server answers again."""
        try:
            call()
        except ServerDown:
            with self._telling:
                if len(self._untold) < MAX_UNTOLD:
                    self._untold[key] = call

    def look(self) -> bool:
        """Whether the server can be used: tried out now, unless that was within the last second.

        With something to write, since a full server, or a replica, still reads.
        """
        now = self._timer()
        if now - self._looked_at >= PROBE_INTERVAL:
            self._looked_at = now
            try:
                self.ask(lambda client: client.set(self.key("look", "last"), 1, px=60_000))
                self._takes_writes = True
            except ServerDown:
                self._takes_writes = False
        return self._takes_writes and self._is_up

    def _call(self, call: Callable[[redis.Redis], T]) -> T:
        try:
            answer = call(self._client)
        except Exception as error:  # noqa: BLE001 -- what is no Redis makes the client fail anyhow
            if self._changes(is_up=False):
                log.warning("the cache server failed: %s", type(error).__name__)
            self._breaker.failed()
            raise ServerDown from None
        self._changes(is_up=True)
        self._breaker.succeeded()
        if self._untold:
            self._tell_what_it_missed()
        return answer

    def _changes(self, *, is_up: bool) -> bool:
        if is_up == self._is_up:
            return False
        self._is_up = is_up
        self._observer.shared_cache_changed(is_available=is_up)
        return True

    def _tell_what_it_missed(self) -> None:
        """Once in a second: a full server answers what is read, and takes no event."""
        with self._telling:
            if self._timer() - self._told_at < PROBE_INTERVAL:
                return
            self._told_at = self._timer()
            untold, self._untold = self._untold, {}
        for key, call in untold.items():
            self.tell(key, call)

    def _probe(self) -> None:
        """Ask in a thread of its own, since connecting may take long where names do not resolve."""

        def ping() -> None:
            with suppress(ServerDown):
                self._call(lambda client: client.ping())

        with suppress(StripeUnavailable):  # while the last probe is not back yet
            self._prober.submit(ping)
