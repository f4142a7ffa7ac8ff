"""flask-headless-payments, in a virtual environment of the bench's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.processes import ROOT

PINS = ("flask-headless-payments==0.2.31", "gunicorn==27.0.1", "flask==3.1.3")
"""The server and Flask are those of the service."""

FOLDER = ROOT / ".venv-bench"


def payments_python() -> str | None:
    """The interpreter that has it, installed on first use; None where that is not possible."""
    python = FOLDER / "bin" / "python"
    stamp = FOLDER / "installed"
    if stamp.exists() and stamp.read_text() == " ".join(PINS):
        return str(python)
    try:
        _run(sys.executable, "-m", "venv", "--clear", str(FOLDER))
        _run(str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *PINS)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"flask-headless-payments cannot be installed: {error}", file=sys.stderr)
        return None
    Path(stamp).write_text(" ".join(PINS))
    return str(python)


def prepare(python: str, environ: Mapping[str, str]) -> None:
    """Make the database before the server starts."""
    command = [python, "-c", "import bench.apps.payments"]
    subprocess.run(command, cwd=ROOT, env=dict(environ), check=True, stderr=subprocess.DEVNULL)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
