"""Four workers, each with a cache of its own: the card never flips back to what it was."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from demo.account import lifecycle
from demo.emulator import Emulator
from tests.workers.browser import Sent, answers, ask, program, signed_in
from tests.workers.service import WORKERS, Service

LIST = "/v1/subscriptions"
JSON = "/billing/subscription.json"
BEFORE, AFTER = "Actief", "Wordt opgezegd"
RELOADS = 200


@pytest.fixture(scope="module")
def service(start: Callable[..., Service]) -> Service:
    """Workers that keep what they know for an hour: nothing gets right by itself."""
    return start(BILLING_CACHE_TTL="3600")


def cancel(stripe: Emulator, customer: str) -> None:
    """What the portal does when the customer cancels there."""
    with stripe.account.lock:
        (subscription,) = stripe.account.subscriptions_of(customer)
        lifecycle.cancel(stripe.account, subscription)


def test_after_the_return_no_reload_ever_shows_the_old_state(
    service: Service, stripe: Emulator, anna: str
) -> None:
    browser = signed_in(service.port, anna)
    stripe.requests.clear()
    assert all(BEFORE in browser.get().text for _ in service.each())
    assert stripe.calls(LIST) == WORKERS  # every worker knows the old state, for an hour
    assert all(BEFORE in browser.get().text for _ in service.each())
    assert stripe.calls(LIST) == WORKERS

    assert browser.get("/billing/portal").status == 303
    cancel(stripe, anna)
    assert browser.get("/billing/return").status == 303
    for _ in service.each():
        for _ in range(RELOADS // WORKERS):
            page = browser.get()
            assert page.status == 200
            assert AFTER in page.text
            assert BEFORE not in page.text
    assert stripe.calls(LIST) == 2 * WORKERS  # one live read on each, then warm again


def test_while_the_portal_is_open_no_reload_of_the_old_tab_shows_the_old_state(
    service: Service, stripe: Emulator, anna: str
) -> None:
    browser = signed_in(service.port, anna)
    assert all(BEFORE in browser.get().text for _ in service.each())
    assert browser.get("/billing/portal").status == 303
    cancel(stripe, anna)
    for _ in range(3):
        assert all(AFTER in browser.get().text for _ in service.each())


def test_reloads_that_meet_any_worker_never_flip_back(
    service: Service, stripe: Emulator, anna: str
) -> None:
    browser = signed_in(service.port, anna)
    assert all(BEFORE in browser.get().text for _ in service.each())
    assert browser.get("/billing/portal").status == 303
    cancel(stripe, anna)
    assert browser.get("/billing/return").status == 303
    headers = {"Accept": "text/html", **browser.header}
    for _ in range(RELOADS // 8):
        pages = answers([Sent(service.port, "/billing/", headers) for _ in range(8)])
        assert all(AFTER in page.text and BEFORE not in page.text for page in pages)


def test_without_the_cookie_others_see_what_is_at_most_the_ttl_old(
    start: Callable[..., Service], stripe: Emulator, anna: str
) -> None:
    ttl = 2
    service = start(BILLING_CACHE_TTL=str(ttl))
    browser, phone = signed_in(service.port, anna), program(anna)
    for _ in service.each():
        assert ask(service.port, JSON, phone).json()["status"]["label"] == BEFORE
    browser.get("/billing/portal")
    cancel(stripe, anna)
    changed = time.time()
    browser.get("/billing/return")
    assert all(AFTER in browser.get().text for _ in service.each())

    seen: set[int] = set()
    while len(seen) < WORKERS:
        for pid in service.each():
            asked = time.time()
            answer = ask(service.port, JSON, phone)
            assert int(answer.headers["Age"]) <= ttl
            if asked >= changed + ttl:
                assert answer.json()["status"]["label"] == AFTER
                seen.add(pid)
