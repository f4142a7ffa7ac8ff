"""Many requests at once: few calls to Stripe, and nobody ever sees what is another's."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import cycle, islice

import pytest

from demo.emulator import Emulator
from tests.web.clock import moment
from tests.workers.browser import (
    ANSWERS_WITHIN,
    HTML,
    Browser,
    Sent,
    answers,
    ask,
    program,
    signed_in,
)
from tests.workers.service import WORKERS, Service

JSON = "/billing/subscription.json"
BURST = 100
MARKS = {
    "cus_tuinman": ("cus_tuinman", "sub_tuin", "Kwekerijplan", "3 februari 2077"),
    "cus_bakker": ("cus_bakker", "sub_oven", "Bakkersplan", "28 oktober 2078"),
}
DATES = {"cus_tuinman": "2077-02-03 11:00:00", "cus_bakker": "2078-10-28 11:00:00"}


def test_a_hundred_first_views_at_once_cost_one_call_for_each_worker_at_most(
    start: Callable[..., Service], stripe: Emulator, add_customers: Callable[[int], list[str]]
) -> None:
    service = start()
    earlier, newcomer = map(program, add_customers(2))
    for _ in service.each():  # the product's name is known from here on
        assert ask(service.port, JSON, earlier).status == 200
    stripe.requests.clear()
    stripe.latency = 0.3
    burst = answers([Sent(service.port, JSON, newcomer) for _ in range(BURST)])
    assert [answer.status for answer in burst] == [200] * BURST
    assert {answer.json()["plan"] for answer in burst} == {"Pro"}
    assert 1 <= stripe.calls() <= WORKERS


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
    return start(BILLING_CACHE_TTL="0.2")


def test_two_customers_who_hammer_four_workers_never_see_a_byte_of_each_other(
    service: Service,
) -> None:
    wishes = list(wishes_of(service.port))
    seen = dict.fromkeys(MARKS, 0)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        for _ in service.each():
            burst = answers([Sent(service.port, *wish) for _, wish in wishes])
            for (customer, _), answer in zip(wishes, burst, strict=True):
                assert answer.status == 200
                assert_own(customer, answer.raw)
                seen[customer] += 1
    assert min(seen.values()) > 10 * WORKERS


def test_two_customers_behind_one_proxy_connection_never_see_a_byte_of_each_other(
    service: Service,
) -> None:
    wishes = list(wishes_of(service.port))
    for _ in service.each():
        shared = http.client.HTTPConnection("127.0.0.1", service.port, timeout=ANSWERS_WITHIN)
        with closing(shared):
            for customer, (path, headers) in islice(cycle(wishes), 10 * len(wishes)):
                shared.request("GET", path, headers=headers)
                answer = shared.getresponse()
                raw = str(answer.headers).encode() + answer.read()
                assert answer.status == 200
                assert_own(customer, raw)


def wishes_of(port: int) -> Iterator[tuple[str, tuple[str, dict[str, str]]]]:
    """What each customer asks for, in turn: whose it is, the path and the headers."""
    browsers: dict[str, Browser] = {customer: signed_in(port, customer) for customer in MARKS}
    for path in ("/billing/", "/billing/card", JSON):
        for customer, browser in browsers.items():
            yield customer, (path, {**HTML, **browser.header})
        for customer in MARKS:
            yield customer, (path, {**HTML, **program(customer)})


def assert_own(customer: str, raw: bytes) -> None:
    """The answer holds the customer's own plan and date, and nothing of the other."""
    text = raw.decode()
    _, _, plan, date = MARKS[customer]
    assert plan in text
    assert date in text
    for other, marks in MARKS.items():
        if other != customer:
            assert not [mark for mark in marks if mark in text]
