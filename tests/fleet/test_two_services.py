"""Two services of four workers each, as the Procfile starts them, with one cache between them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import count, cycle, islice

import pytest

from demo.emulator import Emulator
from tests.stage.browser import HTML, Sent, answers, ask, program
from tests.stage.customers import add_to
from tests.stage.redis_process import Server
from tests.stage.service import Service, wait_until

JSON = "/billing/subscription.json"
CROWD = 400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(scope="module")
def stripe() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="module")
def services(stripe: Emulator, server: Server) -> Iterator[list[Service]]:
    settings = {"BILLING_CACHE_URL": server.url, "BILLING_STRIPE_MAX_RATE": "1000"}
    with ExitStack() as started:
        yield [started.enter_context(Service(stripe, **settings)) for _ in range(2)]


@pytest.fixture
def add_customers(stripe: Emulator) -> Callable[[int], list[str]]:
    return partial(add_to, stripe)


def test_hundreds_of_first_views_at_once_make_one_call(
    services: list[Service], stripe: Emulator, add_customers: Callable[[int], list[str]]
) -> None:
    earlier, newcomer = map(program, add_customers(2))
    assert ask(services[0].port, JSON, earlier).status == 200  # the product is known from here on
    stripe.requests.clear()
    stripe.latency = 0.3
    ports = islice(cycle(service.port for service in services), CROWD)
    crowd = answers([Sent(port, JSON, newcomer, within=60) for port in ports])
    stripe.latency = 0
    assert {answer.status for answer in crowd} == {200}
    assert {answer.json()["plan"] for answer in crowd} == {"Pro"}
    # A process that the server kept waiting for half a second says so, and reads by itself.
    alone = sum(service.log.count("the cache server failed") for service in services)
    assert 1 <= stripe.calls() <= 1 + alone


@pytest.mark.parametrize("trouble", ["kill", "pause", "restart"])
def test_whatever_happens_to_the_server_under_load_no_page_fails(
    services: list[Service],
    server: Server,
    add_customers: Callable[[int], list[str]],
    trouble: str,
) -> None:
    headers = [{**HTML, **program(customer)} for customer in add_customers(40)]
    codes: list[int] = []
    stop = threading.Event()

    def look(first: int) -> None:
        """Page after page, of customer after customer, until told to stop."""
        for number in count(first):
            if stop.is_set():
                return
            port = services[number % len(services)].port
            codes.append(ask(port, "/billing/", headers[number % 40]).status)

    def wait_for_more(pages: int = 60) -> None:
        enough = len(codes) + pages
        wait_until(lambda: len(codes) >= enough, "more pages are answered")

    with ThreadPoolExecutor(6) as people:
        views = [people.submit(look, first) for first in range(6)]
        try:
            wait_for_more()
            server.pause() if trouble == "pause" else server.kill()
            if trouble != "restart":
                wait_for_more()
            server.resume() if trouble == "pause" else server.start()
            wait_for_more()
        finally:
            stop.set()
        for view in views:
            view.result(60)
    assert set(codes) == {200}
    for service in services:
        for _ in service.each():
            wait_until(lambda port=service.port: is_well(port), "all use the server again")


def is_well(port: int) -> bool:
    return bool(ask(port, "/readyz").json()["status"] == "pass")
