"""With OpenTelemetry's own instrumentations, set up as the documentation says, a trace shows the
way from a request to Stripe, and nothing that must not leave the machine.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "traces"

JSON = "/billing/subscription.json"
AT_ONCE = {"Stripe-Should-Retry": "false"}
Traced = Callable[..., FlaskClient]


@pytest.fixture
def raw() -> InMemorySpanExporter:
    """The spans as the instrumentations make them."""
    return InMemorySpanExporter()


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    """The spans as they leave the machine."""
    return InMemorySpanExporter()


@pytest.fixture
def traced(
    serve: Serve, raw: InMemorySpanExporter, exporter: InMemorySpanExporter
) -> Iterator[Traced]:
    """Start a service with traces."""
    documented: dict[str, Any] = {}
    exec((EXAMPLE / "redacted.py").read_text(), documented)  # noqa: S102 -- it is ours
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(raw))
    provider.add_span_processor(SimpleSpanProcessor(documented["Redacted"](exporter)))
    RequestsInstrumentor().instrument(tracer_provider=provider)

    def start(**settings: str) -> FlaskClient:
        client = serve(**settings)
        FlaskInstrumentor().instrument_app(client.application, tracer_provider=provider)
        return client

    yield start
    RequestsInstrumentor().uninstrument()
    provider.shutdown()


def all_of(exporter: InMemorySpanExporter) -> str:
    return "\n".join(span.to_json() for span in exporter.get_finished_spans())


def by_kind(exporter: InMemorySpanExporter, kind: SpanKind) -> list[ReadableSpan]:
    return [span for span in exporter.get_finished_spans() if span.kind is kind]


def test_a_request_and_its_calls_to_stripe_are_one_trace(
    traced: Traced, exporter: InMemorySpanExporter, as_anna: dict[str, str], emulator: Emulator
) -> None:
    assert traced().get(JSON, headers=as_anna).status_code == 200
    (request,) = by_kind(exporter, SpanKind.SERVER)
    calls = by_kind(exporter, SpanKind.CLIENT)
    assert request.name == f"GET {JSON}"
    assert len(calls) == emulator.calls() > 0
    for call in calls:
        assert call.parent is not None
        assert call.parent.span_id == request.context.span_id
        assert call.context.trace_id == request.context.trace_id
        assert call.attributes is not None
        assert str(call.attributes["http.url"]).startswith(emulator.url)
        assert call.attributes["http.status_code"] == 200


def test_a_trace_from_in_front_of_the_service_goes_on(
    traced: Traced, exporter: InMemorySpanExporter, as_anna: dict[str, str]
) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    traced().get(JSON, headers={**as_anna, "traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    found = {f"{span.context.trace_id:032x}" for span in exporter.get_finished_spans()}
    assert found == {trace}


def test_what_the_instrumentations_record_is_secret_and_does_not_leave_the_machine(
    traced: Traced,
    raw: InMemorySpanExporter,
    exporter: InMemorySpanExporter,
    anna: str,
    clock: Clock,
) -> None:
    client, token = traced(), mint(anna, clock)
    client.get(f"/billing/?token={token}")
    card = client.get(JSON, headers=bearer(token)).get_json()
    client.get(card["portal_url"])
    pass_ = card["portal_url"].partition("pass=")[2]
    assert pass_
    for secret in (token, pass_, anna):
        assert secret in all_of(raw)
        assert secret not in all_of(exporter)
    assert len(exporter.get_finished_spans()) == len(raw.get_finished_spans()) > 3
    assert "/v1/subscriptions" in all_of(exporter)


def test_a_warm_answer_makes_no_span_unless_the_response_cache_is_off(
    traced: Traced, exporter: InMemorySpanExporter, as_anna: dict[str, str]
) -> None:
    def spans_of_a_warm_answer(client: FlaskClient) -> int:
        for _ in range(2):
            client.get(JSON, headers=as_anna)
        exporter.clear()
        assert client.get(JSON, headers=as_anna).status_code == 200
        return len(exporter.get_finished_spans())

    assert spans_of_a_warm_answer(traced()) == 0
    assert spans_of_a_warm_answer(traced(BILLING_PAGE_CACHE_BYTES="0")) == 1


COLLECTOR = """
import sys, types
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
kept = InMemorySpanExporter()
name = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
sys.modules[name] = types.ModuleType(name)
sys.modules[name].OTLPSpanExporter = lambda: kept
import traced
client = traced.app.test_client()
assert client.get("/billing/?token=a.b.c").status_code == 401
assert client.get("/healthz").status_code == 200
traced.provider.force_flush()
(span,) = kept.get_finished_spans()
assert span.name == "GET /billing/", span.name
assert "a.b.c" not in span.to_json()
traced.provider.shutdown()
"""


def test_the_documented_files_serve_the_service_with_traces(
    environ: dict[str, str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", COLLECTOR],
        cwd=EXAMPLE,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
