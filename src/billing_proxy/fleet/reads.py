"""One read budget for all processes of an account, kept by a limiter's own Redis storage."""

from __future__ import annotations

from datetime import timedelta

from throttled import RateLimitResult, Throttled, rate_limiter, store

from ..cache.budget import Quota
from .server import RedisServer, ServerDown, connection


class RedisReads:
    """At most ``quota`` for everybody who shares ``server``, spread as ``Limiter`` does.

    A quota has a key of its own, so that no process with another one is believed.
    """

    def __init__(self, server: RedisServer, quota: Quota) -> None:
        self._server = server
        self._longest = 1.1 * quota.period / quota.reads
        self._limiter = Throttled(
            key=f"{quota.reads}-in-{quota.period:g}",
            using="gcra",
            quota=rate_limiter.per_duration(
                timedelta(seconds=quota.period), limit=quota.reads, burst=quota.reads
            ),
            store=store.RedisStore(server.url, {"CONNECTION_POOL_KWARGS": connection(server.url)}),
            key_prefix=f"{server.prefix}:reads",
        )

    def ask(self) -> float | None:
        """The seconds to wait for one more read, 0 when it is granted; None when nobody knows."""
        try:
            return self._server.ask(lambda _: self._wait(self._limiter.limit()))
        except ServerDown:
            return None

    def _wait(self, result: RateLimitResult) -> float:
        wait = float(result.state.retry_after) if result.limited else 0.0
        if not 0 <= wait <= self._longest:
            raise TypeError("the answer is none of the limiter's")
        return wait
