"""The files in ``deploy/`` start what the Procfile does, with as few rights as it needs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from billing_proxy import serving
from tests.stage.service import ROOT, command

UNIT = (ROOT / "deploy" / "billing-proxy.service").read_text(encoding="utf-8")
VALUES = dict(re.findall(r"^(\w+)=(.*)$", UNIT, re.MULTILINE))
IMAGE = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
HIDDEN = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def words(instruction: str) -> list[str]:
    """What follows each ``instruction`` of the container file."""
    return re.findall(rf"^{instruction} (.+)$", IMAGE, re.MULTILINE)


def test_the_image_starts_what_the_procfile_starts_as_nobody() -> None:
    assert [json.loads(said) for said in words("CMD")] == [command()]
    (user,) = words("USER")
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)
    first, last = (said.partition(" AS ")[0] for said in words("FROM"))
    assert first == last


def test_whatever_the_image_copies_is_there_and_nothing_else_is_sent_to_the_builder() -> None:
    copied = {path for said in words("COPY") if "--from" not in said for path in said.split()[:-1]}
    assert all((ROOT / path).exists() for path in copied)
    assert copied == {line.removeprefix("!") for line in HIDDEN if line.startswith("!")}
    assert "*" in HIDDEN


def test_the_unit_starts_what_the_procfile_starts_with_room_for_silent_clients() -> None:
    folder = VALUES["WorkingDirectory"]
    assert VALUES["ExecStart"] == f"{folder}/.venv/bin/{' '.join(command())}"
    assert int(VALUES["LimitNOFILE"]) > serving.worker_connections


def test_the_unit_waits_for_requests_and_does_not_try_wrong_settings_again() -> None:
    assert int(VALUES["TimeoutStopSec"]) > serving.graceful_timeout
    assert VALUES["Restart"] == "on-failure"
    assert VALUES["RestartPreventExitStatus"] == str(serving.WRONG_SETTINGS)


def test_the_unit_has_no_secret_and_no_rights() -> None:
    assert "Environment" not in VALUES
    assert VALUES["DynamicUser"] == VALUES["NoNewPrivileges"] == VALUES["ProtectHome"] == "yes"
    assert (VALUES["ProtectSystem"], VALUES["CapabilityBoundingSet"]) == ("strict", "")


@pytest.mark.parametrize("setting", ["WorkingDirectory", "EnvironmentFile"])
def test_the_paths_of_the_unit_are_those_of_the_document(setting: str) -> None:
    assert VALUES[setting] in (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    copy = tmp_path / "billing-proxy.service"
    copy.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", UNIT), encoding="utf-8")
    analyze = ["systemd-analyze", "verify", "--man=no", copy]
    said = subprocess.run(analyze, capture_output=True, text=True, timeout=60)
    assert (said.returncode, said.stderr) == (0, "")
