"""Virtual environments of the bench's own, where a developer's has too much, or too little."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.processes import ROOT

FOLDER = ROOT / ".venv-bench"


def service_python() -> str | None:
    """The interpreter of the service as it is installed, without what its tests need.

    One of those brings pytz, and Babel, where it finds that, looks at each time zone at its import.
    """
    pins = (ROOT / "requirements.txt").read_text().splitlines()
    return _python("service", *(pin for pin in pins if "==" in pin), "--editable", str(ROOT))


def payments_python() -> str | None:
    """That of flask-headless-payments; the server and Flask are those of the service."""
    return _python(
        "payments", "flask-headless-payments==0.2.31", "gunicorn==27.0.1", "flask==3.1.3"
    )


def _python(name: str, *requirements: str) -> str | None:
    """The interpreter that has ``requirements``, installed on first use, if that is possible."""
    folder = FOLDER / name
    python, stamp = folder / "bin" / "python", folder / "installed"
    wanted = " ".join(requirements)
    if stamp.exists() and stamp.read_text() == wanted:
        return str(python)
    install = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    try:
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        _run(*install, *requirements)
    except (subprocess.CalledProcessError, OSError) as error:
        print(f"{name} cannot be installed: {error}", file=sys.stderr)
        return None
    Path(stamp).write_text(wanted)
    return str(python)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
