"""Customer tokens, good ones and others, as a site or a forger would make them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt

from .stripe_objects import CUSTOMER

SECRET = "a shared secret of 32 bytes or more"


def good_claims() -> dict[str, Any]:
    return {"sub": CUSTOMER, "aud": "billing-proxy", "exp": int(time.time()) + 600}


def make_token(
    key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **claims: Any
) -> str:
    """A good customer token for ten minutes, but for ``claims``; a None leaves the claim out."""
    left = {name: value for name, value in {**good_claims(), **claims}.items() if value is not None}
    return jwt.encode(left, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def by_hand(header: Any, claims: Any, signature: str = "") -> str:
    """The text of a token whose parts are nobody's business to check."""
    return f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}.{signature}"


def hs256_by_hand(claims: Any, secret: bytes, **header: Any) -> str:
    """HS256 as RFC 7515 describes it, without a JWT library."""
    text = by_hand({"alg": "HS256", **header}, claims).removesuffix(".")
    return f"{text}.{_part(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
