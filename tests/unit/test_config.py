"""The settings: one table, of which the values, the documents and every problem are made."""

from __future__ import annotations

import dataclasses
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from billing_proxy.config.settings import SETTINGS, BillingConfig, unknown_settings
from billing_proxy.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
TEST_KEY = "rk_test_51PgafTB7WZ01zgkW"
LIVE_KEY = "rk_live_51PgafTB7WZ01zgkW"
KEY_SET = "https://id.example/keys"
GOOD = {
    "STRIPE_SECRET_KEY": TEST_KEY,
    "SECRET_KEY": "cookies-are-signed-with-this",
    "BILLING_TOKEN_SECRET": "t" * 32,
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


def test_the_required_settings_are_taken_as_they_are_and_are_all_that_it_takes() -> None:
    read = config()
    assert (read.stripe_secret_key, read.secret_key, read.token_secret) == tuple(GOOD.values())
    assert read == BillingConfig(
        stripe_secret_key=TEST_KEY, secret_key=read.secret_key, token_secret=read.token_secret
    )


@pytest.mark.parametrize("name", sorted(set(SETTINGS) - set(GOOD)))
def test_an_empty_setting_has_its_default_which_is_a_value_like_any_other(name: str) -> None:
    setting = SETTINGS[name]
    assert config(**{name: " "}) == config() == config(**{name: None})
    if setting.default not in (None, ()):
        assert setting.kind(str(setting.default)) == setting.default


@pytest.mark.parametrize("name", SETTINGS)
def test_the_reference_has_a_section_on_each_setting_that_begins_as_the_table_says(
    name: str,
) -> None:
    setting = SETTINGS[name]
    _, _, section = (ROOT / "docs" / "settings.md").read_text("utf-8").partition(f"### `{name}`\n")
    assert section.startswith(f"\n{setting.doc} Default: {setting.shown_default}.\n\n")
    assert f"```sh\n{name}=" in section.partition("\n### ")[0]


def test_the_reference_and_the_readme_know_no_other_setting() -> None:
    sections = re.findall(r"(?m)^### `(.+)`$", (ROOT / "docs" / "settings.md").read_text("utf-8"))
    rows = re.findall(r"(?m)^\| `[A-Z_]+` .*$", (ROOT / "README.md").read_text("utf-8"))
    table = {f"| `{s.name}` | {s.shown_default} | {s.doc} |" for s in SETTINGS.values()}
    assert sections == list(SETTINGS)
    assert set(rows) <= table
    assert 0 < len(rows) <= 10


@pytest.mark.parametrize(
    ("name", "raw", "field", "value"),
    [
        ("STRIPE_SECRET_KEY", f" {TEST_KEY}\n", "stripe_secret_key", TEST_KEY),
        ("STRIPE_API_BASE", "http://127.0.0.1:12111/", "stripe_api_base", "http://127.0.0.1:12111"),
        ("SECRET_KEY", b"\x00\xff", "secret_key", "00ff"),
        ("BILLING_CACHE_TTL", 5, "cache_ttl", 5),
        ("BILLING_STRIPE_TIMEOUT", "2.5", "stripe_timeout", 2.5),
        ("BILLING_URL_PREFIX", "/", "url_prefix", ""),
        ("TRUSTED_HOSTS", ["a.example", "b.example"], "trusted_hosts", ("a.example", "b.example")),
    ],
)
def test_a_value_is_read_from_an_environment_or_from_a_sites_own_types(
    name: str, raw: Any, field: str, value: Any
) -> None:
    assert getattr(config(**{name: raw}), field) == value


def test_all_that_is_missing_or_wrong_is_reported_together() -> None:
    key, secret, token = problems({})
    assert key.startswith("STRIPE_SECRET_KEY is missing: ")
    assert "rk_" in key
    assert secret.startswith("SECRET_KEY is missing: ")
    assert token.startswith("BILLING_TOKEN_SECRET or BILLING_TOKEN_JWKS_URL is missing")
    assert "python -c" in secret
    assert "python -c" in token
    wrong = {"STRIPE_SECRET_KEY": "pk_", "BILLING_CACHE_TTL": "x", "BILLING_TOKEN_SECRET": "short"}
    assert {text.split()[0] for text in problems(wrong)} == {*wrong, "SECRET_KEY"}
    assert len(problems(wrong)) == 4


def test_the_service_needs_one_way_to_check_tokens_and_a_site_with_a_loader_none() -> None:
    both = {name: GOOD[name] for name in ("STRIPE_SECRET_KEY", "SECRET_KEY")}
    assert BillingConfig.from_mapping({**both, "BILLING_TOKEN_JWKS_URL": KEY_SET}).accepts_tokens
    assert config().accepts_tokens
    assert not BillingConfig.from_mapping(both, standalone=False).accepts_tokens
    assert problem(BILLING_TOKEN_SECRET="short").startswith("BILLING_TOKEN_SECRET is 5 bytes long")


@pytest.mark.parametrize(
    ("key", "live"),
    [(TEST_KEY, False), ("sk_test_1", False), (LIVE_KEY, True), ("sk_live_1", True)],
)
def test_a_live_key_is_about_real_money_and_goes_to_stripe_alone(key: str, live: bool) -> None:
    assert config(STRIPE_SECRET_KEY=key).livemode is live
    settings = {**GOOD, "STRIPE_SECRET_KEY": key}
    elsewhere = {**settings, "STRIPE_API_BASE": "http://127.0.0.1:12111"}
    if live:
        (text,) = problems(elsewhere)
        assert text.startswith("STRIPE_API_BASE must not")
        assert key not in text
    else:
        assert BillingConfig.from_mapping(elsewhere).stripe_api_base == "http://127.0.0.1:12111"
    BillingConfig.from_mapping({**settings, "STRIPE_API_BASE": "https://api.stripe.com/"})


def test_no_secret_stands_in_the_repr() -> None:
    secrets = {
        "STRIPE_SECRET_KEY": "rk_live_VERYSECRET",
        "STRIPE_WEBHOOK_SECRET": "whsec_VERYSECRET",
        "SECRET_KEY": "cookies-VERYSECRET",
        "BILLING_TOKEN_SECRET": "token-VERYSECRET-token-VERYSECRET-token",
        "BILLING_METRICS_TOKEN": "metrics-VERYSECRET",
        "BILLING_CACHE_URL": "redis://user:VERYSECRET@cache",
    }
    assert "VERYSECRET" not in repr(BillingConfig.from_mapping(secrets))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_SECRET_KEY", "pk_live_VERYSECRET"),
        ("STRIPE_SECRET_KEY", "token_VERYSECRET"),
        ("STRIPE_SECRET_KEY", "rk_live_VERYSECRET rk_live"),
        ("STRIPE_WEBHOOK_SECRET", "sk_live_VERYSECRET"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_\nVERYSECRET"),
        ("STRIPE_API_BASE", "http://user:VERYSECRET@host"),
        ("SECRET_KEY", "VERYSECRET\x00"),
        ("BILLING_TOKEN_SECRET", "VERYSECRET"),
        ("BILLING_METRICS_TOKEN", "VERYSECRET"),
        ("BILLING_METRICS_TOKEN", "VERYSECRET VERYSECRET"),
        ("BILLING_CACHE_URL", "redis://user:VERYSECRET@cache/name"),
    ],
)
def test_no_problem_repeats_a_secret(name: str, value: str) -> None:
    text = problem(**{name: value})
    assert text.startswith(name)
    assert "VERYSECRET" not in text


