"""Many requests at once: few calls to Stripe, and nobody ever sees what is another's."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from demo.emulator import Emulator
from tests.stage.browser import (
    ANSWERS_WITHIN,
    HTML,
    Browser,
    Sent,
    answers,
    ask,
    program,
    signed_in,
)
from tests.stage.clock import moment
from tests.stage.service import WORKERS, Service

JSON = "/billing/subscription.json"
BURST = 100
MARKS = {
    "cus_tuinman": ("cus_tuinman", "sub_tuin", "Kwekerijplan", "3 februari 2077"),
    "cus_bakker": ("cus_bakker", "sub_oven", "Bakkersplan", "28 oktober 2078"),
}
DATES = {"cus_tuinman": "2077-02-03 11:00:00", "cus_bakker": "2078-10-28 11:00:00"}


@pytest.fixture(scope="module")
def service(start: Callable[..., Service], stripe: Emulator) -> Service:
    """Workers that read again and again, for two customers who share nothing."""
    for customer, (_, subscription, plan, _) in MARKS.items():
        product = stripe.account.add_product(plan)["id"]
        price = stripe.account.add_price(product, 1900)["id"]
        end = moment(DATES[customer])
        stripe.account.add_customer(customer)
        stripe.account.add_subscription(
            customer, [{"price": price, "current_period_end": end}], id=subscription
        )
    return start(BILLING_CACHE_TTL="0.2", BILLING_STRIPE_MAX_RATE="1000")


def test_a_hundred_first_views_at_once_cost_one_call_for_each_worker_at_most(
    service: Service, stripe: Emulator, add_customers: Callable[[int], list[str]]
) -> None:
    earlier, newcomer = map(program, add_customers(2))
    for _ in service.each():  # the product's name is known from here on
        assert ask(service.port, JSON, earlier).status == 200
    stripe.requests.clear()
    stripe.latency = 0.3
    burst = answers([Sent(service.port, JSON, newcomer) for _ in range(BURST)])
    assert [answer.status for answer in burst] == [200] * BURST
    assert 1 <= stripe.calls() <= WORKERS


def test_two_customers_who_hammer_all_workers_never_see_a_byte_of_each_other(
    service: Service,
) -> None:
    wishes = list(wishes_of(service.port))
    shared = http.client.HTTPConnection("127.0.0.1", service.port, timeout=ANSWERS_WITHIN)
    with closing(shared):  # as behind a proxy
        for _ in range(20):
            burst = [Sent(service.port, *wish) for _, wish in wishes]
            for customer, (path, headers) in wishes:
                shared.request("GET", path, headers=headers)
                one = shared.getresponse()
                assert_own(customer, one.status, f"{one.headers}{one.read().decode()}")
            for (customer, _), answer in zip(wishes, answers(burst), strict=True):
                assert_own(customer, answer.status, f"{answer.headers}{answer.text}")


def wishes_of(port: int) -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    """What each customer asks for, in turn: whose it is, the path and the headers."""
    browsers: dict[str, Browser] = {customer: signed_in(port, customer) for customer in MARKS}
    for path in ("/billing/", "/billing/card", JSON):
        for customer, browser in browsers.items():
            yield customer, (path, {**HTML, **browser.header})
        for customer in MARKS:
            yield customer, (path, {**HTML, **program(customer)})


def assert_own(customer: str, status: int, text: str) -> None:
    """The answer holds the customer's own plan and date, and nothing of the other."""
    assert status == 200, text
    (other,) = MARKS.keys() - {customer}
    assert [mark in text for mark in MARKS[customer][2:]] == [True, True]
    assert not [mark for mark in MARKS[other] if mark in text]
