"""Customer tokens as a site would sign them, and as nobody should."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt

CUSTOMER = "cus_QXg1o8vcGmoR32"
TOKEN_SECRET = "a made-up secret, long enough for the longest of the hashes that are tried"

NOT_CUSTOMERS: tuple[Any, ...] = (
    *(None, "", 7, True, 1.5, [CUSTOMER], {"id": CUSTOMER}, "None", "cus_", "sub_1Pgc6rB7WZ01zgkW"),
    *(
        "alice@site.example",
        "CUS_1",
        "xcus_1",
        " cus_1",
        "cus_1 ",
        "cus_1\n",
        "cus_1\x00",
        "cus_1 2",
    ),
    *("cus_1/../cus_2", "cus_1?x", "cus_1&customer=cus_2", "cus_é", "cus_1,cus_2"),
    "cus_" + "x" * 121,
)
NO_TOKENS = (
    *("", "x", ".", "..", "....", "a.b.c", "é.é.é", "null", "e30.e30.", "\x00", CUSTOMER),
    "a" * 100_000,
)
WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "without an end": {"exp": None},
    "over": {"exp": -1},
    "beyond 31 days": {"exp": 32 * 86_400},
    "beyond every calendar": {"exp": 10**400},
    "an end in words": {"exp": "never"},
    "an end in a list": {"exp": [2**40]},
    "for nobody": {"aud": None},
    "for somebody else": {"aud": "somebody-else"},
    "for others": {"aud": ["a", "b"]},
    "for a number": {"aud": 7},
    "not yet": {"nbf": 1000},
    "made in the future": {"iat": 1000},
    "made in words": {"iat": "yesterday"},
    "far too long": {"padding": "x" * 5000},
}
"""What is wrong by itself in a good token; moments are seconds from now, None leaves it out."""


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
    full = {**good_claims(clock(), customer, ttl), **claims}
    kept = {name: value for name, value in full.items() if name not in without}
    if algorithm == "HS256":
        # By hand, as any language can: the library refuses to sign some of what is tried here.
        return by_hand({"alg": algorithm, "typ": "JWT", **(header or {})}, kept, key)
    return jwt.encode(kept, key, algorithm, headers=header)


def good_claims(now: float | None = None, customer: Any = CUSTOMER, ttl: int = 600) -> Any:
    """The claims of the contract, for ten minutes from now."""
    start = int(time.time() if now is None else now)
    return {"sub": customer, "aud": "billing-proxy", "exp": start + ttl}


def make_token(
    key: Any = TOKEN_SECRET, algorithm: str = "HS256", kid: str | None = None, **claims: Any
) -> str:
    """A good token from now on, but for ``claims``; a None leaves the claim out."""
    without = tuple(name for name, value in claims.items() if value is None)
    header = {"kid": kid} if kid else None
    how: dict[str, Any] = {"key": key, "algorithm": algorithm, "header": header, **claims}
    return mint(how.pop("sub", CUSTOMER), time.time, without=without, **how)


def wrong_token(claims: dict[str, Any], **how: Any) -> str:
    """A token with one line of ``WRONG_CLAIMS``."""
    moments = {"exp", "nbf", "iat"}
    now = int(time.time())
    real = {k: now + v if k in moments and type(v) is int else v for k, v in claims.items()}
    return make_token(**how, **real)


def by_hand(header: Any, claims: Any, key: str | bytes | None = None, signature: str = "") -> str:
    """A token put together from its three parts (RFC 7515); HMAC-SHA256 where there is a key."""
    signed = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
    if key is None:
        return f"{signed}.{signature}"
    key = key.encode() if isinstance(key, str) else key
    return f"{signed}.{_part(hmac.digest(key, signed.encode(), hashlib.sha256))}"


def bearer(token: str, **more: str) -> dict[str, str]:
    """The headers of a program that sends ``token``."""
    return {"Authorization": f"Bearer {token}", **more}


def _part(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
