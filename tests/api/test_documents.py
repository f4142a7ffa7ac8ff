"""The documents for operators say what is in the code, and name what is there."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_proxy import errors

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "billing_proxy"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
CONSTANTS = re.findall(r"^\| `(\w+\.[A-Z_]+)` \| ([\d.]+) \|", OPERATIONS, re.MULTILINE)
SECURITY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")


def log_lines() -> Iterator[str]:
    """Every text that the package writes to its log; what it hands on from elsewhere has none."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
                texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
                yield from [text for text in texts if isinstance(text, str)][:1]


def reasons() -> Iterator[str]:
    """The reason of every error that the package raises, up to where it differs."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "reason":
                yield beginning(node.value)
            if isinstance(node, ast.Call) and is_error(ast.unparse(node.func)) and node.args:
                yield beginning(node.args[0])


def is_error(name: str) -> bool:
    """Whether this is one of the package's errors that happen to a request."""
    found = getattr(errors, name, None)
    return isinstance(found, type) and found is not errors.ConfigError


def beginning(text: ast.expr) -> str:
    """What a text begins with, or nothing for a text from elsewhere."""
    while isinstance(text, ast.JoinedStr | ast.BinOp):
        text = text.values[0] if isinstance(text, ast.JoinedStr) else text.left
    return str(text.value).strip() if isinstance(text, ast.Constant) else ""


@pytest.mark.parametrize("line", sorted(set(log_lines()) - {"%s"}))
def test_every_line_of_the_log_is_explained(line: str) -> None:
    assert f"`{line}`" in OPERATIONS


@pytest.mark.parametrize("reason", sorted(set(reasons()) - {""}))
def test_every_reason_of_an_error_is_explained(reason: str) -> None:
    assert f"`{reason}" in OPERATIONS


@pytest.mark.parametrize(("constant", "value"), CONSTANTS)
def test_every_constant_has_the_value_that_is_documented(constant: str, value: str) -> None:
    module, _, name = constant.partition(".")
    found = getattr(importlib.import_module(f"billing_proxy.{module}"), name)
    assert found == pytest.approx(float(value))


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/.]+)`", SECURITY))))
def test_every_test_that_the_threat_model_names_is_there(path: str) -> None:
    assert "def test_" in (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("document", [OPERATIONS, SECURITY], ids=["operations", "security"])
def test_every_link_inside_of_a_document_leads_to_a_heading(document: str) -> None:
    headings = {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", document, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", document)) <= headings
