"""The settings: checked once, all problems together, each with its mend, and no secret shown."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from billing_proxy.app import create_app
from billing_proxy.errors import ConfigError
from demo.emulator import Emulator
from tests.conftest import Serve
from tests.web.clock import Clock
from tests.web.tokens import bearer, mint

GOOD = {
    "STRIPE_SECRET_KEY": "rk_test_0123456789abcdef",
    "SECRET_KEY": "a key that signs cookies, made up",
    "BILLING_TOKEN_SECRET": "a secret that signs tokens, made up as well",
}

BAD = {
    "STRIPE_SECRET_KEY": ("pk_test_publishable", "whatever", "sk_test_with a space"),
    "STRIPE_WEBHOOK_SECRET": ("sk_test_wrong_kind",),
    "STRIPE_PORTAL_CONFIGURATION": ("pc_wrong", "default"),
    "STRIPE_API_BASE": ("api.stripe.com", "ftp://x", "http://", "http://a b", "http://u:p@host"),
    "BILLING_TOKEN_SECRET": ("too short", "x" * 31),
    "BILLING_TOKEN_JWKS_URL": ("http://idp.example.nl/jwks", "idp.example.nl", "file:///etc/x"),
    "BILLING_SESSION_TTL": ("0", "-1", "an hour", "1.5", "1e9"),
    "BILLING_LOGIN_URL": ("javascript:alert(1)", "//evil.example", "www.example.nl", "\\\\evil"),
    "BILLING_RETURN_URL": ("javascript:alert(1)", "//evil.example", "http:///x"),
    "BILLING_UPGRADE_URL": ("javascript:alert(1)", "data:text/html,x"),
    "BILLING_URL_PREFIX": ("/a b", "/<x>", "/../x", "https://example.nl/billing", "/a?b"),
    "BILLING_CACHE_TTL": ("-1", "thirty", "nan", "inf"),
    "BILLING_STALE_IF_ERROR": ("-1", "nan"),
    "BILLING_CACHE_MAXSIZE": ("0", "-5", "many"),
    "BILLING_CATALOG_TTL": ("-1", "x"),
    "BILLING_STRIPE_TIMEOUT": ("0", "-1", "nan", "600"),
    "BILLING_STRIPE_MAX_RATE": ("0", "-1", "x"),
    "BILLING_TIMEZONE": ("Amsterdam", "../etc/passwd", "CEST+2"),
    "BILLING_LOCALE": ("xx", "klingon", "../nl"),
    "BILLING_FRAME_ANCESTORS": ("*; script-src *", "javascript:", "'unsafe-inline'"),
    "BILLING_TRUSTED_PROXIES": ("-1", "yes", "1.5"),
}


def problems(**settings: str) -> str:
    """What ``create_app`` has against the good settings with these changes."""
    with pytest.raises(ConfigError) as refused:
        create_app({**GOOD, **settings})
    return str(refused.value)


def test_good_settings_are_enough() -> None:
    create_app(GOOD)


def test_what_is_missing_is_named_all_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        create_app({})
    for name in ("STRIPE_SECRET_KEY", "SECRET_KEY", "BILLING_TOKEN_SECRET"):
        assert name in str(refused.value)
    assert "BILLING_TOKEN_JWKS_URL" in str(refused.value)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_value_is_a_missing_one(name: str, empty: str) -> None:
    assert name in problems(**{name: empty})


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_a_bad_value_is_refused_by_the_name_of_its_setting(name: str, value: str) -> None:
    assert name in problems(**{name: value})


def test_every_problem_is_reported_together() -> None:
    bad = {name: values[0] for name, values in BAD.items()}
    told = problems(**bad, SECRET_KEY="")
    assert [name for name in (*bad, "SECRET_KEY") if name not in told] == []


def test_each_problem_comes_with_the_way_to_mend_it() -> None:
    told = problems(BILLING_TOKEN_SECRET="short", STRIPE_SECRET_KEY="pk_test_x")
    assert "python" in told  # the command that makes a secret
    assert "rk_" in told
    assert "32" in told


def test_no_problem_repeats_a_secret() -> None:
    secrets = {
        "STRIPE_SECRET_KEY": "pk_live_VERYSECRET",
        "STRIPE_WEBHOOK_SECRET": "sk_live_VERYSECRET",
        "BILLING_TOKEN_SECRET": "VERYSECRET",
        "SECRET_KEY": "VERYSECRET\x07",
        "STRIPE_API_BASE": "http://user:VERYSECRET@host",
    }
    assert "VERYSECRET" not in problems(**secrets)


@pytest.mark.parametrize("key", ["sk_live_0123456789abcdef", "rk_live_0123456789abcdef"])
def test_a_live_key_goes_to_stripe_and_nowhere_else(key: str) -> None:
    told = problems(STRIPE_SECRET_KEY=key, STRIPE_API_BASE="http://127.0.0.1:12111")
    assert "STRIPE_API_BASE" in told
    assert key not in told
    create_app({**GOOD, "STRIPE_SECRET_KEY": key})


def test_a_key_set_is_enough_to_sign_in_with() -> None:
    settings = {**GOOD, "BILLING_TOKEN_JWKS_URL": "https://idp.example.nl/jwks.json"}
    del settings["BILLING_TOKEN_SECRET"]
    create_app(settings)


def test_a_misspelled_setting_is_pointed_out(caplog: pytest.LogCaptureFixture) -> None:
    create_app({**GOOD, "BILLING_CACHE_TLL": "5"})
    assert "BILLING_CACHE_TLL" in caplog.text
    assert "BILLING_CACHE_TTL" in caplog.text


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
