"""Strategies for what nobody means to send: JSON gone wrong, and texts that are almost right."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, TypeAlias

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

Path: TypeAlias = tuple[str | int, ...]

GONE = object()


def examples(count: int) -> settings:
    """So many examples, the same ones every time, however slow the machine is today."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


any_text = st.text(st.characters(exclude_categories=()), max_size=12)
"""Text with everything a JSON string may hold, lone surrogates included."""

latin = st.text(st.characters(max_codepoint=255), max_size=40)
"""What a WSGI server makes of the bytes of a header."""

junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 2**31, 2**63, 10**30])
    | st.floats()
    | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=6,
)
"""Any JSON value, with the numbers that Python's JSON adds to it."""


def paths(value: Any, prefix: Path = ()) -> Iterator[Path]:
    """The way to every field of ``value``, however deep."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in pairs:
        yield (*prefix, name)
        if isinstance(inner, (dict, list)):
            yield from paths(inner, (*prefix, name))


def changed(obj: Any, path: Path, value: Any) -> Any:
    """A copy of ``obj`` with ``value`` in the field that ``path`` leads to, or without it."""
    (name, *rest), new = path, copy.copy(obj)
    if rest:
        new[name] = changed(obj[name], tuple(rest), value)
    elif value is GONE:
        del new[name]
    else:
        new[name] = value
    return new


@st.composite
def damaged(draw: st.DrawFn, good: Any) -> Any:
    """``good`` with up to four fields dropped, nulled or of another type, at any depth."""
    obj = good
    for _ in range(draw(st.integers(0, 4))):
        found = list(paths(obj)) if isinstance(obj, (dict, list)) else []
        if not found:
            return obj
        path = draw(st.sampled_from(found))
        obj = changed(obj, path, draw(st.just(GONE) | st.none() | junk))
    return obj


@st.composite
def misspelt(draw: st.DrawFn, right: str) -> str:
    """``right`` with a few characters replaced, added, taken away or swapped."""
    text = right
    character = st.characters(max_codepoint=255) | st.sampled_from(".-_=\"' ;,%\x00\r\n")
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, max(len(text) - 1, 0)))
        match draw(st.integers(0, 3)):
            case 0:
                text = text[:at] + draw(character) + text[at + 1 :]
            case 1:
                text = text[:at] + draw(character) + text[at:]
            case 2:
                text = text[:at] + text[at + 1 :]
            case _:
                text = text[at:] + text[:at]
    return text
