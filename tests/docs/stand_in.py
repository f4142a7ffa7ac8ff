"""Stands in for commands that a test must not run: it checks their words, and says what is wrong.

The terminal of ``tests/docs`` finds this file first, under each of the names in ``CHECKS``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

OF_OTHERS = re.compile(r"opentelemetry-(sdk|exporter-otlp-proto-http|instrumentation-\w+)")
"""Packages of others that the documents let people install; their names are on PyPI."""

ROOT = Path(os.environ.get("DOCS_ROOT", "."))


def make(words: list[str]) -> str:
    """A target is a target of the Makefile, and each variable is one that it reads."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    unknown = [word for word in words if "=" not in word and word not in targets]
    unread = [word for word in words if "=" in word and word.partition("=")[0] not in text]
    if "wheel" in words:
        Path("dist").mkdir(exist_ok=True)
        Path("dist/billing_proxy-1.0.0-py3-none-any.whl").touch()
    return f"the Makefile has no {unknown + unread}" if unknown or unread else ""


def pip(words: list[str]) -> str:
    """What is installed is a file that is there, with extras that this package has.

    By its name it is on no index: whoever takes that name there could have it installed.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for word in words[1:]:
        path, _, extras = word.rstrip("]").partition("[")
        wanted = set(extras.split(",")) - {""} - set(project["optional-dependencies"])
        if word == "-r" or OF_OTHERS.fullmatch(word):
            continue
        if not Path(path).exists() or wanted:
            return f"{word} is no file here, or has no such extra"
    return "" if words[:1] == ["install"] else f"pip {words} is not known here"


def python3(words: list[str]) -> str:
    """``python3 -m venv FOLDER`` makes a folder in which these commands are found again."""
    if words[:2] != ["-m", "venv"] or len(words) != 3:
        return f"python3 {words} is not known here: use python"
    bin_ = Path(words[2]) / "bin"
    bin_.mkdir(parents=True)
    for command in Path(__file__).parent.iterdir():
        (bin_ / command.name).symlink_to(command)
    (bin_ / "activate").write_text(f'PATH="{bin_.resolve()}:$PATH"\n', encoding="utf-8")
    return ""


def gunicorn(words: list[str]) -> str:
    """The service can be started with these words."""
    command = [os.environ["DOCS_GUNICORN"], "--check-config", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    return done.stderr[-500:] if done.returncode else ""


def of_the_machine(words: list[str]) -> str:
    """What it is told to take out of the checkout is there, and our unit is what it is about."""
    lacking = [word for word in words if "deploy/" in word and not (ROOT / word).is_file()]
    ours = {"daemon-reload", "billing-proxy"} & set(words)
    return "" if ours and not lacking else f"nothing of ours, or not there: {words}"


CHECKS: dict[str, Callable[[list[str]], str]] = {
    "make": make, "pip": pip, "python3": python3, "gunicorn": gunicorn,
    "systemctl": of_the_machine, "journalctl": of_the_machine, "podman": of_the_machine,
}  # fmt: skip

if __name__ == "__main__":
    name = Path(sys.argv[0]).name
    problem = CHECKS[name](sys.argv[1:])
    if problem:
        sys.exit(f"{name} {json.dumps(sys.argv[1:])}: {problem}")
