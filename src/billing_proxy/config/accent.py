"""The accent colour: whether it can be read, and its stylesheet. Pure.

A colour is a text such as ``#0b6e4f``. Contrast is that of WCAG 2.2:
https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

from __future__ import annotations

import re

READABLE = 4.5
"""What text must reach (WCAG 2.2, 1.4.3); also enough for an edge or a ring, which need 3."""

WHITE, BLACK = "#ffffff", "#000000"

DARK_PAPER = "#171b22"
"""What the card stands on in the dark, as in billing.css."""

DARK_INK = "#0d1218"
"""Text on the accent in the dark; darker than the paper, so what can be seen there can be read."""


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def accent(raw: str) -> str:
    """``raw`` as a colour that white text can be read on.

    Raises:
        ValueError: with a shade that would do.
    """
    colour = raw.lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise ValueError("must be a colour as #rrggbb, such as #0b6e4f")
    if contrast(WHITE, colour) < READABLE:
        reached = int(contrast(WHITE, colour) * 100) / 100  # never rounded up to what it lacks
        raise ValueError(
            f"is {colour}, on which white text reaches a contrast of {reached}:1 and must reach "
            f"{READABLE}:1: take a darker shade, such as {_shade(colour, BLACK, seen_on=WHITE)}"
        )
    return colour


def stylesheet(colour: str) -> str:
    """``colour`` as the accent of page and card; in the dark, a lighter shade with dark text.

    ``:where`` leaves the last word to a site that sets these properties itself.
    """
    lighter = _shade(colour, WHITE, seen_on=DARK_PAPER)
    return (
        f":where(:root) {{ --billing-accent: {colour}; --billing-on-accent: {WHITE}; }}\n"
        f"@supports (color: light-dark({WHITE}, {BLACK})) {{\n"
        f"  :where(:root) {{ --billing-accent: light-dark({colour}, {lighter}); "
        f"--billing-on-accent: light-dark({WHITE}, {DARK_INK}); }}\n"
        "}\n"
    )


def _shade(colour: str, towards: str, *, seen_on: str) -> str:
    """The first colour on the way from ``colour`` that can be read on ``seen_on``."""
    steps = (_mix(colour, towards, percent) for percent in range(101))
    return next(step for step in steps if contrast(step, seen_on) >= READABLE)


def _mix(colour: str, other: str, percent: int) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * percent / 100):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    red, green, blue = (_linear(value / 255) for value in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
