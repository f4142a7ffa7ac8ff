"""One read budget for all processes of an account, kept by the limiter's own Redis storage."""

from __future__ import annotations

from throttled import RateLimitResult, store

from .read_budget import limiter
from .redis_server import RedisServer, ServerDown, connection


class RedisReads:
    """At most ``max_rate`` reads per second for everybody who shares ``server``."""

    def __init__(self, server: RedisServer, max_rate: float) -> None:
        self._server = server
        storage = store.RedisStore(server.url, {"CONNECTION_POOL_KWARGS": connection(server.url)})
        self._limiter = limiter(max_rate, storage, key_prefix=server.prefix)

    def limit(self, timeout: float | None) -> RateLimitResult | None:
        """Count one read, if need be after ``timeout`` seconds; None when nobody can be asked."""
        try:
            return self._server.ask(lambda _: self._limiter.limit(timeout=timeout))
        except ServerDown:
            return None
