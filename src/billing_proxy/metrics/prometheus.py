"""Prometheus metrics: the only file that knows ``prometheus_client``, which is an extra.

Under several processes the client library counts in files of ``PROMETHEUS_MULTIPROC_DIR`` and any
process can tell the total: https://prometheus.github.io/client_python/multiprocess/. Names follow
https://prometheus.io/docs/practices/naming/. Every label has a fixed set of values, so no
customer's data can become one: endpoints are those of ``gateway.calls``, and a way or a status that
is not known beforehand is ``other``.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from .observer import NO_CARD, CallOutcome, Observer

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

OTHER = "other"

FOUND = ("hit", "miss", "collapsed", "stale")
CODES = (200, 303, 304, 401, 403, 404, 500, 502, 503)
BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 4, 8, 16, 25)
"""Seconds: Stripe mostly takes tenths of one, and 25 is the longest that a call may take."""

_REFUSALS = {CallOutcome.KEY_REFUSED: "key", CallOutcome.PERMISSION_REFUSED: "permission"}


class Metrics(Observer):
    """Counts what happens, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._lock = threading.Lock()
        self._shared_cache: Gauge | None = None
        self._cards = Counter(
            "billing_cards_total",
            "Requests for a card, by where the card came from and by HTTP status.",
            ("cache", "code"),
            registry=registry,
        )
        self._calls = Histogram(
            "billing_stripe_request_duration_seconds",
            "Calls to Stripe, their retry included, by endpoint and outcome.",
            ("endpoint", "outcome"),
            buckets=BUCKETS,
            registry=registry,
        )
        self._refusals = Counter(
            "billing_stripe_key_refusals_total",
            "Calls that Stripe refused because of the key, or of a permission it lacks.",
            ("reason",),
            registry=registry,
        )
        self._circuit = Gauge(
            "billing_stripe_circuit_open",
            "Processes whose circuit breaker is open.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._reads = Counter(
            "billing_read_budget_reads_total",
            "Reads that the budget was asked for, by whether it granted them.",
            ("result",),
            registry=registry,
        )
        self._limit = Gauge(
            "billing_read_budget_limit_per_second",
            "Reads per second that the budget grants.",
            multiprocess_mode="livemax",
            registry=registry,
        )
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Show what alerts are about from the start: a counter that appears with 1 has no increase.

        Files of every kind are opened here as well, so that no event has to open one.
        """
        self._known_cards = {
            (found, code): self._cards.labels(found, code)
            for found, codes in ((NO_CARD, CODES[3:]), *((found, (200, 304)) for found in FOUND))
            for code in codes
        }
        self._calls.labels("subscriptions.list", CallOutcome.OK)
        for reason in _REFUSALS.values():
            self._refusals.labels(reason)
        self._granted, self._refused = (self._reads.labels(r) for r in ("granted", "refused"))

    def card_answered(self, cache: str, code: int) -> None:
        child = self._known_cards.get((cache, code))
        if child is None:
            child = self._cards.labels(
                cache if cache in (*FOUND, NO_CARD) else OTHER, code if code in CODES else OTHER
            )
        child.inc()

    def stripe_called(self, endpoint: str, outcome: CallOutcome, seconds: float) -> None:
        self._calls.labels(endpoint, outcome).observe(seconds)
        if outcome in _REFUSALS:
            self._refusals.labels(_REFUSALS[outcome]).inc()

    def circuit_changed(self, *, is_open: bool) -> None:
        self._circuit.set(is_open)

    def read_asked(self, *, granted: bool) -> None:
        (self._granted if granted else self._refused).inc()

    def read_limit_set(self, per_second: float) -> None:
        self._limit.set(per_second)

    def shared_cache_changed(self, *, is_available: bool) -> None:
        with self._lock:
            if self._shared_cache is None:  # shown only where there is such a cache
                self._shared_cache = Gauge(
                    "billing_shared_cache_up",
                    "1 while every process can use the shared cache, else 0.",
                    multiprocess_mode="livemin",
                    registry=self._registry,
                )
        self._shared_cache.set(is_available)

    def expose(self, accept: str) -> tuple[bytes, str]:
        """Everything counted so far and its media type: OpenMetrics or text, by ``Accept``."""
        shown = CollectorRegistry()
        shown.register(_Shown(self._registry))
        encode, media_type = choose_encoder(accept)
        return encode(shown), media_type


def create_metrics() -> Metrics:
    """Metrics of an app. Apps in one process share theirs where processes share files."""
    return _of_this_process() if FOLDER in os.environ else Metrics()


@cache
def _of_this_process() -> Metrics:
    """One: two of them would each write their own count over the other's in the same file."""
    return Metrics()


class _Shown(Collector):
    """The same families from one process as from many, and none of the site around."""

    def __init__(self, own: CollectorRegistry) -> None:
        self._own = own

    def collect(self) -> Iterable[Metric]:
        names = {family.name for family in self._own.collect()} | {"billing_shared_cache_up"}
        for family in _of_all_processes() if FOLDER in os.environ else self._own.collect():
            if family.name in names:
                family.samples = [s for s in family.samples if not s.name.endswith("_created")]
                yield family


def _of_all_processes() -> Iterable[Metric]:
    """What the files say; one without a byte belongs to a process that died opening it."""
    files = [str(path) for path in Path(os.environ[FOLDER]).glob("*.db") if _holds_counts(path)]
    merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
    return merged


def _holds_counts(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except FileNotFoundError:  # its process has just died
        return False
