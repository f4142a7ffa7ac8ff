"""Values as bytes for a server that others may write to: signed, and read back strictly. Pure.

What was not sealed under the same name by a service with the same secret is a ValueError: so no
value ever stands in for another, and no field has a type that the card does not expect.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

_MAC_BYTES = 16


class Codec(Generic[T]):
    """Seals values of one type. ``secret`` is at least 16 random bytes, 64 at most."""

    def __init__(self, type_: Any, secret: bytes) -> None:
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(type_)
        self._encoder = msgspec.json.Encoder()
        self._secret = secret

    def seal(self, name: str, value: T) -> bytes:
        """``value`` as JSON behind its signature, to be opened under the same ``name`` only."""
        body = self._encoder.encode(value)
        return self._sign(name, body) + body

    def open(self, name: str, sealed: bytes | None) -> T:
        """The value inside ``sealed``.

        Raises:
            ValueError: for whatever was not sealed so.
        """
        sealed = sealed or b""
        mac, body = sealed[: 2 * _MAC_BYTES], sealed[2 * _MAC_BYTES :]
        if not hmac.compare_digest(mac, self._sign(name, body)):
            raise ValueError("the signature does not fit")
        try:
            return self._decoder.decode(body)
        except msgspec.MsgspecError:
            raise ValueError("the value is not of its type") from None

    def _sign(self, name: str, body: bytes) -> bytes:
        text = name.encode() + b"\0" + body
        digest = hashlib.blake2b(text, key=self._secret, digest_size=_MAC_BYTES)
        return digest.hexdigest().encode()


def texts(answer: Any, count: int) -> list[bytes | None]:
    """``answer`` as so many texts, some of which may be missing.

    Raises:
        TypeError: when it is anything else.
    """
    found = list(answer)
    if len(found) != count or not all(text is None or isinstance(text, bytes) for text in found):
        raise TypeError("the answer is not what was asked for")
    return found
