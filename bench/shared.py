"""Warm JSON where processes share a cache server, against the same from memory alone."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from bench.emulated import Stripe
from bench.processes import HOST, SETTINGS, Server, bearer
from bench.ratios import Aim, Row
from bench.warm import JSON, interleave, load, rows, warm_up


def measure(stripe: Stripe) -> Iterator[Row]:
    """Both services have read the card; one asks, or hears, whether it still holds."""
    what, against, bound = "warm JSON with BILLING_CACHE_URL", "from memory alone", 0.8
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        note = "there is no redis-server here"
        yield Row(what, "", against, aim=Aim.AT_LEAST, bound=bound, note=note)
        return
    (customer,) = stripe.add("shared", 1)
    environ = {**SETTINGS, **stripe.settings, "BILLING_CACHE_TTL": "3600"}
    with (
        _redis(program) as url,
        Server("wsgi:app", {**environ, "BILLING_CACHE_URL": url}) as shared,
        Server("wsgi:app", environ) as alone,
    ):
        headers = bearer(customer)
        for service in (shared, alone):
            warm_up(service, JSON, headers)
        rates = interleave(load(shared, JSON, headers), load(alone, JSON, headers))
    yield from rows(what, against, *rates, bound=bound)


@contextmanager
def _redis(program: str) -> Iterator[str]:
    """The address of a server that keeps nothing on disk."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    command = [program, "--port", str(port), "--bind", HOST, "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        if not any("Ready to accept" in line for line in process.stdout):
            raise RuntimeError("redis-server does not start")
        yield f"redis://{HOST}:{port}/0"
    finally:
        process.terminate()
        process.communicate()
