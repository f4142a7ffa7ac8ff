"""What ``billing_card()`` adds to a page of a site, while the card is the same.

Two pages that differ in nothing else, asked for in turns, in one process without a server.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from statistics import median

from flask import Flask, render_template
from jinja2 import DictLoader
from werkzeug.test import create_environ, run_wsgi_app

from bench.emulated import Stripe
from bench.ratios import Aim, Row, Spread
from billing_proxy import BillingProxy

ROUNDS = 9
VIEWS = 400
"""Of each page in a round."""

MILLISECONDS = 0.1
PAGE = "<!doctype html><title>Mijn account</title><main><h1>Mijn account</h1>{}</main>"


def measure(stripe: Stripe) -> Iterator[Row]:
    """Milliseconds more of the page with the card."""
    (customer,) = stripe.add("host", 1)
    site = _site(stripe, customer)
    _round(site)
    rounds = [_round(site) for _ in range(ROUNDS)]
    yield Row(
        "billing_card() in a host's page",
        f"{median(ours for ours, _ in rounds):.3f} ms",
        f"the page without: {median(bare for _, bare in rounds):.3f} ms, result in ms more",
        Spread.of([ours - bare for ours, bare in rounds]),
        Aim.AT_MOST,
        MILLISECONDS,
    )


def _site(stripe: Stripe, customer: str) -> Flask:
    site = Flask("host", static_folder=None)
    site.config.update(SECRET_KEY="a made-up key of the site", BILLING_CACHE_TTL=3600)
    site.config.update(stripe.settings)
    pages = {"with": PAGE.format("{{ billing_card() }}"), "without": PAGE.format("")}
    site.jinja_loader = DictLoader({f"{name}.html": source for name, source in pages.items()})
    for name in pages:
        site.add_url_rule(f"/{name}", name, lambda name=name: render_template(f"{name}.html"))
    BillingProxy(site, customer_loader=lambda _request: customer)
    return site


def _round(site: Flask) -> tuple[float, float]:
    """Milliseconds that a view takes, with the card and without, in the median."""
    took: dict[str, list[float]] = {"/with": [], "/without": []}
    for _ in range(VIEWS):
        for path, seconds in took.items():
            environ = create_environ(path)
            started = time.perf_counter()
            parts, *_ = run_wsgi_app(site, environ, buffered=True)
            seconds.append(time.perf_counter() - started)
            if (b"billing-card" in b"".join(parts)) is not (path == "/with"):
                raise RuntimeError(f"{path} does not show what it should")
    return median(took["/with"]) * 1000, median(took["/without"]) * 1000
