"""The settings: their defaults, what each may be, and every problem told at once."""

from __future__ import annotations

import dataclasses
import sys
from typing import Any

import pytest

from billing_proxy.config.settings import SETTINGS, BillingConfig, unknown_settings
from billing_proxy.errors import ConfigError

TEST_KEY = "rk_test_51PgafTB7WZ01zgkW"
LIVE_KEY = "rk_live_51PgafTB7WZ01zgkW"
TOKEN_SECRET = "t" * 32

GOOD = {
    "STRIPE_SECRET_KEY": TEST_KEY,
    "SECRET_KEY": "cookies-are-signed-with-this",
    "BILLING_TOKEN_SECRET": TOKEN_SECRET,
}


def config(**changes: Any) -> BillingConfig:
    return BillingConfig.from_mapping({**GOOD, **changes})


def problems(source: dict[str, Any], *, standalone: bool = True) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        BillingConfig.from_mapping(source, standalone=standalone)
    return list(raised.value.problems)


def problem(**changes: Any) -> str:
    (only,) = problems({**GOOD, **changes})
    return only


DEFAULTS = {
    "stripe_webhook_secret": None,
    "stripe_portal_configuration": None,
    "stripe_api_base": "https://api.stripe.com",
    "token_jwks_url": None,
    "cache_url": None,
    "token_audience": "billing-proxy",
    "token_claim": "sub",
    "session_ttl": 3600,
    "login_url": None,
    "url_prefix": "/billing",
    "return_url": None,
    "upgrade_url": None,
    "free_plan": "Free",
    "cache_ttl": 30,
    "stale_if_error": 3600,
    "cache_maxsize": 10_000,
    "page_cache_bytes": 67_108_864,
    "catalog_ttl": 3600,
    "stripe_timeout": 8,
    "stripe_max_rate": 20,
    "timezone": "Europe/Amsterdam",
    "locale": "nl",
    "frame_ancestors": "'none'",
    "trusted_proxies": 0,
    "metrics_token": None,
    "trusted_hosts": (),
}


@pytest.mark.parametrize(("name", "value"), DEFAULTS.items())
def test_every_setting_has_its_default(name: str, value: Any) -> None:
    assert getattr(config(), name) == value


def test_the_required_settings_are_taken_as_they_are() -> None:
    read = config()
    assert read.stripe_secret_key == TEST_KEY
    assert read.secret_key == GOOD["SECRET_KEY"]
    assert read.token_secret == TOKEN_SECRET


VALUES = [
    ("STRIPE_SECRET_KEY", "sk_test_1", "stripe_secret_key", "sk_test_1"),
    ("STRIPE_WEBHOOK_SECRET", "whsec_1", "stripe_webhook_secret", "whsec_1"),
    ("STRIPE_PORTAL_CONFIGURATION", "bpc_1", "stripe_portal_configuration", "bpc_1"),
    ("STRIPE_API_BASE", "http://127.0.0.1:12111/", "stripe_api_base", "http://127.0.0.1:12111"),
    ("BILLING_TOKEN_JWKS_URL", "https://id.example/k", "token_jwks_url", "https://id.example/k"),
    ("BILLING_CACHE_URL", "redis://cache:6379/0", "cache_url", "redis://cache:6379/0"),
    ("BILLING_TOKEN_AUDIENCE", "https://site.example", "token_audience", "https://site.example"),
    ("BILLING_TOKEN_CLAIM", "stripe_customer", "token_claim", "stripe_customer"),
    ("BILLING_SESSION_TTL", "600", "session_ttl", 600),
    ("BILLING_LOGIN_URL", "https://site.example/login", "login_url", "https://site.example/login"),
    ("BILLING_URL_PREFIX", "/account/billing/", "url_prefix", "/account/billing"),
    ("BILLING_URL_PREFIX", "abonnement", "url_prefix", "/abonnement"),
    ("BILLING_URL_PREFIX", "/", "url_prefix", ""),
    ("BILLING_RETURN_URL", "/account", "return_url", "/account"),
    (
        "BILLING_UPGRADE_URL",
        "https://site.example/p?a=1",
        "upgrade_url",
        "https://site.example/p?a=1",
    ),
    ("BILLING_FREE_PLAN", "Gratis", "free_plan", "Gratis"),
    ("BILLING_CACHE_TTL", "0", "cache_ttl", 0),
    ("BILLING_CACHE_TTL", "2.5", "cache_ttl", 2.5),
    ("BILLING_STALE_IF_ERROR", "0", "stale_if_error", 0),
    ("BILLING_CACHE_MAXSIZE", "5", "cache_maxsize", 5),
    ("BILLING_PAGE_CACHE_BYTES", "0", "page_cache_bytes", 0),
    ("BILLING_CATALOG_TTL", "60", "catalog_ttl", 60),
    ("BILLING_STRIPE_TIMEOUT", "2.5", "stripe_timeout", 2.5),
    ("BILLING_STRIPE_MAX_RATE", "5", "stripe_max_rate", 5),
    ("BILLING_TIMEZONE", "America/New_York", "timezone", "America/New_York"),
    ("BILLING_LOCALE", "nl", "locale", "nl"),
    ("BILLING_FRAME_ANCESTORS", "'self'", "frame_ancestors", "'self'"),
    ("BILLING_TRUSTED_PROXIES", "2", "trusted_proxies", 2),
    ("BILLING_METRICS_TOKEN", "m" * 16, "metrics_token", "m" * 16),
    ("TRUSTED_HOSTS", "a.example .b.example", "trusted_hosts", ("a.example", ".b.example")),
    ("TRUSTED_HOSTS", ["a.example", "b.example"], "trusted_hosts", ("a.example", "b.example")),
]


