"""What a release says about itself is the same everywhere, and true."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from itertools import pairwise
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import billing_proxy

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
RELEASES = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", CHANGELOG, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Upgrading"}


def pinned(file: str) -> dict[str, str]:
    """The versions in one of the requirements files, by name."""
    lines = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / file).read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in lines}


def test_the_newest_entry_of_the_changelog_is_the_version_that_is_installed() -> None:
    assert RELEASES[0][0] == PROJECT["version"] == billing_proxy.__version__


def test_the_releases_in_the_changelog_are_in_order_the_newest_first() -> None:
    assert all(Version(new) > Version(old) for (new, _), (old, _) in pairwise(RELEASES))
    days = [date.fromisoformat(day) for _, day in RELEASES]
    assert days == sorted(days, reverse=True)


def test_the_changelog_has_the_headings_of_its_format_and_no_other() -> None:
    headings = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert headings == ["[Unreleased]", *(f"[{version}] - {day}" for version, day in RELEASES)]
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= KINDS


def test_the_document_of_the_api_is_of_this_version() -> None:
    document = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8"))
    assert document["info"]["version"] == billing_proxy.__version__


def test_the_license_is_the_one_that_is_declared() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith(f"{PROJECT['license']} License\n\nCopyright (c) ")
    assert PROJECT["license-files"] == ["LICENSE"]


def test_each_python_that_is_named_is_one_that_is_allowed() -> None:
    named = re.findall(r"Python :: (3\.\d+)'", str(PROJECT["classifiers"]))
    allowed = SpecifierSet(PROJECT["requires-python"])
    assert named
    assert all(version in allowed for version in named)
    assert str(allowed) == f">={min(named, key=Version)}"


def requirements() -> list[Requirement]:
    """What the package asks for, in all extras but the one that holds the tools."""
    extras = PROJECT["optional-dependencies"]
    named = [text for extra in extras if extra != "dev" for text in extras[extra]]
    return [Requirement(text) for text in [*PROJECT["dependencies"], *named]]


def test_the_service_is_pinned_completely_and_within_what_the_package_allows() -> None:
    pins = pinned("requirements.txt")
    for requirement in requirements():
        assert pins[requirement.name.lower()] in requirement.specifier, requirement.name


def test_a_site_that_embeds_the_card_needs_neither_our_server_nor_our_tokens() -> None:
    named = {Requirement(text).name for text in PROJECT["dependencies"]}
    assert not named & {"gunicorn", "pyjwt"}


def test_every_tool_is_pinned_once() -> None:
    service, tools = pinned("requirements.txt"), pinned("requirements-dev.txt")
    wanted = {Requirement(text).name.lower() for text in PROJECT["optional-dependencies"]["dev"]}
    assert wanted <= set(tools)
    assert not set(service) & set(tools)


def test_every_dependency_has_a_lower_bound_that_can_be_tested() -> None:
    for requirement in requirements():
        assert any(part.operator == ">=" for part in requirement.specifier), requirement.name


def test_the_oldest_versions_in_the_quick_start_are_those_that_are_allowed() -> None:
    text = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
    said = dict(re.findall(r"^\| (\w+) \| ([\d.]+) \|", text, re.MULTILINE))
    bounds = {r.name: r.specifier for r in map(Requirement, PROJECT["dependencies"])}
    oldest = {"Python": PROJECT["requires-python"].removeprefix(">=")}
    for name in ("Flask", "stripe", "cachetools"):
        oldest[name] = next(b.version for b in bounds[name.lower()] if b.operator == ">=")
    assert said == oldest
