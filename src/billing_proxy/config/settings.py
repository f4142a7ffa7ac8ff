"""Every setting, read and checked once; all problems are reported together.

``SETTINGS`` is the list of what can be set, with each default; the README's table is compared with
it by a test. Secrets are in no repr, and no problem ever repeats a secret's value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from ..errors import ConfigError
from . import values as parse

SETTINGS: Mapping[str, Any] = {
    "STRIPE_SECRET_KEY": None,
    "STRIPE_WEBHOOK_SECRET": None,
    "STRIPE_PORTAL_CONFIGURATION": None,
    "STRIPE_API_BASE": "https://api.stripe.com",
    "SECRET_KEY": None,
    "BILLING_TOKEN_SECRET": None,
    "BILLING_TOKEN_JWKS_URL": None,
    "BILLING_TOKEN_AUDIENCE": "billing-proxy",
    "BILLING_TOKEN_CLAIM": "sub",
    "BILLING_SESSION_TTL": 3600,
    "BILLING_LOGIN_URL": None,
    "BILLING_URL_PREFIX": "/billing",
    "BILLING_RETURN_URL": None,
    "BILLING_UPGRADE_URL": None,
    "BILLING_FREE_PLAN": "Free",
    "BILLING_CACHE_URL": None,
    "BILLING_CACHE_TTL": 30,
    "BILLING_STALE_IF_ERROR": 3600,
    "BILLING_CACHE_MAXSIZE": 10_000,
    "BILLING_PAGE_CACHE_BYTES": 64 * 2**20,
    "BILLING_CATALOG_TTL": 3600,
    "BILLING_STRIPE_TIMEOUT": 8,
    "BILLING_STRIPE_MAX_RATE": 20,
    "BILLING_TIMEZONE": "Europe/Amsterdam",
    "BILLING_LOCALE": "nl",
    "BILLING_FRAME_ANCESTORS": "'none'",
    "BILLING_TRUSTED_PROXIES": 0,
    "BILLING_METRICS_TOKEN": None,
    "TRUSTED_HOSTS": None,
}


@dataclass(frozen=True, kw_only=True)
class BillingConfig:
    """The settings in use. Durations are in seconds; ``url_prefix`` has no slash at its end."""

    stripe_secret_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    stripe_webhook_secret: str | None = field(default=None, repr=False)
    stripe_portal_configuration: str | None = None
    stripe_api_base: str = SETTINGS["STRIPE_API_BASE"]
    token_secret: str | None = field(default=None, repr=False)
    token_jwks_url: str | None = None
    token_audience: str = SETTINGS["BILLING_TOKEN_AUDIENCE"]
    token_claim: str = SETTINGS["BILLING_TOKEN_CLAIM"]
    session_ttl: int = SETTINGS["BILLING_SESSION_TTL"]
    login_url: str | None = None
    url_prefix: str = SETTINGS["BILLING_URL_PREFIX"]
    return_url: str | None = None
    upgrade_url: str | None = None
    free_plan: str = SETTINGS["BILLING_FREE_PLAN"]
    cache_url: str | None = field(default=None, repr=False)
    cache_ttl: float = SETTINGS["BILLING_CACHE_TTL"]
    stale_if_error: float = SETTINGS["BILLING_STALE_IF_ERROR"]
    cache_maxsize: int = SETTINGS["BILLING_CACHE_MAXSIZE"]
    page_cache_bytes: int = SETTINGS["BILLING_PAGE_CACHE_BYTES"]
    catalog_ttl: float = SETTINGS["BILLING_CATALOG_TTL"]
    stripe_timeout: float = SETTINGS["BILLING_STRIPE_TIMEOUT"]
    stripe_max_rate: float = SETTINGS["BILLING_STRIPE_MAX_RATE"]
    timezone: str = SETTINGS["BILLING_TIMEZONE"]
    locale: str = SETTINGS["BILLING_LOCALE"]
    frame_ancestors: str = SETTINGS["BILLING_FRAME_ANCESTORS"]
    trusted_proxies: int = SETTINGS["BILLING_TRUSTED_PROXIES"]
    metrics_token: str | None = field(default=None, repr=False)
    trusted_hosts: tuple[str, ...] = ()

    @property
    def accepts_tokens(self) -> bool:
        """Whether customer tokens can be checked at all."""
        return bool(self.token_secret or self.token_jwks_url)

    @property
    def livemode(self) -> bool:
        """Whether the key reaches real customers and real money."""
        return "_live_" in self.stripe_secret_key

    @classmethod
    def from_mapping(cls, source: Mapping[str, Any], *, standalone: bool = True) -> BillingConfig:
        """Read the settings by their names from an environment or an ``app.config``.

        An empty text counts as not set. ``standalone`` asks for a way to check customer tokens,
        which a site with a customer loader does not need.

        Raises:
            ConfigError: with every problem at once.
        """
        read = _Reader(source)
        values = dict(
            stripe_secret_key=read.required(
                "STRIPE_SECRET_KEY", parse.stripe_key, parse.WHERE_IS_THE_KEY
            ),
            secret_key=read.required("SECRET_KEY", parse.text, parse.GENERATE),
            stripe_webhook_secret=read("STRIPE_WEBHOOK_SECRET", parse.webhook_secret),
            stripe_portal_configuration=read(
                "STRIPE_PORTAL_CONFIGURATION", parse.portal_configuration
            ),
            stripe_api_base=read("STRIPE_API_BASE", parse.base_url),
            token_secret=read("BILLING_TOKEN_SECRET", parse.token_secret),
            token_jwks_url=read("BILLING_TOKEN_JWKS_URL", parse.jwks_url),
            token_audience=read("BILLING_TOKEN_AUDIENCE", parse.text),
            token_claim=read("BILLING_TOKEN_CLAIM", parse.text),
            session_ttl=read("BILLING_SESSION_TTL", parse.whole(1, 30 * 86_400)),
            login_url=read("BILLING_LOGIN_URL", parse.link),
            url_prefix=read("BILLING_URL_PREFIX", parse.url_prefix),
            return_url=read("BILLING_RETURN_URL", parse.link),
            upgrade_url=read("BILLING_UPGRADE_URL", parse.link),
            free_plan=read("BILLING_FREE_PLAN", parse.text),
            cache_url=read("BILLING_CACHE_URL", parse.cache_url),
            cache_ttl=read("BILLING_CACHE_TTL", parse.number(0, 86_400)),
            stale_if_error=read("BILLING_STALE_IF_ERROR", parse.number(0, 7 * 86_400)),
            cache_maxsize=read("BILLING_CACHE_MAXSIZE", parse.whole(1, 100_000_000)),
            page_cache_bytes=read("BILLING_PAGE_CACHE_BYTES", parse.whole(0, 2**40)),
            catalog_ttl=read("BILLING_CATALOG_TTL", parse.number(0, 7 * 86_400)),
            stripe_timeout=read("BILLING_STRIPE_TIMEOUT", parse.number(0.1, 25)),
            stripe_max_rate=read("BILLING_STRIPE_MAX_RATE", parse.number(0.1, 10_000)),
            timezone=read("BILLING_TIMEZONE", parse.timezone),
            locale=read("BILLING_LOCALE", parse.locale),
            frame_ancestors=read("BILLING_FRAME_ANCESTORS", parse.frame_ancestors),
            trusted_proxies=read("BILLING_TRUSTED_PROXIES", parse.whole(0, 10)),
            metrics_token=read("BILLING_METRICS_TOKEN", parse.metrics_token),
            trusted_hosts=read("TRUSTED_HOSTS", parse.hosts) or (),
        )
        problems = read.problems + _contradictions(values)
        if standalone and not (
            read.has("BILLING_TOKEN_SECRET") or read.has("BILLING_TOKEN_JWKS_URL")
        ):
            problems.append(
                "BILLING_TOKEN_SECRET or BILLING_TOKEN_JWKS_URL is missing, so nobody could sign "
                f"in: {parse.GENERATE}, and let your site sign its customer tokens with it"
            )
        if problems:
            raise ConfigError(problems)
        return cls(**values)


def unknown_settings(source: Mapping[str, Any]) -> list[str]:
    """A hint for each ``BILLING_…`` name in ``source`` that nothing reads: most likely a typo."""
    hints = []
    for name in sorted(n for n in source if n.startswith("BILLING_") and n not in SETTINGS):
        close = get_close_matches(name, SETTINGS, 1)
        hints.append(f"{name} is not a setting" + (f"; did you mean {close[0]}?" if close else ""))
    return hints


class _Reader:
    """Reads settings one by one and collects what is wrong with them."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        self._source = source
        self.problems: list[str] = []

    def __call__(self, name: str, parser: Callable[[str], Any]) -> Any:
        raw = self._raw(name)
        if raw == "":
            return _parse_default(name, parser)
        try:
            return parser(raw)
        except ValueError as problem:
            self.problems.append(f"{name} {problem}")
            return None

    def has(self, name: str) -> bool:
        return self._raw(name) != ""

    def required(self, name: str, parser: Callable[[str], Any], mend: str) -> Any:
        if not self.has(name):
            self.problems.append(f"{name} is missing: {mend}")
            return None
        return self(name, parser)

    def _raw(self, name: str) -> str:
        value = self._source.get(name)
        if isinstance(value, bytes):  # Flask allows bytes as its SECRET_KEY
            value = value.hex()
        if isinstance(value, (list, tuple)):  # as Flask wants its TRUSTED_HOSTS
            value = " ".join(str(part) for part in value)
        return "" if value is None else str(value).strip()


def _parse_default(name: str, parser: Callable[[str], Any]) -> Any:
    default = SETTINGS[name]
    return None if default is None else parser(str(default))


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    problems = []
    key, base = values["stripe_secret_key"], values["stripe_api_base"]
    if key and "_live_" in key and base and base != SETTINGS["STRIPE_API_BASE"]:
        problems.append(
            "STRIPE_API_BASE must not be set together with a live STRIPE_SECRET_KEY: "
            "remove it, or use a test key"
        )
    if values["cache_url"] and not all(
        find_spec(name) for name in ("redis", "msgspec", "throttled")
    ):
        problems.append(
            "BILLING_CACHE_URL needs packages that are not installed: "
            "pip install 'billing-proxy[redis]'"
        )
    return problems
