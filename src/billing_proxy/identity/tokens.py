"""Customer tokens: JWTs by which a site says who is the customer.

Whatever does not check out is ``NotIdentified``. No Flask: the web layer takes the texts out of the
request. Moments are Unix seconds.

Sources: RFC 7519 (JWT), RFC 8725 (JWT best practices), RFC 7517 (JWK sets).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..config.settings import BillingConfig
from ..errors import Expired, NotIdentified
from .customers import Grant, names_somebody

if TYPE_CHECKING:
    from .key_sets import KeySet

# PyJWT and the key set are imported by the functions that need them: PyJWT brings cryptography
# along, which a start, and a browser with a session, can do without.

MAX_TOKEN_LENGTH = 4096
MAX_TOKEN_LIFETIME = 31 * 86_400
"""Seconds; a token that would open the page for longer than a month is a mistake."""

MAX_NAME = 100
"""Characters of the claim ``name``."""

CLOCK_SKEW = 30
"""Seconds that an issuer's clock may be ahead; an expired token gets no such grace."""

_ALGORITHMS_BY_KEY_SET = ("RS256", "ES256")


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
        if not names_somebody(customer):
            raise NotIdentified("the token names no Stripe customer")
        name, locale = _name(claims.get("name")), _locale(claims.get("locale"))
        return Grant(str(customer), int(claims["exp"]), name, locale)

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
                options={"require": ["exp", "aud"], "verify_sub": False, "verify_exp": False},
            )
            expires, now = int(claims["exp"]), self._clock()
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as problem:
            raise NotIdentified(f"the token is refused: {type(problem).__name__}") from None
        if expires <= now:
            raise Expired("the token has expired", customer=str(claims.get(self._claim)))
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
            return self._keys.key(key_id), [algorithm]
        raise NotIdentified("the token is signed in a way that is not accepted")


def _name(claim: object) -> str:
    """What stands over the card, in one line; without a readable name, nothing does."""
    return " ".join(claim.split())[:MAX_NAME].strip() if isinstance(claim, str) else ""


def _locale(claim: object) -> str:
    """OpenID Connect's claim (Core 1.0, section 5.1), if it looks like a language tag."""
    is_tag = isinstance(claim, str) and re.fullmatch(r"[A-Za-z0-9_-]{2,35}", claim)
    return str(claim) if is_tag else ""


def _key_set(url: str) -> KeySet:
    from .key_sets import KeySet

    return KeySet(url)


def mint_token(config: BillingConfig, customer: str, *, ttl: int, now: float) -> str:
    """A customer token for links and tests, valid for ``ttl`` seconds from ``now``.

    Raises:
        ValueError: for what is no customer id, or without a ``BILLING_TOKEN_SECRET``.
    """
    if not names_somebody(customer):
        raise ValueError("a Stripe customer id begins with cus_, or is none for who has none")
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
