"""The metrics: names and labels by Prometheus' conventions, and never a value nobody foresaw."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, Counter, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families

from billing_proxy.cache.cards import Outcome
from billing_proxy.config.settings import BillingConfig
from billing_proxy.errors import ConfigError
from billing_proxy.gateway import gateway
from billing_proxy.metrics.observer import NO_CARD, SILENT, CallOutcome
from billing_proxy.metrics.prometheus import (
    BUCKETS,
    CODES,
    ENDPOINTS,
    FOUND,
    Metrics,
    create_metrics,
)

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
CUSTOMER = "cus_PgafTB7WZ01zgk"


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
    metrics.card_answered(Outcome.STALE, 304)
    metrics.card_answered(NO_CARD, 503)
    metrics.card_answered(Outcome.MISS, 500)  # read, and then a template of the site's failed
    name = "billing_cards_total"
    assert value(metrics, name, cache="hit", code="200") == 3
    assert value(metrics, name, cache="stale", code="304") == 1
    assert value(metrics, name, cache="none", code="503") == 1
    assert value(metrics, name, cache="miss", code="500") == 1
    assert value(metrics, name, cache="miss", code="200") == 0


def test_a_call_to_stripe_counts_by_endpoint_and_outcome_with_its_seconds() -> None:
    metrics = Metrics()
    metrics.stripe_called("prices.list", CallOutcome.FAILED, 0.25)
    metrics.stripe_called("prices.list", CallOutcome.FAILED, 30)
    name, labels = (
        "billing_stripe_request_duration_seconds",
        {
            "endpoint": "prices.list",
            "outcome": "failed",
        },
    )
    assert value(metrics, f"{name}_count", **labels) == 2
    assert value(metrics, f"{name}_sum", **labels) == 30.25
    assert value(metrics, f"{name}_bucket", **labels, le="0.2") == 0
    assert value(metrics, f"{name}_bucket", **labels, le="0.3") == 1
    assert value(metrics, f"{name}_bucket", **labels, le="+Inf") == 2


def test_the_buckets_reach_as_far_as_a_call_may_take() -> None:
    config = {"STRIPE_SECRET_KEY": "sk_test_1", "SECRET_KEY": "x"}
    longest = BUCKETS[-1]
    BillingConfig.from_mapping({**config, "BILLING_STRIPE_TIMEOUT": longest}, standalone=False)
    with pytest.raises(ConfigError):
        BillingConfig.from_mapping(
            {**config, "BILLING_STRIPE_TIMEOUT": longest + 1}, standalone=False
        )


@pytest.mark.parametrize(
    ("outcome", "key", "permission"),
    [
        (CallOutcome.KEY_REFUSED, 1, 0),
        (CallOutcome.PERMISSION_REFUSED, 0, 1),
        (CallOutcome.REQUEST_REFUSED, 0, 0),
        (CallOutcome.OK, 0, 0),
    ],
)
def test_a_refused_key_counts_by_itself(outcome: CallOutcome, key: int, permission: int) -> None:
    metrics = Metrics()
    metrics.stripe_called("subscriptions.list", outcome, 0.1)
    name = "billing_stripe_key_refusals_total"
    assert value(metrics, name, reason="key") == key
    assert value(metrics, name, reason="permission") == permission


def test_the_circuit_and_the_shared_cache_are_as_they_are_now() -> None:
    metrics = Metrics()
    assert value(metrics, "billing_stripe_circuit_open") == 0
    assert value(metrics, "billing_shared_cache_up") is None  # there is none
    metrics.circuit_changed(is_open=True)
    metrics.shared_cache_changed(is_available=False)
    assert value(metrics, "billing_stripe_circuit_open") == 1
    assert value(metrics, "billing_shared_cache_up") == 0
    metrics.circuit_changed(is_open=False)
    metrics.shared_cache_changed(is_available=True)
    assert value(metrics, "billing_stripe_circuit_open") == 0
    assert value(metrics, "billing_shared_cache_up") == 1


def test_the_read_budget_shows_what_it_granted_refused_and_allows() -> None:
    metrics = Metrics()
    metrics.read_limit_set(2.5)
    for granted in (True, True, False):
        metrics.read_asked(granted=granted)
    name = "billing_read_budget_reads_total"
    assert value(metrics, name, result="granted") == 2
    assert value(metrics, name, result="refused") == 1
    assert value(metrics, "billing_read_budget_limit_per_second") == 2.5


@pytest.mark.parametrize(
    "series",
    [
        ("billing_cards_total", {"cache": "stale", "code": "200"}),
        ("billing_cards_total", {"cache": "none", "code": "502"}),
        ("billing_stripe_key_refusals_total", {"reason": "key"}),
        ("billing_read_budget_reads_total", {"result": "refused"}),
        ("billing_stripe_circuit_open", {}),
    ],
    ids=str,
)
def test_what_an_alert_is_about_is_there_before_it_happens(
    series: tuple[str, dict[str, str]],
) -> None:
    name, labels = series
    assert value(Metrics(), name, **labels) == 0


def test_a_value_nobody_foresaw_is_other(metrics: Metrics) -> None:
    metrics.card_answered(CUSTOMER, 418)
    metrics.stripe_called(f"customers/{CUSTOMER}", CallOutcome.OK, 0.1)
    assert value(metrics, "billing_cards_total", cache="other", code="other") == 1
    labels = {"endpoint": "other", "outcome": "ok"}
    assert value(metrics, "billing_stripe_request_duration_seconds_count", **labels) == 1
    assert CUSTOMER not in metrics.expose("")[0].decode()


def test_no_event_can_make_more_series_than_there_are_known_values() -> None:
    metrics = Metrics()
    for number in range(500):
        metrics.card_answered(f"cus_{number}", number)
        metrics.stripe_called(f"customers/cus_{number}", CallOutcome.OK, 0.1)
    cards = {tuple(s.labels.values()) for f in families(metrics) for s in f.samples}
    assert len(cards) < 100


def test_every_way_a_card_can_come_is_known() -> None:
    assert set(FOUND) == set(Outcome)
    assert {200, 304, 401, 404, 502, 503} <= set(CODES)


def endpoints_of_the_gateway() -> Iterator[str]:
    """What the gateway asks Stripe for, read from its source."""
    for node in ast.walk(ast.parse(Path(gateway.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            call, first = ast.unparse(node.func), next(iter(node.args), None)
            if call == f"self._api.{node.func.attr}" and isinstance(first, ast.Constant):
                yield f"{first.value}.{node.func.attr}"


def test_every_endpoint_that_is_asked_is_known() -> None:
    asked = set(endpoints_of_the_gateway())
    assert len(asked) > 5
    assert asked <= ENDPOINTS


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


def test_who_watches_nothing_has_no_cost_and_no_effect() -> None:
    SILENT.card_answered(Outcome.HIT, 200)
    SILENT.stripe_called("subscriptions.list", CallOutcome.OK, 0.1)
    SILENT.circuit_changed(is_open=True)
    SILENT.read_asked(granted=False)
    SILENT.read_limit_set(20)
    SILENT.shared_cache_changed(is_available=False)
    assert not vars(SILENT)
