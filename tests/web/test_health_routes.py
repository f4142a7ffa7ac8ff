"""What a load balancer asks, often, and what must never cost a call to Stripe."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint

LIVE = ("/healthz", "/billing/healthz")
READY = ("/readyz", "/billing/readyz")
AT_ONCE = {"Stripe-Should-Retry": "false"}
REFUSED = {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: sk_"}}


def read(client: FlaskClient, clock: Clock, customer: str = "cus_anna") -> TestResponse:
    """The JSON card of ``customer``."""
    return client.get("/billing/subscription.json", headers=bearer(mint(customer, clock)))


@pytest.mark.parametrize("path", [*LIVE, *READY])
def test_a_process_that_has_just_started_is_well(
    client: FlaskClient, emulator: Emulator, path: str
) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.mimetype == "application/health+json"
    assert answer.get_json(force=True)["status"] == "pass"
    assert answer.cache_control.no_store
    assert emulator.calls() == 0


@pytest.mark.parametrize("path", [*LIVE, *READY])
def test_nobody_has_to_sign_in_and_nothing_secret_is_told(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, path: str
) -> None:
    read(client, clock)
    told = client.get(path).text
    for secret in (emulator.key, emulator.url, "cus_", "sk_", "127.0.0.1"):
        assert secret not in told


@pytest.mark.parametrize("path", READY)
def test_while_stripe_fails_the_service_is_ready_with_a_warning(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, path: str
) -> None:
    read(client, clock)
    emulator.fail(times=None, headers=AT_ONCE)
    clock.advance(31)
    assert read(client, clock).status_code == 200
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.get_json(force=True)["status"] == "warn"
    assert client.get("/healthz").get_json(force=True)["status"] == "pass"


@pytest.mark.parametrize("path", READY)
def test_with_a_key_that_was_just_refused_it_cannot_serve(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, path: str
) -> None:
    emulator.fail(status=401, times=None, body=REFUSED)
    assert read(client, clock).status_code == 502
    answer = client.get(path)
    assert answer.status_code == 503
    assert answer.mimetype == "application/health+json"
    assert answer.get_json(force=True)["status"] == "fail"
    assert client.get("/healthz").status_code == 200


def test_a_customer_that_stripe_does_not_know_is_no_illness(
    client: FlaskClient, clock: Clock
) -> None:
    assert read(client, clock, "cus_nobody").status_code == 404
    assert client.get("/readyz").get_json(force=True)["status"] == "pass"


def test_however_often_it_is_asked_stripe_is_never_called(
    client: FlaskClient, emulator: Emulator, clock: Clock
) -> None:
    emulator.fail(times=None)
    for _ in range(100):
        clock.advance(60)
        for path in (*LIVE, *READY):
            client.get(path)
    assert emulator.calls() == 0


def test_health_stands_under_any_prefix_and_at_the_root(serve: Serve) -> None:
    for prefix, base in (("/", ""), ("/a/b", "/a/b"), ("/billing/", "/billing")):
        client = serve(BILLING_URL_PREFIX=prefix)
        for path in ("/healthz", "/readyz", f"{base}/healthz", f"{base}/readyz"):
            assert client.get(path).status_code == 200
