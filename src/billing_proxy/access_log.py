"""One line per request, in logfmt, and the id that ties it to the lines about what went wrong.

Never the query, a header or a cookie: those hold tokens and passes. Routes stand in for paths.
"""

from __future__ import annotations

import logging
import re
import time
import uuid

from flask import Flask, Request, Response, g, request

from .service import Served

HEADER = "X-Request-Id"

log = logging.getLogger("billing_proxy.access")

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def install(app: Flask) -> None:
    """Write the line after each request of ``app``, and answer with the request's id."""

    @app.before_request
    def start() -> None:
        g.billing_started = time.perf_counter()

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers[HEADER] = request_id(request)
        started = g.get("billing_started", None)
        served: Served | None = g.get("billing_served", None)
        log.info(
            "method=%s route=%s status=%d duration_ms=%.1f cache=%s stripe_request=%s request=%s",
            request.method if request.method.isalpha() else "-",
            request.url_rule.rule if request.url_rule else "-",
            response.status_code,
            (time.perf_counter() - started) * 1000 if started is not None else 0.0,
            served.outcome if served else "-",
            (served.stripe_request if served else None) or "-",
            request_id(request),
        )
        return response


def request_id(request: Request) -> str:
    """The id of this request: the one that a proxy in front gave it, or a new one."""
    if "billing_request_id" not in g:
        given = request.headers.get(HEADER, "")
        g.billing_request_id = given if _GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
    return str(g.billing_request_id)
