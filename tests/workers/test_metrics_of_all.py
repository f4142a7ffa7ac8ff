"""Whichever worker Prometheus meets, it hears of all of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.emulator import Emulator
from tests.web.tokens import bearer
from tests.workers.browser import ask, program
from tests.workers.service import STARTS_WITHIN, WORKERS, Service, wait_until

TOKEN = "a-made-up-token-of-prometheus"
JSON = "/billing/subscription.json"
CARDS = "billing_cards_total"
CALLS = "billing_stripe_request_duration_seconds_count"
needs_proc = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="there is no /proc")
AT_ONCE = {"Stripe-Should-Retry": "false"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the workers count."""
    return tmp_path


@pytest.fixture
def service(stripe: Emulator, folder: Path) -> Iterator[Service]:
    """A service that has counted nothing yet."""
    settings = {"BILLING_METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with Service(stripe, **settings) as running:
        yield running


def told(service: Service) -> str:
    answer = ask(service.port, "/metrics", bearer(TOKEN))
    assert answer.status == 200, service.log
    return answer.text


def scrape(service: Service) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels in the order of their names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(told(service))
        for sample in family.samples
    }


def folders_of(service: Service) -> set[Path]:
    """Where its workers count, by the files that they have open."""
    maps = "".join(Path(f"/proc/{pid}/maps").read_text() for pid in service.workers)
    return {Path(line.split()[-1]).parent for line in maps.splitlines() if line.endswith(".db")}


def test_every_worker_tells_the_total_of_all(service: Service, anna: str) -> None:
    for _ in service.each():
        for _ in range(3):
            assert ask(service.port, JSON, program(anna)).status == 200
    for _ in service.each():
        counted = scrape(service)
        assert counted[CARDS, "miss", "200"] == WORKERS
        assert counted[CARDS, "hit", "200"] == 2 * WORKERS
        assert counted[CALLS, "subscriptions.list", "ok"] == WORKERS
        assert counted["billing_read_budget_limit_per_second",] == 20


def test_many_at_once_are_all_counted(service: Service, anna: str) -> None:
    headers, each, clients = program(anna), 25, 8

    def load() -> None:
        for _ in range(each):
            ask(service.port, JSON, headers)

    threads = [threading.Thread(target=load) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counted = scrape(service)
    assert sum(n for name, n in counted.items() if name[0] == CARDS) == each * clients


def test_open_circuits_are_counted_and_one_of_a_killed_worker_no_more(
    service: Service, stripe: Emulator, anna: str
) -> None:
    stripe.fail(times=None, headers=AT_ONCE)
    for _ in service.each():
        for _ in range(5):
            assert ask(service.port, JSON, program(anna)).status == 503
    before = scrape(service)
    assert before["billing_stripe_circuit_open",] == WORKERS

    gone = service.workers[0]
    os.kill(gone, signal.SIGKILL)
    service.wait_for_log(r"Booting worker", WORKERS + 1, within=STARTS_WITHIN)
    wait_until(
        lambda: scrape(service)["billing_stripe_circuit_open",] == WORKERS - 1,
        "the killed worker's circuit counts no more",
    )
    after = scrape(service)
    assert after[CARDS, "none", "503"] == before[CARDS, "none", "503"] == 5 * WORKERS


def test_a_file_that_a_killed_worker_left_half_made_does_not_break_it(
    service: Service, folder: Path
) -> None:
    (folder / "counter_1.db").touch()
    assert scrape(service)["billing_stripe_circuit_open",] == 0


def test_no_customer_is_in_it(
    service: Service,
    folder: Path,
    add_customers: Callable[[int], list[str]],
    stripe: Emulator,
) -> None:
    customers = add_customers(5)
    for customer in [*customers, "cus_nobody"]:
        ask(service.port, JSON, program(customer))
        ask(service.port, "/billing/portal", program(customer))
    text = told(service)
    files = b"".join(path.read_bytes() for path in folder.glob("*.db"))
    assert b"billing_cards_total" in files
    for secret in ("cus_", "sub_", stripe.key, TOKEN):
        assert secret not in text
        assert secret.encode() not in files


@needs_proc
def test_what_was_counted_outlives_a_reload_and_the_folder_ends_with_the_service(
    start: Callable[..., Service], anna: str
) -> None:
    service = start(BILLING_METRICS_TOKEN=TOKEN)
    (folder,) = folders_of(service)
    ask(service.port, JSON, program(anna))
    before = set(service.workers)
    service.send_signal(signal.SIGHUP)
    wait_until(
        lambda: len(service.workers) == WORKERS and before.isdisjoint(service.workers),
        "the workers are others",
    )
    service.wait_until_each_answers()
    assert folders_of(service) == {folder}
    assert scrape(service)[CARDS, "miss", "200"] == 1
    service.send_signal(signal.SIGTERM)
    assert service.wait() == 0
    assert not folder.exists()


@needs_proc
def test_without_the_setting_there_is_no_folder(start: Callable[..., Service]) -> None:
    service = start()
    assert ask(service.port, "/metrics", bearer(TOKEN)).status == 404
    assert folders_of(service) == set()


TWO_APPS = """
from flask import Flask
from prometheus_client import Counter
from billing_proxy.metrics.prometheus import create_metrics
Counter("site_visits_total", "The site's own.").inc()
first, second = create_metrics(), create_metrics()
first.card_answered("hit", 200)
second.card_answered("hit", 200)
text = second.expose("")[0].decode()
assert 'billing_cards_total{cache="hit",code="200"} 2.0' in text, text
assert "site_visits" not in text, text
"""


def test_two_apps_in_one_process_count_together_and_tell_nothing_of_the_sites_own(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", TWO_APPS],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=STARTS_WITHIN,
    )
    assert done.returncode == 0, done.stderr
