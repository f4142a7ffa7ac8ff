"""Requests that wait for the same card share one call, and one error, but nothing of their own."""

from __future__ import annotations

import logging
import re
import time
import traceback
from functools import partial

import pytest
from werkzeug.test import TestResponse

from billing_proxy.errors import BillingError, StripeUnavailable
from billing_proxy.service import BillingService
from tests.conftest import ANNA, BOB, Serve
from tests.fault.breakdowns import error, hang, refusal
from tests.fault.line import Behaviour, Exchange, Line
from tests.fault.routes import Ask, portal, program
from tests.fault.secrets_in_logs import access_lines
from tests.fault.timing import at_once, limit_waiting
from tests.web.clock import Clock
from tests.web.tokens import bearer, mint

MANY = 8


def slowly(behave: Behaviour) -> Behaviour:
    """Answer like ``behave``, but only once everybody has had the time to come."""

    def answer(exchange: Exchange) -> None:
        exchange.pause(0.3)
        behave(exchange)

    return answer


def readings(line: Line) -> int:
    """How often a customer's subscriptions were asked for."""
    return sum(path.startswith("/v1/subscriptions") for path in line.requests)


def error_of(service: BillingService, customer: str = ANNA) -> BillingError:
    """The error that asking for a card ends with."""
    try:
        service.card(customer)
    except BillingError as raised:
        return raised
    raise AssertionError("there was a card")


@pytest.mark.parametrize(
    "behave",
    [slowly(error(500)), slowly(refusal(403))],
    ids=["an outage", "a refusal"],
)
def test_who_waits_for_one_call_gets_an_error_object_of_ones_own(
    serve: Serve, line: Line, anna: str, behave: Behaviour
) -> None:
    line.play(behave)
    service = serve().application.extensions["billing_proxy"].service
    errors = at_once([partial(error_of, service)] * MANY)
    assert readings(line) == 1
    assert len({type(e) for e in errors}) == 1
    assert len({id(e) for e in errors}) == MANY
    assert len({id(e.__traceback__) for e in errors}) == MANY
    # A traceback that several threads raise through grows with each of them.
    assert len({len(traceback.extract_tb(e.__traceback__)) for e in errors}) <= 2
    assert all(e.__cause__ is None and e.__suppress_context__ for e in errors)
    assert len({(e.reason, e.request_id, e.retry_after) for e in errors}) == 1


def test_each_request_has_its_own_line_with_its_own_id(
    serve: Serve, line: Line, anna: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    line.play(slowly(error(500)))
    app = serve().application
    ids = [f"request-number-{number}" for number in range(MANY)]

    def ask(id_: str) -> TestResponse:
        headers = bearer(mint(ANNA, clock), **{"X-Request-Id": id_})
        return app.test_client().get("/billing/subscription.json", headers=headers)

    answers = at_once([partial(ask, id_) for id_ in ids])
    assert readings(line) == 1
    assert {answer.status_code for answer in answers} == {503}
    assert [answer.headers["X-Request-Id"] for answer in answers] == ids
    reasons = [r.getMessage() for r in caplog.records if r.name == "billing_proxy.web.views"]
    assert sorted(re.findall(r"\(request (\S+),", " ".join(reasons))) == ids
    assert (
        sorted(re.findall(r"request=(\S+)$", "\n".join(access_lines(caplog)), re.MULTILINE)) == ids
    )
    assert all(
        record.exc_info is None for record in caplog.records if record.levelno >= logging.WARNING
    )


def test_the_id_of_stripes_request_is_told_with_every_error(
    serve: Serve, line: Line, anna: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    line.play(slowly(refusal(403)))
    app = serve().application
    at_once([lambda: program(app.test_client(), ANNA, clock)] * 3)
    told = [r.getMessage() for r in caplog.records if r.name == "billing_proxy.web.views"]
    assert len(told) == 3
    assert all("req_on_the_line" in message for message in told)


def test_one_customers_error_is_nobody_elses(
    serve: Serve, line: Line, anna: str, bob: str, clock: Clock
) -> None:
    def fail_for_anna(exchange: Exchange) -> None:
        if ANNA in exchange.path:
            exchange.pause(0.2)
            error(500)(exchange)
        else:
            exchange.pass_on()

    line.play(fail_for_anna)
    app = serve().application
    calls = [partial(program, app.test_client(), customer, clock) for customer in 4 * [ANNA, BOB]]
    assert [answer.status_code for answer in at_once(calls)] == 4 * [503, 200]


def test_an_error_is_over_when_it_was_told(
    serve: Serve, line: Line, anna: str, clock: Clock
) -> None:
    line.play(slowly(error(500)))
    app = serve().application
    at_once([lambda: program(app.test_client(), ANNA, clock)] * MANY)
    line.mend()
    assert program(app.test_client(), ANNA, clock).status_code == 200


def test_who_knows_a_card_does_not_wait_for_a_silent_stripe(
    serve: Serve, line: Line, anna: str, clock: Clock
) -> None:
    client = serve(BILLING_STRIPE_TIMEOUT="20")
    program(client, ANNA, clock)
    clock.advance(31)
    line.play(hang)
    started = time.monotonic()
    assert program(client, ANNA, clock).get_json()["stale"] is True
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("get", [program, portal])
def test_only_so_many_requests_wait_for_a_slow_stripe(
    serve: Serve, line: Line, clock: Clock, monkeypatch: pytest.MonkeyPatch, get: Ask
) -> None:
    limit_waiting(monkeypatch, places=2, after=0.3)
    budget = 1.3
    app = serve(BILLING_STRIPE_TIMEOUT=str(budget)).application
    line.play(hang)

    def wait(number: int) -> tuple[int, float]:
        started = time.monotonic()
        answer = get(app.test_client(), f"cus_{number}", clock)
        return answer.status_code, time.monotonic() - started

    def look(path: str) -> tuple[int, float]:
        started = time.monotonic()
        return app.test_client().get(path).status_code, time.monotonic() - started

    healthy = [partial(look, "/healthz"), partial(look, "/billing/readyz")]
    waits = [partial(wait, number) for number in range(6)]
    *others, health, ready = at_once([*waits, *healthy])
    assert {status for status, _ in others} == {503}
    assert sum(took >= budget - 0.1 for _, took in others) == 2
    assert sum(took < budget - 0.2 for _, took in others) == 4
    assert health[0] == ready[0] == 200
    assert max(health[1], ready[1]) < budget


def test_when_every_thread_waits_for_stripe_the_next_request_is_told_so(
    serve: Serve, line: Line, clock: Clock
) -> None:
    """Sixteen threads wait; the seventeenth request finds none, and is not made to wait longer."""
    line.play(hang)
    app = serve(BILLING_STRIPE_TIMEOUT="0.5").application
    started = time.monotonic()
    calls = [partial(program, app.test_client(), f"cus_{n}", clock) for n in range(24)]
    assert {answer.status_code for answer in at_once(calls)} == {503}
    assert time.monotonic() - started < 0.5 + 2


def test_an_error_shared_is_still_the_error_it_was(serve: Serve, line: Line, anna: str) -> None:
    line.play(slowly(error(500)))
    service = serve().application.extensions["billing_proxy"].service
    errors = at_once([partial(error_of, service)] * 3)
    assert all(isinstance(e, StripeUnavailable) for e in errors)
    assert {e.retry_after for e in errors} == {5}
