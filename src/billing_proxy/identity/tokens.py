"""Who is the customer: tokens, the session cookie, the portal pass, the freshness mark.

Everything here is signed and expires; whatever does not check out is ``NotIdentified``. No Flask:
the web layer takes the texts out of the request. Moments are Unix seconds.

Sources: RFC 7519 (JWT), RFC 8725 (JWT best practices), RFC 7517 (JWK sets).
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from itsdangerous import BadSignature, URLSafeSerializer

from ..config.settings import BillingConfig
from ..errors import NotIdentified

if TYPE_CHECKING:
    from .key_sets import KeySet

# PyJWT and the key set are imported by the functions that need them: PyJWT brings cryptography
# along, which a start, and a browser with a session, can do without.

MAX_TOKEN_LENGTH = 4096
MAX_TOKEN_LIFETIME = 31 * 86_400
"""Seconds; a token that would open the page for longer than a month is a mistake."""

PASS_LIFETIME = 600
"""Seconds that a portal link out of JSON, a fragment or an iframe works."""

PORTAL_VISIT = 1800
"""Seconds after opening the portal that a browser's reads stay live, if it does not return."""

CLOCK_SKEW = 30
"""Seconds that an issuer's clock may be ahead; an expired token gets no such grace."""

_CUSTOMER = re.compile(r"cus_[A-Za-z0-9_-]{1,120}")
_ALGORITHMS_BY_KEY_SET = ("RS256", "ES256")


def is_customer_id(value: object) -> bool:
    """Whether ``value`` looks like a Stripe customer id, fit for a path, a header and a log."""
    return isinstance(value, str) and _CUSTOMER.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class Grant:
    """Whom a credential is for, and until when (Unix seconds)."""

    customer: str
    expires: int


class TokenVerifier:
    """Checks customer tokens: HS256 with the shared secret, RS256 and ES256 with the key set.

    The key decides which algorithms may be used, never the token (RFC 8725 section 3.1).
    """

    def __init__(self, config: BillingConfig, clock: Callable[[], float] = time.time) -> None:
        self._secret = config.token_secret
        self._keys = _key_set(config.token_jwks_url) if config.token_jwks_url else None
        self._audience = config.token_audience
        self._claim = config.token_claim
        self._clock = clock

    def customer(self, token: str) -> str:
        """The customer id that ``token`` was issued for.

        Raises:
            NotIdentified: for anything but a genuine, current token meant for this service.
        """
        return self.verify(token).customer

    def verify(self, token: str) -> Grant:
        """Whom ``token`` was issued for, and until when.

        Raises:
            NotIdentified: for anything but a genuine, current token meant for this service.
        """
        claims = self._claims(token)
        customer = claims.get(self._claim)
        if not is_customer_id(customer):
            raise NotIdentified("the token names no Stripe customer")
        return Grant(str(customer), int(claims["exp"]))

    def _claims(self, token: str) -> Mapping[str, Any]:
        import jwt

        if len(token) > MAX_TOKEN_LENGTH:
            raise NotIdentified("the token is too long")
        try:
            key, algorithms = self._key(token)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=algorithms,
                audience=self._audience,
                leeway=CLOCK_SKEW,
                options={"require": ["exp", "aud"], "verify_sub": False},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as problem:
            raise NotIdentified(f"the token is refused: {type(problem).__name__}") from None
        expires, now = int(claims["exp"]), self._clock()
        if expires <= now:
            raise NotIdentified("the token has expired")
        if expires > now + MAX_TOKEN_LIFETIME:
            raise NotIdentified("the token is valid for too long")
        return claims

    def _key(self, token: str) -> tuple[Any, list[str]]:
        """The key for ``token`` and what it may be used for; only a key set makes it a question."""
        if self._secret and not self._keys:
            return self._secret, ["HS256"]
        import jwt

        header = jwt.get_unverified_header(token)
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm == "HS256" and self._secret:
            return self._secret, ["HS256"]
        if algorithm in _ALGORITHMS_BY_KEY_SET and self._keys and isinstance(key_id, str):
            return self._keys.get_signing_key(key_id).key, [algorithm]
        raise NotIdentified("the token is signed in a way that is not accepted")


