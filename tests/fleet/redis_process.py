"""A Redis server of the tests' own, which can be stopped, held up and started anew.

Where there is none a plain run skips these tests and says so; with `CI=true` that is a failure.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import redis

from tests.workers.service import free_port

STARTS_WITHIN = 20


def binary() -> str:
    """The server's program. Without one the test is skipped, or with `CI=true` fails."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is not None:
        return found
    what = "redis-server is not on PATH (apt install redis-server)"
    if os.environ.get("CI") == "true":
        pytest.fail(f"The tests of the shared cache cannot run: {what}", pytrace=False)
    pytest.skip(f"no tests of the shared cache: {what}")


class Server:
    """A server on the loopback interface that keeps nothing on disk.

    ``folder`` takes its socket; ``options`` are those of its command line.
    """

    def __init__(self, folder: Path, *options: str, port: int | None = None) -> None:
        self.port = free_port() if port is None else port
        self.socket = folder / f"{self.port}.sock"
        self._folder = folder
        self._options = options
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        """An administrator's way in, beside that of the service."""
        return redis.Redis(unix_socket_path=str(self.socket))

    def start(self) -> None:
        """Start with nothing in memory, and wait until it answers."""
        command = [binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        command += ["--unixsocket", str(self.socket), "--dir", str(self._folder), *self._options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            try:
                assert self.client.ping()
                return
            except redis.AuthenticationError:
                return
            except redis.ConnectionError:
                assert time.monotonic() < deadline, "redis-server did not start"
                assert self._process.poll() is None, "redis-server ended at once"
                time.sleep(0.02)

    def kill(self) -> None:
        """Let it be gone, without a word to anybody."""
        self._process.send_signal(signal.SIGCONT)
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Let it take connections, and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it answer again."""
        self._process.send_signal(signal.SIGCONT)

    def everything(self) -> bytes:
        """All keys and values, as bytes."""
        found = []
        for key in self.client.scan_iter():
            kind = self.client.type(key)
            value = self.client.hgetall(key) if kind == b"hash" else self.client.get(key)
            found.append(key + repr(value).encode())
        return b"\n".join(found)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
