"""The documents fit together and the code: links lead somewhere, commands exist, sums are right."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from billing_proxy.app import create_app
from billing_proxy.cli.commands import commands as command_line
from tests.docs.blocks import DOCUMENTS, ROOT, words_in_text

WORDS = words_in_text()
MONTH = 30 * 86_400


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def anchors(path: Path) -> set[str]:
    """What may stand after ``#`` in a link to a document."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_leads_to_it_and_to_a_heading_of_it(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        found = path.parent / file if file else path
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


def test_every_document_is_in_the_list_of_documents() -> None:
    index = ROOT / "docs" / "README.md"
    links = re.findall(r"\]\(([^)#]+)\)", index.read_text(encoding="utf-8"))
    assert set(DOCUMENTS) - {index} <= {(index.parent / link).resolve() for link in links}


def test_what_is_to_be_typed_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    assert {words.split()[1] for words in WORDS if words.startswith("make ")} <= targets
    ours = re.compile(r"(?:billing-proxy|flask billing) ([a-z]+)(?=$| .*[^:]$)")
    assert {m[1] for words in WORDS if (m := ours.match(words))} <= set(command_line.commands)
    for words in WORDS:
        if words.startswith("python -m "):
            assert importlib.util.find_spec(words.split()[2]), words


def test_every_route_is_in_the_table() -> None:
    settings = {
        "STRIPE_SECRET_KEY": "sk_test_of_the_documents",
        "SECRET_KEY": "signs nothing that lasts",
        "BILLING_TOKEN_SECRET": "a made-up secret of more than thirty-two bytes",
    }
    rules = {rule.rule for rule in create_app(settings).url_map.iter_rules()}
    documented = set(re.findall(r"`(?:GET|POST) (/billing/[a-z.]*)`", text_of("docs/json-api.md")))
    assert {rule for rule in rules if rule.startswith("/billing") and "<" not in rule} == documented


def test_the_map_of_the_source_has_every_room_and_the_import_rule() -> None:
    source = ROOT / "src" / "billing_proxy"
    text = text_of("src/billing_proxy/README.md")
    rooms = {f"{path.name}/" for path in source.iterdir() if (path / "__init__.py").is_file()}
    files = {path.name for path in source.glob("*.py")} - {"__init__.py", "__main__.py"}
    assert {name for name in rooms | files if f"`{name}`" not in text} == set()
    (contract, *_) = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = [re.sub("[()]", "", layer) for layer in contract["layers"]]
    assert re.search(r"```text\n(.*?)\n```", text, re.DOTALL)[1].splitlines() == layers  # type: ignore[index]


def number(text: str) -> float:
    return float(text.replace(",", ""))


def test_the_reads_of_a_site_are_what_the_formula_gives() -> None:
    section = text_of("docs/operations.md").partition("## How many reads")[2].partition("\n## ")[0]
    rows = [line.split(" | ") for line in re.findall(r"(?m)^\| ([\d,]+ \| .*) \|$", section)]
    assert len(rows) == 4
    for customers, _, visits, visit, *said, limit in rows:
        views, seconds = map(int, visit.split(", "))
        months = [
            number(customers) * int(visits) * min(views, seconds // ttl + 1) for ttl in (30, 300)
        ]
        assert [number(cell) for cell in said] == [
            *months,
            *(round(10 * reads / MONTH, 1) for reads in months),
        ]
        assert number(limit) == max(10_000, 500 * number(customers))


def test_the_documents_stay_short() -> None:
    assert len(text_of("README.md").split()) <= 700
    assert sum(len(path.read_text().split()) for path in (ROOT / "docs").glob("*.md")) <= 12_000
