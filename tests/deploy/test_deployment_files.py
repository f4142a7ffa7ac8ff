"""The files in ``deploy/`` start what the Procfile does, with as few rights as it needs."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from billing_proxy import serving
from tests.deploy.container import ROOT, command_of, copies, environment_of, stages
from tests.stage.service import command

UNIT = ROOT / "deploy" / "billing-proxy.service"
LINES = re.findall(r"^(\w+)=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
VALUES = dict(LINES)
HIDDEN = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_the_image_starts_what_the_procfile_starts() -> None:
    assert command_of(stages()[-1]) == command()


def test_the_image_is_two_stages_of_one_slim_python() -> None:
    first, last = stages()
    assert first.image == last.image
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim", last.image)
    assert (first.name, [origin for origin, *_ in copies(last)]) == ("build", ["build", ""])


def test_the_image_runs_as_a_user_that_is_seen_not_to_be_root() -> None:
    (user,) = stages()[-1].values("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)


def test_the_image_sets_no_secret_and_writes_to_memory_alone() -> None:
    environ = environment_of(stages()[-1])
    assert set(environ) == {"PATH", "PORT", "PYTHONDONTWRITEBYTECODE", "GUNICORN_CMD_ARGS"}
    assert environ["GUNICORN_CMD_ARGS"] == "--worker-tmp-dir /dev/shm"


def test_whatever_the_image_copies_is_there_and_is_sent_to_the_builder() -> None:
    shown = [line.removeprefix("!") for line in HIDDEN if line.startswith("!")]
    copied = {s for stage in stages() for origin, sources, _ in copies(stage) if not origin
              for s in sources}  # fmt: skip
    assert all((ROOT / source).exists() for source in copied)
    assert copied == set(shown)


def test_nothing_else_is_sent_to_the_builder() -> None:
    assert "*" in HIDDEN
    assert any(fnmatch("src/billing_proxy/__pycache__", line) for line in HIDDEN)


def test_the_unit_starts_what_the_procfile_starts() -> None:
    folder = VALUES["WorkingDirectory"]
    assert VALUES["ExecStart"] == f"{folder}/.venv/bin/{' '.join(command())}"


def test_the_unit_lets_requests_end_before_it_kills() -> None:
    assert int(VALUES["TimeoutStopSec"]) > serving.graceful_timeout


def test_the_unit_does_not_try_settings_again_that_cannot_be() -> None:
    assert VALUES["Restart"] == "on-failure"
    assert VALUES["RestartPreventExitStatus"] == str(serving.WRONG_SETTINGS)


def test_the_unit_has_no_secret_and_no_rights() -> None:
    assert "Environment" not in VALUES
    assert VALUES["DynamicUser"] == VALUES["NoNewPrivileges"] == VALUES["ProtectHome"] == "yes"
    assert (VALUES["ProtectSystem"], VALUES["CapabilityBoundingSet"]) == ("strict", "")


@pytest.mark.parametrize("setting", ["WorkingDirectory", "EnvironmentFile"])
def test_the_paths_of_the_unit_are_those_of_the_document(setting: str) -> None:
    assert VALUES[setting] in (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


def test_systemd_takes_the_unit() -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / UNIT.name
        installed = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text("utf-8"))
        copy.write_text(installed, encoding="utf-8")
        said = subprocess.run(
            [analyze, "verify", "--man=no", copy], capture_output=True, text=True, timeout=60
        )
    assert (said.returncode, said.stderr) == (0, "")
