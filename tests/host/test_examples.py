"""What ``examples/`` promises: few lines, no other packages, one command, and a true README."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from demo.emulator import Emulator
from demo.personas import populate
from examples.plain.app import create_app
from tests.host.sites import AT_ONCE, NO_CARD_NOW
from tests.stage.pages import Page

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
HOST = EXAMPLES / "host"
PLAIN = EXAMPLES / "plain" / "app.py"

# Serves the example from the folder it is started in, logs in, and prints the account page.
VISIT = """
import sys
from demo.emulator import Emulator
from demo.personas import populate
from examples.host import create_app
from tests.host.sites import log_in
with Emulator(populate()) as stripe:
    client = create_app({
        "SECRET_KEY": "a key", "STRIPE_SECRET_KEY": stripe.key, "STRIPE_API_BASE": stripe.url,
    }).test_client()
    log_in(client, "anna")
    for path in ("/", "/account", "/rapporten", "/billing/"):
        print(path, client.get(path).status_code)
    print(client.get("/account").text)
"""


def undone(source: str, diff: str) -> str:
    """``source`` as it was before ``diff``, hunk by hunk."""
    for hunk in re.split(r"^@@.*\n", diff, flags=re.MULTILINE)[1:]:
        lines = hunk.splitlines(keepends=True)
        after = "".join(line[1:] for line in lines if line[0] in " +")
        before = "".join(line[1:] for line in lines if line[0] in " -")
        assert source.count(after) == 1, after
        source = source.replace(after, before)
    return source


def undo(diff: Path, root: Path) -> None:
    """Take the changes of ``diff`` out of the files below ``root``."""
    for part in diff.read_text(encoding="utf-8").split("--- ")[1:]:
        old, new = re.findall(r"^(?:\+\+\+ )?(?:[ab]/)?(\S+)$", part, re.MULTILINE)[:2]
        file = root / new
        if old == "/dev/null":
            file.unlink()
        else:
            file.write_text(undone(file.read_text("utf-8"), part), encoding="utf-8")


def added(diff: Path) -> list[str]:
    """The lines that ``diff`` adds or changes."""
    lines = diff.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("+") and not line.startswith("+++")]


def visit(root: Path) -> str:
    """What a visitor of the example below ``root`` gets to see."""
    command = [sys.executable, "-W", "error", "-c", VISIT]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_card_comes_into_an_existing_site_in_under_fifteen_changed_lines(
    tmp_path: Path,
) -> None:
    """Without them the site is the same, and has neither the card nor the routes."""
    assert 0 < len(added(HOST / "card.diff")) < 15
    for folder in ("examples", "demo", "tests"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    with_card = visit(tmp_path)
    assert "/account 200" in with_card
    assert "/billing/ 200" in with_card
    assert Page(with_card.partition("<!doctype html>")[2]).facts["Huidig plan"] == "Pro"

    (tmp_path / "examples").unlink()
    copy_of_examples(tmp_path / "examples")
    undo(HOST / "gate.diff", tmp_path)
    undo(HOST / "card.diff", tmp_path)
    rest = "".join(file.read_text("utf-8") for file in (tmp_path / "examples/host").glob("*.py"))
    assert "billing" not in rest.replace("its billing page", "")
    without = visit(tmp_path)
    for line in ("/ 200", "/account 200", "/rapporten 200", "/billing/ 404"):
        assert line in without
    assert "Anna de Vries" in without
    assert "billing-card" not in without


def copy_of_examples(target: Path) -> None:
    """The example's own files below ``target``."""
    for file in EXAMPLES.rglob("*"):
        if file.suffix in (".py", ".html", ".css"):
            copy = target / file.relative_to(EXAMPLES)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(file.read_text("utf-8"), encoding="utf-8")


def test_the_smallest_site_has_under_forty_lines_and_imports_flask_alone() -> None:
    source = PLAIN.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 40
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    assert {node.module for node in imports} == {"flask", "billing_proxy"}


def test_the_smallest_site_shows_the_card_of_who_is_logged_in(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(emulator.account)
    monkeypatch.setenv("FLASK_SECRET_KEY", "a key that signs the cookies of this test")
    monkeypatch.setenv("FLASK_STRIPE_SECRET_KEY", emulator.key)
    monkeypatch.setenv("FLASK_STRIPE_API_BASE", emulator.url)
    client = create_app().test_client()
    assert "billing-card" not in client.get("/").text
    assert client.get("/billing/").status_code == 401
    page = Page(client.post("/", data={"user": "anna"}).text)
    assert page.facts["Abonnementsstatus"] == "Actief"
    assert client.get("/billing/portal").status_code == 303
    assert "Achterstallig" in client.post("/", data={"user": "bram"}).text
    emulator.fail(times=None, headers=AT_ONCE)
    answer = create_app().test_client().post("/", data={"user": "anna"})
    assert answer.status_code == 200
    assert NO_CARD_NOW in answer.text


def test_the_custom_properties_that_are_listed_are_those_of_the_stylesheet() -> None:
    style = (ROOT / "src/billing_proxy/web/static/billing.css").read_text(encoding="utf-8")
    used = set(re.findall(r"var\((--billing-[a-z-]+), ", style))
    text = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(--billing-[a-z-]+)` \|", text, re.MULTILINE)
    assert sorted(listed) == sorted(used)


def test_the_templates_that_are_listed_are_those_that_exist() -> None:
    text = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `billing/(\S+\.html)` \|", text, re.MULTILINE))
    folder = ROOT / "src/billing_proxy/web/templates/billing"
    assert listed == {file.name for file in folder.iterdir()} | {"_banner.html"}
