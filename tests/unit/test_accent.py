"""The accent: what can be read is taken, in light as in dark, and the rest is refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.config.accent import DARK_INK, DARK_PAPER, accent, contrast, stylesheet

from .examples import examples

STYLE = Path(__file__).parents[2] / "src/billing_proxy/web/static/billing.css"
COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.mark.parametrize(
    ("one", "other", "ratio"),  # as WebAIM's and Chromium's contrast checkers have them
    [
        ("#000000", "#ffffff", 21),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


@examples(300)
@given(COLOURS)
def test_an_accent_can_be_read_in_light_and_dark_or_a_shade_is_named_that_can(colour: str) -> None:
    try:
        taken = accent(colour.upper())
    except ValueError as refused:
        assert contrast(colour, "#ffffff") < 4.5
        named = re.findall(r"#\w{6}", str(refused))
        assert (named[0], accent(named[-1])) == (colour, named[-1])
        return
    assert taken == colour
    light, dark = re.findall(r"light-dark\((#\w+), (#\w+)\);", stylesheet(taken))[0]
    assert light == taken
    assert contrast(light, "#ffffff") >= 4.5
    assert min(contrast(dark, DARK_INK), contrast(dark, DARK_PAPER)) >= 4.5


def test_the_dark_paper_is_that_of_the_stylesheet() -> None:
    assert f"--_paper: var(--billing-paper, light-dark(#fff, {DARK_PAPER}))" in STYLE.read_text()
