"""The line between the service and Stripe: it carries everything, until a test breaks it.

It listens on the loopback interface, speaks TLS as Stripe does, and passes each request on to the
emulator. A `Behaviour` takes the place of an answer; what breaks earlier than that, a name that
does not resolve or a certificate that has expired, is a method of the line itself.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import urlsplit

HOST = "stripe.test"
"""The name under which the service knows Stripe; only the line's own resolver knows it too."""

LONGEST = 15.0
"""Seconds after which even the worst behaviour ends, so that a failing test does too."""

PACE = 0.02
"""Seconds between two dripping bytes: far less than any read timeout."""

_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Reply:
    """An answer as it goes over the line."""

    status: int
    headers: dict[str, str]
    body: bytes

    def closing(self) -> Reply:
        """The same answer, as the last on its connection."""
        return replace(self, headers={**self.headers, "Connection": "close"})

    def on_the_wire(self, length: int | None = None) -> bytes:
        """The bytes; ``length`` is what they claim about the body, if not the truth."""
        claimed = len(self.body) if length is None else length
        headers = {**self.headers, "Content-Length": str(claimed)}
        lines = [f"HTTP/1.1 {self.status} {http.client.responses.get(self.status, 'Odd')}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


class Exchange:
    """One request that has come in, and every good and bad way to answer it."""

    def __init__(self, sock: socket.socket, line: Line, head: bytes, body: bytes) -> None:
        self._sock = sock
        self._line = line
        first, *rest = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = first.split(" ", 2)
        self.headers = dict(field.split(": ", 1) for field in rest)
        self.body = body

    def upstream(self) -> Reply:
        """What Stripe would have answered."""
        connection = http.client.HTTPConnection(self._line.upstream, timeout=LONGEST)
        with contextlib.closing(connection):
            headers = {k: v for k, v in self.headers.items() if k != "Connection"}
            connection.request(self.method, self.path, self.body or None, headers)
            answer = connection.getresponse()
            kept = ("Content-Type", "Request-Id", "Stripe-Should-Retry")
            fields = {name: value for name in kept if (value := answer.getheader(name))}
            return Reply(answer.status, fields, answer.read())

    def pass_on(self) -> None:
        """Answer as Stripe would have, and say that the connection ends here."""
        self.send(self.upstream().closing().on_the_wire())

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def drip(self, data: bytes) -> None:
        """Send ``data`` byte by byte, over and over, until the other side has gone."""
        end = time.monotonic() + LONGEST
        while time.monotonic() < end:
            for i in range(len(data)):
                self.send(data[i : i + 1])
                if self._line.closing.wait(PACE):
                    return

    def hang(self) -> None:
        self.pause(LONGEST)

    def pause(self, seconds: float) -> None:
        """Say nothing for so long, or until the line is closed."""
        self._line.closing.wait(seconds)

    def reset(self) -> None:
        """Break the connection off without a goodbye (TCP RST)."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


Behaviour: TypeAlias = Callable[[Exchange], object]


class Line:
    """Listens on the loopback until ``close``; ``requests`` holds the paths that were asked for."""

    def __init__(self, upstream: str, tls: ssl.SSLContext) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.closing = threading.Event()
        self.requests: list[str] = []
        self._tls = tls
        self._behave: Behaviour | None = None
        self.prefix = ""
        self._resolves: Callable[[], object] = lambda: None
        self._shakes_hands = True
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._port = self._listener.getsockname()[1]
        self.url = f"https://{HOST}:{self._port}"
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, name="line")]
        self._threads[0].start()

    def play(self, behave: Behaviour, prefix: str = "/v1/") -> None:
        """Let ``behave`` answer what is asked below ``prefix``, on connections old and new."""
        self._behave, self.prefix = behave, prefix

    def mend(self) -> None:
        """Carry everything again that ``play`` has broken."""
        self._behave = None

    def refuse(self) -> None:
        """Refuse connections from now on, as a port does behind which nobody listens."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self.hang_up()

    def hang_up(self) -> None:
        """Close every connection there is, so that the next request needs a new one."""
        for sock in list(self._open):
            _shut(sock)

    def show(self, tls: ssl.SSLContext) -> None:
        """Show another certificate from now on."""
        self._tls = tls
        self.hang_up()

    def shake_no_hands(self) -> None:
        """Accept connections and never say a word of TLS."""
        self._shakes_hands = False
        self.hang_up()

    def lose_name(self, resolve: Callable[[], object]) -> None:
        """Call ``resolve``, which may hang or raise, whenever the name of Stripe is looked up."""
        self._resolves = resolve
        self.hang_up()

    def getaddrinfo(self, original: Callable[..., Any]) -> Callable[..., Any]:
        """A resolver that knows Stripe's name, around the ``original`` one."""

        def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
            if host == HOST:
                self._resolves()
                host = "127.0.0.1"
            return original(host, *args, **kwargs)

        return getaddrinfo

    def close(self) -> None:
        self.closing.set()
        _shut(self._listener)
        self._threads[0].join(LONGEST)
        self.hang_up()
        self._listener.close()
        for thread in self._threads:
            thread.join(LONGEST)
            assert not thread.is_alive()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while not self.closing.is_set():
                sock, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(sock,), name="line")
                self._threads.append(thread)
                self._open.add(sock)
                thread.start()

    def _serve(self, raw: socket.socket) -> None:
        try:
            with raw, contextlib.suppress(OSError, http.client.HTTPException):
                raw.settimeout(LONGEST)
                if not self._shakes_hands:
                    self.closing.wait(LONGEST)
                    return
                with self._tls.wrap_socket(raw, server_side=True) as sock:
                    self._open.add(sock)
                    try:
                        self._converse(sock)
                    finally:
                        self._open.discard(sock)
        finally:
            self._open.discard(raw)

    def _converse(self, sock: socket.socket) -> None:
        with sock.makefile("rb") as reader:
            while (head := _head(reader)) is not None:
                body = reader.read(_length(head))
                exchange = Exchange(sock, self, head, body)
                self.requests.append(exchange.path)
                if self._behave and exchange.path.startswith(self.prefix):
                    self._behave(exchange)
                    return
                exchange.send(exchange.upstream().on_the_wire())


def says(status: int, body: Any, **headers: str) -> Behaviour:
    """Answer ``body``, bytes as they are and anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    fields = {"Content-Type": "application/json", "Request-Id": "req_on_the_line", **named}
    return lambda exchange: exchange.send(Reply(status, fields, raw).closing().on_the_wire())


def changes(change: Callable[[Any], Any]) -> Behaviour:
    """Answer what Stripe would have answered, decoded, after ``change``."""

    def behave(exchange: Exchange) -> None:
        reply = exchange.upstream()
        body = json.dumps(change(json.loads(reply.body))).encode()
        exchange.send(Reply(reply.status, reply.headers, body).closing().on_the_wire())

    return behave


def _head(reader: Any) -> bytes | None:
    lines = []
    while (line := reader.readline()) not in (b"\r\n", b""):
        lines.append(line.rstrip(b"\r\n"))
    return b"\r\n".join(lines) if lines else None


def _length(head: bytes) -> int:
    for field in head.lower().split(b"\r\n"):
        if field.startswith(b"content-length:"):
            return int(field.partition(b":")[2])
    return 0


def _shut(sock: socket.socket) -> None:
    """End a connection below TLS, so that a thread that reads from it wakes up."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
