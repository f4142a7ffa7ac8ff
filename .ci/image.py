"""The container file, read, and done in a folder: ``PYTHONPATH=. python .ci/image.py FOLDER``."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from dockerfile_parse import DockerfileParser

from demo.emulator import Emulator
from tests.stage.service import STOPS_WITHIN, environment, free_port, wait_until

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "deploy" / "Containerfile"


@dataclass
class Stage:
    """One ``FROM`` and what follows it: pairs of instruction and value, in order."""

    image: str
    name: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def values(self, instruction: str) -> list[str]:
        """What follows each ``instruction`` of this stage."""
        return [value for word, value in self.steps if word == instruction]


def stages() -> list[Stage]:
    """The stages of the container file."""
    parser = DockerfileParser(fileobj=BytesIO(FILE.read_bytes()))
    found: list[Stage] = []
    for step in parser.structure:
        word, value = step["instruction"], step["value"]
        if word == "FROM":
            image, _, name = value.partition(" AS ")
            found.append(Stage(image, name))
        elif word != "COMMENT":
            found[-1].steps.append((word, value))
    return found


def copies(stage: Stage) -> Iterator[tuple[str, list[str], str]]:
    """Where each ``COPY`` takes from (a stage, or nothing), what, and where to."""
    for value in stage.values("COPY"):
        words = shlex.split(value)
        origin = words.pop(0).removeprefix("--from=") if words[0].startswith("--from=") else ""
        yield origin, words[:-1], words[-1]


def environment_of(stage: Stage) -> dict[str, str]:
    """What ``ENV`` sets, with the names in it left as they are."""
    words = [word for value in stage.values("ENV") for word in shlex.split(value)]
    return dict(word.split("=", 1) for word in words)


def command_of(stage: Stage, instruction: str = "CMD") -> list[str]:
    """The words of ``CMD``, or of the command of the ``HEALTHCHECK``."""
    (value,) = stage.values(instruction)
    words: list[str] = json.loads(value[value.index("[") :])
    return words


def build(folder: Path) -> None:
    """Do both stages with ``folder`` in the place of ``/``."""
    first, last = stages()
    app = folder / "app"
    app.mkdir(parents=True)
    for word, value in first.steps:
        if word == "COPY":
            *sources, target = shlex.split(value)
            _copy([ROOT / source for source in sources], folder / target.lstrip("/"))
        elif word == "RUN":
            # The folder stands in for the root, so the paths of the image become paths in it.
            shell = value.replace("/app", str(app))
            subprocess.run(["bash", "-euc", shell], cwd=app, check=True, env=_bare())
    for name in ("src", "requirements.txt", "pins.txt", "pyproject.toml", "README.md", "LICENSE"):
        path = app / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for origin, sources, target in copies(last):
        if not origin:
            _copy([ROOT / source for source in sources], folder / target.lstrip("/"))


def _copy(sources: list[Path], target: Path) -> None:
    for source in sources:
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)


def _bare() -> dict[str, str]:
    """The environment without what belongs to this installation."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VIRTUAL")}
    here = str(Path(sys.executable).parent)
    paths = [path for path in kept["PATH"].split(os.pathsep) if path != here]
    return {**kept, "PATH": os.pathsep.join(paths)}


def serve(folder: Path) -> None:
    """Start what was built, ask its health check, stop it; it must write nothing on the way."""
    (last,) = stages()[1:]
    before = set(folder.rglob("*"))
    with Emulator() as stripe:
        at: dict[str, Any] = {"cwd": folder / "app", "env": _environ(last, folder, stripe)}
        check = command_of(last, "HEALTHCHECK")

        def healthy() -> bool:
            return subprocess.run(check, **at, stderr=subprocess.DEVNULL).returncode == 0

        assert not healthy()
        with subprocess.Popen(command_of(last), **at) as running:
            try:
                wait_until(healthy, "the health check passes")
                written = set(_open_for_writing(running.pid))
            finally:
                running.terminate()
                code = running.wait(STOPS_WITHIN)
    assert code == 0, code
    assert written
    assert all(path.startswith("/dev/shm/") for path in written), written  # noqa: S108
    assert set(folder.rglob("*")) == before


def _environ(stage: Stage, folder: Path, stripe: Emulator) -> dict[str, str]:
    """What the image and whoever starts it set."""
    settings = environment(stripe, 0)
    del settings["GUNICORN_CMD_ARGS"]
    image = environment_of(stage) | {"PORT": str(free_port())}
    path = image["PATH"].replace("/app", str(folder / "app"))
    return {**settings, **image, "PATH": path.replace("$PATH", os.environ["PATH"])}


def _open_for_writing(pid: int) -> Iterator[str]:
    """The files that a process and its children have open for writing."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for process in (str(pid), *children):
        for handle in Path(f"/proc/{process}/fd").iterdir():
            flags = Path(f"/proc/{process}/fdinfo/{handle.name}").read_text()
            target = str(handle.readlink())
            if int(handle.name) > 2 and int(flags.split()[3], 8) & 3 and target.startswith("/"):
                yield target


if __name__ == "__main__":
    build(Path(sys.argv[1]))
    serve(Path(sys.argv[1]))
