"""Whichever worker Prometheus meets, it hears of all of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.emulator import Emulator
from tests.stage.browser import Sent, answers, ask, program
from tests.stage.service import STARTS_WITHIN, WORKERS, Service, wait_until
from tests.stage.tokens import bearer

TOKEN = "a-made-up-token-of-prometheus"
JSON = "/billing/subscription.json"
CARDS = "billing_cards_total"
CALLS = "billing_stripe_request_duration_seconds_count"
AT_ONCE = {"Stripe-Should-Retry": "false"}


@pytest.fixture
def service(stripe: Emulator, tmp_path: Path) -> Iterator[Service]:
    """A service that has counted nothing yet, in the test's own folder."""
    settings = {"BILLING_METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
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


def test_every_worker_tells_the_total_of_all_and_names_no_customer(
    service: Service, anna: str, stripe: Emulator, tmp_path: Path
) -> None:
    for _ in service.each():
        burst = answers([Sent(service.port, JSON, program(anna)) for _ in range(25)])
        assert {answer.status for answer in burst} == {200}
        assert ask(service.port, "/billing/portal", program(anna)).status == 303
    for _ in service.each():
        counted = scrape(service)
        assert sum(n for name, n in counted.items() if name[0] == CARDS) == 25 * WORKERS
        assert counted[CARDS, "miss", "200"] == WORKERS
        assert counted[CALLS, "subscriptions.list", "ok"] == WORKERS
        assert counted["billing_read_budget_limit_per_second",] == 20
    kept = told(service) + "".join(
        file.read_bytes().decode("latin-1") for file in tmp_path.glob("*.db")
    )
    assert "billing_cards_total" in kept
    for secret in ("cus_", "sub_", stripe.key, TOKEN):
        assert secret not in kept


def test_what_a_killed_worker_counted_stays_and_what_was_true_of_it_does_not(
    service: Service, stripe: Emulator, anna: str, tmp_path: Path
) -> None:
    (tmp_path / "counter_1.db").touch()  # as one leaves it that was killed while it made the file
    stripe.fail(times=None, headers=AT_ONCE)
    for _ in service.each():
        for _ in range(5):
            assert ask(service.port, JSON, program(anna)).status == 503
    before = scrape(service)
    assert before["billing_stripe_circuit_open",] == WORKERS

    os.kill(service.workers[0], signal.SIGKILL)
    service.wait_for_log(r"Booting worker", WORKERS + 1, within=STARTS_WITHIN)
    wait_until(
        lambda: scrape(service)["billing_stripe_circuit_open",] == WORKERS - 1,
        "the killed worker's circuit counts no more",
    )
    after = scrape(service)
    assert after[CARDS, "none", "503"] == before[CARDS, "none", "503"] == 5 * WORKERS


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="there is no /proc")
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
