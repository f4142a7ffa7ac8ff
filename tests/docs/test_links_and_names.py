"""The documents fit together: links lead somewhere, and commands exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from billing_proxy.cli.commands import commands as command_line
from tests.docs.blocks import DOCUMENTS, ROOT, commands_in_text

TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
TYPED = sorted({words for _, words in commands_in_text() if " " in words})
NAMED = set(
    re.findall(r"(?m)^(?:billing-proxy|flask billing) ([a-z]+)(?=$| .*[^:]$)", "\n".join(TYPED))
)


def anchors(path: Path) -> set[str]:
    """What may stand after ``#`` in a link to a document."""
    text = path.read_text(encoding="utf-8")
    return {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    }


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_it_and_to_a_heading_of_it(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        found = path.parent / file if file else path
        assert found.exists(), target
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), target


def test_every_document_is_in_the_list_of_documents() -> None:
    index = ROOT / "docs" / "README.md"
    text = index.read_text(encoding="utf-8")
    linked = {(index.parent / link).resolve() for link in re.findall(r"\]\(([^)#]+)\)", text)}
    assert set(DOCUMENTS) - {index} <= linked


@pytest.mark.parametrize("words", [words for words in TYPED if words.startswith("make ")])
def test_a_target_of_make_that_is_named_exists(words: str) -> None:
    assert words.split()[1] in TARGETS


@pytest.mark.parametrize("name", sorted(NAMED))
def test_a_command_that_is_named_exists(name: str) -> None:
    assert name in command_line.commands


@pytest.mark.parametrize("words", [words for words in TYPED if words.startswith("python -m ")])
def test_a_module_that_is_to_be_run_exists(words: str) -> None:
    assert importlib.util.find_spec(words.split()[2])