@pytest.mark.parametrize(
    ("package", "name", "value"),
    [
        ("redis", "BILLING_CACHE_URL", "redis://cache"),
        ("msgspec", "BILLING_CACHE_URL", "redis://cache"),
        ("prometheus_client", "BILLING_METRICS_TOKEN", "m" * 16),
        ("jwt", "BILLING_TOKEN_SECRET", "t" * 32),
        ("cryptography", "BILLING_TOKEN_JWKS_URL", KEY_SET),
    ],
)
def test_a_setting_whose_extra_is_not_installed_says_which(
    monkeypatch: pytest.MonkeyPatch, package: str, name: str, value: str
) -> None:
    site = {name: GOOD[name] for name in ("STRIPE_SECRET_KEY", "SECRET_KEY")}
    monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    BillingConfig.from_mapping(site, standalone=False)
    (text,) = problems({**site, name: value}, standalone=False)
    assert re.fullmatch(rf"{name} needs the extra \w+, which is not installed", text)


def test_a_name_that_nothing_reads_is_most_likely_a_slip_of_the_pen() -> None:
    slips = {"BILLING_CACHE_TLT": "5", "BILLING_ZZZZZZZZZZ": "1", "PATH": "/bin", "STRIPE_X": ""}
    assert unknown_settings({**GOOD, **slips, "BILLING_CACHE_TTL": "5"}) == [
        "BILLING_CACHE_TLT is not a setting; did you mean BILLING_CACHE_TTL?",
        "BILLING_ZZZZZZZZZZ is not a setting",
    ]


def test_the_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        config().cache_ttl = 5  # type: ignore[misc]
