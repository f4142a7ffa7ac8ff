"""Whatever breaks between the service and Stripe, the answer is what the contract says.

`EXPECTED` is the contract: what a breakdown amounts to, and whether a card was known before, say
what each route answers, and within its budget of time whatever the other side does.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.fault.breakdowns import BREAKDOWNS, Kind
from tests.fault.certificates import Authority
from tests.fault.line import Line
from tests.fault.routes import CARDS, ROUTES, Answer, ask, customer_of, is_stale, what_matters
from tests.fault.secrets_in_logs import access_lines, leaks
from tests.stage.clock import Clock

CARD = Answer(200)
STALE = Answer(200, stale=True)
AWAY = Answer(503, retry_after=True)
MISCONFIGURED = Answer(502)
STRANGER = Answer(404)
OPENED = Answer(303)
TAKEN = Answer(204)

EXPECTED: dict[Kind, dict[str, tuple[Answer, Answer, Answer]]] = {
    # nothing known before, or a card whose time is up:
    #                        the card       the portal     the webhook
    Kind.OUTAGE: {"cold": (AWAY, AWAY, TAKEN), "warm": (STALE, AWAY, TAKEN)},
    Kind.BUSY: {"cold": (AWAY, AWAY, TAKEN), "warm": (STALE, AWAY, TAKEN)},
    Kind.REFUSED: {
        "cold": (MISCONFIGURED, MISCONFIGURED, TAKEN),
        "warm": (STALE, MISCONFIGURED, TAKEN),
    },
    Kind.UNKNOWN: {"cold": (STRANGER, STRANGER, TAKEN), "warm": (STRANGER, STRANGER, TAKEN)},
    Kind.ODD: {"cold": (CARD, OPENED, TAKEN), "warm": (CARD, OPENED, TAKEN)},
}

SIGN_INS = 2
"""Requests that go before those of the page and of the portal."""

WORDS_OF_NO_SUBSCRIPTION = ("geen betaald abonnement", '"code": "none"', "Free")


def expected(kind: Kind, warmth: str) -> dict[str, Answer]:
    """The row of the table, by route."""
    card, portal, webhook = EXPECTED[kind][warmth]
    return {**dict.fromkeys(CARDS, card), "portal": portal, "webhook": webhook}


@pytest.fixture
def emulator(lasting_emulator: Emulator) -> Emulator:
    """The Stripe of this module, with no calls counted yet."""
    lasting_emulator.requests.clear()
    return lasting_emulator


@pytest.fixture
def customers(emulator: Emulator) -> None:
    """A customer for each route, all subscribed to Pro, per month."""
    for route in ROUTES:
        emulator.account.add_customer(customer_of(route), email=f"{route}@example.nl")
        emulator.account.add_subscription(customer_of(route), id=f"sub_{route}")


@pytest.mark.parametrize("warmth", ["cold", "warm"])
@pytest.mark.parametrize("name", BREAKDOWNS)
def test_every_route_answers_a_breakdown_as_the_contract_says(
    serve: Serve,
    line: Line,
    authority: Authority,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    environ: dict[str, str],
    customers: None,
    name: str,
    warmth: str,
) -> None:
    breakdown, read_at = BREAKDOWNS[name], clock()
    app = serve(BILLING_STRIPE_TIMEOUT=str(breakdown.budget)).application
    before = _warm_up(app, clock) if warmth == "warm" else {}
    caplog.clear()
    breakdown.start(line, authority)
    started = time.monotonic()
    with ThreadPoolExecutor(len(ROUTES)) as pool:
        answers = dict(zip(ROUTES, pool.map(lambda r: ask(app, r, clock), ROUTES), strict=True))
    took = time.monotonic() - started

    found = {route: what_matters(answer) for route, answer in answers.items()}
    assert found == expected(breakdown.kind, warmth)
    assert took < breakdown.budget + 2
    for route, answer in answers.items():
        _is_fit_for_the_public(answer, environ)
        if is_stale(answer):
            _shows_what_was_known(answer, before[route], read_at)
    assert len(access_lines(caplog)) == len(answers) + SIGN_INS


def test_a_connection_that_stripe_has_closed_meanwhile_costs_nobody_a_card(
    serve: Serve, line: Line, clock: Clock, customers: None
) -> None:
    app = serve(BILLING_STRIPE_TIMEOUT="5").application
    for _ in range(3):
        assert {what_matters(ask(app, route, clock)) for route in CARDS} == {CARD}
        line.hang_up()
        clock.advance(31)


def test_a_connection_that_breaks_under_a_request_costs_nobody_a_card(
    serve: Serve, line: Line, clock: Clock, customers: None
) -> None:
    app = serve(BILLING_STRIPE_TIMEOUT="5").application
    turns = count()
    line.play(lambda exchange: next(turns) and exchange.pass_on())
    assert what_matters(ask(app, "program", clock)) == CARD
    assert next(turns) == 3


def _warm_up(app: Flask, clock: Clock) -> dict[str, TestResponse]:
    """Read every card once, and let its time go by; a busy machine may take a second try."""
    known: dict[str, TestResponse] = {}
    for route in 5 * [*CARDS]:
        if route not in known and (answer := ask(app, route, clock)).status_code == 200:
            known[route] = answer
    assert {r: what_matters(a) for r, a in known.items()} == dict.fromkeys(CARDS, CARD)
    clock.advance(31)
    return known


def _is_fit_for_the_public(answer: TestResponse, environ: dict[str, str]) -> None:
    """No error says why, none looks like "no subscription", and none is kept by a cache."""
    assert "Traceback" not in answer.text
    assert not any(words in answer.text for words in WORDS_OF_NO_SUBSCRIPTION)
    if answer.status_code < 400:
        return
    assert leaks(answer.text, environ) == {}
    assert answer.cache_control.no_store
    if answer.mimetype == "application/problem+json":
        assert set(answer.get_json()) == {"type", "title", "status", "detail"}
        assert answer.get_json()["status"] == answer.status_code
    else:
        assert answer.mimetype == "text/html"


def _shows_what_was_known(answer: TestResponse, before: TestResponse, read_at: float) -> None:
    """The last known card, with the moment it was read."""
    if answer.mimetype != "application/json":
        assert ">Pro<" in answer.text
        assert ">Actief<" in answer.text
        return
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(read_at))
    links = ("portal_url", "button")
    known = {k: v for k, v in before.get_json().items() if k not in links}
    shown = {k: v for k, v in answer.get_json().items() if k not in links}
    assert shown == {**known, "stale": True, "as_of": moment}
