"""From start to the first page, against importing flask and stripe and no more."""

from __future__ import annotations

import resource
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

from bench.emulated import Stripe
from bench.environments import service_python
from bench.processes import ROOT, SETTINGS, Server
from bench.ratios import Aim, Row, Spread, ratios
from bench.warm import PAGE, sign_in

ROUNDS = 9

FIRST_PAGE = """
import gc, os
from wsgiref.util import setup_testing_defaults
gc.disable()  # as the service's server does until the worker is ready
from wsgi import app
environ = {"PATH_INFO": os.environ["BENCH_PATH"], "HTTP_COOKIE": os.environ["BENCH_COOKIE"]}
setup_testing_defaults(environ)
said = []
assert b"".join(app(environ, lambda status, *_: said.append(status))) and said == ["200 OK"]
"""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds: on the clock, and of CPU in all processes until they had ended."""

    wall: float
    cpu: float


def measure(stripe: Stripe) -> Iterator[Row]:
    """The page of a browser that is signed in: without a server, and under gunicorn.

    A first round fills the disk cache and the files with what has been compiled.
    """
    python = service_python()
    if python is None:
        yield Row("start to first page", note="the service cannot be installed here")
        return
    environ = {**SETTINGS, **stripe.settings}
    (customer,) = stripe.add("start", 1)
    with Server("wsgi:app", environ) as service:
        browser = sign_in(service, customer)
    alone = {**environ, "BENCH_PATH": PAGE, "BENCH_COOKIE": browser["Cookie"]}
    gunicorn: list[Took] = []
    process: list[Took] = []
    imports: list[Took] = []
    for number in range(ROUNDS + 1):
        served = _served(python, environ, browser)
        took = _ran(python, FIRST_PAGE, alone), _ran(python, "import flask, stripe", {})
        if number:
            gunicorn.append(served)
            process.append(took[0])
            imports.append(took[1])
    walls, cpus = [took.wall for took in imports], [took.cpu for took in imports]
    yield _row("start to first page, in one process", [took.wall for took in process], walls)
    yield _row("start to first page, CPU", [took.cpu for took in process], cpus)
    yield _row("start to first page, by gunicorn", [took.wall for took in gunicorn], walls)


def _row(what: str, ours: list[float], theirs: list[float]) -> Row:
    return Row(
        what,
        f"{Spread.of(ours).median:.2f} s",
        f"import flask, stripe: {Spread.of(theirs).median:.2f} s",
        ratios(ours, theirs),
        Aim.AT_MOST,
        1.5,
    )


def _served(python: str, environ: dict[str, str], browser: dict[str, str]) -> Took:
    started, before = time.perf_counter(), _cpu_of_children()
    server = Server("wsgi:app", environ, python=python)
    try:
        server.wait_until_it_answers("/healthz", nap=0.002)
        if server.get(PAGE, browser).status != 200:
            raise RuntimeError("the first page is not answered well")
        wall = time.perf_counter() - started
    finally:
        server.stop()
    return Took(wall, _cpu_of_children() - before)


def _ran(python: str, code: str, environ: dict[str, str]) -> Took:
    started, before = time.perf_counter(), _cpu_of_children()
    command = [python, "-c", code]
    subprocess.run(command, cwd=ROOT, env=environ, check=True, stderr=subprocess.DEVNULL)
    return Took(time.perf_counter() - started, _cpu_of_children() - before)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
