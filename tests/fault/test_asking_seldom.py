"""While Stripe fails, or says that it is asked too often, it is left alone, and answers come."""

from __future__ import annotations

import time
from functools import partial

import pytest
from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.conftest import ANNA, BOB, Serve
from tests.fault.breakdowns import busy, close, error, hang, refusal
from tests.fault.line import Behaviour, Exchange, Line, says
from tests.fault.routes import CARDS, Answer, portal, program, what_matters
from tests.fault.timing import at_once
from tests.web.clock import Clock

AWAY = Answer(503, retry_after=True)
STALE = Answer(200, stale=True)
CARD = Answer(200)

OUTAGES = {
    "500": error(500),
    "HTML with 200": says(200, b"<html>"),
    "a connection closed": close,
}
ANSWERS = {
    "401": refusal(401),
    "403": refusal(403),
    "400": refusal(400),
    "an unknown customer": refusal(400, code="resource_missing", param="customer"),
    "429": busy("global-rate"),
}


@pytest.fixture
def strangers(emulator: Emulator) -> list[str]:
    """Customers about whom nothing is known yet."""
    names = [f"cus_{number}" for number in range(12)]
    for name in names:
        emulator.account.add_customer(name)
        emulator.account.add_subscription(name, id=name.replace("cus", "sub"))
    return names


def ask(client: FlaskClient, customer: str, clock: Clock) -> Answer:
    """What matters of a customer's JSON."""
    return what_matters(program(client, customer, clock))


def break_circuit(client: FlaskClient, strangers: list[str], clock: Clock) -> None:
    """Five failures in a row."""
    for name in strangers[:5]:
        assert ask(client, name, clock) == AWAY


# --- the circuit breaker


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
def test_after_five_failures_nobody_asks_stripe_and_everybody_gets_an_answer(
    serve: Serve,
    line: Line,
    timer: Clock,
    clock: Clock,
    anna: str,
    strangers: list[str],
    outage: Behaviour,
) -> None:
    client = serve()
    program(client, ANNA, clock)
    line.play(outage)
    break_circuit(client, strangers, clock)
    clock.advance(31)
    asked = len(line.requests)
    for route, get in CARDS.items():
        assert what_matters(get(client, ANNA, clock)) == STALE, route
        assert what_matters(get(client, strangers[6], clock)) == AWAY, route
    assert what_matters(portal(client, ANNA, clock)) == AWAY
    assert len(line.requests) == asked


def test_silence_opens_the_circuit_too_and_then_nobody_waits(
    serve: Serve, line: Line, timer: Clock, clock: Clock, strangers: list[str]
) -> None:
    client = serve(BILLING_STRIPE_TIMEOUT="0.3")
    line.play(hang)
    calls = [partial(ask, client.application.test_client(), n, clock) for n in strangers[:5]]
    assert set(at_once(calls)) == {AWAY}
    asked, started = len(line.requests), time.monotonic()
    for _ in range(20):
        assert ask(client, strangers[6], clock) == AWAY
    assert len(line.requests) == asked
    assert time.monotonic() - started < 2


def test_one_request_in_two_seconds_looks_whether_stripe_is_back(
    serve: Serve, line: Line, timer: Clock, clock: Clock, strangers: list[str]
) -> None:
    client = serve()
    line.play(error(500))
    break_circuit(client, strangers, clock)
    for _ in range(3):
        asked = len(line.requests)
        timer.advance(2)
        app = client.application
        calls = [partial(ask, app.test_client(), name, clock) for name in strangers]
        assert set(at_once(calls)) == {AWAY}
        assert len(line.requests) - asked == 1
        timer.advance(1.9)
        assert ask(client, strangers[0], clock) == AWAY
        assert len(line.requests) - asked == 1


def test_the_first_answer_closes_the_circuit_for_everybody(
    serve: Serve, line: Line, timer: Clock, clock: Clock, strangers: list[str]
) -> None:
    client = serve()
    line.play(error(500))
    break_circuit(client, strangers, clock)
    line.mend()
    assert ask(client, strangers[0], clock) == AWAY
    timer.advance(2)
    assert ask(client, strangers[0], clock) == CARD
    assert {ask(client, name, clock) for name in strangers} == {CARD}
    assert portal(client, strangers[0], clock).status_code == 303


def test_a_probe_that_hangs_keeps_the_others_from_waiting(
    serve: Serve, line: Line, timer: Clock, clock: Clock, strangers: list[str]
) -> None:
    client = serve(BILLING_STRIPE_TIMEOUT="5")
    line.play(error(500, Stripe_Should_Retry="false"))
    break_circuit(client, strangers, clock)
    line.play(hang)
    timer.advance(2)
    started = time.monotonic()
    app = client.application
    calls = [partial(ask, app.test_client(), name, clock) for name in strangers]
    assert set(at_once(calls)) == {AWAY}
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_a_refusal_is_an_answer_and_opens_no_circuit(
    serve: Serve,
    line: Line,
    timer: Clock,
    clock: Clock,
    strangers: list[str],
    answer: Behaviour,
) -> None:
    client = serve()
    line.play(answer)
    for name in strangers[:8]:
        program(client, name, clock)
        timer.advance(60)
    line.mend()
    assert ask(client, strangers[9], clock) == CARD


def test_an_answer_between_failures_keeps_the_circuit_closed(
    serve: Serve, line: Line, timer: Clock, clock: Clock, strangers: list[str]
) -> None:
    client = serve()
    for number, name in enumerate(strangers):
        if number % 5 == 4:
            line.mend()
            assert ask(client, name, clock) == CARD
        else:
            line.play(error(500))
            assert ask(client, name, clock) == AWAY


