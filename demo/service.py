"""The service in a process of its own, on the emulator: for tests and pictures."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.emulator import Emulator
from demo.start_page import customer_token

_ROOT = Path(__file__).resolve().parent.parent
_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Service:
    """A running service: its address, and the secret that signs its customer tokens."""

    url: str
    secret: str

    def link(self, customer: str, path: str = "/billing/") -> str:
        """The address that signs a browser in as `customer`, or asks for its card."""
        return f"{self.url}{path}?token={customer_token(customer, self.secret, time.time())}"


@contextmanager
def served(emulator: Emulator, application: str, **settings: str) -> Iterator[Service]:
    """Run gunicorn on `application`, with the emulator for Stripe, on a port that is free."""
    with socket.create_server((_HOST, 0)) as listening:
        service = Service(f"http://{_HOST}:{listening.getsockname()[1]}", secrets.token_urlsafe(48))
        command = [sys.executable, "-m", "gunicorn", application, "--config", "gunicorn.conf.py"]
        command += ["--bind", f"fd://{listening.fileno()}", "--log-level", "warning"]
        child = subprocess.Popen(
            command,
            env=_environment(emulator, service, settings),
            cwd=_ROOT,
            pass_fds=[listening.fileno()],
        )
    try:
        yield service
    finally:
        child.terminate()
        child.wait()


def _environment(
    emulator: Emulator, service: Service, settings: Mapping[str, str]
) -> dict[str, str]:
    """What `python -m demo` sets, and nothing of the product's from this process."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BILLING_", "STRIPE_", "GUNICORN_"))
    }
    return {
        **kept,
        "STRIPE_SECRET_KEY": emulator.key,
        "STRIPE_API_BASE": emulator.url,
        "SECRET_KEY": secrets.token_urlsafe(48),
        "BILLING_TOKEN_SECRET": service.secret,
        "BILLING_UPGRADE_URL": f"{service.url}/",
        **settings,
    }
