"""Gunicorn as the service has it, one process, around any WSGI application on the loopback."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import jwt

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
STARTS_WITHIN = 60

CPUS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
SERVERS, OTHERS = CPUS[-1:], CPUS[:-1]
"""A server that is measured has a CPU of its own, and what asks it has the others: where threads of
one interpreter move from CPU to CPU, runs of the same program differ by a tenth. Empty where there
is one CPU, or no way to choose."""

TOKEN_SECRET = "a made-up secret that signs the tokens of this bench"
AS_THE_SERVICE = ("--config", "python:bench.serving")
GTHREAD = (
    "--config", "/dev/null", "--worker-class", "gthread", "--threads", "256", "--keep-alive", "75",
)  # fmt: skip
"""How is served where the service is not installed."""

SETTINGS = {
    "SECRET_KEY": "a made-up key that signs the cookies of this bench",
    "BILLING_TOKEN_SECRET": TOKEN_SECRET,
}
"""What the service cannot do without, beside Stripe's key and address."""


def token(customer: str) -> str:
    """A customer token that is valid for a day, also where the clock stands at noon."""
    claims = {"sub": customer, "aud": "billing-proxy", "exp": int(time.time()) + 86_400}
    return jwt.encode(claims, TOKEN_SECRET, algorithm="HS256")


def bearer(customer: str) -> dict[str, str]:
    """The header of a program that asks for the card of ``customer``."""
    return {"Authorization": f"Bearer {token(customer)}"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def header(self, name: str) -> str:
        """The first value of a header, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Server:
    """Gunicorn around ``application``; ``with`` stops it at the end.

    ``environ`` is all the environment it gets, beside the path; ``python`` may be that of another
    virtual environment, and ``served_by`` are gunicorn's options.
    """

    def __init__(
        self,
        application: str,
        environ: Mapping[str, str],
        *,
        python: str = sys.executable,
        served_by: Sequence[str] = AS_THE_SERVICE,
    ) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 -- lives as long as the process
        self._process = subprocess.Popen(
            [python, "-m", "gunicorn", application, *served_by],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "WEB_CONCURRENCY": "1",
                "GUNICORN_CMD_ARGS": f"--bind {HOST}:{self.port}",
                **environ,
            },
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        run_on(self._process.pid, SERVERS)

    def __enter__(self) -> Self:
        try:
            self.wait_until_it_answers("/")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def wait_until_it_answers(self, path: str, *, nap: float = 0.01) -> None:
        """Ask for ``path`` until anything is answered.

        Raises:
            RuntimeError: with the end of the log, when nothing is within ``STARTS_WITHIN`` seconds.
        """
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until and self._process.poll() is None:
            try:
                self.get(path)
            except OSError:
                time.sleep(nap)
            else:
                return
        self._log.seek(0)
        raise RuntimeError(f"gunicorn does not answer: {self._log.read()[-2000:]}")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """One answer, over a connection of its own."""
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=30)) as connection:
            return ask(connection, path, headers)

    def stop(self) -> None:
        """Stop it and wait for its end."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        self._log.close()

    def cpu_seconds(self) -> float:
        """Seconds of CPU that the workers have used so far, in steps of a hundredth."""
        return sum(_cpu_seconds(pid) for pid in self._workers())

    def _workers(self) -> list[int]:
        pid = self._process.pid
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def ask(
    connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str] | None = None
) -> Answer:
    """One answer over ``connection``, which stays open."""
    connection.request("GET", path, headers=dict(headers or {}))
    answer = connection.getresponse()
    return Answer(answer.status, answer.getheaders(), answer.read().decode())


def run_on(pid: int, cpus: Sequence[int]) -> None:
    """Let a process, and what it starts from now on, run on ``cpus`` alone, if there are others."""
    if OTHERS:
        os.sched_setaffinity(pid, cpus)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
