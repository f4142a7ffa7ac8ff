"""What each kind of setting may look like: a text in, its value out, or a ``ValueError``. Pure.

The error's text completes a sentence that begins with the setting's name, says how to mend it, and
never repeats a secret.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from importlib.util import find_spec
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from ..language.words import AUTO, LANGUAGES

MIN_TOKEN_SECRET_BYTES = 32  # RFC 7518 section 3.2: an HS256 key is at least as long as its hash

MIN_METRICS_TOKEN_LENGTH = 16

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")

GENERATE = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"

WHERE_IS_THE_KEY = (
    "make a restricted key (rk_…) in the Stripe Dashboard, "
    "by the link that billing-proxy check prints"
)


def text(raw: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in raw):
        raise ValueError("must not contain control characters such as a line break")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in raw):  # what was no text in the environment
        raise ValueError("must be UTF-8")
    return raw


def _token(raw: str, *prefixes: str) -> str:
    if not raw.startswith(prefixes):
        raise ValueError(f"must begin with {' or '.join(prefixes)}")
    if not re.fullmatch(r"[!-~]+", raw):
        raise ValueError("must not contain spaces, line breaks or other than ASCII characters")
    return raw


def stripe_key(raw: str) -> str:
    if raw.startswith("pk_"):
        raise ValueError("is a publishable key (pk_…), which cannot read: " + WHERE_IS_THE_KEY)
    return _token(raw, "sk_", "rk_")


def webhook_secret(raw: str) -> str:
    if raw.startswith(("sk_", "rk_", "pk_")):
        raise ValueError("is an API key: copy the endpoint's signing secret (whsec_…) instead")
    return text(raw)


def portal_configuration(raw: str) -> str:
    return _token(raw, "bpc_")


def token_secret(raw: str) -> str:
    _need_extra("service", "jwt")
    length = len(raw.encode("utf-8", "surrogateescape"))
    if length < MIN_TOKEN_SECRET_BYTES:
        raise ValueError(
            f"is {length} bytes long and must be at least {MIN_TOKEN_SECRET_BYTES}: {GENERATE}"
        )
    return raw


def metrics_token(raw: str) -> str:
    """A bearer token (RFC 6750 section 2.1), where the extra that it switches on is installed."""
    _need_extra("metrics", "prometheus_client")
    if len(raw) < MIN_METRICS_TOKEN_LENGTH:
        raise ValueError(
            f"is {len(raw)} characters long and must be at least {MIN_METRICS_TOKEN_LENGTH}: "
            f"{GENERATE}"
        )
    return _token(raw, "")


def _need_extra(extra: str, *packages: str) -> None:
    if not all(find_spec(package) for package in packages):
        raise ValueError(f"needs the extra {extra}, which is not installed")


def _url(raw: str) -> str:
    message = "must be an address such as https://www.example.nl/account"
    if not re.fullmatch(r"[!-~]+", raw) or any(char in raw for char in "\\<>\"'`{}|^"):
        raise ValueError(message)
    try:
        parts = urlsplit(raw)
        parts.port  # noqa: B018 -- raises ValueError for a port that is none
    except ValueError:
        raise ValueError(message) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise ValueError(message)
    return raw


def base_url(raw: str) -> str:
    parts = urlsplit(_url(raw))
    if parts.query or parts.fragment:
        raise ValueError("must be an address without a query, such as http://127.0.0.1:12111")
    return raw.rstrip("/")


def cache_url(raw: str) -> str:
    """A Redis or Valkey server; the text holds a password, so no problem repeats it."""
    _need_extra("redis", "redis", "msgspec")
    message = "must be an address such as redis://user:password@127.0.0.1:6379/0"
    try:
        parts = urlsplit(raw)
        parts.port  # noqa: B018 -- raises ValueError for a port that is none
    except ValueError:
        raise ValueError(message) from None
    if parts.scheme not in ("redis", "rediss", "unix") or not re.fullmatch(r"[!-~]+", raw):
        raise ValueError(f"{message} (rediss:// for TLS, unix:// for a socket)")
    if not (parts.path.strip("/") if parts.scheme == "unix" else parts.hostname):
        raise ValueError(message)
    if parts.scheme != "unix" and not re.fullmatch(r"/?\d*", parts.path):
        raise ValueError(f"{message}, with the number of a database or nothing after the slash")
    odd = [name for name in parse_qs(parts.query) if not name.startswith(("ssl_", "db"))]
    if odd or parts.fragment:
        raise ValueError("may have ssl_… options and db in its query, and nothing else")
    return raw


def jwks_url(raw: str) -> str:
    _need_extra("service", "jwt", "cryptography")
    parts = urlsplit(_url(raw))
    if parts.scheme != "https" and parts.hostname not in _THIS_MACHINE:
        raise ValueError("must begin with https://, or anybody on the way could sign tokens")
    return raw


def link(raw: str) -> str:
    """An address, or a path on the same host."""
    if raw.startswith("/") and not raw.startswith("//"):
        return _url("http://localhost" + raw).removeprefix("http://localhost")
    return _url(raw)


def contact(raw: str) -> str:
    """Where help is: over TLS, a path on the same host, or a mail address (RFC 6068)."""
    example = "must be such as https://www.example.nl/contact or mailto:hulp@example.nl"
    if "@" in raw.partition("?")[0]:
        if not re.fullmatch(r"(?i:mailto):[\w.%+-]+@[\w.-]+(\?[\w.%&=+-]*)?", raw, re.ASCII):
            raise ValueError(f"{example}, with %20 for a space")
        return raw
    try:
        parts = urlsplit(link(raw))
    except ValueError:
        raise ValueError(f"{example}, with %20 for a space") from None
    if parts.scheme == "http" and parts.hostname not in _THIS_MACHINE:
        raise ValueError(f"is not encrypted: it {example}")
    return raw


def url_prefix(raw: str) -> str:
    raw = "/" + raw.strip("/") if raw.strip("/") else ""
    if not re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", raw) or "/." in raw:
        raise ValueError("must be a path such as /billing")
    return raw


def timezone(raw: str) -> str:
    try:
        ZoneInfo(raw)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"is {raw[:40]!r}, which is not a time zone such as Europe/Amsterdam"
        ) from None
    return raw


def locale(raw: str) -> str:
    allowed = (*LANGUAGES, AUTO)
    if raw not in allowed:
        raise ValueError(f"is {raw[:20]!r} and must be one of: {', '.join(allowed)}")
    return raw


def frame_ancestors(raw: str) -> str:
    """A CSP source list: https://www.w3.org/TR/CSP3/#directive-frame-ancestors"""
    sources = raw.split()
    host = r"(https?://)?(\*\.)?[A-Za-z0-9.-]+(:(\d+|\*))?"
    if sources == ["'none'"]:
        return "'none'"
    bare = [source for source in sources if source.lower() in ("none", "self")]
    if not sources or bare or not all(s == "'self'" or re.fullmatch(host, s) for s in sources):
        raise ValueError(
            "must be 'none', or 'self' and addresses with spaces between, "
            "such as: 'self' https://www.example.nl"
        )
    return " ".join(sources)


def hosts(raw: str) -> tuple[str, ...]:
    """Host names; one with a dot in front stands for its subdomains too, as in Flask."""
    names = raw.replace(",", " ").split()
    if not all(re.fullmatch(r"\.?[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]", name) for name in names):
        raise ValueError("must be host names with spaces between, such as billing.example.nl")
    return tuple(names)


def number(least: float, most: float) -> Callable[[str], float]:
    def parse(raw: str) -> float:
        message = f"is {raw[:20]!r} and must be a number from {least} to {most}"
        try:
            value = float(raw)
        except ValueError:
            raise ValueError(message) from None
        if not (math.isfinite(value) and least <= value <= most):
            raise ValueError(message)
        return value

    return parse


def whole(least: int, most: int) -> Callable[[str], int]:
    def parse(raw: str) -> int:
        message = f"is {raw[:20]!r} and must be a whole number from {least} to {most}"
        try:
            value = int(raw)
        except ValueError:
            raise ValueError(message) from None
        if not least <= value <= most:
            raise ValueError(message)
        return value

    return parse
