"""The bench's table says what was measured, how far it varied, and whether that is good enough."""

from __future__ import annotations

import pytest

from bench.ratios import Aim, Row, Spread, ratios, table


def test_rounds_are_compared_one_by_one() -> None:
    """Both sides are slower in the second round: the machine was busy, and nobody lost."""
    assert ratios([100, 50, 90], [100, 50, 100]) == Spread(1.0, 0.9, 1.0)


def test_a_side_with_fewer_rounds_is_no_comparison() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratios([1.0, 2.0], [1.0])


def test_the_spread_goes_from_the_lowest_to_the_highest_round() -> None:
    assert Spread.of([3.0, 1.0, 2.0, 9.0, 2.5]) == Spread(2.5, 1.0, 9.0)


@pytest.mark.parametrize(
    ("aim", "good", "bad"),
    [
        (Aim.AT_LEAST, 0.9, 0.89),
        (Aim.AT_MOST, 0.9, 0.91),
        (Aim.EXACTLY, 0.9, 0.901),
        (Aim.BELOW, 0.89, 0.9),
    ],
)
def test_an_aim_is_met_by_the_median(aim: Aim, good: float, bad: float) -> None:
    assert Row("x", value=Spread(good, 0, 9), aim=aim, bound=0.9).met is True
    assert Row("x", value=Spread(bad, 0, 9), aim=aim, bound=0.9).met is False


def test_what_could_not_be_measured_is_neither_met_nor_missed_and_says_why() -> None:
    row = Row("pages", aim=Aim.AT_LEAST, bound=0.9, note="there is no such tool here")
    assert row.met is None
    assert "not measured: there is no such tool here" in table([row])


def test_the_table_shows_result_spread_and_verdict_in_even_columns() -> None:
    rows = [
        Row("warm", "4,000", "a view: 4,100", Spread(0.976, 0.9, 1.1), Aim.AT_LEAST, 0.9),
        Row("reads", "872", "the least", Spread(1, 1, 1), Aim.EXACTLY, 1),
        Row("memory", "1,234 bytes", "bound", Spread(600, 600, 600), Aim.BELOW, 512),
    ]
    lines = table(rows).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].strip("|").split("|")] == [
        "warm", "4,000", "a view: 4,100", "0.98 (0.90–1.10)", "≥ 0.90", "yes",
    ]  # fmt: skip
    assert lines[3].split("|")[4:7] == [" 1                       ", " = 1    ", " yes "]
    assert lines[4].split("|")[6] == " NO  "
