"""The HTTP side of the emulated API: who calls, what is asked, what the answer carries.

Source: https://docs.stripe.com/api/authentication, /api/request_ids, /api/idempotent_requests and
/api/versioning.
"""

from __future__ import annotations

import json
import re
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Blueprint, Response, request

from ..account.account import Account
from ..account.invoices import PAGES
from ..account.objects import JSON
from .endpoints import ENDPOINTS, Endpoint
from .expansion import check_paths, expanded
from .faults import Faults
from .keys import Key, Keys
from .refusals import RefusedError, unknown_url
from .strict import check, nested

VERSION = "2026-10-28.endive"
"""The API version of a request that names none."""

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True)
class ApiCall:
    """A call as it came in: parameters nested, header names as HTTP title-cases them."""

    method: str
    path: str
    params: JSON
    headers: dict[str, str]


@dataclass
class Api:
    """One emulated API: an account, its keys, and what goes wrong."""

    account: Account
    keys: Keys = field(default_factory=Keys)
    faults: Faults = field(default_factory=Faults)
    calls: list[ApiCall] = field(default_factory=list)
    latency: Callable[[], float] = lambda: 0.0
    _answered: dict[tuple[str, str], tuple[str, str, str]] = field(default_factory=dict)

    def blueprint(self) -> Blueprint:
        """The blueprint that answers everything under `/v1/`."""
        blueprint = Blueprint("api", __name__)
        blueprint.add_url_rule("/v1/<path:_>", view_func=self._serve, methods=_METHODS)
        return blueprint

    def _serve(self, _: str) -> Response:
        pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
        id = f"req_{secrets.token_hex(7)}"
        try:
            params = nested(pairs)
            self.calls.append(ApiCall(request.method, request.path, params, dict(request.headers)))
            return self._fault() or self._answer(params, id)
        except RefusedError as refusal:
            body = json.dumps(refusal.body(self.account.id, id), indent=2)
            response = Response(body, refusal.status, _headers(id))
            if request.method == "POST":
                response.headers["Stripe-Should-Retry"] = "false"
                response.headers["Original-Request"] = id
            if refusal.status == 401:
                response.headers["WWW-Authenticate"] = 'Bearer realm="Stripe"'
            return response

    def _fault(self) -> Response | None:
        if seconds := self.latency():
            self.faults.wait(seconds)
        fault = self.faults.take(request.method, request.path)
        if fault is None:
            return None
        if fault.hang:
            self.faults.wait()
        if fault.hang or fault.drop:
            connection: socket.socket = request.environ["werkzeug.socket"]
            connection.shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        headers = {"Request-Id": f"req_{secrets.token_hex(7)}", **fault.all_headers()}
        return Response(fault.text(), fault.status, headers)

    def _answer(self, params: JSON, id: str) -> Response:
        key = self.keys.identify(request.headers.get("Authorization"))
        _check_version()
        endpoint, path_id = _find(request.method, request.path)
        key.require(endpoint.permission, self.account.id)
        checked = check(endpoint.params, params, endpoint.required)
        paths = checked.get("expand", [])
        for permission in sorted(check_paths(paths, endpoint.kind, endpoint.is_list)):
            key.require(permission, self.account.id)
        with self.account.lock:
            if request.method == "POST":
                return self._once(endpoint, key, checked, id)
            answer = endpoint.run(self.account, {**checked, **path_id}, _base_url())
            return Response(self._dump(answer, checked, endpoint), 200, _headers(id))

    def _dump(self, answer: JSON, params: JSON, endpoint: Endpoint) -> str:
        if paths := params.get("expand"):
            answer = expanded(self.account, answer, paths, endpoint.kind)
        return json.dumps(answer).replace(f'"{PAGES}', f'"{_base_url()}{PAGES}')

    def _once(self, endpoint: Endpoint, key: Key, params: JSON, id: str) -> Response:
        token = request.headers.get("Idempotency-Key", id)
        asked = json.dumps([request.path, params], sort_keys=True)
        known = self._answered.get((key.text, token))
        if known and known[0] != asked:
            message = (
                "Keys for idempotent requests can only be used with the same parameters they "
                f"were first used with. Try using a key other than '{token}' if you meant to "
                "execute a different request."
            )
            raise RefusedError(400, message, type="idempotency_error")
        if not known:
            answer = endpoint.run(self.account, params, _base_url())
            known = (asked, self._dump(answer, params, endpoint), id)
            self._answered[key.text, token] = known
        response = Response(known[1], 200, _headers(id))
        response.headers["Original-Request"] = known[2]
        if known[2] != id:
            response.headers["Idempotent-Replayed"] = "true"
        return response


def _find(method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    for endpoint in ENDPOINTS:
        if match := endpoint.matches(method, path):
            return endpoint, match.groupdict()
    raise unknown_url(method, path)


def _base_url() -> str:
    return request.host_url.rstrip("/")


def _check_version() -> None:
    version = request.headers.get("Stripe-Version", VERSION)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?", version):
        raise RefusedError(400, f"Invalid Stripe API version: {version}")


def _headers(id: str) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "Request-Id": id,
        "Stripe-Version": request.headers.get("Stripe-Version", VERSION),
    }
    if request.method == "POST" and "Idempotency-Key" in request.headers:
        headers["Idempotency-Key"] = request.headers["Idempotency-Key"]
    return headers
