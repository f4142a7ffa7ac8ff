"""Pages of known cards while Stripe hangs, against the same while it answers.

A few visitors whose card is not known ask all the time, at the same pace in both cases: they are
the ones who wait for Stripe, and must not hold up the others.
"""

from __future__ import annotations

import http.client
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from bench.emulated import Stripe
from bench.load import requests_per_second
from bench.processes import HOST, SETTINGS, Server, ask, bearer
from bench.ratios import Aim, Row, Spread, ratios
from bench.warm import PAGE, warm_up

ROUNDS = 7
SECONDS = 2.0
STRANGERS = 4
PACE = 0.5
"""Seconds between two requests of a stranger, when it does not wait."""

SHORT_TTL = 1
"""Seconds; in the second case every card is past it, and the last known one stands in."""


def measure(stripe: Stripe) -> Iterator[Row]:
    """Cards that are fresh, then cards that have to be shown as the last known ones."""
    yield _compare(stripe, "fresh", ttl=3600)
    yield _compare(stripe, "stale", ttl=SHORT_TTL)


def _compare(stripe: Stripe, state: str, *, ttl: int) -> Row:
    known, *strangers = stripe.add(state, 1 + 400)
    environ = {**SETTINGS, **stripe.settings, "BILLING_CACHE_TTL": str(ttl)}
    headers = {**bearer(known), "Accept": "text/html"}
    hanging, answering = [], []
    with Server("wsgi:app", environ) as service:
        warm_up(service, PAGE, headers)
        with visiting(service, strangers):
            for _ in range(ROUNDS):
                answering.append(_views(service, headers))
                stripe.hang()
                time.sleep(2 * SHORT_TTL)
                hanging.append(_views(service, headers))
                stripe.recover()
                time.sleep(3)  # until the next probe of the circuit breaker
                warm_up(service, PAGE, headers)
    return Row(
        f"page views while Stripe hangs, {state} cards",
        f"{Spread.of(hanging).median:,.0f} a second",
        f"while it answers: {Spread.of(answering).median:,.0f}",
        ratios(hanging, answering),
        Aim.AT_LEAST,
        0.95,
    )


def _views(service: Server, headers: dict[str, str]) -> float:
    return requests_per_second(service.url + PAGE, headers, seconds=SECONDS)


@contextmanager
def visiting(service: Server, customers: list[str]) -> Iterator[None]:
    """Let strangers ask for ever new cards, one each ``PACE`` seconds and thread."""
    enough, turns = threading.Event(), itertools.count()

    def visit() -> None:
        while not enough.wait(PACE):
            customer = customers[next(turns) % len(customers)]
            connection = http.client.HTTPConnection(HOST, service.port, timeout=30)
            with closing(connection), suppress(OSError):
                ask(connection, "/billing/subscription.json", bearer(customer))

    threads = [threading.Thread(target=visit) for _ in range(STRANGERS)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join()
