"""The other end of a connection on the loopback, which answers as badly as a test wants."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeAlias

LONGEST = 4.0
"""Seconds after which even the worst behaviour ends, so that a failing test does too."""

PACE = 0.02
"""Seconds between two dripping bytes: far less than any read timeout."""


class Wire:
    """One accepted connection."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self._sock = sock
        self._closing = closing
        self._received = b""

    def request(self) -> bytes | None:
        """The next request's head (no test sends a body), or None at the end."""
        while b"\r\n\r\n" not in self._received:
            data = self._sock.recv(65_536)
            if not data:
                return None
            self._received += data
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        return head

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def drip(self, data: bytes, seconds: float = LONGEST) -> None:
        """Send ``data`` byte by byte, over and over, until the peer closes or time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for i in range(len(data)):
                self.send(data[i : i + 1])
                if self._closing.wait(PACE):
                    return

    def hang(self, seconds: float = LONGEST) -> None:
        self._closing.wait(seconds)


Behaviour: TypeAlias = Callable[[Wire], object]


class Peer:
    """Listens on the loopback; ``behave`` gets every connection, in a thread of its own."""

    def __init__(self, behave: Behaviour) -> None:
        self.connections = 0
        self._behave = behave
        self._closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepted: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.connections += 1
                self._accepted.append(sock)
                thread = threading.Thread(target=self._serve, args=(sock,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError), sock:
            sock.settimeout(10)
            self._behave(Wire(sock, self._closing))

    def close(self) -> None:
        self._closing.set()
        for sock in (self._listener, *self._accepted):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)


@contextlib.contextmanager
def listening(behave: Behaviour) -> Iterator[Peer]:
    peer = Peer(behave)
    try:
        yield peer
    finally:
        peer.close()
