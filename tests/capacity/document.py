"""docs/capacity.md and the commands in it. ``python -m tests.capacity.document`` writes it anew."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from billing_proxy.capacity_command import capacity

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "capacity.md"

PROMPT = "$ billing-proxy capacity"

_BLOCK = re.compile(
    r"^```console\n(\$ billing-proxy capacity[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)
_ROW = re.compile(r"^\| `(--[^`]*)` \|.*$", re.MULTILINE)


def run(options: str) -> tuple[int, str]:
    """The exit code and the output of ``billing-proxy capacity`` with these options."""
    result = CliRunner().invoke(capacity, shlex.split(options))
    return result.exit_code, result.output


def blocks(text: str) -> list[tuple[str, str]]:
    """Every command that the document shows, with the output that stands below it."""
    return [(found[1], found[2]) for found in _BLOCK.finditer(text)]


def written_anew(text: str) -> str:
    """The document with what its commands print today."""

    def answer(found: re.Match[str]) -> str:
        code, output = run(found[1].removeprefix(PROMPT))
        return f"```console\n{found[1]}\n{output}$ echo $?\n{code}\n```"

    return _ROW.sub(_row, _BLOCK.sub(answer, text))


def _row(found: re.Match[str]) -> str:
    """A row of the table: the options, and how many customers fit."""
    _, output = run(found[1])
    most = re.search(r"(?:up to|else the same:) ([\d,]+) customers", output)
    peak = re.search(r"^reads +at the peak (\S+) a second", output, re.MULTILINE)
    verdict = "fits" if "It fits, " in output else "does not fit"
    assert most is not None
    assert peak is not None
    return f"| `{found[1]}` | {peak[1]} | {verdict} | {most[1]} |"


if __name__ == "__main__":
    DOCUMENT.write_text(written_anew(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
