"""Every setting, declared once: ``BillingConfig`` is the table and the values that came of it.

A field says what its setting is called, what it may be and what it is for; reading, the hints, the
README and docs/settings.md follow from that or are compared with it. Secrets are in no repr, and no
problem ever repeats a secret's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from difflib import get_close_matches
from typing import Any

from ..errors import ConfigError
from . import accent as colours
from . import values as parse
from .setting import Setting, setting, text_of
from .values import number, whole

DAY = 86_400
STRIPE = "https://api.stripe.com"


@dataclass(frozen=True, kw_only=True)
class BillingConfig:
    """The settings in use. Durations are in seconds; ``url_prefix`` has no slash at its end."""

    stripe_secret_key: str = setting(
        "STRIPE_SECRET_KEY",
        parse.stripe_key,
        "The key that reads billing data and opens portal sessions.",
        default=MISSING,
        secret=True,
        mend=parse.WHERE_IS_THE_KEY,
    )
    stripe_webhook_secret: str | None = setting(
        "STRIPE_WEBHOOK_SECRET",
        parse.webhook_secret,
        "The signing secret of a webhook endpoint (`whsec_…`); turns the webhook on.",
        secret=True,
    )
    stripe_portal_configuration: str | None = setting(
        "STRIPE_PORTAL_CONFIGURATION",
        parse.portal_configuration,
        "One of several portal settings (`bpc_…`), if the account has more than one.",
        unset="Stripe's default",
    )
    stripe_api_base: str = setting(
        "STRIPE_API_BASE",
        parse.base_url,
        "Another address for Stripe's API; refused together with a live key.",
        default=STRIPE,
    )
    stripe_timeout: float = setting(
        "BILLING_STRIPE_TIMEOUT",
        number(0.1, 25),
        "Seconds that one card may spend on Stripe in all, retries included.",
        default=8,
    )
    stripe_max_rate: float = setting(
        "BILLING_STRIPE_MAX_RATE",
        number(0.1, 10_000),
        "Reads per second to Stripe: per process, or of all together with `BILLING_CACHE_URL`.",
        default=20,
    )
    secret_key: str = setting(
        "SECRET_KEY",
        parse.text,
        "Signs session cookies and portal passes; in a site it is Flask's own.",
        default=MISSING,
        secret=True,
        mend=parse.GENERATE,
    )
    token_secret: str | None = setting(
        "BILLING_TOKEN_SECRET",
        parse.token_secret,
        "Signs customer tokens (HS256); the service needs this or `BILLING_TOKEN_JWKS_URL`.",
        secret=True,
    )
    token_jwks_url: str | None = setting(
        "BILLING_TOKEN_JWKS_URL",
        parse.jwks_url,
        "The key set of an identity provider that signs customer tokens (RS256, ES256).",
    )
    token_audience: str = setting(
        "BILLING_TOKEN_AUDIENCE",
        parse.text,
        "What `aud` in a customer token must be.",
        default="billing-proxy",
    )
    token_claim: str = setting(
        "BILLING_TOKEN_CLAIM",
        parse.text,
        "The claim of a token that holds the Stripe customer id.",
        default="sub",
    )
    session_ttl: int = setting(
        "BILLING_SESSION_TTL",
        whole(1, 30 * DAY),
        "Seconds that a browser stays signed in after a link.",
        default=3600,
    )
    login_url: str | None = setting(
        "BILLING_LOGIN_URL",
        parse.link,
        "Where a browser that is not signed in is sent; without it, a page says so.",
    )
    url_prefix: str = setting(
        "BILLING_URL_PREFIX",
        parse.url_prefix,
        "Where the routes are; `/` puts the page at the root of the host.",
        default="/billing",
    )
    return_url: str | None = setting(
        "BILLING_RETURN_URL",
        parse.link,
        "Where a customer comes back to from the portal.",
        unset="the page",
    )
    upgrade_url: str | None = setting(
        "BILLING_UPGRADE_URL",
        parse.link,
        "Where a customer without a subscription can choose one.",
    )
    trusted_proxies: int = setting(
        "BILLING_TRUSTED_PROXIES",
        whole(0, 10),
        "How many proxies in front to believe in `X-Forwarded-*`.",
        default=0,
    )
    trusted_hosts: tuple[str, ...] = setting(
        "TRUSTED_HOSTS",
        parse.hosts,
        "The host names that the service answers to; any other gets a 400.",
        default=(),
        unset="any",
    )
    frame_ancestors: str = setting(
        "BILLING_FRAME_ANCESTORS",
        parse.frame_ancestors,
        "Who may frame the card, as in a Content-Security-Policy.",
        default="'none'",
    )
    company: str | None = setting(
        "BILLING_COMPANY",
        parse.text,
        "Your company's name: in the title, over the page, and where it says who keeps what.",
    )
    home_url: str | None = setting(
        "BILLING_HOME_URL",
        parse.link,
        "The way back to your site, over the page.",
    )
    contact_url: str | None = setting(
        "BILLING_CONTACT_URL",
        parse.contact,
        "Where a customer gets help: under the page and on every error.",
    )
    accent: str | None = setting(
        "BILLING_ACCENT",
        colours.accent,
        "The colour of the button and the focus ring, as `#rrggbb`.",
    )
    free_plan: str = setting(
        "BILLING_FREE_PLAN",
        parse.text,
        "The plan of a customer without a subscription.",
        default="Free",
    )
    timezone: str = setting(
        "BILLING_TIMEZONE",
        parse.timezone,
        "Decides which calendar day a moment falls on.",
        default="Europe/Amsterdam",
    )
    locale: str = setting(
        "BILLING_LOCALE",
        parse.locale,
        "The language of page, JSON and portal; with `auto` the reader decides.",
        default="nl",
    )
    cache_url: str | None = setting(
        "BILLING_CACHE_URL",
        parse.cache_url,
        "The Redis or Valkey server on which all processes and machines share one cache.",
        secret=True,
    )
    cache_ttl: float = setting(
        "BILLING_CACHE_TTL",
        number(0, DAY),
        "Seconds that a card stays fresh; 0 reads Stripe every time.",
        default=30,
    )
    stale_if_error: float = setting(
        "BILLING_STALE_IF_ERROR",
        number(0, 7 * DAY),
        "Seconds longer that the last known card may stand in while Stripe fails.",
        default=3600,
    )
    cache_maxsize: int = setting(
        "BILLING_CACHE_MAXSIZE",
        whole(1, 100_000_000),
        "Cards that a process keeps in memory.",
        default=10_000,
    )
    page_cache_bytes: int = setting(
        "BILLING_PAGE_CACHE_BYTES",
        whole(0, 2**40),
        "Bytes of finished pages and JSON that a process keeps in memory; 0 for none.",
        default=64 * 2**20,
    )
    catalog_ttl: float = setting(
        "BILLING_CATALOG_TTL",
        number(0, 7 * DAY),
        "Seconds that a product's name stays fresh.",
        default=3600,
    )
    metrics_token: str | None = setting(
        "BILLING_METRICS_TOKEN",
        parse.metrics_token,
        "Turns the metrics on, and is what Prometheus signs in with; at least 16 characters.",
        secret=True,
    )

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

        ``standalone`` asks for a way to check customer tokens, which a site with a customer loader
        does not need.

        Raises:
            ConfigError: with every problem at once.
        """
        values: dict[str, Any] = {}
        problems = []
        for one in SETTINGS.values():
            try:
                values[one.field] = one.read(source)
            except ValueError as problem:
                problems.append(f"{one.name} {problem}")
        problems += _contradictions(values)
        if standalone and not any(text_of(source, name) for name in WAYS_TO_SIGN_IN):
            problems.append(
                f"{' or '.join(WAYS_TO_SIGN_IN)} is missing, so nobody could sign in: "
                f"{parse.GENERATE}, and let your site sign its customer tokens with it"
            )
        if problems:
            raise ConfigError(problems)
        return cls(**values)


WAYS_TO_SIGN_IN = ("BILLING_TOKEN_SECRET", "BILLING_TOKEN_JWKS_URL")


SETTINGS: Mapping[str, Setting] = {one.name: one for one in map(Setting.of, fields(BillingConfig))}
"""All settings by their names, in the order of the documents."""


def unknown_settings(source: Mapping[str, Any]) -> list[str]:
    """A hint for each ``BILLING_…`` name in ``source`` that nothing reads: most likely a typo."""
    hints = []
    for name in sorted(n for n in source if n.startswith("BILLING_") and n not in SETTINGS):
        close = get_close_matches(name, SETTINGS, 1)
        hints.append(f"{name} is not a setting" + (f"; did you mean {close[0]}?" if close else ""))
    return hints


def _contradictions(values: Mapping[str, Any]) -> list[str]:
    live = "_live_" in values.get("stripe_secret_key", "")
    if live and values.get("stripe_api_base", STRIPE) != STRIPE:
        return [
            "STRIPE_API_BASE must not be set together with a live STRIPE_SECRET_KEY: "
            "remove it, or use a test key"
        ]
    return []
