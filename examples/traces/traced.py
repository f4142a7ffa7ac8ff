"""The service with traces: gunicorn traced:app"""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from redacted import Redacted

from billing_proxy.app import create_app

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(Redacted(OTLPSpanExporter())))
trace.set_tracer_provider(provider)

RequestsInstrumentor().instrument()
app = create_app()
FlaskInstrumentor().instrument_app(app, excluded_urls="healthz,readyz,metrics")
