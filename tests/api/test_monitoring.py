"""The dashboard, the alerts and the table of metrics are about metrics that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from billing_proxy.gateway.calls import CALLS
from billing_proxy.loader import Outcome
from billing_proxy.metrics.observer import NO_CARD, CallOutcome
from billing_proxy.metrics.prometheus import CODES, FOUND, Metrics

DOCS = Path(__file__).resolve().parents[2] / "docs"
DOCUMENT = (DOCS / "operations.md").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads((DOCS / "monitoring" / "dashboard.json").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((DOCS / "monitoring" / "alerts.yaml").read_text())
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]

LABELS = {
    "cache": {*FOUND, NO_CARD},
    "code": {str(code) for code in CODES},
    "endpoint": set(CALLS),
    "outcome": set(CallOutcome),
    "reason": {"key", "permission"},
    "result": {"granted", "refused"},
}
"""Every value that a label of ours can have; ``other`` besides."""

OF_PROMETHEUS = {"job", "instance", "le"}


def watched() -> Metrics:
    """Metrics that have seen one of every event."""
    metrics = Metrics()
    metrics.card_answered(Outcome.HIT, 200)
    metrics.stripe_called("subscriptions.list", CallOutcome.OK, 0.1)
    metrics.shared_cache_changed(is_available=True)
    return metrics


FAMILIES = list(text_string_to_metric_families(watched().expose("")[0].decode()))
SAMPLES = {sample.name: set(sample.labels) for f in FAMILIES for sample in f.samples}


def queries() -> Iterator[tuple[str, str]]:
    """What each rule, panel and variable asks for, Grafana's own variables filled in."""
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    for panel in PANELS:
        for target in panel["targets"]:
            expr = target["expr"].replace("$__rate_interval", "5m").replace("$job", ".*")
            assert "$" not in expr
            yield panel["title"], expr


def selectors(query: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The series that a query selects, by name and matchers."""
    # The parser's own printing puts braces behind each name and nothing else.
    printed = str(promql_parser.parse(query))
    for name, matchers in re.findall(r"([a-z_:]+)\{([^}]*)\}", printed):
        yield name, dict(re.findall(r'(\w+)(?:=|!=|=~|!~)"([^"]*)"', matchers))


@pytest.mark.parametrize("query", [q for _, q in queries()], ids=[n for n, _ in queries()])
def test_every_query_is_promql_about_metrics_and_labels_that_exist(query: str) -> None:
    found = list(selectors(query))
    assert found
    for name, matchers in found:
        assert name in SAMPLES
        for label, values in matchers.items():
            assert label in SAMPLES[name] | OF_PROMETHEUS
            if label in LABELS:
                assert set(values.split("|")) <= LABELS[label]
    known = set().union(*(SAMPLES[name] for name, _ in found)) | OF_PROMETHEUS
    for grouping in re.findall(r"\bby ?\(([^)]*)\)", query):
        assert {label.strip() for label in grouping.split(",")} <= known


def test_a_counter_is_never_shown_as_it_is() -> None:
    counters = {f.name for f in FAMILIES if f.type in ("counter", "histogram")}
    for _, query in queries():
        bare = re.sub(r"\b(rate|increase)\([^)]*\)", "", query)
        assert not [name for name in counters if name in bare]


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_every_alert_says_what_it_is_and_leads_to_how_to_mend_it(rule: dict[str, Any]) -> None:
    assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert re.fullmatch(r"\d+m", rule.get("for", "0m"))
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "runbook"}
    for template in re.findall(r"\{\{(.*?)\}\}", json.dumps(rule["annotations"])):
        assert template.strip() == "$labels.job"
    assert re.search(r"by \([^)]*job[^)]*\)", rule["expr"])
    path, _, anchor = rule["annotations"]["runbook"].partition("#")
    headings = re.findall(r"^#+ (.+)$", (DOCS.parent / path).read_text(), re.MULTILINE)
    assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}
    (row,) = re.findall(rf"^\| `{rule['alert']}` \|.*$", DOCUMENT, re.MULTILINE)
    assert f"(#{anchor})" in row


def test_the_dashboard_can_be_imported_anywhere() -> None:
    assert DASHBOARD["schemaVersion"] >= 39  # Grafana 11
    assert DASHBOARD["title"] == "billing-proxy"
    assert "id" not in DASHBOARD  # that of one Grafana
    variables = {v["name"]: v["type"] for v in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "job": "query"}
    used = {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}
    assert used == {panel["datasource"]["uid"] for panel in PANELS} == {"${datasource}"}
    (asked,) = re.findall(r"label_values\((\w+), job\)", json.dumps(DASHBOARD["templating"]))[:1]
    assert asked in SAMPLES


def test_the_dashboard_shows_every_metric() -> None:
    shown = " ".join(query for _, query in queries())
    assert [family.name for family in FAMILIES if family.name not in shown] == []


def test_the_table_documents_every_metric_with_its_type_and_labels() -> None:
    rows = re.findall(r"^\| `(billing_\w+)` \| (\w+) \| ([^|]*)\|", DOCUMENT, re.MULTILINE)
    documented = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    exposed = {}
    for family in FAMILIES:
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = set().union(*(sample.labels for sample in family.samples)) - {"le"}
        exposed[name] = (family.type, labels)
    assert documented == exposed


def test_the_table_of_outcomes_has_each_of_them() -> None:
    table = DOCUMENT.partition("| `outcome` |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(CallOutcome)


@pytest.mark.parametrize("label", ["cache", "reason", "result"])
def test_the_table_names_every_value_of_a_label(label: str) -> None:
    table = DOCUMENT.partition("### Every metric")[2].partition("\n### ")[0]
    assert [value for value in LABELS[label] if f"`{value}`" not in table] == []


def promtool(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """What Prometheus' own tool says; without it (Debian's package ``prometheus``) a skip."""
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("there is no promtool here: the alerts are parsed, and not played through")
    return subprocess.run(
        [tool, *arguments], input=text, capture_output=True, text=True, timeout=60
    )


def test_prometheus_accepts_the_alerts_and_finds_no_fault_with_the_metrics() -> None:
    rules = promtool("check", "rules", str(DOCS / "monitoring" / "alerts.yaml"))
    assert rules.returncode == 0, rules.stdout + rules.stderr
    metrics = promtool("check", "metrics", text=watched().expose("")[0].decode())
    assert (metrics.returncode, metrics.stdout + metrics.stderr) == (0, "")


def test_the_alerts_fire_when_they_should_and_only_then() -> None:
    done = promtool("test", "rules", str(Path(__file__).with_name("alerts_fire.yaml")))
    assert done.returncode == 0, done.stdout + done.stderr
