"""What Prometheus asks: off unless switched on, behind a token of its own, and right."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from billing_proxy import BillingProxy
from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint

TOKEN = "a made-up token of Prometheus'".replace(" ", "-")
ON = {"BILLING_METRICS_TOKEN": TOKEN}
PATHS = ("/metrics", "/billing/metrics")
JSON = "/billing/subscription.json"
AT_ONCE = {"Stripe-Should-Retry": "false"}
CARDS = "billing_cards_total"
CALLS = "billing_stripe_request_duration_seconds_count"
READS = "billing_read_budget_reads_total"


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    """A browser without cookies, at a service that is watched."""
    return serve(**ON)


def scrape(client: FlaskClient, path: str = "/metrics") -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels in the order of their names."""
    answer = client.get(path, headers=bearer(TOKEN))
    assert answer.status_code == 200
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


@pytest.mark.parametrize("path", PATHS)
def test_it_is_not_there_unless_it_is_switched_on(serve: Serve, path: str) -> None:
    for headers in ({}, bearer(TOKEN), bearer("")):
        assert serve().get(path, headers=headers).status_code == 404


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer tökén"],
)
def test_without_the_right_token_it_is_401(client: FlaskClient, given: str) -> None:
    for path in PATHS:
        answer = client.get(path, headers={"Authorization": given} if given else {})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="metrics"'
        assert answer.mimetype == "application/problem+json"
        assert answer.cache_control.no_store
        assert "billing_" not in answer.text


def test_a_customer_is_not_prometheus_nor_the_other_way_round(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    token = mint(anna, clock)
    client.get(f"/billing/?token={token}")
    assert client.get("/billing/").status_code == 200  # signed in
    for path in PATHS:
        assert client.get(path).status_code == 401
        assert client.get(path, headers=bearer(token)).status_code == 401
        assert client.get(f"{path}?token={TOKEN}").status_code == 401
    assert client.get(JSON, headers=bearer(TOKEN)).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "BEARER  "])
def test_with_it_prometheus_gets_what_nobody_may_keep_at_no_cost(
    client: FlaskClient, emulator: Emulator, scheme: str
) -> None:
    for path in PATHS:
        answer = client.get(path, headers={"Authorization": f"{scheme} {TOKEN}"})
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain; version=")
        assert answer.cache_control.no_store
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert emulator.calls() == 0


def test_it_is_there_without_a_prefix_too(serve: Serve) -> None:
    client = serve(BILLING_URL_PREFIX="/", **ON)
    assert client.get("/metrics").status_code == 401
    assert scrape(client)


def test_cards_and_calls_count_by_where_they_came_from_and_how_they_ended(
    client: FlaskClient, as_anna: dict[str, str], emulator: Emulator
) -> None:
    etag = [client.get(JSON, headers=as_anna) for _ in range(5)][-1].headers["ETag"]
    client.get(JSON, headers={**as_anna, "If-None-Match": etag})
    client.get("/billing/", headers={**as_anna, "Accept": "text/html"})
    client.get("/billing/card", headers=as_anna)
    client.get("/billing/portal", headers=as_anna)
    counted = scrape(client)
    assert counted[CARDS, "miss", "200"] == 1
    assert counted[CARDS, "hit", "200"] == 4 + 2
    assert counted[CARDS, "hit", "304"] == 1
    assert counted[CALLS, "subscriptions.list", "ok"] == 1
    assert counted[CALLS, "billing_portal.sessions.create", "ok"] == 1
    calls = [count for name, count in counted.items() if name[0] == CALLS]
    assert sum(calls) == emulator.calls()


