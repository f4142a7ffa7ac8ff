"""What the settings do to a whole service: it does not start, moves, or believes a proxy."""

from __future__ import annotations

import pytest

from billing_proxy.app import create_app
from billing_proxy.errors import ConfigError
from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint


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
        ("/", ""),
        ("mijn-account/abonnement/", "/mijn-account/abonnement"),
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
    assert client.get(f"{base}/return").status_code == 200
    assert client.post(f"{base}/webhook").status_code == 400
    answer = client.get(f"{base}/?token={mint(anna, clock)}")
    assert answer.location == f"{base}/"
    assert client.get(answer.location).status_code == 200
    client.get(f"{base}/portal")
    assert emulator.requests[-1].params["return_url"] == f"http://localhost{base}/return"


def test_the_root_and_the_prefix_without_its_slash_lead_to_the_page(
    serve: Serve, anna: str, clock: Clock
) -> None:
    client = serve(BILLING_URL_PREFIX="/a/b")
    assert client.get("/").location == "/a/b/"
    assert client.get("/subscription.json").status_code == 404
    headers = bearer(mint(anna, clock))
    assert client.get("/a/b", headers=headers, follow_redirects=True).status_code == 200


FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "abo.example.nl",
    "X-Forwarded-For": "203.0.113.9",
}
TWO_HOPS = {"X-Forwarded-Host": "evil.example, abo.example.nl", "X-Forwarded-Proto": "http, https"}
FORGED = {"X-Forwarded-Prefix": "/evil", "X-Forwarded-Port": "99", "Forwarded": "host=evil"}


@pytest.mark.parametrize(
    ("proxies", "more", "host", "mount"),
    [
        ("0", FORGED, "http://localhost", ""),
        ("1", {}, "https://abo.example.nl", ""),
        ("1", TWO_HOPS, "https://abo.example.nl", ""),
        ("1", {"X-Forwarded-Prefix": "/klant"}, "https://abo.example.nl", "/klant"),
    ],
)
def test_as_many_proxies_as_are_trusted_are_believed(
    serve: Serve,
    emulator: Emulator,
    anna: str,
    clock: Clock,
    proxies: str,
    more: dict[str, str],
    host: str,
    mount: str,
) -> None:
    client, headers = serve(BILLING_TRUSTED_PROXIES=proxies), {**FORWARDED, **more}
    token = mint(anna, clock)
    body = client.get("/billing/subscription.json", headers={**bearer(token), **headers}).get_json()
    assert body["portal_url"].startswith(f"{host}{mount}/billing/portal?")
    answer = client.get(f"/billing/?token={token}", headers=headers)
    assert answer.location == f"{mount}/billing/"
    cookie = answer.headers["Set-Cookie"]
    assert ("Secure" in cookie) is host.startswith("https")
    client.get("/billing/portal", headers={**bearer(token), **headers})
    assert emulator.requests[-1].params["return_url"] == f"{host}{mount}/billing/return"
