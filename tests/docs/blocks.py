"""Every fenced block of code in the documents, with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "docs", ROOT / "examples", ROOT / "src")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(p for f in FOLDERS for p in f.rglob("*.md"))])


@dataclass(frozen=True)
class Block:
    """A block of code: the document (from the root), the line it begins at, its language."""

    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line} {self.language}"

    def commands(self) -> list[Command]:
        """What follows each ``$``, with its output; without any ``$`` the whole block, as one."""
        first, *typed = f"\n{self.text}".split("\n$ ")
        if not typed:
            return [Command(self.text)]
        assert not first.strip(), f"{self}: output without a command"
        parts = (text.partition("\n") for text in typed)
        return [Command(line, tuple(output.splitlines())) for line, _, output in parts]


@dataclass(frozen=True)
class Command:
    """What is typed, and the lines that are shown below it."""

    typed: str
    output: tuple[str, ...] = ()


def blocks() -> Iterator[Block]:
    """The blocks of all documents, in order; one that is only indented has no language."""
    for path in DOCUMENTS:
        for token in MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8")):
            if token.type in ("fence", "code_block"):
                line = token.map[0] + 1 if token.map else 0
                yield Block(str(path.relative_to(ROOT)), line, token.info.strip(), token.content)


def words_in_text() -> set[str]:
    """What stands between backticks in a sentence or a table."""
    parser = MarkdownIt("gfm-like", {"linkify": False})
    tokens = [token for path in DOCUMENTS for token in parser.parse(path.read_text("utf-8"))]
    return {c.content for token in tokens for c in token.children or () if c.type == "code_inline"}
