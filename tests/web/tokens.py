"""Customer tokens as a site would sign them, and as nobody should."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt

TOKEN_SECRET = "a made-up secret, long enough for the longest of the hashes that are tried"


def mint(
    customer: Any,
    clock: Callable[[], float],
    *,
    key: Any = TOKEN_SECRET,
    algorithm: str = "HS256",
    ttl: int = 600,
    without: tuple[str, ...] = (),
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """A token with the claims of the contract, ``claims`` changed and those in ``without`` gone."""
    full = {"sub": customer, "aud": "billing-proxy", "exp": int(clock()) + ttl, **claims}
    kept = {name: value for name, value in full.items() if name not in without}
    if algorithm == "HS256":
        # By hand, as any language can: the library refuses to sign some of what is tried here.
        return by_hand({"alg": algorithm, "typ": "JWT", **(header or {})}, kept, key)
    return jwt.encode(kept, key, algorithm, headers=header)


def by_hand(header: Any, claims: Any, key: str | bytes | None) -> str:
    """A token put together from its three parts (RFC 7515); without a key the last is empty."""
    signed = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
    if key is None:
        return f"{signed}."
    key = key.encode() if isinstance(key, str) else key
    return f"{signed}.{_part(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def bearer(token: str, **more: str) -> dict[str, str]:
    """The headers of a program that sends ``token``."""
    return {"Authorization": f"Bearer {token}", **more}


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