def test_readiness_warns_while_the_circuit_is_open_and_asks_nobody(
    serve: Serve, line: Line, timer: Clock, clock: Clock, strangers: list[str]
) -> None:
    client = serve()
    line.play(error(500))
    break_circuit(client, strangers, clock)
    asked = len(line.requests)
    for path in ("/readyz", "/billing/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.get_json()["status"]) == (200, "warn")
    assert client.get("/healthz").get_json()["status"] == "pass"
    assert len(line.requests) == asked


# --- the read budget


def test_a_spent_budget_shows_what_is_known_and_says_when_to_come_back(
    serve: Serve, line: Line, clock: Clock, anna: str, strangers: list[str]
) -> None:
    client = serve(BILLING_STRIPE_MAX_RATE="0.1")
    assert ask(client, ANNA, clock) == CARD
    asked = len(line.requests)
    clock.advance(31)
    for _ in range(5):
        assert ask(client, ANNA, clock) == STALE
        assert ask(client, strangers[0], clock) == AWAY
    assert int(program(client, strangers[0], clock).headers["Retry-After"]) <= 10
    assert len(line.requests) == asked


def test_a_spent_budget_is_no_failure_of_stripes(
    serve: Serve, line: Line, clock: Clock, anna: str, strangers: list[str]
) -> None:
    client = serve(BILLING_STRIPE_MAX_RATE="0.1")
    assert ask(client, ANNA, clock) == CARD
    for name in strangers:
        assert ask(client, name, clock) == AWAY
    assert portal(client, ANNA, clock).status_code == 303


def test_a_spent_budget_keeps_nobody_from_the_portal_or_the_webhook(
    serve: Serve, line: Line, clock: Clock, anna: str
) -> None:
    client = serve(BILLING_STRIPE_MAX_RATE="0.1")
    ask(client, ANNA, clock)
    assert {portal(client, ANNA, clock).status_code for _ in range(3)} == {303}


# --- Stripe's own limit


def test_a_429_lets_all_customers_of_the_process_rest(
    serve: Serve, line: Line, timer: Clock, clock: Clock, anna: str, strangers: list[str]
) -> None:
    client = serve()
    assert ask(client, ANNA, clock) == CARD
    clock.advance(31)
    line.play(busy("endpoint-rate"))
    assert ask(client, strangers[0], clock) == AWAY
    line.mend()
    asked = len(line.requests)
    assert ask(client, ANNA, clock) == STALE
    assert {ask(client, name, clock) for name in strangers} == {AWAY}
    assert len(line.requests) == asked
    timer.advance(1)
    assert ask(client, ANNA, clock) == CARD
    assert ask(client, strangers[0], clock) == CARD


@pytest.mark.parametrize("detail", ["/v1/prices", "/v1/billing_portal/sessions"])
def test_a_429_on_anything_else_lets_the_cards_rest_too(
    serve: Serve,
    emulator: Emulator,
    timer: Clock,
    clock: Clock,
    anna: str,
    strangers: list[str],
    detail: str,
) -> None:
    client = serve()
    emulator.fail(detail, status=429)
    assert ask(client, ANNA, clock) == CARD
    assert portal(client, ANNA, clock).status_code in (303, 503)
    asked = emulator.calls()
    assert ask(client, strangers[0], clock) == AWAY
    assert emulator.calls() == asked
    timer.advance(1)
    assert ask(client, strangers[0], clock) == CARD


def test_each_429_that_follows_makes_the_rest_longer_up_to_half_a_minute(
    serve: Serve, line: Line, timer: Clock, clock: Clock, strangers: list[str]
) -> None:
    client = serve()
    line.play(busy("global-rate"))
    for rest in (1, 2, 4, 8, 16, 30, 30):
        asked = len(line.requests)
        assert ask(client, strangers[0], clock) == AWAY
        assert len(line.requests) - asked == 1
        timer.advance(rest - 0.1)
        assert ask(client, strangers[0], clock) == AWAY
        assert len(line.requests) - asked == 1
        timer.advance(0.1)


def test_an_answer_ends_the_rest_for_good(
    serve: Serve, line: Line, timer: Clock, clock: Clock, strangers: list[str]
) -> None:
    client = serve()
    line.play(busy("global-rate"))
    for rest in (1, 2, 4):
        assert ask(client, strangers[0], clock) == AWAY
        timer.advance(rest)
    line.mend()
    assert ask(client, strangers[0], clock) == CARD
    line.play(busy("global-rate"))
    assert ask(client, strangers[1], clock) == AWAY
    line.mend()
    timer.advance(1)
    assert ask(client, strangers[1], clock) == CARD


def test_while_stripe_is_left_alone_the_time_to_come_back_is_told_truly(
    serve: Serve, line: Line, timer: Clock, clock: Clock, strangers: list[str]
) -> None:
    client = serve()
    line.play(busy("global-rate"))
    for rest in (1, 2, 4, 8):
        ask(client, strangers[0], clock)
        timer.advance(rest)
    ask(client, strangers[0], clock)
    assert program(client, strangers[1], clock).headers["Retry-After"] == "16"
    timer.advance(10)
    assert program(client, strangers[1], clock).headers["Retry-After"] == "6"


def test_several_429s_at_once_count_as_one(
    serve: Serve, line: Line, timer: Clock, clock: Clock, anna: str, bob: str
) -> None:
    app = serve().application

    def late(exchange: Exchange) -> None:
        exchange.pause(0.2)
        busy("global-concurrency")(exchange)

    line.play(late)
    calls = [partial(ask, app.test_client(), customer, clock) for customer in (ANNA, BOB)]
    assert at_once(calls) == [AWAY, AWAY]
    assert len(line.requests) == 2
    line.mend()
    timer.advance(1)
    assert ask(app.test_client(), ANNA, clock) == CARD
