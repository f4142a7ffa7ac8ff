"""``RedisServer``: the one way to the Redis or Valkey server that a fleet shares.

The only file that imports redis. A server that is slow, full, gone or not Redis at all is
``ServerDown`` to whoever asks, at once while it stays so: each process then goes on by itself.
"""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..cache.threads import Threads
from ..errors import StripeUnavailable
from ..metrics.observer import SILENT, Observer
from .codec import texts
from .tracking import Tracking

T = TypeVar("T")

Script: TypeAlias = Callable[[Sequence[str], Sequence[Any]], T]
"""Takes keys and arguments; raises ServerDown."""

LAYOUT = 3
"""Of what is kept. A release with another one never reads this one's keys; a test says when."""

TIMEOUT = 0.5
"""Seconds for connecting, and for each answer."""

PROBE_INTERVAL = 1.0
"""Seconds between two probes of a server that has failed, or that a health check asks about."""

MAX_MISSED = 10_000
"""Changes that are remembered for a server that takes none now."""

_PROBE = """
-- It has to write, since a full server, or a replica, still reads; and to give back what it was
-- given, since what is no Redis may say yes to everything.
redis.call('SET', KEYS[1], ARGV[1], 'EX', 60)
return redis.call('GET', KEYS[1])
"""

log = logging.getLogger(__name__)


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
        self.secret = hashlib.blake2b(secret.encode(), person=b"billing-cache").digest()
        account = hashlib.blake2b(self.secret, digest_size=6).hexdigest()
        self._prefix = f"billing-proxy:v{LAYOUT}:{account}"
        self._client = redis.Redis.from_url(url, **_connection(url))
        self._try_out = self._client.register_script(_PROBE)
        self._tracking = Tracking(self._client, probe=self.key("probe", "told"), timer=timer)
        self._timer = timer
        self._prober = Threads(size=1, queue=0)
        self._lock = threading.Lock()
        self._is_up = True
        self._probed_at = -math.inf
        self._said: set[str] = set()
        self._missed: dict[str, Callable[[], object]] = {}

    def key(self, kind: str, name: str) -> str:
        """The key of ``name`` among those of its ``kind``."""
        return f"{self._prefix}:{kind}:{name}"

    def ask(self, call: Callable[[redis.Redis], T]) -> T:
        """What ``call`` gives, done with the client.

        Raises:
            ServerDown: when the server fails, or has failed and no probe has succeeded since.
        """
        if not self._is_up:
            if self._is_probe_due():
                self._probe_beside()
            raise ServerDown
        try:
            answer = call(self._client)
        except Exception as error:  # noqa: BLE001 -- what is no Redis makes the client fail anyhow
            self._failed(error)
            raise ServerDown from None
        if self._missed:
            self._hand_in()
        return answer

    def fields(self, key: str, names: Sequence[str]) -> list[bytes | None]:
        """The fields ``names`` of the hash at ``key``.

        Raises:
            ServerDown
        """
        return self.ask(
            lambda client: texts(
                self._ours([key], lambda: client.hmget(key, list(names))), len(names)
            )
        )

    def tracked_fields(self, key: str, names: Sequence[str]) -> list[bytes | None]:
        """The same, unasked while the server has not said that they changed.

        ``names`` are the same whenever ``key`` is.

        Raises:
            ServerDown
        """
        answer = self.ask(lambda _: self._tracking.fields(key, names))
        if answer is None:
            answer = self.fields(key, names)
            self._tracking.begin()
        return answer

    def values(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values at ``keys``.

        Raises:
            ServerDown
        """
        return self.ask(lambda client: texts(client.mget(list(keys)), len(keys)))

    def script(self, lua: str, read: Callable[[Any], T], *, tells: bool = False) -> Script[T]:
        """``lua`` as a function of keys and arguments, which runs at once and as a whole.

        ``read`` takes what it gives, and raises where that cannot be. Where it ``tells``, who has
        tracked the keys has been told of the change before it returns.
        """
        script = self._client.register_script(lua)

        def call(client: redis.Redis, keys: Sequence[str], args: Sequence[Any]) -> T:
            answer = read(self._ours(keys, lambda: script(keys, args)))
            if tells:
                client.ping()  # what the server answers next, it answers when all that is sent
            return answer

        def run(keys: Sequence[str], args: Sequence[Any]) -> T:
            try:
                return self.ask(lambda client: call(client, keys, args))
            finally:
                self._tracking.forget(keys)

        return run

    def invalidate(self, key: str, call: Callable[[], object]) -> None:
        """Make ``call``, which says that ``key`` has changed: now, or when the server is back."""
        try:
            call()
        except ServerDown:
            with self._lock:
                if len(self._missed) < MAX_MISSED:
                    self._missed[key] = call

    def probe(self) -> bool:
        """Whether the server can be used: tried out now, unless that was within a second."""
        if self._is_probe_due():
            self._probe()
        return self._is_up

    def _ours(self, keys: Sequence[str], call: Callable[[], T]) -> T:
        """``call``; a value of another type at one of ``keys`` is not ours, and makes way."""
        try:
            return call()
        except redis.ResponseError as error:
            if "WRONGTYPE" not in str(error):
                raise
            self._client.delete(*keys)
            return call()

    def _failed(self, error: Exception) -> None:
        """Leave the server alone until a probe succeeds; say each kind of failure once till then.

        Only a probe ends it, not any call that succeeds: of a full server most of them do.
        """
        name = type(error).__name__
        with self._lock:
            is_news, self._is_up = self._is_up, False
            is_unsaid = name not in self._said
            self._said.add(name)
            if is_news:
                self._probed_at = self._timer()
        if is_news:
            self._tracking.stop()
            self._observer.shared_cache_changed(is_available=False)
        if is_unsaid:
            log.warning("the cache server failed: %s", name)

    def _is_probe_due(self) -> bool:
        """Whether it is time for a probe, which the caller then makes."""
        with self._lock:
            now = self._timer()
            if now - self._probed_at < PROBE_INTERVAL:
                return False
            self._probed_at = now
            return True

    def _probe(self) -> None:
        token = secrets.token_bytes(8)
        try:
            if self._try_out([self.key("probe", "last")], [token]) != token:
                raise TypeError("the answer is not what was written")
        except Exception as error:  # noqa: BLE001 -- as above
            self._failed(error)
            return
        with self._lock:
            is_news, self._is_up = not self._is_up, True
            self._said.clear()
        if is_news:
            log.warning("the cache server can be used again")
            self._observer.shared_cache_changed(is_available=True)
            self._hand_in()

    def _probe_beside(self) -> None:
        """In a thread of its own, since connecting may take long where names do not resolve."""
        with suppress(StripeUnavailable):  # while the last probe is not back yet
            self._prober.submit(self._probe)

    def _hand_in(self) -> None:
        """Tell the server of the changes that it has missed."""
        with self._lock:
            missed, self._missed = self._missed, {}
        for key, call in missed.items():
            self.invalidate(key, call)


def _connection(url: str) -> dict[str, Any]:
    """How to connect to ``url``, which may itself add what TLS needs."""
    options: dict[str, Any] = {
        "protocol": 2,
        "socket_timeout": TIMEOUT,
        # More than a process has threads; redis-py's own hundred make a crowd look like an outage.
        "max_connections": 1024,
        # A connection that the server has closed meanwhile is no failure; a second one is.
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    }
    if not url.startswith("unix:"):
        options.update(socket_connect_timeout=TIMEOUT, socket_keepalive=True)
    return options
