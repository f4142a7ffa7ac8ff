"""`python -m demo.pictures`: take the README's pictures of the running demo, in light and in dark.

Takes Chromium and the packages in requirements-dev.txt. The browser tests start the service and
Chromium with the same two functions, `served` and `launched`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from demo.emulator import Emulator
from demo.personas import populate
from demo.start_page import customer_token

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "images"
CUSTOMER = "cus_demo_pro_maand"
WIDTH = 640

_ROOT = Path(__file__).resolve().parent.parent
_HOST = "127.0.0.1"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


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


def chromium() -> str | None:
    """Where Chromium is on this machine; None when it is not there."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium, without a window. Raises FileNotFoundError when there is none."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    if path is None:
        raise FileNotFoundError(f"Chromium is not installed: none of {', '.join(_NAMES)} on PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()


def main() -> None:
    """Write `card-light.png` and `card-dark.png`: the card alone, with transparent corners."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    emulated = Emulator(populate())
    with emulated as emulator, served(emulator, "demo.wsgi:app") as service, launched() as browser:
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": WIDTH, "height": 800},
                device_scale_factor=2,
                color_scheme="dark" if scheme == "dark" else "light",
                bypass_csp=True,
            )
            page = context.new_page()
            page.goto(service.link(CUSTOMER))
            picture = PICTURES / f"card-{scheme}.png"
            page.locator(".billing-card").screenshot(
                path=picture, omit_background=True, style=".billing-page { background: none }"
            )
            context.close()
            print(picture.relative_to(_ROOT))


if __name__ == "__main__":
    main()
