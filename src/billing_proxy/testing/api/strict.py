"""Parameters, as strict as Stripe: what is not known, not whole or not allowed is refused.

A `Check` takes a parameter's full name and its value off the wire and returns the value to work
with, or raises a `RefusedError`. The parameters themselves are those of the `stripe` package's
`params` classes; they stand in `endpoints`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from ..account.objects import JSON
from .refusals import RefusedError

Check = Callable[[str, object], object]
_BOUNDS = ("gt", "gte", "lt", "lte")


def nested(pairs: Iterable[tuple[str, str]]) -> JSON:
    """Form pairs with brackets as nested dictionaries and lists.

    `a[b]=1`, `ids[]=x` and `ids[0]=x` are all understood, as on the API.
    """
    root: JSON = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+|(?<=\[)(?=\])", name) or [name]
        place, key = root, first
        for segment in rest:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise RefusedError(400, "Invalid request: a parameter is both a value and a hash")
            key = segment or str(len(place))
        place[key] = value
    return {name: _with_lists(value) for name, value in root.items()}


def _with_lists(value: object) -> object:
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(part) for name, part in value.items()}
    return list(inner.values()) if all(name.isdigit() for name in inner) else inner


def check(spec: Mapping[str, Check], params: JSON, required: Iterable[str] = ()) -> JSON:
    """`params` after every check in `spec`; refused when one is unknown, missing or empty."""
    for name in required:
        if name not in params:
            raise missing_parameter(name)
    return fields(spec)("", params)


def missing_parameter(name: str) -> RefusedError:
    """A required parameter that was not sent."""
    return RefusedError(
        400, f"Missing required param: {name}.", code="parameter_missing", param=name
    )


def fields(spec: Mapping[str, Check]) -> Callable[[str, object], JSON]:
    """A hash with these fields only."""

    def checked(name: str, value: object) -> JSON:
        if not isinstance(value, dict):
            raise RefusedError(400, f"Invalid object: {value}", param=name or None)
        inner = {key: f"{name}[{key}]" if name else key for key in value}
        for key, full in inner.items():
            if key not in spec:
                message = f"Received unknown parameter: {full}"
                raise RefusedError(400, message, code="parameter_unknown", param=full)
        return {key: spec[key](full, value[key]) for key, full in inner.items()}

    return checked


def text(name: str, value: object) -> str:
    """A string that is not empty."""
    if not isinstance(value, str):
        raise RefusedError(400, f"Invalid string: {json.dumps(value)}", param=name)
    if not value:
        message = (
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{name}' cannot be unset. You should remove '{name}' "
            "from your request or supply a non-empty value."
        )
        raise RefusedError(400, message, code="parameter_invalid_empty", param=name)
    return value


def integer(name: str, value: object) -> int:
    """A whole number."""
    if not re.fullmatch(r"[+-]?\d+", text(name, value)):
        message = f"Invalid integer: {value}"
        raise RefusedError(400, message, code="parameter_invalid_integer", param=name)
    return int(str(value))


def limit(name: str, value: object) -> int:
    """A page size: 1 to 100.

    The documentation gives this range; some have seen the API quietly take 100 for more. The
    emulator refuses, so that a page that was meant to be larger is noticed.
    https://docs.stripe.com/api/pagination
    """
    number = integer(name, value)
    if 1 <= number <= 100:
        return number
    bound = "greater than or equal to 1" if number < 1 else "less than or equal to 100"
    message = f"This value must be {bound}."
    raise RefusedError(400, message, code="parameter_invalid_integer", param=name)


def boolean(name: str, value: object) -> bool:
    """`true` or `false`."""
    if value not in ("true", "false"):
        raise RefusedError(400, f"Invalid boolean: {value}", param=name)
    return value == "true"


def url(name: str, value: object) -> str:
    """An absolute http(s) address."""
    parts = urlsplit(text(name, value))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise RefusedError(400, "Not a valid URL", code="url_invalid", param=name)
    return str(value)


def choice(*values: str) -> Check:
    """One of `values`. Enums in *answers* are open at Stripe; in requests they are not."""

    def checked(name: str, value: object) -> str:
        if text(name, value) not in values:
            names = f"{', '.join(values[:-1])}, or {values[-1]}" if values[1:] else values[0]
            raise RefusedError(400, f"Invalid {name}: must be one of {names}", param=name)
        return str(value)

    return checked


def array(of: Check) -> Check:
    """An array whose members pass `of`."""

    def checked(name: str, value: object) -> list[object]:
        if not isinstance(value, list):
            raise RefusedError(400, "Invalid array", param=name)
        return [of(f"{name}[{number}]", part) for number, part in enumerate(value)]

    return checked


strings = array(text)
"""An array of strings."""


def moments(name: str, value: object) -> JSON:
    """A Unix timestamp, or a range of them with `gt`, `gte`, `lt` and `lte`."""
    if isinstance(value, str):
        moment = integer(name, value)
        return {"gte": moment, "lte": moment}
    return fields(dict.fromkeys(_BOUNDS, integer))(name, value)


def anything(_: str, value: object) -> object:
    """A parameter that Stripe knows and the emulator takes without looking at it."""
    return value
