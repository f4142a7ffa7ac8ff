"""Stripe's side of the SDK's HTTP: answers laid out in advance, and the requests that came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import responses

from .stripe_objects import list_of

KEY = "rk_test_51PgafTB7WZ01zgkWsecret"
ADDRESS = "https://api.stripe.com"
HEADERS = {"Request-Id": "req_1a2B3c", "Stripe-Version": "2026-10-28.endive"}


@dataclass(frozen=True)
class Request:
    """What came in: ``GET subscriptions`` with its parameters, each a list of texts."""

    what: str
    params: Mapping[str, list[str]]
    headers: Mapping[str, str]


class StripeAnswers:
    """Of several answers to one path each is given once, and the last one for ever."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self._mock = mock

    def list(self, path: str, *objects: Any, has_more: bool = False) -> None:
        self.answer(path, list_of(*objects, has_more=has_more, url=f"/v1/{path}"))

    def answer(self, path: str, body: Any, *, method: str = "GET", status: int = 200) -> None:
        self._mock.add(method, f"{ADDRESS}/v1/{path}", json=body, status=status, headers=HEADERS)

    def answer_text(self, path: str, body: str, *, status: int = 200, method: str = "GET") -> None:
        self._mock.add(method, f"{ADDRESS}/v1/{path}", body=body, status=status, headers=HEADERS)

    def refuse(
        self,
        path: str,
        status: int = 400,
        *,
        method: str = "GET",
        code: str | None = None,
        param: str | None = None,
        message: str = "no",
    ) -> None:
        error = {"type": "invalid_request_error", "message": message}
        optional = {"code": code, "param": param}
        error |= {name: value for name, value in optional.items() if value is not None}
        self.answer(path, {"error": error}, method=method, status=status)

    def break_off(self, path: str, error: Exception, *, method: str = "GET") -> None:
        self._mock.add(method, f"{ADDRESS}/v1/{path}", body=error)

    @property
    def requests(self) -> list[Request]:
        found = []
        for call in self._mock.calls:
            url = urlsplit(str(call.request.url))
            text = call.request.body if call.request.method == "POST" else url.query
            what = f"{call.request.method} {url.path.removeprefix('/v1/')}"
            found.append(Request(what, parse_qs(str(text or "")), call.request.headers))
        return found

    @property
    def asked(self) -> list[str]:
        return [request.what for request in self.requests]
