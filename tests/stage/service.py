"""The service as the Procfile starts it, with workers that a test can tell apart."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from demo.emulator import Emulator
from tests.stage.browser import ask
from tests.stage.tokens import TOKEN_SECRET

ROOT = Path(__file__).resolve().parents[2]
WORKERS = 2
STARTS_WITHIN = 60
STOPS_WITHIN = 30
HAPPENS_WITHIN = 20
_NAP = 0.005


class Service:
    """Gunicorn in front of ``stripe``, on a port of its own.

    Attributes: ``port`` on the loopback interface and ``base``, its address.
    """

    def __init__(
        self, stripe: Emulator, *, started_by: Sequence[str] = (), **settings: str
    ) -> None:
        """``settings`` go into the environment, beside those that the service needs.

        ``started_by`` stands in for the Procfile's command.
        """
        self._lines: list[str] = []
        self._news = threading.Condition()
        with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
            self.port: int = listening.getsockname()[1]
            environ = {**environment(stripe, self.port), **settings}
            self._expected = int(environ["WEB_CONCURRENCY"])
            bind = {"GUNICORN_CMD_ARGS": f"--bind fd://{listening.fileno()}"}
            self._process = subprocess.Popen(
                started_by or command(),
                cwd=ROOT,
                env={**environ, **bind},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                pass_fds=[listening.fileno()],
            )
        self.base = f"http://127.0.0.1:{self.port}"
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        try:
            self.wait_for_log(r"Booting worker", self._expected, within=STARTS_WITHIN)
            self.wait_until_each_answers()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def log(self) -> str:
        """Everything that the process has said so far."""
        with self._news:
            return "".join(self._lines)

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers that run, the oldest first."""
        log = self.log
        booted = re.findall(r"Booting worker with pid: (\d+)", log)
        gone = set(re.findall(r"Worker exiting \(pid: (\d+)\)", log))
        return [int(pid) for pid in booted if pid not in gone]

    def wait_for_log(self, pattern: str, times: int, *, within: float = HAPPENS_WITHIN) -> None:
        """Wait until ``pattern`` stands in the log as often as ``times``."""
        deadline = time.monotonic() + within
        with self._news:
            while len(re.findall(pattern, "".join(self._lines))) < times:
                left = deadline - time.monotonic()
                if left <= 0 or not (self._reader.is_alive() or self._news.wait(0)):
                    lines = "".join(self._lines)
                    raise AssertionError(f"not {times} × {pattern!r} in time:\n{lines}")
                self._news.wait(min(left, 1))

    def wait_until_each_answers(self) -> None:
        """Wait until every worker has loaded the service and takes requests."""
        for pid in self.workers:
            with self.only(pid):
                answer = ask(self.port, "/healthz", within=STARTS_WITHIN)
                assert answer.status == 200, self.log

    @contextlib.contextmanager
    def only(self, pid: int) -> Iterator[None]:
        """Let all workers but one stand still, so that this one takes what comes."""
        others = [other for other in self.workers if other != pid]
        try:
            for other in others:
                os.kill(other, signal.SIGSTOP)
            wait_until(lambda: all(map(stands_still, others)), "the other workers stand still")
            yield
        finally:
            for other in others:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(other, signal.SIGCONT)

    def each(self) -> Iterator[int]:
        """Every worker in turn, the others standing still meanwhile."""
        for pid in self.workers:
            with self.only(pid):
                yield pid

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to gunicorn itself."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """The exit code, once the service has stopped by itself."""
        code = self._process.wait(STOPS_WITHIN)
        self._reader.join(STOPS_WITHIN)
        return code

    def end(self) -> None:
        """Stop the service, whatever it is doing."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(STOPS_WITHIN)
        self._reader.join(STOPS_WITHIN)
        if self._process.stdout:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            with self._news:
                self._lines.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()


def command() -> list[str]:
    """What the Procfile says after ``web:``."""
    (line,) = re.findall(r"^web:\s*(.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    return shlex.split(line)


FROM_THE_WHEEL = [
    *("gunicorn", "-c", "python:billing_proxy.serving"),
    "billing_proxy.app:create_app()",
]
"""What who has no checkout starts."""


def environment(stripe: Emulator, port: int) -> dict[str, str]:
    """The settings that the service cannot do without, the installation's commands first."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}",
        "WEB_CONCURRENCY": str(WORKERS),
        "STRIPE_SECRET_KEY": stripe.key,
        "STRIPE_API_BASE": stripe.url,
        "SECRET_KEY": "a made-up key that signs the cookies of these tests",
        "BILLING_TOKEN_SECRET": TOKEN_SECRET,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def stands_still(pid: int) -> bool:
    """Whether a process has been stopped by a signal."""
    command = ["ps", "-o", "state=", "-p", str(pid)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=5)
    return said.stdout.strip().startswith("T")


def wait_until(happened: Callable[[], bool], what: str, *, within: float = HAPPENS_WITHIN) -> None:
    """Look again and again, with a deadline."""
    deadline = time.monotonic() + within
    while not happened():
        assert time.monotonic() < deadline, f"not in {within} seconds: {what}"
        time.sleep(_NAP)
