"""While Stripe hangs: what is known is shown, what is not fails in time, and it ends at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from demo.emulator import Emulator
from tests.workers.browser import Answer, Sent, answers, ask, program
from tests.workers.service import WORKERS, Service, wait_until

LIST = "/v1/subscriptions"
PORTAL = "/v1/billing_portal"
JSON = "/billing/subscription.json"
HEALTH = ("/healthz", "/readyz", "/billing/healthz", "/billing/readyz")
TIMEOUT = 4
GENEROUS = 3
RECOVERS_WITHIN = 5
COLD = 6
CLICKS = 40


def test_a_stripe_that_hangs_costs_only_what_nobody_has_read_yet(
    start: Callable[..., Service],
    stripe: Emulator,
    anna: str,
    add_customers: Callable[[int], list[str]],
) -> None:
    service = start(BILLING_CACHE_TTL="3600", BILLING_STRIPE_TIMEOUT=str(TIMEOUT))
    known = program(anna)
    assert all(ask(service.port, JSON, known).status == 200 for _ in service.each())
    stripe.requests.clear()
    stripe.fail(hang=True, times=None)

    cold: list[Sent] = []
    for expected, _ in enumerate(service.each(), start=1):
        cold += [Sent(service.port, JSON, program(customer)) for customer in add_customers(COLD)]
        wait_until(lambda n=expected: stripe.calls(LIST) >= n * COLD, "all of them wait for Stripe")

    known_is_shown(service, known)  # while others wait
    for answer in answers(cold):
        refused(answer, within=TIMEOUT + GENEROUS)
    service.wait_for_log("the circuit is open", WORKERS)

    known_is_shown(service, known)  # while the circuit is open
    for _ in service.each():
        (newcomer,) = add_customers(1)
        refused(ask(service.port, JSON, program(newcomer)), within=TIMEOUT - 1)
        old = ask(service.port, JSON, {**known, "Cache-Control": "no-cache"})
        assert (old.status, old.json()["stale"]) == (200, True)

    stripe.clear_faults()
    recovered = time.monotonic()
    waiting = set(service.workers)
    while waiting:
        for pid in list(waiting):
            with service.only(pid):
                (newcomer,) = add_customers(1)
                if ask(service.port, JSON, program(newcomer)).status == 200:
                    waiting.discard(pid)
        took = time.monotonic() - recovered
        assert took < RECOVERS_WITHIN, f"{len(waiting)} workers have not noticed"
    assert all(ask(service.port, "/readyz").json()["status"] == "pass" for _ in service.each())


def test_portal_clicks_that_hang_leave_room_for_cards_and_health(
    start: Callable[..., Service], stripe: Emulator, anna: str
) -> None:
    service = start(BILLING_CACHE_TTL="3600", BILLING_STRIPE_TIMEOUT=str(TIMEOUT))
    pid, known = service.workers[0], program(anna)
    with ThreadPoolExecutor(1) as clients, service.only(pid):
        assert ask(service.port, JSON, known).status == 200
        stripe.requests.clear()
        stripe.fail(PORTAL, hang=True, times=None)
        clicks = [Sent(service.port, "/billing/portal", known) for _ in range(CLICKS)]
        waiting = clients.submit(answers, clicks, within=2 * TIMEOUT + GENEROUS)
        wait_until(lambda: stripe.calls(PORTAL) > 0, "a click waits for Stripe")
        meanwhile = [ask(service.port, path, known) for path in ("/healthz", "/readyz", JSON)]
        for answer in waiting.result(2 * TIMEOUT + 2 * GENEROUS):
            refused(answer, within=TIMEOUT + GENEROUS)
        assert [answer.status for answer in meanwhile] == [200, 200, 200]
        assert max(answer.took for answer in meanwhile) < GENEROUS


def known_is_shown(service: Service, headers: dict[str, str]) -> None:
    """Every worker shows the card that it knows, and is alive and ready."""
    for _ in service.each():
        answer = ask(service.port, JSON, headers)
        assert (answer.status, answer.json()["status"]["label"]) == (200, "Actief")
        assert [ask(service.port, path).status for path in HEALTH] == [200] * len(HEALTH)


def refused(answer: Answer, *, within: float) -> None:
    """A 503 that says when to try again, and that came in time."""
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.took < within
