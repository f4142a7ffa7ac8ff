"""What the documents take for granted: Stripe with a customer, and the service in front of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import requests

from demo.emulator import Emulator
from tests.docs.blocks import ROOT
from tests.docs.terminal import Terminal, open_terminal
from tests.stage.service import STOPS_WITHIN, environment, free_port, wait_until
from tests.stage.tokens import TOKEN_SECRET, mint

CUSTOMER = "cus_123"
RESTRICTED = (
    *("subscriptions:read", "products:read", "prices:read", "invoices:read", "coupons:read"),
    *("customers:read", "payment_methods:read", "payment_intents:read", "portal:write"),
)


@dataclass(frozen=True)
class Service:
    """A running service: its address, the settings it has, and a token for the customer."""

    base: str
    settings: dict[str, str]
    key: str

    @property
    def token(self) -> str:
        """A customer token that holds for ten minutes from now."""
        return mint(CUSTOMER, time.time)

    def of(self, *names: str, prefix: str = "") -> dict[str, str]:
        """Some of its settings, those that a site in front of the same Stripe has too."""
        names = ("STRIPE_SECRET_KEY", "STRIPE_API_BASE", "SECRET_KEY", *names)
        return {prefix + name: self.settings[name] for name in names}


def answers(port: int) -> bool:
    with suppress(requests.RequestException):
        return requests.get(f"http://127.0.0.1:{port}/readyz", timeout=2).ok
    return False


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The service as the Procfile starts it, with a restricted key, where cus_123 has Pro."""
    with Emulator() as stripe:
        stripe.account.add_customer(CUSTOMER)
        stripe.account.add_subscription(CUSTOMER, ["price_pro_month"], id="sub_123")
        port = free_port()
        key = stripe.add_key("rk_test_of_the_documents", RESTRICTED)
        settings = {**environment(stripe, port), "STRIPE_SECRET_KEY": key, "WEB_CONCURRENCY": "1"}
        settings["BILLING_TOKEN_SECRET"] = TOKEN_SECRET
        command = [Path(sys.executable).with_name("gunicorn"), "wsgi:app"]
        with subprocess.Popen(command, cwd=ROOT, env=settings, stderr=subprocess.DEVNULL) as run:
            try:
                wait_until(partial(answers, port), "the service answers")
                yield Service(f"http://127.0.0.1:{port}", settings, key)
            finally:
                run.terminate()
                run.wait(STOPS_WITHIN)


@pytest.fixture
def terminal(service: Service, tmp_path: Path) -> Terminal:
    """A terminal with the settings of the service, and what the documents write in its place."""
    environ = {
        **{name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ},
        **service.of("BILLING_TOKEN_SECRET"),
        **service.of("BILLING_TOKEN_SECRET", prefix="FLASK_"),
        "FLASK_APP": str(ROOT / "examples" / "plain" / "app.py"),
        "TOKEN": service.token,
    }
    replaced = {
        "https://billing.example.nl": service.base,
        "http://127.0.0.1:8000": service.base,
        "rk_test_…": service.key,
        "cus_…": CUSTOMER,
        "/opt/billing-proxy": str(tmp_path / "opt"),
        "/etc/": f"{tmp_path / 'etc'}/",
    }
    (tmp_path / "etc" / "systemd" / "system").mkdir(parents=True)
    return open_terminal(tmp_path, environ, replaced)
