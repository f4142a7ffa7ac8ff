"""From start to the first 200, against importing flask and stripe and no more."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from bench.emulated import Stripe
from bench.processes import ROOT, SETTINGS, Server
from bench.ratios import Aim, Row, Spread, ratios

ROUNDS = 9

FIRST_REQUEST = (
    "from wsgi import app\n"
    "assert app.test_client().get('/healthz').status_code == 200\n"
)  # fmt: skip


def measure(stripe: Stripe) -> Iterator[Row]:
    """The service under gunicorn, and the same without a server."""
    environ = {**SETTINGS, **stripe.settings}
    gunicorn, process, imports = [], [], []
    for number in range(ROUNDS + 1):
        took = _served(environ), _ran(FIRST_REQUEST, environ), _ran("import flask, stripe", {})
        if number:  # the first round fills the disk cache and the compiled files
            for times, seconds in zip((gunicorn, process, imports), took, strict=True):
                times.append(seconds)
    against = f"import flask, stripe: {Spread.of(imports).median:.2f} s"
    for what, times, aim in (
        ("start to first 200, in one process", process, Aim.AT_MOST),
        ("start to first 200, by gunicorn", gunicorn, Aim.AT_MOST),
    ):
        here = f"{Spread.of(times).median:.2f} s"
        yield Row(what, here, against, ratios(times, imports), aim, 1.5)


def _served(environ: dict[str, str]) -> float:
    started = time.perf_counter()
    server = Server("wsgi:app", environ)
    try:
        server.wait_until_it_answers("/healthz", nap=0.002)
        return time.perf_counter() - started
    finally:
        server.stop()


def _ran(code: str, environ: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, check=True, stderr=subprocess.DEVNULL
    )
    return time.perf_counter() - started
