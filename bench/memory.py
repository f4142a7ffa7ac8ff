"""What 40,000 different cards take in memory, read as JSON and then as pages, in one process.

Stripe's answers are made in that process: the decoded answer of the emulator, with a customer,
subscription and dates of its own for each card. All else is the product, without a server.
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.test import create_environ

from bench.emulated import Stripe
from bench.processes import ROOT, SETTINGS, bearer
from bench.ratios import Aim, Row, Spread
from billing_proxy import bootstrap
from billing_proxy.app import create_app
from billing_proxy.gateway.api import Page, StripeApi

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CARDS = 40_000
KILOBYTES_A_CARD = 2.0
MEGABYTES_IN_ALL = 256


def measure(stripe: Stripe) -> Iterator[Row]:
    """Bytes a card, what pages add, and the whole process, as a process of its own says."""
    stripe.add("memory", 1)
    order = json.dumps([stripe.settings, CARDS])
    command = [sys.executable, "-m", "bench.memory", order]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if output.returncode:
        raise RuntimeError(output.stderr[-500:])
    at_start, half, cards, pages, bound = json.loads(output.stdout)
    # By half of the cards the finished answers have filled their bound, and grow no more.
    each = (cards - half) / (CARDS / 2)
    yield Row(
        f"memory a card, {CARDS:,} cards as JSON",
        f"{each:,.0f} bytes",
        "result in KiB",
        Spread.of([each / 1024]),
        Aim.AT_MOST,
        KILOBYTES_A_CARD,
    )
    yield Row(
        "finished answers, after the pages too",
        f"{(pages - cards) / 2**20:.0f} MiB more than JSON alone",
        "result in MiB, aim: their bound",
        Spread.of([(pages - at_start - each * CARDS) / 2**20]),
        Aim.AT_MOST,
        bound / 2**20,
    )
    yield Row(
        "the whole process, JSON and pages",
        f"{at_start / 2**20:.0f} MiB at the start",
        "result in MiB",
        Spread.of([pages / 2**20]),
        Aim.BELOW,
        MEGABYTES_IN_ALL,
    )


class _Canned:
    """Stands for ``StripeApi``: what the emulator answered once, made a card's own."""

    def __init__(self, secret_key: str, **options: Any) -> None:
        api = StripeApi(secret_key, **options)
        params = {"customer": "cus_memory0", "status": "all", "limit": 100}
        self._api = api
        text = json.dumps(list(api.list("subscriptions", params, until=time.monotonic() + 30).data))
        self._id = json.loads(text)[0]["id"]
        self._text = text
        self._number = 0

    def list(self, resource: str, params: Mapping[str, Any], *, until: float) -> Page:
        if resource != "subscriptions":
            return self._api.list(resource, params, until=until)
        self._number += 1
        text = self._text.replace(self._id, f"sub_1RmQ{self._number:020}")
        text = text.replace("cus_memory0", params["customer"])
        data = json.loads(text)
        for item in data[0]["items"]["data"]:
            item["current_period_end"] += self._number % 86_400
        return Page(data, False, f"req_{self._number:014}")


def main(order: str) -> None:
    """Read the cards; print the bytes held at each step, and the bound of the finished ones."""
    stripe, cards = json.loads(order)
    logging.getLogger("billing_proxy").addHandler(logging.NullHandler())
    bootstrap.StripeApi = _Canned  # type: ignore[assignment, attr-defined]
    now = time.time() // 86_400 * 86_400 + 43_200  # far from midnight, where pages end
    settings = {**SETTINGS, **stripe, "BILLING_STRIPE_MAX_RATE": "10000"}
    settings |= {"BILLING_CACHE_MAXSIZE": str(2 * cards), "BILLING_CACHE_TTL": "3600"}
    app = create_app(settings, clock=lambda: now)
    bound = app.extensions["billing_proxy"].config.page_cache_bytes
    _read(app, range(-100, 0), "application/json")
    steps = [_held()]
    _read(app, range(cards // 2), "application/json")
    steps.append(_held())
    _read(app, range(cards // 2, cards), "application/json")
    steps.append(_held())
    _read(app, range(cards), "text/html")
    print(json.dumps([*steps, _held(), bound]))


def _read(app: WSGIApplication, numbers: range, accept: str) -> None:
    for number in numbers:
        authorization = bearer(f"cus_1RmQ{number % 10**10:014}")["Authorization"]
        headers = {"HTTP_AUTHORIZATION": authorization, "HTTP_ACCEPT": accept}
        answer: list[str] = []
        parts = app({**_ENVIRON, **headers}, lambda status, _, answer=answer: answer.append(status))
        list(parts)
        if not answer[0].startswith("200"):
            raise SystemExit(f"a card is answered {answer[0]}")


_ENVIRON = create_environ("/billing/")


def _held() -> int:
    """The bytes that this process holds in memory (resident)."""
    status = Path("/proc/self/status").read_text()
    (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(kilobytes) * 1024


if __name__ == "__main__":
    main(sys.argv[1])
