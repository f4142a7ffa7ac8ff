"""What a fleet has in common besides the cards: its read budget, and the products it knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from ..cache.budget import MICROSECONDS, Quota
from ..cache.products import Product
from .codec import Codec
from .server import RedisServer, ServerDown

PRODUCT = "product"
READS = "reads"

_TAKE = """
-- The server's clock counts, for those of the machines differ.
local interval, ahead, now = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local due = tonumber(redis.call('GET', KEYS[1]) or '')
-- What lies further ahead than a whole quota is of a clock that was set back, or not ours.
if not due or not (due >= now and due <= now + ahead + interval) then due = now end
if due - now > ahead then return due - now - ahead end
redis.call('SET', KEYS[1], string.format('%.0f', due + interval), 'EX', ARGV[4])
return 0
"""


class RedisLimiter:
    """At most ``quota`` for everybody who shares ``server``, spread as ``Limiter`` does.

    A quota has a key of its own, so that processes with another one do not count in it. ``timer``
    gives seconds that only go forward; without it they are the server's.
    """

    def __init__(
        self, server: RedisServer, quota: Quota, timer: Callable[[], float] | None = None
    ) -> None:
        self._key = server.key(READS, f"{quota.reads}-in-{quota.period:g}")
        self._quota = quota
        self._timer = timer
        self._keep = int(quota.period) + 60  # seconds; longer than the budget looks ahead
        self._take = server.script(_TAKE, self._wait)

    def ask(self) -> float | None:
        """The seconds to wait for one more read, 0 when it is granted; None when nobody knows."""
        now = round(self._timer() * MICROSECONDS) if self._timer else ""
        try:
            return self._take(
                [self._key], [self._quota.interval, self._quota.ahead, now, self._keep]
            )
        except ServerDown:
            return None

    def _wait(self, answer: Any) -> float:
        if not isinstance(answer, int) or not 0 <= answer <= self._quota.interval:
            raise TypeError("the answer is none of the script's")
        return answer / MICROSECONDS


class RedisProducts:
    """Products by id on ``server``, each for ``ttl`` seconds."""

    def __init__(self, server: RedisServer, *, ttl: float) -> None:
        self._server = server
        self._codec: Codec[Product] = Codec(Product, server.secret)
        self._ttl_ms = int(ttl * 1000)

    def get(self, ids: Sequence[str]) -> Mapping[str, Product] | None:
        """Those that are known; None when the server cannot be asked now."""
        try:
            sealed = self._server.values([self._server.key(PRODUCT, id_) for id_ in ids])
        except ServerDown:
            return None
        found = {}
        for id_, value in zip(ids, sealed, strict=True):
            with suppress(ValueError):  # not there, or not ours
                found[id_] = self._codec.open(f"{PRODUCT}:{id_}", value)
        return found

    def put(self, products: Mapping[str, Product]) -> None:
        """Keep what was read."""
        if not self._ttl_ms:
            return
        sealed = {
            self._server.key(PRODUCT, id_): self._codec.seal(f"{PRODUCT}:{id_}", product)
            for id_, product in products.items()
        }
        with suppress(ServerDown):
            self._server.ask(
                lambda client: [client.set(k, v, px=self._ttl_ms) for k, v in sealed.items()]
            )

    def forget(self, id_: str) -> None:
        """Let ``id_`` be read anew by whoever needs it next."""
        key = self._server.key(PRODUCT, id_)
        self._server.invalidate(key, lambda: self._server.ask(lambda client: client.delete(key)))
