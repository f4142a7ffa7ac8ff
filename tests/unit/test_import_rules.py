"""The walls hold: a stray module in any room breaks a contract, and so does a room of nobody's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "billing_proxy"
ROOMS = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))

ALLOWED = {
    "flask": {"web", "cli", "testing"},
    "stripe": {"gateway"},
    "redis": {"fleet"},
    "billing_proxy.app": {"serving", "testing"},
    "billing_proxy.testing": {"testing"},
}
"""The rooms that may import what no other may."""


def broken(house: Path) -> str:
    """What the contracts say of the copy in ``house``."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    environ = {**os.environ, "PYTHONPATH": str(house), "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=house, env=environ, capture_output=True, text=True, timeout=60
    ).stdout


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the sources, to build in."""
    shutil.copytree(PACKAGE, tmp_path / "billing_proxy")
    for name in ("demo", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_a_stray_module_breaks_a_contract_in_each_room_that_may_not_have_it(house: Path) -> None:
    for room, (number, name) in product(ROOMS, enumerate(ALLOWED)):
        stray = house / "billing_proxy" / room / f"stray{number}.py"
        stray.write_text(f"import {name}\n", encoding="utf-8")
    said = broken(house)
    found = set(re.findall(r"billing_proxy\.(\w+)\.stray\d -> ([\w.]+)", said))
    assert found == {(r, name) for r, name in product(ROOMS, ALLOWED) if r not in ALLOWED[name]}


@pytest.mark.parametrize("file", ["annex.py", "annex/__init__.py"])
def test_a_room_that_is_in_no_layer_breaks_a_contract(house: Path, file: str) -> None:
    annex = house / "billing_proxy" / file
    annex.parent.mkdir(exist_ok=True)
    annex.touch()
    said = broken(house)
    assert "3 kept, 1 broken" in said
    assert "annex" in said


def test_the_copy_as_it_is_breaks_none(house: Path) -> None:
    assert "4 kept, 0 broken" in broken(house)
