"""The search for secrets in logs, which goes on after every test of this folder, finds them."""

from __future__ import annotations

import logging

import pytest

from tests.conftest import ANNA, Serve
from tests.fault.breakdowns import STRIPES_WORDS, refusal
from tests.fault.line import Line
from tests.fault.routes import CARDS, page, portal, program
from tests.fault.secrets_in_logs import access_lines, everything_logged, leaks
from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint


def test_every_secret_that_there_is_would_be_found(
    serve: Serve, line: Line, anna: str, clock: Clock, environ: dict[str, str]
) -> None:
    client = serve()
    body = program(client, ANNA, clock).get_json()
    location = portal(client, ANNA, clock).headers["Location"]
    session = client.get_cookie("billing_session", path="/billing")
    visit = client.get_cookie("billing_visit", path="/")
    assert session is not None
    assert visit is not None
    written = (
        mint(ANNA, clock),
        f"GET /billing/?token={mint(ANNA, clock)}",
        body["portal_url"],
        body["portal_url"].partition("pass=")[2],
        location,
        session.value,
        visit.value,
        "anna@example.nl",
        STRIPES_WORDS,
        "acct_1DemoEmulator0000",
        environ["STRIPE_SECRET_KEY"],
        environ["STRIPE_WEBHOOK_SECRET"],
        environ["SECRET_KEY"],
        environ["BILLING_TOKEN_SECRET"],
    )
    assert [text for text in written if not leaks(f"a line with {text} in it", environ)] == []


def test_an_ordinary_day_leaves_a_line_for_each_request_and_nothing_else(
    serve: Serve, line: Line, anna: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve()
    caplog.clear()
    page(client, ANNA, clock)
    for get in CARDS.values():
        get(client.application.test_client(), ANNA, clock)
    client.get("/billing/portal")
    client.get("/billing/return")
    client.get("/billing/")
    assert len(access_lines(caplog)) == 2 + 5 + 3
    loud = [r for r in caplog.records if r.levelno > logging.INFO]
    assert loud == []


def test_the_reason_of_a_refusal_is_told_to_the_operator_in_our_own_words(
    serve: Serve, line: Line, anna: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    line.play(refusal(403, code="more_permissions_required"))
    client = serve()
    headers = bearer(mint(ANNA, clock), **{"X-Request-Id": "request-number-1"})
    assert client.get("/billing/subscription.json", headers=headers).status_code == 502
    logged = everything_logged(caplog)
    assert "STRIPE_SECRET_KEY may not do subscriptions.list" in logged
    assert "request-number-1" in logged
    assert "req_on_the_line" in logged
    assert STRIPES_WORDS[:10] not in logged
