"""``/metrics``: what Prometheus asks, with a token of its own."""

from __future__ import annotations

import hmac

from flask import Request, Response
from werkzeug.exceptions import NotFound

from .responses import NEVER_STORED, problem
from .state import BillingState


def metrics(state: BillingState, request: Request) -> Response:
    """The metrics for whoever has ``BILLING_METRICS_TOKEN``; without that setting, nothing is here.

    Raises:
        NotFound
    """
    token = state.config.metrics_token
    if state.expose_metrics is None or token is None:
        raise NotFound
    if not _has(token, request):
        response = problem(401, "Not authorised", "Send the metrics token as a bearer token.")
        response.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
    else:
        body, media_type = state.expose_metrics(request.headers.get("Accept", ""))
        response = Response(body, content_type=media_type)
        response.vary.add("Accept")
    response.headers["Cache-Control"] = NEVER_STORED
    return response


def _has(token: str, request: Request) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").strip().partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return same and scheme.lower() == "bearer"
