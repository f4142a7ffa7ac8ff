"""What must never leave the service, and where to look for it."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping

import pytest

from tests.fault.breakdowns import STRIPES_WORDS

PATTERNS = {
    "a token": r"eyJ[\w-]+",
    "a session, a pass or a mark": r"Wy[IJ][\w-]{6,}",
    "a portal's address": r"/p/session/",
    "a query with a token or a pass": r"(token|pass)=",
    "a key": r"\b[spr]k_(test|live)_\w+",
    "a signing secret": r"whsec_\w+",
    "an e-mail address": r"[\w.+-]+@[\w-]+(\.[\w-]+)+",
    "Stripe's own words": "|".join(map(re.escape, STRIPES_WORDS.split()[:3])),
    "an account": r"acct_\w+",
}

SECRET_SETTINGS = (
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "SECRET_KEY",
    "BILLING_TOKEN_SECRET",
)


def leaks(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """What of all that stands in ``text``, each with its first occurrence."""
    found = {what: match[0] for what, p in PATTERNS.items() if (match := re.search(p, text))}
    named = {name: environ[name] for name in SECRET_SETTINGS if environ.get(name)}
    return found | {name: value for name, value in named.items() if value in text}


def access_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines that say what was asked and answered."""
    return [r.getMessage() for r in caplog.get_records("call") if r.name == "billing_proxy.access"]


def everything_logged(caplog: pytest.LogCaptureFixture) -> str:
    """Every record of every logger, with its traceback if it has one."""
    write = logging.Formatter("%(levelname)s %(name)s %(message)s").format
    return "\n".join(write(r) for when in ("setup", "call") for r in caplog.get_records(when))
