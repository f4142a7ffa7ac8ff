"""The tests of the documents notice what is wrong: a claim that nothing can break shows nothing."""

from __future__ import annotations

import pytest

from tests.docs.blocks import ROOT, Block, Command
from tests.docs.terminal import Terminal, fits


def block(text: str) -> Block:
    return Block("docs/made-up.md", 1, "console", text)


@pytest.mark.parametrize(
    ("shown", "answer", "expected"),
    [
        ("Pro", "Pro\n", True),
        ("Pro, …", "Pro, per maand\n", True),
        ("one\n…\nthree", "one\n2\n2\nthree\n", True),
        ("Pro", "Basis\n", False),
        ("Pro", "Pro\nand more\n", False),
        ("Pro, …", "Pro\n", False),
        ("a\nb", "a\n", False),
    ],
)
def test_an_output_that_differs_is_noticed_and_dots_stand_for_anything(
    shown: str, answer: str, expected: bool
) -> None:
    assert fits(shown.splitlines(), answer) is expected


def test_commands_are_told_from_their_output() -> None:
    assert block("$ one\n1\n$ two\n").commands() == [Command("one", ("1",)), Command("two")]


@pytest.mark.parametrize(
    "text",
    [
        "make nothing-of-the-kind\n",
        "pip install billing-proxy\n",
        "pip install '.[no-such-extra]'\n",
        "pip install -r no-such-file.txt\n",
        "python3 serve.py\n",
        "gunicorn no_such_module:app\n",
        "systemctl restart no-such-unit\n",
        "podman build -f deploy/no-such-file -t billing-proxy .\n",
        "billing-proxy no-such-command\n",
        "$ billing-proxy show cus_…\nHuidig plan   Basis\n",
        "echo $NO_SUCH_VARIABLE\n",
    ],
)
def test_a_command_that_does_not_work_is_noticed(text: str, terminal: Terminal) -> None:
    with pytest.raises(AssertionError, match="docs/made-up"):
        terminal.run(block(text))


def test_nothing_that_is_typed_changes_the_checkout(terminal: Terminal) -> None:
    terminal.run(block("rm README.md\npython3 -m venv .venv\n. .venv/bin/activate\nmake test\n"))
    assert (ROOT / "README.md").is_file()
