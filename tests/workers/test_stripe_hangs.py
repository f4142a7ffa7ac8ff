"""While Stripe is slow: strangers wait without a place that anybody else would need."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from demo.emulator import Emulator
from tests.stage.browser import Sent, answers, ask, program
from tests.stage.service import Service, wait_until

LIST = "/v1/subscriptions"
JSON = "/billing/subscription.json"
STRANGERS, VIEWS = 60, 80
RECOVERS_WITHIN = 5


@pytest.fixture(scope="module")
def service(start: Callable[..., Service]) -> Service:
    """One process, as by default, that need not read again what it knows."""
    return start(WEB_CONCURRENCY="1", BILLING_CACHE_TTL="3600")


def test_all_are_answered_by_a_slow_stripe_and_who_is_known_at_once(
    service: Service, stripe: Emulator, anna: str, add_customers: Callable[[int], list[str]]
) -> None:
    assert ask(service.port, JSON, program(anna)).status == 200
    popular, *strangers = add_customers(1 + STRANGERS)
    stripe.latency = 2.5
    asked = [Sent(service.port, JSON, program(customer)) for customer in strangers]
    asked += [Sent(service.port, JSON, program(popular)) for _ in range(VIEWS)]
    with ThreadPoolExecutor(1) as clients:
        waiting = clients.submit(answers, asked)
        for path in (JSON, "/billing/readyz", "/healthz") * 3:
            answer = ask(service.port, path, program(anna))
            assert answer.status == 200
            assert answer.took < stripe.latency, "it waited for Stripe"
        assert {answer.status for answer in waiting.result()} == {200}


def test_a_stripe_that_hangs_costs_strangers_their_time_and_is_soon_well_again(
    service: Service, stripe: Emulator, anna: str, add_customers: Callable[[int], list[str]]
) -> None:
    assert ask(service.port, JSON, program(anna)).status == 200
    stripe.fail(hang=True, times=None)
    strangers = [Sent(service.port, JSON, program(customer)) for customer in add_customers(8)]
    refused = answers(strangers)
    assert {(answer.status, int(answer.headers["Retry-After"]) >= 1) for answer in refused} == {
        (503, True)
    }
    answer = ask(service.port, JSON, {**program(anna), "Cache-Control": "no-cache"})
    assert (answer.status, answer.json()["stale"]) == (200, True)
    assert ask(service.port, "/readyz").json()["status"] == "warn"

    stripe.clear_faults()
    (newcomer,) = map(program, add_customers(1))
    wait_until(
        lambda: ask(service.port, JSON, newcomer).status == 200,
        "Stripe is asked again",
        within=RECOVERS_WITHIN,
    )
    assert ask(service.port, "/readyz").json()["status"] == "pass"
