"""Secret and restricted keys of the emulated account, and what each may do.

Source: https://docs.stripe.com/keys and https://docs.stripe.com/keys/permissions-reference
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass

from .refusals import no_key, not_permitted, wrong_key

DEFAULT_KEY = "sk_test_emulator0000000000000000"
"""The secret key that may do everything."""

_NAMES_AT_STRIPE = {
    "coupons": "coupon",
    "customers": "customer",
    "invoices": "invoice",
    "payment_intents": "payment_intent",
    "payment_methods": "payment_method",
    "portal": "customer_portal",
    "prices": "plan",
    "products": "product",
    "subscriptions": "subscription",
}


@dataclass(frozen=True)
class Key:
    """A key as it came with a request; `permissions` is None for a secret key: all of them."""

    text: str
    permissions: frozenset[str] | None

    def require(self, permission: str, account: str) -> None:
        """Refuse unless the key has `permission`, such as `invoices:read`; write includes read."""
        resource, _, level = permission.partition(":")
        allowed = self.permissions
        if allowed is None or permission in allowed or f"{resource}:write" in allowed:
            return
        raise not_permitted(masked(self.text), account, f"rak_{_NAMES_AT_STRIPE[resource]}_{level}")


class Keys:
    """The keys of one account."""

    def __init__(self, secret: str = DEFAULT_KEY) -> None:
        """Raises ValueError for a live key: real keys have no place here."""
        self._permissions: dict[str, frozenset[str] | None] = {_test_only(secret): None}

    def add(self, key: str, permissions: Iterable[str] | None) -> None:
        """Add a key with `permissions` such as `portal:write`, or all of them for None.

        Raises ValueError for a live key and for a permission the emulator does not know.
        """
        wanted = None if permissions is None else frozenset(permissions)
        for permission in wanted or ():
            resource, _, level = permission.partition(":")
            if resource not in _NAMES_AT_STRIPE or level not in ("read", "write"):
                raise ValueError(f"unknown permission {permission!r}")
        self._permissions[_test_only(key)] = wanted

    def identify(self, authorization: str | None) -> Key:
        """The key in an `Authorization` header, Bearer or Basic. Refused: none, or unknown."""
        scheme, _, credentials = (authorization or "").partition(" ")
        text = credentials.strip()
        if scheme.lower() == "basic":
            text = _user(text)
        if not text or scheme.lower() not in ("basic", "bearer"):
            raise no_key()
        if text not in self._permissions:
            raise wrong_key(masked(text))
        return Key(text, self._permissions[text])


def masked(key: str) -> str:
    """A key as Stripe repeats it in messages: `sk_test_****abcd`."""
    return f"{key[:8]}{'*' * max(4, len(key) - 12)}{key[-4:]}"


def _user(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _test_only(key: str) -> str:
    if "_live_" in key:
        raise ValueError("the emulator takes no live keys")
    if not key.startswith(("sk_test_", "rk_test_")):
        raise ValueError("a key of the emulator starts with sk_test_ or rk_test_")
    return key
