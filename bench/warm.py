"""Warm answers per second, against a bare Flask view, a raw function, and what else there is."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bench.emulated import Stripe
from bench.environments import payments_python
from bench.load import requests_per_second
from bench.processes import GTHREAD, ROOT, SETTINGS, Answer, Server, bearer, token
from bench.ratios import Aim, Row, Spread, ratios

ROUNDS = 9
STARTS = 9
"""Two processes of the same program differ by more than two rounds of one process do."""
ROUNDS_A_START = 2

RIVAL_ROUNDS = 5
SECONDS = 1.0
JSON = "/billing/subscription.json"
PAGE = "/billing/"
UNCHANGED = "/unchanged"


@dataclass(frozen=True, slots=True)
class Rate:
    """Requests in a second of the clock, and in a second of the server's CPU."""

    per_second: float
    per_cpu_second: float


Ask: TypeAlias = Callable[[], Rate]


def measure(stripe: Stripe) -> Iterator[Row]:
    """JSON, page and 304 against both, each in the same rounds; then JSON against the rivals."""
    (customer,) = stripe.add("warm", 1)
    # Fresh for longer than the measurement: what is measured is the warm card.
    environ = {**SETTINGS, **stripe.settings, "BILLING_CACHE_TTL": "3600"}
    said: dict[str, tuple[list[Rate], ...]] = {}
    for _ in range(STARTS):
        for what, rates in _once(environ, customer):
            for all_of_them, some in zip(said.setdefault(what, ([], [], [])), rates, strict=True):
                all_of_them += some
    for what, (ours, flask, function) in said.items():
        yield from rows(what, "a bare Flask view", ours, flask, bound=1.15)
        yield from rows(what, "a raw WSGI function", ours, function, bound=0.85)
    yield from _rivals(stripe, customer, environ)


def _once(environ: Mapping[str, str], customer: str) -> Iterator[tuple[str, list[list[Rate]]]]:
    """What is measured, and how fast the service, the Flask view and the function answer it."""
    with Server("wsgi:app", environ) as service:
        browser = sign_in(service, customer)
        unchanged = {**browser, "If-None-Match": service.get(PAGE, browser).header("ETag")}
        cases = {
            JSON: (JSON, bearer(customer), "warm JSON"),
            PAGE: (PAGE, browser, "warm page"),
            UNCHANGED: (PAGE, unchanged, "warm 304"),
        }
        for path, headers, _ in cases.values():
            warm_up(service, path, headers)
        answers = {name: service.get(path, headers) for name, (path, headers, _) in cases.items()}
        with (
            sending(answers, "bench.apps.bare:app") as bare,
            sending(answers, "bench.apps.raw:app") as raw,
        ):
            for name, (path, headers, what) in cases.items():
                for server in (bare, raw):
                    warm_up(server, name, headers)
                sides = (
                    load(service, path, headers),
                    load(bare, name, headers),
                    load(raw, name, headers),
                )
                yield what, interleave(*sides, rounds=ROUNDS_A_START)


def _rivals(stripe: Stripe, customer: str, environ: Mapping[str, str]) -> Iterator[Row]:
    what = "warm JSON"
    with Server("wsgi:app", environ) as service:
        warm_up(service, JSON, bearer(customer))
        ours = load(service, JSON, bearer(customer))
        with Server("bench.apps.naive:app", stripe.settings) as naive:
            path = f"/subscription.json?customer={customer}"
            warm_up(naive, path, {})
            rates = interleave(ours, load(naive, path, {}), rounds=RIVAL_ROUNDS)
            yield from rows(what, "a naive view that calls Stripe", *rates)
        yield from _flask_headless_payments(ours)


def _flask_headless_payments(ours: Ask) -> Iterator[Row]:
    what = "warm JSON"
    against = "flask-headless-payments (SQLite)"
    python = payments_python()
    if python is None:
        yield Row(what, "", against, aim=Aim.AT_LEAST, bound=1, note="it cannot be installed here")
        return
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        environ = {"BENCH_DATABASE": f"{folder}/payments.sqlite"}
        make_database = [python, "-c", "import bench.apps.payments"]
        subprocess.run(make_database, cwd=ROOT, env=environ, check=True, stderr=subprocess.DEVNULL)
        rival = stack.enter_context(
            Server("bench.apps.payments:app", environ, python=python, served_by=GTHREAD)
        )
        headers = {"Authorization": f"Bearer {rival.get('/token').body}"}
        path = "/api/payments/subscription"
        warm_up(rival, path, headers)
        rates = interleave(ours, load(rival, path, headers), rounds=RIVAL_ROUNDS)
        yield from rows(what, against, *rates)


def sign_in(service: Server, customer: str) -> dict[str, str]:
    """The headers of a browser that has followed the link of ``customer``."""
    cookie = service.get(f"/billing/?token={token(customer)}").header("Set-Cookie")
    return {"Cookie": cookie.partition(";")[0], "Accept": "text/html"}


@contextmanager
def sending(answers: Mapping[str, Answer], application: str) -> Iterator[Server]:
    """An application that sends the bytes and headers of each of ``answers``, and does no more."""
    sent = {
        path: {
            "status": answer.status,
            "headers": [pair for pair in answer.headers if pair[0] not in _BY_THE_SERVER],
            "body": answer.body,
        }
        for path, answer in answers.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.json"
        file.write_text(json.dumps(sent))
        with Server(application, {"BENCH_ANSWERS": str(file)}) as server:
            for path, answer in answers.items():
                again = server.get(path)
                assert (again.status, again.body) == (answer.status, answer.body)
                assert len(again.headers) == len(answer.headers)
            yield server


_BY_THE_SERVER = frozenset(("Server", "Date", "Connection", "Transfer-Encoding"))


def load(server: Server, path: str, headers: Mapping[str, str]) -> Ask:
    """What measures once how fast ``path`` is answered."""

    def ask() -> Rate:
        before = server.cpu_seconds()
        rate = requests_per_second(server.url + path, headers, seconds=SECONDS)
        return Rate(rate, rate * SECONDS / (server.cpu_seconds() - before))

    return ask


def warm_up(server: Server, path: str, headers: Mapping[str, str]) -> None:
    """Let every worker answer ``path`` well, and grow its threads."""
    answer = server.get(path, headers)
    if answer.status not in (200, 304):
        raise RuntimeError(f"{path} is answered {answer.status}: {answer.body[:300]}")
    requests_per_second(server.url + path, headers, seconds=1, connections=16)


def interleave(*sides: Ask, rounds: int = ROUNDS) -> list[list[Rate]]:
    """What each side says, all in turns, and every other round in the other order.

    What else the machine does meets all of them alike.
    """
    said: list[list[Rate]] = [[] for _ in sides]
    for number in range(rounds):
        for side, rates in list(zip(sides, said, strict=True))[:: -1 if number % 2 else 1]:
            rates.append(side())
    return said


def rows(
    what: str, against: str, ours: list[Rate], theirs: list[Rate], *, bound: float | None = 1.0
) -> Iterator[Row]:
    for unit, here, there in (
        ("requests/s", [r.per_second for r in ours], [r.per_second for r in theirs]),
        ("requests/CPU-s", [r.per_cpu_second for r in ours], [r.per_cpu_second for r in theirs]),
    ):
        yield Row(
            f"{what}, {unit}",
            f"{Spread.of(here).median:,.0f}",
            f"{against}: {Spread.of(there).median:,.0f}",
            ratios(here, there),
            None if bound is None else Aim.AT_LEAST,
            bound or 0.0,
        )
