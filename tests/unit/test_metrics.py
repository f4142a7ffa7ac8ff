"""The metrics: names and labels by Prometheus' conventions, and never a value nobody foresaw."""

from __future__ import annotations

import re

import pytest
from prometheus_client import REGISTRY, Counter, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families

from billing_proxy.config.settings import SETTINGS
from billing_proxy.loader import Outcome
from billing_proxy.metrics.observer import NO_CARD, CallOutcome
from billing_proxy.metrics.prometheus import (
    BUCKETS,
    CODES,
    FOUND,
    Metrics,
    create_metrics,
)

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


@pytest.fixture
def metrics() -> Metrics:
    """Metrics that have seen one of every event."""
    metrics = Metrics()
    metrics.card_answered(Outcome.HIT, 200)
    metrics.stripe_called("subscriptions.list", CallOutcome.OK, 0.12)
    metrics.circuit_changed(is_open=True)
    metrics.read_asked(granted=True)
    metrics.read_limit_set(20)
    metrics.shared_cache_changed(is_available=True)
    return metrics


def families(metrics: Metrics) -> list[Metric]:
    body, _ = metrics.expose("text/plain")
    return list(text_string_to_metric_families(body.decode()))


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """The value of one sample, or None where there is no such sample."""
    for family in families(metrics):
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return sample.value
    return None


def test_every_name_is_ours_and_ends_with_its_unit_or_total(metrics: Metrics) -> None:
    found = {family.name: family for family in families(metrics)}
    assert len(found) == 7
    for name, family in found.items():
        assert re.fullmatch(r"billing_[a-z_]+", name)
        assert family.documentation.endswith(".")
        for sample in family.samples:
            suffixes = {
                "counter": ("_total",),
                "histogram": ("_bucket", "_sum", "_count"),
                "gauge": ("",),
            }[family.type]
            assert sample.name.removeprefix(name) in suffixes
        if family.type == "histogram":
            assert name.endswith("_seconds")


def test_each_format_is_given_to_who_asks_for_it(metrics: Metrics) -> None:
    body, media_type = metrics.expose(OPENMETRICS)
    assert media_type.startswith("application/openmetrics-text; version=1.0.0")
    as_openmetrics = list(parse_openmetrics(body.decode()))
    assert {f.name for f in as_openmetrics} == {f.name for f in families(metrics)}
    for accept in ("", "*/*", "text/html"):
        assert metrics.expose(accept)[1].startswith("text/plain; version=0.0.4")


def test_a_card_counts_by_where_it_came_from_and_by_its_status() -> None:
    metrics = Metrics()
    for _ in range(3):
        metrics.card_answered(Outcome.HIT, 200)
    metrics.card_answered(NO_CARD, 503)
    metrics.card_answered(Outcome.MISS, 500)  # read, and then a template of the site's failed
    name = "billing_cards_total"
    assert value(metrics, name, cache="hit", code="200") == 3
    assert value(metrics, name, cache="none", code="503") == 1
    assert value(metrics, name, cache="miss", code="500") == 1
    assert value(metrics, name, cache="miss", code="200") == 0


def test_a_call_to_stripe_counts_by_endpoint_and_outcome_with_its_seconds() -> None:
    metrics = Metrics()
    for seconds in (0.25, 30):
        metrics.stripe_called("prices.list", CallOutcome.FAILED, seconds)
    name, labels = (
        "billing_stripe_request_duration_seconds",
        {"endpoint": "prices.list", "outcome": "failed"},
    )
    assert value(metrics, f"{name}_sum", **labels) == 30.25
    for longest, count in (("0.2", 0), ("0.3", 1), ("+Inf", 2)):
        assert value(metrics, f"{name}_bucket", **labels, le=longest) == count


def test_the_buckets_reach_as_far_as_a_call_may_take() -> None:
    most = SETTINGS["BILLING_STRIPE_TIMEOUT"].kind
    assert most(str(BUCKETS[-1])) == BUCKETS[-1]
    with pytest.raises(ValueError):
        most(str(BUCKETS[-1] + 1))


@pytest.mark.parametrize("outcome", CallOutcome)
def test_a_refused_key_and_a_refused_permission_count_by_themselves(outcome: CallOutcome) -> None:
    metrics = Metrics()
    metrics.stripe_called("subscriptions.list", outcome, 0.1)
    name = "billing_stripe_key_refusals_total"
    assert value(metrics, name, reason="key") == (outcome is CallOutcome.KEY_REFUSED)
    assert value(metrics, name, reason="permission") == (outcome is CallOutcome.PERMISSION_REFUSED)


def test_the_circuit_and_the_shared_cache_are_as_they_are_now() -> None:
    metrics = Metrics()
    assert value(metrics, "billing_shared_cache_up") is None  # there is none
    for fails in (True, False):
        metrics.circuit_changed(is_open=fails)
        metrics.shared_cache_changed(is_available=not fails)
        assert value(metrics, "billing_stripe_circuit_open") == fails
        assert value(metrics, "billing_shared_cache_up") == (not fails)


def test_the_read_budget_shows_what_it_granted_refused_and_allows() -> None:
    metrics = Metrics()
    metrics.read_limit_set(2.5)
    for granted in (True, True, False):
        metrics.read_asked(granted=granted)
    name = "billing_read_budget_reads_total"
    assert [value(metrics, name, result=r) for r in ("granted", "refused")] == [2, 1]
    assert value(metrics, "billing_read_budget_limit_per_second") == 2.5


def test_what_an_alert_is_about_is_there_before_it_happens() -> None:
    metrics = Metrics()
    for name, labels in (
        ("billing_cards_total", {"cache": "stale", "code": "200"}),
        ("billing_cards_total", {"cache": "none", "code": "502"}),
        ("billing_stripe_key_refusals_total", {"reason": "key"}),
        ("billing_read_budget_reads_total", {"result": "refused"}),
        ("billing_stripe_circuit_open", {}),
    ):
        assert value(metrics, name, **labels) == 0, name


def test_a_way_or_a_status_that_nobody_foresaw_is_other() -> None:
    metrics = Metrics()
    before = len(metrics.expose("")[0].splitlines())
    for number in range(500):
        metrics.card_answered(f"cus_{number}", 600 + number)
    assert value(metrics, "billing_cards_total", cache="other", code="other") == 500
    assert len(metrics.expose("")[0].splitlines()) == before + 1


def test_every_way_a_card_can_come_is_known() -> None:
    assert set(FOUND) == set(Outcome)
    assert {200, 304, 401, 404, 502, 503} <= set(CODES)


def test_two_apps_in_one_process_count_for_themselves() -> None:
    first, second = create_metrics(), create_metrics()
    first.card_answered(Outcome.HIT, 200)
    assert value(first, "billing_cards_total", cache="hit", code="200") == 1
    assert value(second, "billing_cards_total", cache="hit", code="200") == 0


def test_a_site_that_counts_under_the_same_name_is_not_disturbed() -> None:
    theirs = Counter("billing_cards_total", "The site's own.", ("cache", "code"))
    try:
        theirs.labels("hit", "200").inc(7)
        ours = Metrics()
        assert value(ours, "billing_cards_total", cache="hit", code="200") == 0
        assert b"billing_stripe" not in generate_latest()
    finally:
        REGISTRY.unregister(theirs)
