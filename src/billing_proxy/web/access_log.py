"""One line per request, in logfmt, and the id that ties it to the lines about what went wrong.

Never the query, a header or a cookie: those hold tokens and passes. Routes stand in for paths.
"""

from __future__ import annotations

import logging
import os
import random
import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Flask, Request, Response, g, request

from ..service import Served

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

REQUEST_ID = "X-Request-Id"

log = logging.getLogger("billing_proxy.access")

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

_ids = random.Random()  # noqa: S311 -- an id is no secret
"""Not ``os.urandom``, for which a request gives up the interpreter; and not the one that
``random`` shares with the whole process, which others may have seeded."""
os.register_at_fork(after_in_child=_ids.seed)


class AccessLog:
    """Writes the lines.

    Args:
        later: calls a function with arguments in a moment, and in another thread, so that no
            request waits for its line to be made; without one, it is made at once.
    """

    def __init__(self, later: Callable[..., object] | None = None) -> None:
        self._later = later or _call

    def install(self, app: Flask) -> None:
        """Write the line after each request of ``app``, and answer with the request's id."""

        @app.before_request
        def start() -> None:
            g.billing_started = time.perf_counter()

        @app.after_request
        def finish(response: Response) -> Response:
            response.headers[REQUEST_ID] = request_id(request)
            started = g.get("billing_started", None)
            served: Served | None = g.get("billing_served", None)
            self.write(
                method=method_of(request.environ),
                route=request.url_rule.rule if request.url_rule else "-",
                status=response.status_code,
                seconds=time.perf_counter() - started if started is not None else 0.0,
                cache=served.outcome if served else "-",
                stripe_request=(served.stripe_request if served else None) or "-",
                request_id=request_id(request),
            )
            return response

    def write(
        self,
        *,
        method: str,
        route: str,
        status: int,
        seconds: float,
        cache: str,
        request_id: str,
        stripe_request: str = "-",
    ) -> None:
        """The line of one request; ``seconds`` is what answering took."""
        if log.isEnabledFor(logging.INFO):
            said = (method, route, status, seconds * 1000, cache, stripe_request, request_id)
            self._later(_log, said, time.time(), threading.get_ident())


_LINE = vars(log.makeRecord(
    log.name, logging.INFO, __file__, 0,
    "method=%s route=%s status=%d duration_ms=%.1f cache=%s stripe_request=%s request=%s", (), None,
    func="write",
))  # fmt: skip
"""What the record of every line has."""
os.register_at_fork(after_in_child=lambda: _LINE.update(process=os.getpid()))


def _log(said: tuple[object, ...], created: float, thread: int) -> None:
    record = object.__new__(logging.LogRecord)  # a third of the work of one that is made in full
    msecs = created % 1 * 1000 // 1
    vars(record).update(_LINE, args=said, created=created, msecs=msecs, thread=thread)
    log.handle(record)


def _call(function: Callable[..., object], *args: object) -> None:
    function(*args)


def method_of(environ: WSGIEnvironment) -> str:
    """The request's method, fit for a log line."""
    method = str(environ.get("REQUEST_METHOD", ""))
    return method if method.isascii() and method.isalpha() else "-"


def request_id(request: Request) -> str:
    """The id of this request: the one that a proxy in front gave it, or a new one."""
    if "billing_request_id" not in g:
        g.billing_request_id = request_id_of(request.environ)
    return str(g.billing_request_id)


def request_id_of(environ: WSGIEnvironment) -> str:
    """The id that a proxy in front gave this request, or a new one."""
    given = environ.get("HTTP_X_REQUEST_ID", "")
    if given and _GIVEN_ID.fullmatch(given):
        return str(given)
    return _ids.getrandbits(128).to_bytes(16).hex()
