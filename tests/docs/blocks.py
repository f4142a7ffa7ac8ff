"""Every fenced block of code in the documents, with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
)


@dataclass(frozen=True)
class Block:
    """A block of code: the document (from the root), the line it begins at, its language."""

    document: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line} {self.language}"


@dataclass(frozen=True)
class Command:
    """What is typed, and the lines that are shown below it."""

    typed: str
    output: tuple[str, ...] = ()


def blocks() -> Iterator[Block]:
    """The blocks of all documents, in order; one that is only indented has no language."""
    for path in DOCUMENTS:
        document = str(path.relative_to(ROOT))
        for token in MarkdownIt("commonmark").parse(path.read_text(encoding="utf-8")):
            if token.type in ("fence", "code_block"):
                line = token.map[0] + 1 if token.map else 0
                yield Block(document, line, token.info.strip(), token.content)


def commands_in_text() -> Iterator[tuple[str, str]]:
    """What stands between backticks in a sentence or a table: the document, and the words."""
    for path in DOCUMENTS:
        document = str(path.relative_to(ROOT))
        for token in MarkdownIt("gfm-like", {"linkify": False}).parse(path.read_text("utf-8")):
            for child in token.children or ():
                if child.type == "code_inline":
                    yield document, child.content


def commands(block: Block) -> list[Command]:
    """What follows each ``$``, with its output; without any ``$`` the whole block, as one."""
    if not any(line.startswith("$ ") for line in block.text.splitlines()):
        return [Command(block.text)]
    found: list[Command] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(Command(line.removeprefix("$ ")))
        else:
            assert found, f"{block}: output without a command"
            found[-1] = Command(found[-1].typed, (*found[-1].output, line))
    return found