@pytest.mark.parametrize(("name", "raw", "field", "value"), VALUES)
def test_every_setting_is_read_from_its_name(name: str, raw: Any, field: str, value: Any) -> None:
    assert getattr(config(**{name: raw}), field) == value


def test_all_settings_of_the_contract_can_be_set() -> None:
    assert set(SETTINGS) >= {name for name, *_ in VALUES} | set(GOOD)


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - set(GOOD)))
def test_an_empty_setting_is_one_that_is_not_set(name: str) -> None:
    assert config(**{name: " "}) == config() == config(**{name: None})


def test_a_sites_own_types_are_as_good_as_texts() -> None:
    read = config(BILLING_CACHE_TTL=5, BILLING_STRIPE_TIMEOUT=2.5, BILLING_TRUSTED_PROXIES=1)
    assert (read.cache_ttl, read.stripe_timeout, read.trusted_proxies) == (5, 2.5, 1)
    assert config(SECRET_KEY=b"\x00\xff").secret_key


def test_spaces_around_a_value_are_a_slip_of_the_pen() -> None:
    assert config(STRIPE_SECRET_KEY=f" {TEST_KEY}\n").stripe_secret_key == TEST_KEY


def test_without_any_setting_everything_required_is_reported_together() -> None:
    found = problems({})
    assert [text.split()[0] for text in found] == [
        "STRIPE_SECRET_KEY",
        "SECRET_KEY",
        "BILLING_TOKEN_SECRET",
    ]


def test_wrong_values_are_reported_together_with_what_is_missing() -> None:
    found = problems(
        {
            "STRIPE_SECRET_KEY": "pk_test_1",
            "BILLING_CACHE_TTL": "x",
            "BILLING_TOKEN_SECRET": "short",
        }
    )
    names = {text.split()[0] for text in found}
    assert names == {"STRIPE_SECRET_KEY", "SECRET_KEY", "BILLING_CACHE_TTL", "BILLING_TOKEN_SECRET"}
    assert len(found) == 4


def test_each_problem_says_how_to_mend_it() -> None:
    key, secret, token = problems({})
    assert "rk_" in key
    assert "Dashboard" in key
    assert "python -c" in secret
    assert "python -c" in token


@pytest.mark.parametrize("name", ["BILLING_TOKEN_SECRET", "BILLING_TOKEN_JWKS_URL"])
def test_the_standalone_service_needs_one_way_to_check_tokens(name: str) -> None:
    source = {"STRIPE_SECRET_KEY": TEST_KEY, "SECRET_KEY": "x"}
    value = TOKEN_SECRET if name == "BILLING_TOKEN_SECRET" else "https://id.example/keys"
    assert BillingConfig.from_mapping({**source, name: value}).accepts_tokens


