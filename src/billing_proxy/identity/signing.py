"""What the service signs for itself: the session, the portal pass, marks on links and of visits.

Everything here is signed with ``SECRET_KEY`` and expires, but for the mark of a customer on a
link, which opens nothing. No Flask. Moments are Unix seconds.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from typing import NamedTuple

from itsdangerous import BadSignature, URLSafeSerializer

from ..errors import Expired, NotIdentified
from .customers import Grant, names_somebody

MAX_LENGTH = 4096
"""Characters; nothing that is signed here comes near."""

PASS_LIFETIME = 600
"""Seconds that a portal link out of JSON, a fragment or an iframe works."""

PORTAL_VISIT = 1800
"""Seconds after opening the portal that a browser's reads stay live, if it does not return."""


class PortalVisit(NamedTuple):
    """How many portals a browser has ``open``, when (Unix seconds) it last came back from one, and
    for which ``customers`` they were."""

    open: int = 0
    returned_at: float = 0.0
    customers: tuple[str, ...] = ()

    def opened(self, customer: str) -> PortalVisit:
        """One portal more is open, for ``customer``."""
        others = tuple(other for other in self.customers if other != customer)
        return PortalVisit(min(self.open + 1, 9), self.returned_at, (customer, *others[:2]))

    def returned(self, now: float) -> PortalVisit:
        """One portal is left at ``now`` (Unix seconds); others stay open."""
        return self._replace(open=max(self.open - 1, 0), returned_at=now)

    def not_before(self, live_since: float) -> float | None:
        """Since when the card must have been read; ``live_since`` is what counts as live."""
        since = max(self.returned_at, live_since if self.open else 0.0)
        return since or None


class Signer:
    """Signs small values for one purpose, with an expiry inside; accepts only its own."""

    def __init__(self, secret_key: str, purpose: str) -> None:
        self._serializer = URLSafeSerializer(
            secret_key,
            salt=f"billing-proxy.{purpose}",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, value: str, *, expires: int) -> str:
        """``value`` as a signed text, good until ``expires`` (Unix seconds)."""
        return str(self._serializer.dumps([value, expires]))

    def unsign(self, signed: str, *, now: float) -> tuple[str, int]:
        """The value inside ``signed``, and when it expires (Unix seconds).

        Raises:
            NotIdentified: for what is forged, expired or signed for another purpose.
        """
        if len(signed) > MAX_LENGTH:
            raise NotIdentified("the signed value is too long")
        try:
            value, expires = self._serializer.loads(signed)
        except (BadSignature, ValueError, TypeError):
            raise NotIdentified("the signature does not fit") from None
        if not isinstance(value, str) or not isinstance(expires, int):
            raise NotIdentified("nothing like this is signed here")
        if expires <= now:
            raise Expired("the signed value has expired")
        return value, expires


class Signers:
    """The signers in use: one per purpose, so that none accepts what another has signed."""

    def __init__(self, secret_key: str) -> None:
        self._secret_key = secret_key.encode()
        self._session = Signer(secret_key, "session")
        self._portal_pass = Signer(secret_key, "portal-pass")
        self._visit = Signer(secret_key, "portal-visit")
        self._mark = lru_cache(maxsize=1024)(self._new_mark)

    def session(self, grant: Grant, *, now: float, ttl: int) -> str:
        """The session cookie of a browser that signed in by ``grant`` at ``now``."""
        value = f"{grant.customer} {grant.locale} {grant.name}".strip()
        return self._session.sign(value, expires=int(now) + ttl)

    def open_session(self, cookie: str, *, now: float) -> Grant:
        """Whom a session cookie was made for, and until when.

        Raises:
            NotIdentified
        """
        return _grant(*self._session.unsign(cookie, now=now))

    def portal_pass(self, customer: str, *, now: float) -> str:
        """A pass for the portal route alone. The same within one minute, so answers stay equal."""
        return self._portal_pass.sign(customer, expires=int(now) // 60 * 60 + PASS_LIFETIME)

    def customer_of_pass(self, signed: str, *, now: float) -> str:
        """The customer a portal pass was made for.

        Raises:
            NotIdentified
        """
        return _grant(*self._portal_pass.unsign(signed, now=now)).customer

    def link_mark(self, customer: str) -> str:
        """What tells the links of one customer's page from another's; it names and opens nothing.

        Always the same, so that a page keeps its ETag.
        """
        return self._mark(customer)

    def _new_mark(self, customer: str) -> str:
        message = b"billing-proxy.link-mark:" + customer.encode()
        return hmac.digest(self._secret_key, message, hashlib.sha256).hex()[:16]

    def is_link_of(self, mark: str, customer: str) -> bool:
        """Whether a link with ``mark`` stood on the page of ``customer``."""
        return hmac.compare_digest(mark.encode(errors="replace"), self.link_mark(customer).encode())

    def visit(self, visit: PortalVisit, *, now: float) -> str:
        """The mark of a browser whose visits to the portal are ``visit``."""
        value = " ".join([str(visit.open), repr(visit.returned_at), *visit.customers])
        return self._visit.sign(value, expires=int(now) + PORTAL_VISIT)

    def open_visit(self, mark: str | None, *, now: float) -> PortalVisit:
        """What a browser's ``mark`` says; without a good one, that it never opened the portal."""
        if not mark:
            return PortalVisit()
        try:
            open_, returned_at, *customers = self._visit.unsign(mark, now=now)[0].split(" ")
            # A return from ahead is one of a clock that was set back.
            return PortalVisit(int(open_), min(float(returned_at), now), tuple(customers))
        except (NotIdentified, ValueError):
            return PortalVisit()


def _grant(value: str, expires: int) -> Grant:
    customer, locale, name = [*value.split(" ", 2), "", ""][:3]
    if not names_somebody(customer):
        raise NotIdentified("no Stripe customer")
    return Grant(customer, expires, name, locale)
