"""From start to the first 200, against importing flask and stripe and no more."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.emulated import Stripe
from bench.processes import ROOT, SETTINGS, Server
from bench.ratios import Aim, Row, Spread, ratios

ROUNDS = 9

FIRST_REQUEST = (
    "from wsgi import app\n"
    "assert app.test_client().get('/healthz').status_code == 200\n"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds: on the clock, and of CPU in all processes until they had ended."""

    wall: float
    cpu: float


def measure(stripe: Stripe) -> Iterator[Row]:
    """The service under gunicorn, and the same without a server."""
    environ = {**SETTINGS, **stripe.settings}
    gunicorn: list[float] = []
    process: list[Took] = []
    imports: list[Took] = []
    for number in range(ROUNDS + 1):
        served = _served(environ)
        took = _ran(FIRST_REQUEST, environ), _ran("import flask, stripe", {})
        if number:  # the first round fills the disk cache and the compiled files
            gunicorn.append(served)
            process.append(took[0])
            imports.append(took[1])
    walls = [took.wall for took in imports]
    yield _row("start to first 200, in one process", [took.wall for took in process], walls)
    cpu = [took.cpu for took in process], [took.cpu for took in imports]
    yield _row("start to first 200, CPU", *cpu)
    yield _row("start to first 200, by gunicorn", gunicorn, walls)


def _row(what: str, ours: list[float], theirs: list[float]) -> Row:
    return Row(
        what,
        f"{Spread.of(ours).median:.2f} s",
        f"import flask, stripe: {Spread.of(theirs).median:.2f} s",
        ratios(ours, theirs),
        Aim.AT_MOST,
        1.5,
    )


def _served(environ: dict[str, str]) -> float:
    started = time.perf_counter()
    server = Server("wsgi:app", environ)
    try:
        server.wait_until_it_answers("/healthz", nap=0.002)
        return time.perf_counter() - started
    finally:
        server.stop()


def _ran(code: str, environ: dict[str, str]) -> Took:
    started, before = time.perf_counter(), _cpu_of_children()
    command = [sys.executable, "-c", code]
    subprocess.run(command, cwd=ROOT, env=environ, check=True, stderr=subprocess.DEVNULL)
    return Took(time.perf_counter() - started, _cpu_of_children() - before)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
