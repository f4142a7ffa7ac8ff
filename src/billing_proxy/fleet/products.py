"""The products that all customers share, known once for a fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from ..cache.products import Product
from .codec import Codec
from .server import RedisServer, ServerDown

KIND = "product"


class RedisProducts:
    """Products by id on ``server``, each for ``ttl`` seconds."""

    def __init__(self, server: RedisServer, *, ttl: float) -> None:
        self._server = server
        self._codec: Codec[Product] = Codec(Product, server.secret)
        self._ttl_ms = int(ttl * 1000)

    def get(self, ids: Sequence[str]) -> Mapping[str, Product] | None:
        """Those that are known; None when the server cannot be asked now."""
        keys = [self._server.key(KIND, id_) for id_ in ids]
        try:
            sealed = self._server.values(keys)
        except ServerDown:
            return None
        found = {}
        for id_, value in zip(ids, sealed, strict=True):
            try:
                found[id_] = self._codec.open(f"{KIND}:{id_}", value)
            except ValueError:
                continue  # not there, or not ours
        return found

    def put(self, products: Mapping[str, Product]) -> None:
        """Keep what was read."""
        if not self._ttl_ms:
            return
        sealed = {
            self._server.key(KIND, id_): self._codec.seal(f"{KIND}:{id_}", product)
            for id_, product in products.items()
        }
        with suppress(ServerDown):
            self._server.ask(
                lambda client: [client.set(k, v, px=self._ttl_ms) for k, v in sealed.items()]
            )

    def forget(self, id_: str) -> None:
        """Let ``id_`` be read anew by whoever needs it next."""
        key = self._server.key(KIND, id_)
        self._server.tell(key, lambda: self._server.ask(lambda client: client.delete(key)))