def _key_set(url: str) -> KeySet:
    from .key_sets import KeySet

    return KeySet(url)


def mint_token(config: BillingConfig, customer: str, *, ttl: int, now: float) -> str:
    """A customer token for links and tests, valid for ``ttl`` seconds from ``now``.

    Raises:
        ValueError: for what is no customer id, or without a ``BILLING_TOKEN_SECRET``.
    """
    if not is_customer_id(customer):
        raise ValueError("a Stripe customer id begins with cus_")
    if not config.token_secret:
        raise ValueError("BILLING_TOKEN_SECRET is not set, so only your own issuer can sign tokens")
    import jwt

    claims = {
        config.token_claim: customer,
        "aud": config.token_audience,
        "iat": int(now),
        "exp": int(now) + ttl,
    }
    return jwt.encode(claims, config.token_secret, algorithm="HS256")


class Seal:
    """Signs small values for one purpose, with an expiry inside; opens only its own.

    Raises NotIdentified on opening whatever is forged, expired or made for another purpose.
    """

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._serializer = URLSafeSerializer(
            secret_key,
            salt=f"billing-proxy.{purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def close(self, value: str, *, expires: int) -> str:
        """``value`` as a signed text, good until ``expires`` (Unix seconds)."""
        return str(self._serializer.dumps([value, expires]))

    def open(self, sealed: str, *, now: float) -> tuple[str, int]:
        """The value inside ``sealed``, and when it expires (Unix seconds)."""
        if len(sealed) > MAX_TOKEN_LENGTH:
            raise NotIdentified("the signed value is too long")
        try:
            value, expires = self._serializer.loads(sealed)
        except (BadSignature, ValueError, TypeError):
            raise NotIdentified("the signature does not fit") from None
        if not isinstance(value, str) or not isinstance(expires, int) or expires <= now:
            raise NotIdentified("the signed value has expired")
        return value, expires


class Seals:
    """The seals in use: one per purpose, so that none opens what another has closed."""

    def __init__(self, secret_key: str) -> None:
        self._session = Seal(secret_key, "session")
        self._portal_pass = Seal(secret_key, "portal-pass")
        self._visit = Seal(secret_key, "portal-visit")

    def session(self, customer: str, *, now: float, ttl: int) -> str:
        """The session cookie of a browser that signed in as ``customer`` at ``now``."""
        return self._session.close(customer, expires=int(now) + ttl)

    def open_session(self, cookie: str, *, now: float) -> Grant:
        """Whom a session cookie was made for, and until when."""
        return _grant(*self._session.open(cookie, now=now))

    def portal_pass(self, customer: str, *, now: float) -> str:
        """A pass for the portal route alone. The same within one minute, so answers stay equal."""
        return self._portal_pass.close(customer, expires=int(now) // 60 * 60 + PASS_LIFETIME)

    def customer_of_pass(self, sealed: str, *, now: float) -> str:
        """The customer a portal pass was made for."""
        return _grant(*self._portal_pass.open(sealed, now=now)).customer

    def portal_opened(self, *, now: float) -> str:
        """The mark of a browser that has the portal open since ``now``."""
        return self._visit.close("opened", expires=int(now) + PORTAL_VISIT)

    def portal_left(self, *, now: float) -> str:
        """The mark of a browser that came back from the portal at ``now``."""
        return self._visit.close(repr(now), expires=int(now) + PORTAL_VISIT)

    def not_before(self, mark: str, *, now: float) -> float | None:
        """Since when (Unix seconds) a browser with ``mark`` wants its card read; None: any time.

        While the portal is open, that is now; after the return, the moment of the return.
        """
        try:
            value, _ = self._visit.open(mark, now=now)
            return now if value == "opened" else min(float(value), now)
        except (NotIdentified, ValueError):
            return None


def _grant(value: str, expires: int) -> Grant:
    if not is_customer_id(value):
        raise NotIdentified("no Stripe customer")
    return Grant(value, expires)
