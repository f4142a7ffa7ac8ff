"""One value out of Stripe's JSON, or None where it is not what it should be. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from sys import intern
from typing import Any

LATEST_MOMENT = 253_370_764_799  # 9998-12-31T23:59:59Z: a day further in any time zone still exists
MOST = 10**15
"""Amounts from here on are no amounts."""

MAX_KEPT = 20
"""Of discounts, phases, pauses and languages; nobody has as many of them."""


def amount(value: Any) -> int | None:
    """A whole number that is not negative, such as an amount in the smallest unit."""
    return value if is_whole(value) and 0 <= value < MOST else None


def dig(value: Any, *path: str) -> Any:
    """Follow ``path`` through nested objects; None as soon as something is not there."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def number(value: Any) -> float | None:
    """A number, whole or not."""
    wrong = isinstance(value, bool) or not isinstance(value, int | float)
    return None if wrong or not -MOST < value < MOST else value


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def some(value: Any) -> list[Any]:
    """What there is in a list of objects or ids."""
    return [v for v in value if v] if isinstance(value, list) else []


def is_whole(value: Any) -> bool:
    """Whether it is a whole number; in Python, true and false are numbers too."""
    return isinstance(value, int) and not isinstance(value, bool)


def currency(value: Any) -> str | None:
    """A code of ISO 4217, in small letters as at Stripe."""
    code = isinstance(value, str) and len(value) == 3 and value.isascii() and value.isalpha()
    return intern(value.lower()) if code else None


def text(value: Any) -> str | None:
    """A text that is not blank, or None. JSON allows half a surrogate pair; that is replaced."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip().encode("utf-8", "replace").decode()


def word(value: Any) -> str | None:
    """A text of which there are few different ones, kept once in memory."""
    found = text(value)
    return intern(found) if found else None


def words(value: Any) -> tuple[str, ...]:
    """The first words of a list."""
    found = value[:MAX_KEPT] if isinstance(value, list) else []
    return tuple(known for known in map(word, found) if known)


def digits(value: Any) -> str | None:
    """The few characters that a customer knows a card or an account by."""
    return value if isinstance(value, str) and re.fullmatch(r"[0-9A-Za-z]{1,4}", value) else None


def id_of(value: Any) -> str | None:
    """The id of a field that Stripe sends as an id or, expanded, as an object."""
    return text(value.get("id") if isinstance(value, dict) else value)


def moment(value: Any) -> int | None:
    """Unix seconds from 1970 to 9998."""
    return value if is_whole(value) and 0 < value <= LATEST_MOMENT else None
