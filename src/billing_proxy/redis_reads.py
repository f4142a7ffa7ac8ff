"""One read budget for all processes of an account, kept by a limiter's own Redis storage."""

from __future__ import annotations

from datetime import timedelta

from throttled import Throttled, rate_limiter, store

from .read_budget import Quota
from .redis_server import RedisServer, ServerDown, connection

_KEY = "stripe-reads"


class RedisReads:
    """At most ``quota`` for everybody who shares ``server``, spread as ``Limiter`` does."""

    def __init__(self, server: RedisServer, quota: Quota) -> None:
        self._server = server
        self._limiter = Throttled(
            key=_KEY,
            using="gcra",
            quota=rate_limiter.per_duration(
                timedelta(seconds=quota.period), limit=quota.reads, burst=quota.reads
            ),
            store=store.RedisStore(server.url, {"CONNECTION_POOL_KWARGS": connection(server.url)}),
            key_prefix=server.prefix,
        )

    def ask(self) -> float | None:
        """The seconds to wait for one more read, 0 when it is granted; None when nobody knows."""
        try:
            result = self._server.ask(lambda _: self._limiter.limit())
        except ServerDown:
            return None
        return result.state.retry_after if result.limited else 0.0
