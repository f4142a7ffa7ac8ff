"""Requests as they go over the wire: each on a connection of its own, each with a time limit."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import selectors
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from tests.web.tokens import bearer, mint

ANSWERS_WITHIN = 15.0
HTML = {"Accept": "text/html"}


@dataclass(frozen=True)
class Answer:
    """A response.

    ``raw`` is every byte of it, status line and headers included; it came ``took`` seconds after
    the request was sent.
    """

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    raw: bytes
    took: float

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Sent:
    """A request that is on its way; its answer can be read later."""

    def __init__(self, port: int, path: str, headers: Mapping[str, str] | None = None) -> None:
        lines = {"Host": f"127.0.0.1:{port}", "Connection": "close", **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._parts: list[bytes] = []
        self._sent_at = self._read_at = time.monotonic()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=ANSWERS_WITHIN)
        self.socket.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())

    def read(self) -> bool:
        """Read what has come; whether there is more to come."""
        part = self.socket.recv(65536)
        self._parts.append(part)
        self._read_at = time.monotonic()
        return part != b""

    @property
    def answer(self) -> Answer:
        """What has been read. Raises ConnectionError when it is no whole response."""
        return parse(b"".join(self._parts), took=self._read_at - self._sent_at)


def answers(sent: Sequence[Sent], *, within: float = ANSWERS_WITHIN) -> list[Answer]:
    """The answers to all of ``sent``, each read as soon as it comes.

    A client that leaves its end open holds up the worker, so none may wait for its turn.
    Raises TimeoutError, or ConnectionError when a request was lost.
    """
    deadline = time.monotonic() + within
    with contextlib.ExitStack() as stack, selectors.DefaultSelector() as selector:
        for one in sent:
            stack.enter_context(one.socket)
            selector.register(one.socket, selectors.EVENT_READ, one)
        while selector.get_map():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(selector.get_map())} requests got no answer in time")
            for key, _ in selector.select(deadline - time.monotonic()):
                if not key.data.read():
                    selector.unregister(key.fileobj)
                    key.data.socket.close()
    return [one.answer for one in sent]


def ask(
    port: int,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    within: float = ANSWERS_WITHIN,
) -> Answer:
    """The answer to a GET on a connection of its own, without following redirects."""
    return answers([Sent(port, path, headers)], within=within)[0]


def parse(raw: bytes, *, took: float) -> Answer:
    """The response in ``raw``. Raises ConnectionError when it is not whole."""
    response = http.client.HTTPResponse(_Bytes(raw))  # type: ignore[arg-type]
    try:
        response.begin()
        body = response.read()
    except http.client.HTTPException as problem:
        raise ConnectionError(f"no whole answer: {raw[:200]!r}") from problem
    return Answer(response.status, response.headers, body, raw, took)


@dataclass
class Browser:
    """Cookies, kept as a browser keeps them, and the service that they are for."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str = "/billing/", **headers: str) -> Answer:
        """The answer to a GET of a page; what it says about cookies is remembered."""
        answer = ask(self.port, path, {**HTML, **self.header, **headers})
        for line in answer.headers.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        return answer

    @property
    def header(self) -> dict[str, str]:
        """The header that sends the cookies along."""
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": pairs} if pairs else {}

    def sign_in(self, token: str) -> Browser:
        """Open the link with ``token``."""
        answer = self.get(f"/billing/?token={token}")
        assert answer.status == 303, answer.text
        return self


def signed_in(port: int, customer: str) -> Browser:
    """A browser that opened the customer's link."""
    return Browser(port).sign_in(mint(customer, time.time))


def program(customer: str) -> dict[str, str]:
    """The headers of a program that asks for the card of ``customer``."""
    return bearer(mint(customer, time.time))


class _Bytes:
    """What ``http.client`` needs of a socket, for bytes that are here already."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._raw)
