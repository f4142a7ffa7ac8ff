"""Compiled templates are kept for the next process; what is wrong with that costs no page."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest
from flask import Flask, render_template
from jinja2 import DictLoader

from billing_proxy.web.compiled_templates import keep_compiled_templates


def rendered() -> str:
    """A page of a new process."""
    app = Flask(__name__)
    app.jinja_loader = DictLoader({"page.html": "{{ 6 * 7 }}"})
    keep_compiled_templates(app)
    with app.app_context():
        return render_template("page.html")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_template_is_compiled_for_one_process_and_kept_for_the_next(folder: Path) -> None:
    assert rendered() == rendered() == "42"
    (kept,) = folder.glob("*/billing-proxy-*.cache")
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert version("jinja2") in kept.name


def test_what_is_kept_badly_is_compiled_anew(folder: Path) -> None:
    rendered()
    (kept,) = folder.glob("*/*.cache")
    whole = kept.read_bytes()
    for end in range(0, len(whole), 7):
        kept.write_bytes(whole[:end])
        assert rendered() == "42"


def test_a_folder_that_is_no_folder_is_left_alone(folder: Path) -> None:
    rendered()
    (kept,) = folder.glob("*/*.cache")
    own = kept.parent
    kept.unlink()
    own.rmdir()
    own.touch()
    assert rendered() == "42"


def test_a_folder_that_goes_away_costs_no_page(folder: Path) -> None:
    app = Flask(__name__)
    app.jinja_loader = DictLoader({"page.html": "{{ 6 * 7 }}"})
    keep_compiled_templates(app)
    (own,) = folder.iterdir()
    own.rmdir()
    with app.app_context():
        assert render_template("page.html") == "42"
