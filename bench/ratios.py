"""The arithmetic of the bench: ratios of interleaved rounds, and rows of the table. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of several rounds, and the lowest and highest of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of ``values``, of which there is at least one."""
        return cls(statistics.median(values), min(values), max(values))


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """Ours by theirs, round by round, so that what disturbs a round disturbs both sides.

    Raises:
        ValueError: when one side has more rounds than the other.
    """
    return Spread.of([a / b for a, b in zip(ours, theirs, strict=True)])


class Aim(StrEnum):
    """Which side of the aim is the good one."""

    AT_LEAST = "≥"
    AT_MOST = "≤"
    EXACTLY = "="
    BELOW = "<"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: ``value`` is what the aim speaks of, most often a ratio.

    ``aim`` is the sense of the comparison with ``bound``, or None where nothing is aimed at.
    ``value`` is None where it could not be measured, and ``note`` then says why.
    """

    what: str
    ours: str = ""
    against: str = ""
    value: Spread | None = None
    aim: Aim | None = None
    bound: float = 0.0
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the median meets the aim; None without an aim or a measurement."""
        if self.aim is None or self.value is None:
            return None
        median = self.value.median
        return {
            Aim.AT_LEAST: median >= self.bound,
            Aim.AT_MOST: median <= self.bound,
            Aim.EXACTLY: median == self.bound,
            Aim.BELOW: median < self.bound,
        }[self.aim]


def table(rows: Sequence[Row]) -> str:
    """``rows`` as a Markdown table with columns of even width."""
    head = ("what", "here", "against", "result (lowest–highest)", "aim", "met")
    cells = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = [
        "| "
        + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: "–"}[row.met]
    aim = f"{row.aim} {_number(row.bound)}" if row.aim else "–"
    result = _spread(row.value) if row.value else f"not measured: {row.note}"
    return (row.what, row.ours, row.against, result, aim, met)


def _spread(spread: Spread) -> str:
    if spread.low == spread.high:
        return _number(spread.median)
    return f"{_number(spread.median)} ({_number(spread.low)}–{_number(spread.high)})"


def _number(value: float) -> str:
    """Two decimals for a ratio, none for what is counted."""
    return f"{value:.2f}" if abs(value) < 100 and value != int(value) else f"{value:,.0f}"
