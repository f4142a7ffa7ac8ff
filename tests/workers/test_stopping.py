"""What is said of wrong settings; and stopping, reloading and losing a worker lose no request."""

from __future__ import annotations

import http.client
import itertools
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from demo.emulator import Emulator
from tests.stage.browser import ask, program
from tests.stage.service import (
    FROM_THE_WHEEL,
    HAPPENS_WITHIN,
    ROOT,
    STARTS_WITHIN,
    WORKERS,
    Service,
    command,
    wait_until,
)

LIST = "/v1/subscriptions"
JSON = "/billing/subscription.json"
CLIENTS = 4


@pytest.mark.parametrize(
    ("started_by", "settings", "said"),
    [
        (command(), {}, "STRIPE_SECRET_KEY is missing"),
        (FROM_THE_WHEEL, {"WEB_CONCURRENCY": "3"}, "STRIPE_SECRET_KEY is missing"),
        (command(), {"GUNICORN_THREADS": "many"}, "GUNICORN_THREADS"),
    ],
)
def test_wrong_settings_are_said_once(
    started_by: list[str], settings: dict[str, str], said: str
) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        started_by,
        cwd=ROOT,
        env={"PATH": path, **settings},
        capture_output=True,
        text=True,
        timeout=STARTS_WITHIN,
    )
    assert done.returncode == 3
    assert done.stderr.count(said) == 1
    assert len(done.stderr.splitlines()) < 12
    assert "Traceback" not in done.stderr


class SteadyLoad:
    """Clients that ask without a pause, each time on a new connection (Connection: close)."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self.answered = 0
        self.lost: list[str] = []
        self._lock = threading.Lock()
        self._enough = threading.Event()
        paths = (JSON, "/billing/", "/healthz")
        self._clients = [
            threading.Thread(target=self._ask, args=(port, itertools.cycle(paths), headers))
            for _ in range(CLIENTS)
        ]

    def __enter__(self) -> Self:
        for client in self._clients:
            client.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._enough.set()
        for client in self._clients:
            client.join(HAPPENS_WITHIN)

    def go_on(self, more: int) -> None:
        """Wait for ``more`` answers."""
        target = self.answered + more
        wait_until(lambda: bool(self.lost) or self.answered >= target, f"{more} more answers")

    def _ask(self, port: int, paths: itertools.cycle[str], headers: dict[str, str]) -> None:
        while not self._enough.is_set() and not self.lost:
            path = next(paths)
            try:
                status = ask(port, path, headers).status
                problem = None if status == 200 else f"{path}: {status}"
            except (OSError, http.client.HTTPException) as error:
                problem = f"{path}: {error!r}"
            with self._lock:
                self.answered += 1
                if problem:
                    self.lost.append(problem)


def test_a_stop_lets_running_requests_finish(
    start: Callable[..., Service], stripe: Emulator, add_customers: Callable[[int], list[str]]
) -> None:
    service = start()
    customers = [program(customer) for customer in add_customers(8)]
    stripe.latency = 60
    answers: list[int] = []
    running = [
        threading.Thread(target=lambda c=c: answers.append(ask(service.port, JSON, c).status))
        for c in customers
    ]
    for request in running:
        request.start()
    wait_until(lambda: stripe.calls(LIST) == len(customers), "every request waits for Stripe")
    service.send_signal(signal.SIGTERM)
    service.wait_for_log("Handling signal: term", 1)
    assert answers == []
    stripe.latency = 0
    stripe.clear_faults()  # Stripe answers now
    for request in running:
        request.join(HAPPENS_WITHIN)
    assert answers == [200] * len(customers)
    assert service.wait() == 0, service.log
    assert "Traceback" not in service.log
    assert service.log.count(f"route={JSON} status=200") == len(customers)  # none lost at the end


@pytest.fixture(scope="module")
def service(start: Callable[..., Service]) -> Service:
    """Workers that come and go."""
    return start()


def test_a_reload_under_load_loses_no_request(service: Service, anna: str) -> None:
    before = set(service.workers)
    with SteadyLoad(service.port, program(anna)) as load:
        load.go_on(50)
        service.send_signal(signal.SIGHUP)
        wait_until(lambda: replaced(service, before), "the workers are others")
        load.go_on(50)
    assert load.lost == [], service.log
    service.wait_until_each_answers()


def test_a_worker_that_is_replaced_under_load_loses_no_request(service: Service, anna: str) -> None:
    with SteadyLoad(service.port, program(anna)) as load:
        load.go_on(50)
        for pid in service.workers[:2]:
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda gone={pid}: replaced(service, gone), "there is another worker")
            load.go_on(50)
    assert load.lost == [], service.log
    service.wait_until_each_answers()


def replaced(service: Service, gone: set[int]) -> bool:
    """Whether there are as many workers as before, and none of those in ``gone``."""
    return len(service.workers) == WORKERS and gone.isdisjoint(service.workers)
