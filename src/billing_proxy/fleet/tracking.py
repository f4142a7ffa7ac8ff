"""``Tracking``: answers of the server that hold until it says that their key has changed.

Redis and Valkey call it client-side caching. The connection that asks is the one on which the
server tells of changes, in order with its answers (RESP3), and whoever looks here first looks
whether anything has come on it: so there is no thread, and no traffic while nobody asks. redis-py's
own takes a lock for each answer, and works with Redis from 7.4 on alone.

Source: https://redis.io/docs/latest/develop/reference/client-side-caching/
"""

from __future__ import annotations

import math
import os
import selectors
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar

import redis

from .codec import texts

T = TypeVar("T")

Answer: TypeAlias = list[bytes | None]

HOLDS = 1.0
"""Seconds that answers hold without a word from the server: a connection may die in silence."""

RETRY = 10.0
"""Seconds between two tries to be told of changes: an old server, or a proxy, may not know how."""

MAX_HELD = 10_000
"""Answers that are held. One more, and all are asked for anew."""


class Tracking:
    """What the server answered and has not taken back.

    Whatever is in the way here, the caller asks as if there were no tracking. Safe between threads,
    and nobody waits for another one.

    Args:
        client: leads to the server.
        probe: a key to try out whether changes are told.
        timer: seconds that only go forward.
    """

    def __init__(self, client: redis.Redis, *, probe: str, timer: Callable[[], float]) -> None:
        self._client = client
        self._probe = probe
        self._timer = timer
        self._lock = threading.Lock()  # of whoever uses the line
        self._line: _Line | None = None
        self._tried_at = -math.inf
        self._last_change: object = None

    def fields(self, key: str, names: Sequence[str]) -> Answer | None:
        """The fields ``names`` of the hash at ``key``, held or asked for; None when that cannot be.

        Raises:
            redis.TimeoutError: when the server is too slow.
        """
        line = self._open_line()
        if line is None:
            return None
        return self._held(line, key) or self._use(line, lambda: self._asked(line, key, names))

    def begin(self) -> None:
        """Let the server tell of changes, where it can."""
        if self._open_line() is None:
            with suppress(redis.TimeoutError):
                self._use(self._line, self._try)

    def forget(self, keys: Sequence[str]) -> None:
        """This process has changed ``keys``: no answer from before counts, be it on its way."""
        self._last_change = object()
        line = self._line  # which another thread may be about to close
        for key in keys:
            if line is not None:
                line.held.pop(key, None)

    def stop(self) -> None:
        """Hold nothing, until there is another ``begin``."""
        line, self._line = self._line, None
        if line is not None:
            line.close()

    def _open_line(self) -> _Line | None:
        """The line, unless it is that of the process from which this one was forked."""
        line = self._line
        return line if line and line.process == os.getpid() else None

    def _held(self, line: _Line, key: str) -> Answer | None:
        """The answer that holds: nothing else had come to this machine when this was called."""
        answer = line.held.get(key)
        if answer is None or self._timer() - line.heard_at >= HOLDS:
            return None
        with suppress(OSError, ValueError):  # it was closed meanwhile
            # Whoever uses the line may have read what the answer does not know of yet.
            is_current = not line.has_news() and not self._lock.locked()
            if is_current or self._use(line, line.take_news):
                return answer if line.held.get(key) is answer else None
        return None

    def _use(self, line: _Line | None, call: Callable[[], T]) -> T | None:
        """What ``call`` gives; None while another thread uses ``line``, or when that is cut."""
        if not self._lock.acquire(blocking=False):
            return None
        try:
            return call() if self._line is line else None
        except Exception as error:
            self.stop()
            if isinstance(error, redis.TimeoutError):
                raise
            return None
        finally:
            self._lock.release()

    def _asked(self, line: _Line, key: str, names: Sequence[str]) -> Answer:
        began, last_change = self._timer(), self._last_change
        answer = texts(line.ask("HMGET", key, *names), len(names))
        if len(line.held) >= MAX_HELD:
            line.held.clear()
        line.held[key] = answer
        line.take_news()
        line.heard_at = began
        if self._last_change is not last_change:
            line.held.pop(key, None)
        return answer

    def _try(self) -> None:
        """Open a line and have one change told: a proxy may say yes to what it does not do."""
        now = self._timer()
        if now - self._tried_at < RETRY:
            return
        self._tried_at = now
        line = _Line(self._client)
        line.held[self._probe] = []
        line.ask("GET", self._probe)
        self._client.set(self._probe, b"", ex=60)
        line.ask("GET", self._probe)
        if self._probe in line.held:
            raise TypeError("the change was not told")
        self._line = line


class _Line:
    """A connection on which the server tells of changes to what it answered there.

    For one thread at a time, but for ``has_news`` and the look into ``held``. ``heard_at`` is by
    the timer: what it asked then has been answered.
    """

    def __init__(self, client: redis.Redis) -> None:
        pool = client.connection_pool
        self.process = os.getpid()
        self.held: dict[str, Answer] = {}
        self.heard_at = -math.inf
        self._connection: Any = pool.connection_class(**{**pool.connection_kwargs, "protocol": 3})
        self._connection.connect()
        parser = self._connection._parser
        set_handler = getattr(parser, "set_invalidation_push_handler", None)  # from redis-py 5.1 on
        (set_handler or parser.set_push_handler)(self._take_in)
        self.ask("CLIENT", "TRACKING", "ON")
        self._news = selectors.DefaultSelector()
        self._news.register(self._connection._sock, selectors.EVENT_READ)

    def ask(self, *command: str) -> Any:
        """What the server answers to ``command``; what it tells before that is taken in."""
        self._connection.send_command(*command)
        return self._connection.read_response()

    def has_news(self) -> bool:
        """Whether something has come that nobody has read, be it the end."""
        return bool(self._news.select(0))

    def take_news(self) -> bool:
        """Take in all that has come."""
        while self._connection.can_read(0):
            self._connection.read_response(push_request=True)
        return True

    def close(self) -> None:
        """Hang up, and hold nothing."""
        self.held.clear()
        self._news.close()
        self._connection.disconnect()

    def _take_in(self, message: Sequence[Any]) -> None:
        """``[b"invalidate", keys]``, with None for all keys there are."""
        kind, *keys = message
        if kind == b"invalidate" and keys == [None]:
            self.held.clear()
        elif kind == b"invalidate":
            for key in keys[0]:
                self.held.pop(key.decode(), None)
