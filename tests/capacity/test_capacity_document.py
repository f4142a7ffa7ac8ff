"""docs/capacity.md: every number in it is what the calculator says today."""

from __future__ import annotations

import re

import pytest

from billing_proxy.capacity_plan import CARD_BYTES, SHARED_CARD_BYTES, Limits
from tests.capacity.document import DOCUMENT, blocks, written_anew

TEXT = DOCUMENT.read_text(encoding="utf-8")


def test_everything_that_the_document_shows_is_what_the_command_prints() -> None:
    """To mend it: ``python -m tests.capacity.document``, and read the text around the numbers."""
    assert written_anew(TEXT) == TEXT


@pytest.mark.parametrize("customers", ["10000", "1000000", "100000000"])
def test_the_document_works_out_an_example_that_fits_and_one_that_does_not(customers: str) -> None:
    codes = {
        output.strip().splitlines()[-1]
        for command, output in blocks(TEXT)
        if f"--customers {customers} " in command
    }
    assert codes == {"0", "1"}


def test_the_document_names_the_limits_that_the_command_takes() -> None:
    limits = Limits()
    for said in (
        f"| {limits.endpoint:g} a second |",
        f"| {limits.account:g} reads a second, 25 in a sandbox",
        f"| {limits.per_transaction:g} reads per transaction, and never less than",
        f"{limits.least_reads:,.0f} |",
        f"{limits.share:.0%}".replace("%", " %"),
    ):
        assert said in TEXT
    assert {CARD_BYTES, SHARED_CARD_BYTES} == {2048}
    assert TEXT.count("2 KiB") == 2


def test_every_link_inside_of_the_document_leads_to_a_heading() -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= headings
