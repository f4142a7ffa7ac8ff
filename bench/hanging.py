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
from bench.processes import HOST, SETTINGS, Server, ask, bearer
from bench.ratios import Row
from bench.warm import PAGE, Rate, load, rows, sign_in, warm_up

ROUNDS = 4
VIEWS = 2
"""Measurements of each case in a round."""

STRANGERS = 4
PACE = 0.5
"""Seconds between two requests of a stranger, when it does not wait."""

SHORT_TTL = 1
"""Seconds; in the second case every card is past it, and the last known one stands in."""

SETTLES_WITHIN = 60.0
QUICK = 0.2
"""Seconds in which a page is there again, once the circuit breaker has noticed."""


def measure(stripe: Stripe) -> Iterator[Row]:
    """Cards that are fresh, then cards that have to be shown as the last known ones."""
    yield from _compare(stripe, "fresh", ttl=3600)
    yield from _compare(stripe, "stale", ttl=SHORT_TTL)


def _compare(stripe: Stripe, state: str, *, ttl: int) -> Iterator[Row]:
    known, *strangers = stripe.add(state, 1 + 400)
    environ = {**SETTINGS, **stripe.settings, "BILLING_CACHE_TTL": str(ttl)}
    hanging: list[Rate] = []
    answering: list[Rate] = []
    with Server("wsgi:app", environ) as service:
        headers = sign_in(service, known)
        warm_up(service, PAGE, headers)
        view = load(service, PAGE, headers)
        with visiting(service, strangers):
            for _ in range(ROUNDS):
                answering += [view() for _ in range(VIEWS)]
                stripe.hang()
                time.sleep(SHORT_TTL)
                _settle(service, headers)
                hanging += [view() for _ in range(VIEWS)]
                stripe.recover()
                _settle(service, headers)
    what = f"page views while Stripe hangs, {state} cards"
    yield from rows(what, "while it answers", hanging, answering, bound=0.95)


def _settle(service: Server, headers: dict[str, str]) -> None:
    """Wait until every worker has noticed what Stripe does: twenty quick answers in a row."""
    until, quick = time.monotonic() + SETTLES_WITHIN, 0
    while quick < 20 and time.monotonic() < until:
        started = time.monotonic()
        service.get(PAGE, headers)
        quick = quick + 1 if time.monotonic() - started < QUICK else 0
        time.sleep(0.1)


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
