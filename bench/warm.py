"""Warm answers per second, against a bare Flask view and against what else there is."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.emulated import Stripe
from bench.load import requests_per_second
from bench.processes import SETTINGS, Answer, Server, bearer
from bench.ratios import Aim, Row, Spread, ratios
from bench.rivals import payments_python

ROUNDS = 7
SECONDS = 1.0
JSON = "/billing/subscription.json"
PAGE = "/billing/"
UNCHANGED = "/unchanged"

Ask = Callable[[], float]


def measure(stripe: Stripe) -> Iterator[Row]:
    """Warm JSON, page and 304 against a bare view, then JSON against its two rivals."""
    (customer,) = stripe.add("warm", 1)
    # Fresh for longer than the measurement: what is measured is the warm card.
    environ = {**SETTINGS, **stripe.settings, "BILLING_CACHE_TTL": "3600"}
    program, page = bearer(customer), {**bearer(customer), "Accept": "text/html"}
    with Server("wsgi:app", environ) as service:
        unchanged = {**program, "If-None-Match": service.get(JSON, program).header("ETag")}
        cases = {
            JSON: (JSON, program, "warm JSON, requests/s"),
            PAGE: (PAGE, page, "warm page, requests/s"),
            UNCHANGED: (JSON, unchanged, "warm 304, requests/s"),
        }
        for path, headers, _ in cases.values():
            warm_up(service, path, headers)
        answers = {name: service.get(path, headers) for name, (path, headers, _) in cases.items()}
        with bare(answers) as against:
            for name, (path, headers, what) in cases.items():
                yield _row(
                    what,
                    "a bare Flask view",
                    *interleave(load(service, path, headers), load(against, name, headers)),
                    bound=0.9,
                )
        yield from _rivals(stripe, customer, load(service, JSON, program))


def _rivals(stripe: Stripe, customer: str, ours: Ask) -> Iterator[Row]:
    what = "warm JSON, requests/s"
    with Server("bench.apps.naive:app", stripe.settings) as naive:
        path = f"/subscription.json?customer={customer}"
        warm_up(naive, path, {})
        yield _row(what, "a naive view that calls Stripe", *interleave(ours, load(naive, path, {})))
    against = "flask-headless-payments (SQLite)"
    python = payments_python()
    if python is None:
        yield Row(what, "", against, aim=Aim.AT_LEAST, bound=1, note="it cannot be installed here")
        return
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        environ = {"BENCH_DATABASE": f"{folder}/payments.sqlite"}
        rival = stack.enter_context(
            Server("bench.apps.payments:app", environ, workers=2, python=python)
        )
        headers = {"Authorization": f"Bearer {rival.get('/token').body}"}
        path = "/api/payments/subscription"
        warm_up(rival, path, headers)
        yield _row(what, against, *interleave(ours, load(rival, path, headers)))


@contextmanager
def bare(answers: Mapping[str, Answer]) -> Iterator[Server]:
    """A bare Flask view for each of ``answers``, which sends those bytes and headers."""
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
        with Server("bench.apps.bare:app", {"BENCH_ANSWERS": str(file)}) as server:
            for path, answer in answers.items():
                again = server.get(path)
                assert (again.status, again.body) == (answer.status, answer.body)
                assert len(again.headers) == len(answer.headers)
            yield server


_BY_THE_SERVER = frozenset(("Server", "Date", "Connection", "Transfer-Encoding"))


def load(server: Server, path: str, headers: Mapping[str, str]) -> Ask:
    """What measures requests per second of ``path`` once."""
    return lambda: requests_per_second(server.url + path, headers, seconds=SECONDS)


def warm_up(server: Server, path: str, headers: Mapping[str, str]) -> None:
    """Let every worker answer ``path`` well, and grow its threads."""
    answer = server.get(path, headers)
    if answer.status not in (200, 304):
        raise RuntimeError(f"{path} is answered {answer.status}: {answer.body[:300]}")
    requests_per_second(server.url + path, headers, seconds=1, connections=16)


def interleave(ours: Ask, theirs: Ask, rounds: int = ROUNDS) -> tuple[list[float], list[float]]:
    """Ours, theirs, ours, theirs: what else the machine does meets both alike."""
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return [a for a, _ in pairs], [b for _, b in pairs]


def _row(
    what: str, against: str, ours: list[float], theirs: list[float], *, bound: float = 1.0
) -> Row:
    return Row(
        what,
        f"{Spread.of(ours).median:,.0f}",
        f"{against}: {Spread.of(theirs).median:,.0f}",
        ratios(ours, theirs),
        Aim.AT_LEAST,
        bound,
    )
