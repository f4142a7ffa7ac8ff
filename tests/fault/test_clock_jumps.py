"""The machine's clock is set, forwards and back: cards stay true, and nobody is let in or out."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.conftest import ANNA, Serve
from tests.fault.breakdowns import error, hang
from tests.fault.line import Line
from tests.fault.routes import CARDS, page, portal, program, webhook
from tests.web.clock import Clock
from tests.web.tokens import bearer, mint

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86_400, 31_557_600

JUMPS = [-10 * YEAR, -DAY, -HOUR, -31, -1, 0, 1, 31, HOUR, DAY, 10 * YEAR]


@pytest.mark.parametrize("jump", JUMPS)
def test_after_a_jump_every_card_is_an_answer_of_stripes(
    serve: Serve, line: Line, anna: str, clock: Clock, jump: int
) -> None:
    client = serve()
    for get in CARDS.values():
        assert get(client, ANNA, clock).status_code == 200
    clock.advance(jump)
    for get in CARDS.values():
        answer = get(client, ANNA, clock)
        assert answer.status_code == 200
        assert "Actief" in answer.text
        assert 0 <= int(answer.headers["Age"]) < 30
        assert "stale" not in answer.headers["Cache-Status"]


@pytest.mark.parametrize("jump", [-10 * YEAR, -DAY, -31, HOUR, 10 * YEAR])
def test_a_jump_costs_one_reading_and_the_next_card_is_warm_again(
    serve: Serve, line: Line, anna: str, clock: Clock, jump: int
) -> None:
    client = serve()
    program(client, ANNA, clock)
    clock.advance(jump)
    before = sum("subscriptions" in path for path in line.requests)
    for _ in range(3):
        program(client, ANNA, clock)
        clock.advance(1)
    assert sum("subscriptions" in path for path in line.requests) - before == 1


@pytest.mark.parametrize("jump", [-DAY, -HOUR])
def test_a_card_that_an_event_has_expired_is_warm_again_after_a_jump_back(
    serve: Serve, line: Line, anna: str, clock: Clock, jump: int
) -> None:
    client = serve()
    program(client, ANNA, clock)
    assert webhook(client, ANNA, clock).status_code == 204
    clock.advance(jump)
    before = sum("subscriptions" in path for path in line.requests)
    for _ in range(3):
        program(client, ANNA, clock)
        clock.advance(1)
    assert sum("subscriptions" in path for path in line.requests) - before == 1


@pytest.mark.parametrize("jump", [-10 * YEAR, -DAY, -HOUR, -31, -1, 31, HOUR])
def test_in_an_outage_the_last_known_card_stands_in_whatever_the_clock_did(
    serve: Serve, line: Line, anna: str, clock: Clock, jump: int
) -> None:
    client = serve()
    known = program(client, ANNA, clock).get_json()
    line.play(error(500))
    clock.advance(jump)
    answer = program(client, ANNA, clock)
    assert answer.status_code == 200
    assert answer.get_json()["stale"] is True
    assert answer.get_json()["as_of"] == known["as_of"]
    assert int(answer.headers["Age"]) >= 0


def test_a_card_that_is_too_old_by_the_clock_does_not_stand_in(
    serve: Serve, line: Line, anna: str, clock: Clock
) -> None:
    client = serve()
    program(client, ANNA, clock)
    line.play(error(500))
    clock.advance(DAY)
    assert program(client, ANNA, clock).status_code == 503


def test_a_clock_that_is_set_right_again_finds_no_card_from_the_future_fresh(
    serve: Serve, line: Line, emulator: Emulator, anna: str, clock: Clock
) -> None:
    client = serve()
    clock.advance(HOUR)
    program(client, ANNA, clock)
    clock.advance(-HOUR)
    emulator.account.update("sub_anna", cancel_at=int(clock()) + DAY)
    assert program(client, ANNA, clock).get_json()["status"]["code"] == "canceling"


@pytest.mark.parametrize("jump", [-YEAR, YEAR])
def test_a_jump_while_stripe_is_silent_does_not_stretch_the_budget(
    serve: Serve, line: Line, anna: str, clock: Clock, jump: int
) -> None:
    line.play(lambda exchange: (clock.advance(jump), hang(exchange)))
    client = serve(BILLING_STRIPE_TIMEOUT="0.4")
    assert program(client, ANNA, clock).status_code == 503


def test_a_jump_ahead_signs_everybody_out_and_a_jump_back_lets_nobody_back_in_for_longer(
    serve: Serve, line: Line, anna: str, clock: Clock
) -> None:
    client = serve()
    assert page(client, ANNA, clock).status_code == 200
    clock.advance(HOUR)
    assert client.get("/billing/").status_code == 401
    assert page(client, ANNA, clock).status_code == 200
    clock.advance(-HOUR)
    assert client.get("/billing/").status_code == 200
    clock.advance(2 * HOUR)
    assert client.get("/billing/").status_code == 401


def test_a_jump_back_makes_no_token_good_for_more_than_a_month(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    token = mint(ANNA, clock, ttl=30 * DAY)
    clock.advance(-2 * DAY)
    answer = client.get("/billing/subscription.json", headers=bearer(token))
    assert answer.status_code == 401


@pytest.mark.parametrize("jump", [-YEAR, -HOUR, HOUR, YEAR])
def test_a_jump_does_not_close_the_way_to_the_portal(
    serve: Serve, line: Line, anna: str, clock: Clock, jump: int
) -> None:
    client = serve()
    assert portal(client, ANNA, clock).status_code == 303
    clock.advance(jump)
    assert portal(client, ANNA, clock).status_code == 303
    assert page(client, ANNA, clock).status_code == 200


def test_a_jump_back_while_the_portal_is_open_shows_what_was_changed_there(
    serve: Serve, line: Line, emulator: Emulator, anna: str, clock: Clock
) -> None:
    client = serve()
    page(client, ANNA, clock)
    portal(client, ANNA, clock)
    clock.advance(-HOUR)
    emulator.account.update("sub_anna", cancel_at=int(clock()) + DAY)
    assert client.get("/billing/return").status_code == 303
    assert "Wordt opgezegd" in client.get("/billing/").text