def test_answers_without_a_card_count_by_their_status_and_other_requests_not_at_all(
    client: FlaskClient, clock: Clock, anna: str, as_anna: dict[str, str], emulator: Emulator
) -> None:
    for path in ("/healthz", "/billing/readyz", "/billing/static/billing.css", "/nowhere"):
        client.get(path, headers=as_anna).close()
    client.options(JSON)
    client.post(JSON)
    client.get("/billing/portal", headers=as_anna)
    assert not any(count for name, count in scrape(client).items() if name[0] == CARDS)
    client.get(JSON)
    client.get(JSON, headers=bearer(mint("cus_nobody", clock)))
    client.get(f"/billing/?token={mint(anna, clock)}")
    emulator.fail(times=None, headers=AT_ONCE)
    client.get(JSON, headers=bearer(mint(anna, clock)))
    counted = scrape(client)
    assert [counted[CARDS, "none", code] for code in ("401", "404", "303", "503")] == [1] * 4


def test_stale_answers_and_the_open_circuit_show_while_stripe_fails(
    client: FlaskClient, clock: Clock, as_anna: dict[str, str], emulator: Emulator
) -> None:
    client.get(JSON, headers=as_anna)
    assert scrape(client)["billing_stripe_circuit_open",] == 0
    emulator.fail(times=None, headers=AT_ONCE)
    clock.advance(31)
    stale = [client.get(JSON, headers=as_anna).get_json()["stale"] for _ in range(8)]
    assert all(stale)
    counted = scrape(client)
    assert counted[CARDS, "stale", "200"] == 8
    assert counted["billing_stripe_circuit_open",] == 1
    assert counted[CALLS, "subscriptions.list", "failed"] == 5


def test_a_refused_key_shows(serve: Serve, as_anna: dict[str, str]) -> None:
    client = serve(STRIPE_SECRET_KEY="sk_test_of_another", **ON)
    assert client.get(JSON, headers=as_anna).status_code == 502
    counted = scrape(client)
    assert counted["billing_stripe_key_refusals_total", "key"] == 1
    assert counted[CALLS, "subscriptions.list", "key_refused"] == 1
    assert counted[CARDS, "none", "502"] == 1


def test_no_customer_and_no_secret_is_in_it(
    client: FlaskClient, as_anna: dict[str, str], as_bob: dict[str, str], emulator: Emulator
) -> None:
    for headers in (as_anna, as_bob):
        client.get(JSON, headers=headers)
        client.get("/billing/portal?flow=subscription_update", headers=headers)
        client.get(f"/billing/{emulator.key}", headers=headers)
    told = client.get("/metrics", headers=bearer(TOKEN)).text
    for secret in ("cus_", "sub_", "anna", emulator.key, TOKEN, "eyJ", "http", "127.0.0.1"):
        assert secret not in told


@pytest.fixture
def site(environ: dict[str, str], anna: str) -> Flask:
    """A site of its own, with metrics of its own at /metrics."""
    app = Flask("site")
    settings: dict[str, Any] = {n: v for n, v in environ.items() if "TOKEN" not in n}
    app.config.update(settings, **ON)
    app.add_url_rule("/metrics", "metrics", lambda: "the site's own")
    app.add_url_rule("/", "start", lambda: render_template_string("{{ billing_card() }}"))
    return app


def test_a_site_has_them_below_the_prefix_and_keeps_its_own(site: Flask, anna: str) -> None:
    BillingProxy(customer_loader=lambda _: anna).init_app(site)
    client = site.test_client()
    for _ in range(3):
        client.get("/")
    client.get(JSON)
    counted = scrape(client, "/billing/metrics")
    assert counted[CARDS, "miss", "200"] == 1
    assert counted[CARDS, "hit", "200"] == 3
    assert client.get("/metrics").text == "the site's own"


def test_a_site_without_a_prefix_keeps_its_own_while_they_are_off(
    environ: dict[str, str], anna: str
) -> None:
    app = Flask("site")
    app.config.update({n: v for n, v in environ.items() if "TOKEN" not in n})
    BillingProxy(customer_loader=lambda _: anna, url_prefix="/").init_app(app)
    app.add_url_rule("/metrics", "metrics", lambda: "the site's own")
    assert app.test_client().get("/metrics").text == "the site's own"
