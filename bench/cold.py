"""A card that has to be read from Stripe, against one bare call of Stripe's SDK.

Both are asked over HTTP, in gunicorn with one worker, in turns, for customers that are new to them.
Stripe's answers are ready, so that the time it takes is the latency alone.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TypeAlias

from bench.emulated import Stripe
from bench.processes import HOST, SETTINGS, Server, ask, bearer
from bench.ratios import Aim, Row, Spread, ratios
from billing_proxy.reader import LIST

ROUNDS = 7
TURN = 5
"""Requests to one side before the other has its turn."""

TURNS = 20
SLOW_TURNS = 2
"""Turns of each side in a round, without latency and with it."""

LATENCY = 0.150

Path: TypeAlias = Callable[[str], tuple[str, dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one request: on the clock (median) and of the server's CPU (mean)."""

    wall: float
    cpu: float


def measure(stripe: Stripe) -> Iterator[Row]:
    """Wall time at two latencies, and CPU without any."""
    environ = {**SETTINGS, **stripe.settings, "BILLING_STRIPE_MAX_RATE": "10000"}
    with (
        Server("wsgi:app", environ) as service,
        Server("bench.apps.naive:app", stripe.settings) as naive,
    ):
        first = stripe.add("first", 30)
        ask_all(service, first, _card)  # connections, imports and product names come before
        ask_all(naive, first, _bare)
        ours, theirs = _rounds(stripe, service, naive, TURNS)
        yield _row("cold card, wall, Stripe at 0 ms", *_walls(ours, theirs), bound=1.15)
        cpu = ([c.cpu for c in ours], [c.cpu for c in theirs])
        yield _row("cold card, CPU of the server", *cpu, bound=1.25)
        stripe.latency(LATENCY)
        slow = _rounds(stripe, service, naive, SLOW_TURNS)
        what = f"cold card, wall, Stripe at {LATENCY * 1000:.0f} ms"
        yield _row(what, *_walls(*slow), bound=1.15)


def _rounds(
    stripe: Stripe, service: Server, naive: Server, turns: int
) -> tuple[list[Cost], list[Cost]]:
    ours: list[Cost] = []
    theirs: list[Cost] = []
    for number in range(ROUNDS):
        before = service.cpu_seconds(), naive.cpu_seconds()
        walls: tuple[list[float], list[float]] = ([], [])
        for turn in range(turns):
            customers = stripe.add(f"cold{turns}x{number}x{turn}n", TURN, discounts=True)
            stripe.prepare(customers, list(LIST.expansions), [])
            walls[0].extend(ask_all(service, customers, _card))
            walls[1].extend(ask_all(naive, customers, _bare))
        # Neither uses any while the other has its turn, so the steps of a hundredth matter little.
        after = service.cpu_seconds(), naive.cpu_seconds()
        if stripe.calls():
            raise RuntimeError("Stripe was asked for what was not ready")
        for costs, wall, was, now in zip((ours, theirs), walls, before, after, strict=True):
            costs.append(Cost(Spread.of(wall).median, (now - was) / len(wall)))
    return ours, theirs


def ask_all(server: Server, customers: Sequence[str], path: Path) -> list[float]:
    """Seconds that a request for each of ``customers``, one after the other, takes."""
    asked, walls = [path(customer) for customer in customers], []
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=30)) as connection:
        for address, headers in asked:
            started = time.perf_counter()
            answer = ask(connection, address, headers)
            walls.append(time.perf_counter() - started)
            if answer.status != 200:
                raise RuntimeError(f"{address} is answered {answer.status}")
    return walls


def _card(customer: str) -> tuple[str, dict[str, str]]:
    return "/billing/subscription.json", bearer(customer)


def _bare(customer: str) -> tuple[str, dict[str, str]]:
    return f"/subscription.json?customer={customer}", {}


def _walls(ours: Sequence[Cost], theirs: Sequence[Cost]) -> tuple[list[float], list[float]]:
    return [c.wall for c in ours], [c.wall for c in theirs]


def _row(what: str, ours: list[float], theirs: list[float], *, bound: float) -> Row:
    return Row(
        what,
        f"{Spread.of(ours).median * 1000:.2f} ms",
        f"bare subscriptions.list: {Spread.of(theirs).median * 1000:.2f} ms",
        ratios(ours, theirs),
        Aim.AT_MOST,
        bound,
    )
