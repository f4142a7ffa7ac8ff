"""``healthz``, ``readyz`` and ``metrics``: what machines ask, answered without asking Stripe.

The format of health is the Internet draft "Health Check Response Format for HTTP APIs":
https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from flask import Request, Response
from werkzeug.exceptions import NotFound

from ..service import HealthStatus
from .http_rules import NEVER_STORED
from .responses import json_response, problem
from .state import BillingState

MIMETYPE = "application/health+json"


def live() -> Response:
    """200: the process answers."""
    return _response(200, {"status": "pass"})


def ready(state: BillingState) -> Response:
    """200 when it can serve, if only what it has (``warn``); 503 when it cannot (``fail``)."""
    stripe = state.service.stripe_status()
    status = stripe.value
    if not state.standalone and state.find_loader() is None and state.verifier is None:
        status = "fail"
    checks = {"stripe:responses": [{"componentType": "system", "status": stripe.value}]}
    if state.cache_server:
        cache = HealthStatus.PASS if state.cache_server.probe() else HealthStatus.WARN
        checks["cache:connection"] = [{"componentType": "datastore", "status": cache.value}]
        status = cache.value if status == "pass" else status
    return _response(503 if status == "fail" else 200, {"status": status, "checks": checks})


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


def _response(status: int, body: Mapping[str, Any]) -> Response:
    response = json_response(body, MIMETYPE)
    response.status_code = status
    response.headers["Cache-Control"] = NEVER_STORED
    return response


def _has(token: str, request: Request) -> bool:
    scheme, _, given = request.headers.get("Authorization", "").strip().partition(" ")
    same = hmac.compare_digest(given.strip().encode(), token.encode())
    return same and scheme.lower() == "bearer"
