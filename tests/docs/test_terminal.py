"""The tests of the documents notice what is wrong: a claim that nothing can break shows nothing."""

from __future__ import annotations

import pytest

from tests.docs.blocks import ROOT, Block, commands
from tests.docs.conftest import Service
from tests.docs.terminal import Terminal, fits
from tests.docs.test_blocks import OF_THE_DOCUMENT, RUNNERS, as_json, as_settings


def console(text: str) -> Block:
    return Block("docs/made-up.md", 1, "console", text)


@pytest.mark.parametrize(
    ("shown", "answer"),
    [
        ("Pro", "Pro\n"),
        ("Pro, …", "Pro, per maand\n"),
        ("…", "one\ntwo\n"),
        ("one\n…\nthree", "one\n2\n2\nthree\n"),
    ],
)
def test_dots_stand_for_anything_in_an_output(shown: str, answer: str) -> None:
    assert fits(shown.splitlines(), answer)


@pytest.mark.parametrize(
    ("shown", "answer"),
    [("Pro", "Basis\n"), ("Pro", "Pro\nand more\n"), ("Pro, …", "Pro\n"), ("a\nb", "a\n")],
)
def test_an_output_that_differs_is_noticed(shown: str, answer: str) -> None:
    assert not fits(shown.splitlines(), answer)


def test_commands_are_told_from_their_output() -> None:
    first, second = commands(console("$ one\n1\n$ two\n"))
    assert (first.typed, first.output) == ("one", ("1",))
    assert (second.typed, second.output) == ("two", ())


@pytest.mark.parametrize(
    "text",
    [
        "make nothing-of-the-kind\n",
        "pip install another-package\n",
        "pip install billing-proxy[no-such-extra]\n",
        "pip install -r no-such-file.txt\n",
        "python3 serve.py\n",
        "gunicorn no_such_module:app\n",
        "systemctl restart no-such-unit\n",
        "podman build -f no/such/file .\n",
        "podman run billing-proxy\n",
        "billing-proxy no-such-command\n",
        "$ billing-proxy show cus_…\nHuidig plan   Basis\n",
        "$ billing-proxy show cus_nobody\n",
        "no-such-command\n",
        "cd no-such-folder\n",
        "echo $NO_SUCH_VARIABLE\n",
    ],
)
def test_a_command_that_does_not_work_is_noticed(text: str, terminal: Terminal) -> None:
    block = console(text)
    with pytest.raises(AssertionError, match="docs/made-up"):
        terminal.run(block, commands(block))


def test_nothing_that_is_typed_changes_the_checkout(terminal: Terminal) -> None:
    block = console("rm README.md\npython3 -m venv .venv\n. .venv/bin/activate\nmake test\n")
    terminal.run(block, commands(block))
    assert (ROOT / "README.md").is_file()


@pytest.mark.parametrize(
    "line",
    [
        "BILLING_CACHE_TTL=soon",
        "BILLING_CACHE_TTL=5  # refused: is too small",
        "BILLING_CACHE_TTL=soon  # refused: must be something else",
        "NO_SUCH_SETTING=1",
    ],
)
def test_an_example_of_a_setting_that_is_not_true_is_noticed(
    line: str, service: Service, terminal: Terminal
) -> None:
    with pytest.raises(AssertionError):
        as_settings(Block("docs/settings.md", 1, "sh", line), service, terminal)


def test_an_answer_with_another_field_is_noticed(service: Service, terminal: Terminal) -> None:
    block = Block("docs/made-up.md", 1, "json", '{"customer": "cus_1", "colour": "red"}')
    with pytest.raises(AssertionError):
        as_json(block, service, terminal)


@pytest.mark.parametrize("language", ["", "ruby", "Python"])
def test_a_language_that_nobody_runs_is_claimed_by_nobody(language: str) -> None:
    assert language not in RUNNERS
    assert ("docs/made-up.md", language) not in OF_THE_DOCUMENT