def test_a_site_with_a_customer_loader_needs_no_tokens() -> None:
    source = {"STRIPE_SECRET_KEY": TEST_KEY, "SECRET_KEY": "x"}
    assert not BillingConfig.from_mapping(source, standalone=False).accepts_tokens


def test_a_wrong_way_to_check_tokens_is_not_also_reported_as_missing() -> None:
    assert problem(BILLING_TOKEN_SECRET="short").startswith("BILLING_TOKEN_SECRET is 5 bytes long")


@pytest.mark.parametrize(
    ("key", "live"),
    [(TEST_KEY, False), ("sk_test_1", False), (LIVE_KEY, True), ("sk_live_1", True)],
)
def test_the_key_says_whether_it_is_about_real_money(key: str, live: bool) -> None:
    assert config(STRIPE_SECRET_KEY=key).livemode is live


def test_a_live_key_goes_to_stripe_and_nowhere_else() -> None:
    text = problem(STRIPE_SECRET_KEY=LIVE_KEY, STRIPE_API_BASE="http://127.0.0.1:12111")
    assert "STRIPE_API_BASE" in text
    assert "live" in text
    assert config(STRIPE_SECRET_KEY=LIVE_KEY, STRIPE_API_BASE="https://api.stripe.com/").livemode
    assert config(STRIPE_API_BASE="http://127.0.0.1:12111").stripe_api_base


SECRETS = {
    "STRIPE_SECRET_KEY": LIVE_KEY,
    "STRIPE_WEBHOOK_SECRET": "whsec_a1b2c3d4e5",
    "SECRET_KEY": "cookie-secret-a1b2c3",
    "BILLING_TOKEN_SECRET": "token-secret-a1b2c3-token-secret-a1b2c3",
    "BILLING_METRICS_TOKEN": "metrics-token-a1b2c3",
}


def test_no_secret_stands_in_the_repr() -> None:
    shown = repr(BillingConfig.from_mapping(SECRETS))
    assert not [secret for secret in SECRETS.values() if secret in shown]


@pytest.mark.parametrize(
    "changes",
    [
        {"STRIPE_SECRET_KEY": "pk_live_a1b2c3d4"},
        {"STRIPE_SECRET_KEY": "token_a1b2c3d4"},
        {"STRIPE_SECRET_KEY": "rk_live_a1b2c3d4 rk_live"},
        {"STRIPE_WEBHOOK_SECRET": "sk_live_a1b2c3d4"},
        {"STRIPE_WEBHOOK_SECRET": "whsec_\na1b2c3d4"},
        {"SECRET_KEY": "a1b2c3d4\x00"},
        {"BILLING_TOKEN_SECRET": "a1b2c3d4"},
        {"BILLING_METRICS_TOKEN": "a1b2c3d4"},
        {"BILLING_METRICS_TOKEN": "a1b2c3d4 a1b2c3d4 a1b2c3d4"},
    ],
)
def test_no_problem_repeats_a_secret(changes: dict[str, str]) -> None:
    assert "a1b2c3d4" not in problem(**changes)


def test_the_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        config().cache_ttl = 5  # type: ignore[misc]


def test_a_name_that_nothing_reads_is_most_likely_a_slip_of_the_pen() -> None:
    hints = unknown_settings(
        {
            **GOOD,
            "BILLING_CACHE_TLT": "5",
            "BILLING_ZZZZZZZZZZ": "1",
            "PATH": "/bin",
            "STRIPE_X": "",
        }
    )
    assert hints == [
        "BILLING_CACHE_TLT is not a setting; did you mean BILLING_CACHE_TTL?",
        "BILLING_ZZZZZZZZZZ is not a setting",
    ]
    assert unknown_settings({**GOOD, "BILLING_CACHE_TTL": "5"}) == []


@pytest.mark.parametrize("package", ["redis", "msgspec", "throttled"])
def test_a_shared_cache_without_its_packages_is_a_problem_with_its_cure(
    monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    said = problem(BILLING_CACHE_URL="redis://user:secret@cache")
    assert "pip install 'billing-proxy[redis]'" in said
    assert "secret" not in said


def test_the_password_of_the_shared_cache_is_in_no_repr() -> None:
    assert "a-password" not in repr(config(BILLING_CACHE_URL="redis://user:a-password@cache"))
