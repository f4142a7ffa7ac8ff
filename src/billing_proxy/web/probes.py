"""``healthz`` and ``readyz``: what a load balancer asks, answered without asking Stripe.

The format is the Internet draft "Health Check Response Format for HTTP APIs":
https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from ..service import HealthStatus
from .responses import json_response
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


def _response(status: int, body: Mapping[str, Any]) -> Response:
    response = json_response(body, MIMETYPE)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
