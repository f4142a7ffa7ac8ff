"""What the settings do to a whole service: it does not start, moves, or believes a proxy."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from billing_proxy.app import create_app
from billing_proxy.errors import ConfigError
from demo.emulator import Emulator
from tests.conftest import Serve
from tests.web.clock import Clock
from tests.web.tokens import bearer, mint


def test_wrong_settings_start_nothing_and_are_told_together(environ: dict[str, str]) -> None:
    wrong = {"SECRET_KEY": "", "BILLING_TIMEZONE": "Mars", "BILLING_TOKEN_SECRET": "VERYSECRET"}
    with pytest.raises(ConfigError) as refused:
        create_app({**environ, **wrong})
    told = str(refused.value)
    assert [name for name in wrong if name not in told] == []
    assert "VERYSECRET" not in told


def test_a_misspelled_setting_is_pointed_out(
    environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    create_app({**environ, "BILLING_CACHE_TLL": "5"})
    assert "did you mean BILLING_CACHE_TTL?" in caplog.text


@pytest.mark.parametrize(
    ("prefix", "base"),
    [
        ("/billing", "/billing"),
        ("/billing/", "/billing"),
        ("abo", "/abo"),
        ("/a/b", "/a/b"),
        ("/", ""),
        ("/mijn-account/abonnement/", "/mijn-account/abonnement"),
    ],
)
def test_everything_moves_with_the_prefix(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock, prefix: str, base: str
) -> None:
    client = serve(BILLING_URL_PREFIX=prefix, STRIPE_WEBHOOK_SECRET="whsec_x")
    headers = bearer(mint(anna, clock))
    for path in ("/", "/card", "/subscription.json"):
        assert client.get(base + path, headers=headers).status_code == 200
    body = client.get(f"{base}/subscription.json", headers=headers).get_json()
    assert body["portal_url"].startswith(f"http://localhost{base}/portal?")
    assert client.get(f"{base}/return").location == f"{base}/"
    assert client.post(f"{base}/webhook").status_code == 400
    answer = client.get(f"{base}/?token={mint(anna, clock)}")
    assert answer.location == f"{base}/"
    assert client.get(answer.location).status_code == 200
    client.get(f"{base}/portal")
    assert emulator.requests[-1].params["return_url"] == f"http://localhost{base}/return"


@pytest.mark.parametrize("prefix", ["/billing", "/a/b"])
def test_the_root_leads_to_the_page_and_nothing_else_is_there(serve: Serve, prefix: str) -> None:
    client = serve(BILLING_URL_PREFIX=prefix)
    assert client.get("/").status_code in (301, 302, 303, 307, 308)
    assert client.get("/").location == f"{prefix}/"
    assert client.get("/subscription.json").status_code == 404


def test_the_prefix_without_its_slash_finds_the_page(
    client: FlaskClient, as_anna: dict[str, str]
) -> None:
    answer = client.get("/billing", headers=as_anna, follow_redirects=True)
    assert answer.status_code == 200


FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "abo.example.nl",
    "X-Forwarded-For": "203.0.113.9",
}


def test_without_trusted_proxies_no_forwarded_header_is_believed(
    client: FlaskClient, as_anna: dict[str, str], anna: str, clock: Clock
) -> None:
    more = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "99", "Forwarded": "host=evil"}
    body = client.get(
        "/billing/subscription.json", headers={**as_anna, **FORWARDED, **more}
    ).get_json()
    assert body["portal_url"].startswith("http://localhost/billing/portal")
    answer = client.get(f"/billing/?token={mint(anna, clock)}", headers={**FORWARDED, **more})
    assert answer.location == "/billing/"
    assert "Secure" not in answer.headers["Set-Cookie"]


def test_with_one_trusted_proxy_its_headers_are_believed(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock
) -> None:
    client = serve(BILLING_TRUSTED_PROXIES="1")
    headers = {**bearer(mint(anna, clock)), **FORWARDED}
    body = client.get("/billing/subscription.json", headers=headers).get_json()
    assert body["portal_url"].startswith("https://abo.example.nl/billing/portal")
    answer = client.get(f"/billing/?token={mint(anna, clock)}", headers=FORWARDED)
    assert "Secure" in answer.headers["Set-Cookie"]
    client.get("/billing/portal", headers=headers)
    sent = emulator.requests[-1].params
    assert sent["return_url"] == "https://abo.example.nl/billing/return"


def test_of_more_hops_than_are_trusted_only_the_nearest_count(
    serve: Serve, anna: str, clock: Clock
) -> None:
    client = serve(BILLING_TRUSTED_PROXIES="1")
    forged = {
        "X-Forwarded-Host": "evil.example, abo.example.nl",
        "X-Forwarded-Proto": "http, https",
    }
    headers = {**bearer(mint(anna, clock)), **forged}
    body = client.get("/billing/subscription.json", headers=headers).get_json()
    assert body["portal_url"].startswith("https://abo.example.nl/")


def test_a_proxy_may_strip_a_prefix(serve: Serve, anna: str, clock: Clock) -> None:
    client = serve(BILLING_TRUSTED_PROXIES="1")
    headers = {**FORWARDED, "X-Forwarded-Prefix": "/klant"}
    answer = client.get(f"/billing/?token={mint(anna, clock)}", headers=headers)
    assert answer.location == "/klant/billing/"
    assert "Path=/klant/billing" in answer.headers["Set-Cookie"]
