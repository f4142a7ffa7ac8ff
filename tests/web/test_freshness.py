"""How fresh a card is: seconds from the cache, live around a visit to the portal.

A read counts as live when it reached Stripe. Two services with the same settings stand for two
workers: they share nothing but the key that signs cookies.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock, moment

LIST = "/v1/subscriptions"
NO_CACHE = {"Cache-Control": "no-cache"}


@pytest.fixture
def is_live(emulator: Emulator) -> Callable[..., bool]:
    """Whether a browser's next reading of the page, or of ``path``, reaches Stripe."""

    def look(client: FlaskClient, path: str = "/billing/", **headers: str) -> bool:
        before = emulator.calls(LIST)
        assert client.get(path, headers=headers).status_code == 200
        return emulator.calls(LIST) > before

    return look


@pytest.fixture
def warm(browser: FlaskClient, clock: Clock) -> FlaskClient:
    """Anna's browser, a second after her card was read."""
    browser.get("/billing/")
    clock.advance(1)
    return browser


def share_cookies(source: FlaskClient, target: FlaskClient) -> None:
    """Let the same browser's next request meet another worker."""
    for path, names in (("/billing", ["billing_session"]), ("/", ["billing_visit"])):
        for name in names:
            if cookie := source.get_cookie(name, path=path):
                target.set_cookie(name, cookie.value, path=path)


def cancel(emulator: Emulator) -> None:
    """What the portal does when Anna cancels there, under flexible billing."""
    emulator.account.update("sub_anna", cancel_at=moment("2076-12-12 11:00:00"))


def test_a_card_stays_fresh_for_thirty_seconds(
    browser: FlaskClient, clock: Clock, is_live: Callable[..., bool]
) -> None:
    assert is_live(browser)
    clock.advance(29)
    assert not is_live(browser)
    clock.advance(1)
    assert is_live(browser)


def test_while_the_portal_is_open_every_read_is_live(
    warm: FlaskClient, clock: Clock, is_live: Callable[..., bool]
) -> None:
    assert not is_live(warm)
    warm.get("/billing/portal")
    for path in ("/billing/", "/billing/card", "/billing/subscription.json", "/billing/"):
        clock.advance(2.5)
        assert is_live(warm, path)
        assert not is_live(warm, path), "once in two seconds is all that any browser may cause"


def test_a_change_in_the_portal_shows_at_once_in_the_old_tab(
    warm: FlaskClient, emulator: Emulator, clock: Clock
) -> None:
    assert "Abonnement bijwerken" in warm.get("/billing/").text
    warm.get("/billing/portal")
    clock.advance(10)
    cancel(emulator)
    assert "Abonnement beheren" in warm.get("/billing/").text


def test_the_first_read_after_the_return_is_live_and_the_next_is_not(
    warm: FlaskClient, emulator: Emulator, clock: Clock, is_live: Callable[..., bool]
) -> None:
    warm.get("/billing/portal")
    clock.advance(1)
    warm.get("/billing/")
    clock.advance(1)
    cancel(emulator)
    warm.get("/billing/return")
    clock.advance(1)
    assert is_live(warm)
    assert "Abonnement beheren" in warm.get("/billing/").text
    clock.advance(1)
    assert not is_live(warm)


def test_on_every_worker_reads_are_live_while_the_portal_is_open(
    serve: Serve, warm: FlaskClient, clock: Clock, is_live: Callable[..., bool]
) -> None:
    worker = serve()
    share_cookies(warm, worker)
    assert is_live(worker)
    clock.advance(1)
    assert not is_live(worker)
    warm.get("/billing/portal")
    share_cookies(warm, worker)
    for browser in (worker, warm, worker):
        clock.advance(2.5)
        assert is_live(browser)


def test_on_every_worker_the_first_read_after_the_return_is_live(
    serve: Serve,
    warm: FlaskClient,
    emulator: Emulator,
    clock: Clock,
    is_live: Callable[..., bool],
) -> None:
    first, second = serve(), serve()
    for worker in (first, second):
        share_cookies(warm, worker)
        assert "Abonnement bijwerken" in worker.get("/billing/").text
    clock.advance(1)
    warm.get("/billing/portal")
    clock.advance(1)
    cancel(emulator)
    warm.get("/billing/return")
    clock.advance(1)
    for worker in (first, second):
        share_cookies(warm, worker)
        assert "Abonnement beheren" in worker.get("/billing/").text
        clock.advance(1)
        assert not is_live(worker)


def test_no_cache_gets_a_live_read_once_in_two_seconds(
    warm: FlaskClient, clock: Clock, is_live: Callable[..., bool]
) -> None:
    clock.advance(5)
    assert is_live(warm, **NO_CACHE)
    assert not is_live(warm, **NO_CACHE)
    clock.advance(1.9)
    assert not is_live(warm, **NO_CACHE)
    clock.advance(0.2)
    assert is_live(warm, **NO_CACHE)


@pytest.mark.parametrize("value", ["opened", "x", "W10.x", '["opened",9999999999]', "9999999999"])
def test_a_forged_mark_makes_no_read_live(
    warm: FlaskClient, clock: Clock, is_live: Callable[..., bool], value: str
) -> None:
    warm.set_cookie("billing_visit", value, path="/")
    assert not is_live(warm)
    clock.advance(1)
    assert not is_live(warm)
