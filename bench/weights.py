"""`python -m bench.weights`: how heavy the repository is, in one table."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "billing_proxy"


def weights() -> Iterator[tuple[str, str, str]]:
    """What, how much of it there is, and how much there should be."""
    source, tests = _lines(PACKAGE), _lines(ROOT / "tests")
    contracts = tomllib.loads(_text(ROOT / "pyproject.toml"))["tool"]["importlinter"]["contracts"]
    readme = _text(ROOT / "README.md")
    yield "files at the top of the package", str(len(list(PACKAGE.glob("*.py")))), "at most 10"
    yield "import contracts", str(len(contracts)), "4"
    yield "lines of source", f"{source:,}", ""
    yield "test lines per line of source", f"{tests / source:.2f}", "at most 2.2"
    yield "longest file of source", str(max(map(_length, PACKAGE.rglob("*.py")))), "at most 312"
    yield "words in README", f"{_words([ROOT / 'README.md']):,}", "at most 700"
    named = set(re.findall(r"^\| `([A-Z_]+)`", readme, re.MULTILINE))
    yield "settings in README", str(len(named)), "about 8"
    yield "words in docs", f"{_words((ROOT / 'docs').glob('*.md')):,}", "at most 12,000"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _length(path: Path) -> int:
    return len(_text(path).splitlines())


def _lines(folder: Path) -> int:
    return sum(map(_length, folder.rglob("*.py")))


def _words(paths: Iterable[Path]) -> int:
    return sum(len(_text(path).split()) for path in paths)


if __name__ == "__main__":
    for what, is_now, wanted in weights():
        print(f"{what:32} {is_now:>8}   {wanted}")
