"""Requests as they go over the wire: each on a connection of its own, each with a time limit."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

from tests.stage.tokens import bearer, mint

ANSWERS_WITHIN = 15.0
HTML = {"Accept": "text/html"}


@dataclass(frozen=True)
class Answer:
    """A response, read ``took`` seconds after its request was sent."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    took: float

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        return json.loads(self.body)


class Sent:
    """A GET that is on its way, on the open ``socket``; its answer is read later."""

    def __init__(
        self,
        port: int,
        path: str,
        headers: Mapping[str, str] | None = None,
        *,
        within: float = ANSWERS_WITHIN,
    ) -> None:
        self._sent_at = time.monotonic()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=within)
        self._connection.request("GET", path, headers={"Connection": "close", **(headers or {})})
        self.socket = self._connection.sock

    def answer(self) -> Answer:
        """Raises OSError or http.client.HTTPException when no whole answer comes in time."""
        with self.socket, self._connection.getresponse() as response:
            body = response.read()
        return Answer(response.status, response.headers, body, time.monotonic() - self._sent_at)


def answers(sent: Sequence[Sent]) -> list[Answer]:
    """The answers to all of ``sent``."""
    return [one.answer() for one in sent]


def ask(
    port: int,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    within: float = ANSWERS_WITHIN,
) -> Answer:
    """The answer to a GET on a connection of its own, without following redirects."""
    return Sent(port, path, headers, within=within).answer()


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


def signed_in(port: int, customer: str) -> Browser:
    """A browser that opened the customer's link."""
    browser = Browser(port)
    answer = browser.get(f"/billing/?token={mint(customer, time.time)}")
    assert answer.status == 303, answer.text
    return browser


def program(customer: str) -> dict[str, str]:
    """The headers of a program that asks for the card of ``customer``."""
    return bearer(mint(customer, time.time))
