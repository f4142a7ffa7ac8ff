"""A Redis server of the tests' own, which can be stopped, held up and started anew.

Where there is none a plain run skips these tests and says so; with `CI=true` that is a failure.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Self

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.stage.service import free_port


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

    ``folder`` takes its socket, by which ``client`` is an administrator's way in; ``options`` are
    those of its command line.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.socket = folder / f"{self.port}.sock"
        at_once = Retry(NoBackoff(), 0)
        self.client = redis.Redis(unix_socket_path=str(self.socket), retry=at_once, protocol=2)
        self._command = [binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._command += ["--unixsocket", str(self.socket), "--dir", str(folder), *options]
        self.start()

    def start(self) -> None:
        """Start with nothing in memory, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        assert any("Ready to accept" in line for line in self._process.stdout)

    def kill(self) -> None:
        """Let it be gone, without a word to anybody."""
        self._process.kill()
        self._process.communicate()
        self.client.close()

    def pause(self) -> None:
        """Let it take connections, and answer nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it answer again."""
        self._process.send_signal(signal.SIGCONT)

    def refuse_writes(self, *, full: bool) -> None:
        """Answer what is read, and take nothing: without a byte to spare, or as a replica."""
        if full:
            self.client.config_set("maxmemory", "100kb")
        else:
            self.client.replicaof("127.0.0.1", str(free_port()))

    def take_writes(self) -> None:
        """Be what a fleet needs again."""
        self.client.config_set("maxmemory", "0")
        self.client.replicaof("NO", "ONE")

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

    def __exit__(self, *_: object) -> None:
        self.kill()
