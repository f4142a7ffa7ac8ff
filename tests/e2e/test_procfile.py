"""From end to end: the Procfile's command, real workers, real HTTP, a visit to the portal."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from demo.emulator import Emulator
from tests.web.pages import Page
from tests.web.tokens import TOKEN_SECRET, mint

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 30
STOPS_WITHIN = 10
ANSWERS_WITHIN = 10


@pytest.fixture
def stripe() -> Iterator[Emulator]:
    """A Stripe on the real time, where Anna has Pro per month."""
    with Emulator() as running:
        running.account.add_customer("cus_anna")
        running.account.add_subscription("cus_anna", id="sub_anna")
        yield running


def command() -> list[str]:
    """What the Procfile says after ``web:``."""
    (line,) = re.findall(r"^web:\s*(.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
    return shlex.split(line)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings(stripe: Emulator, port: int) -> dict[str, str]:
    """The environment of a platform, with the commands of this installation first."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PORT": str(port),
        "STRIPE_SECRET_KEY": stripe.key,
        "STRIPE_API_BASE": stripe.url,
        "SECRET_KEY": "a made-up key that signs the cookies of this test",
        "BILLING_TOKEN_SECRET": TOKEN_SECRET,
        "WEB_CONCURRENCY": "2",
    }


@pytest.fixture
def process(stripe: Emulator) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service as the Procfile starts it, and its address; ready to answer."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        command(),
        cwd=ROOT,
        env=settings(stripe, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as running:
        try:
            wait_until_ready(running, base)
            yield running, base
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)


def wait_until_ready(running: subprocess.Popen[str], base: str) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        assert running.poll() is None, running.communicate()[0]
        try:
            if requests.get(f"{base}/readyz", timeout=2).ok:
                return
        except (requests.ConnectionError, requests.Timeout):
            time.sleep(0.05)
    pytest.fail("the service did not get ready in time")


class Visitor:
    """A browser: cookies, redirects, and the page it is on."""

    def __init__(self, base: str) -> None:
        self.session = requests.Session()
        self.base = base

    def get(self, path: str) -> Page:
        """The page at ``path`` after all redirects."""
        self.session.close()  # with a new connection either worker may be met
        self.answer = self.session.get(
            self.base + path, headers={"Accept": "text/html"}, timeout=ANSWERS_WITHIN
        )
        assert self.answer.status_code == 200, self.answer.text
        self.answer.encoding = "utf-8"
        return Page(self.answer.text)

    def status(self) -> str:
        """The badge on the card."""
        return self.get("/billing/").facts["Abonnementsstatus"]

    def in_portal(self, action: str) -> str:
        """Press the card's button, do ``action`` in the portal, and come back to the card."""
        (button,) = self.get("/billing/").buttons
        self.get(str(button.attributes["href"]))
        portal = self.answer.url
        done = self.session.post(
            f"{portal}/{action}",
            data={"subscription": "sub_anna", "feedback": "unused"},
            timeout=ANSWERS_WITHIN,
        )
        assert done.status_code == 200, done.text
        (back,) = re.findall(r'href="([^"]+/billing/return)"', done.text)
        assert back.startswith(self.base)
        return self.get(urlsplit(back).path).facts["Abonnementsstatus"]


def test_from_the_link_to_the_portal_and_back_and_back_again(
    process: tuple[subprocess.Popen[str], str], stripe: Emulator
) -> None:
    running, base = process
    visitor = Visitor(base)
    with visitor.session:
        page = visitor.get(f"/billing/?token={mint('cus_anna', time.time)}")
        assert visitor.answer.url == f"{base}/billing/"
        assert page.facts["Huidig plan"] == "Pro"
        assert page.facts["Abonnementsstatus"] == "Actief"

        assert visitor.in_portal("cancel") == "Wordt opgezegd"
        assert stripe.account["subscription", "sub_anna"]["cancel_at"]
        # Two workers answer in turn; neither may show what it knew before.
        assert {visitor.status() for _ in range(8)} == {"Wordt opgezegd"}

        assert visitor.in_portal("renew") == "Actief"
        assert {visitor.status() for _ in range(8)} == {"Actief"}

        running.send_signal(signal.SIGTERM)
        output, _ = running.communicate(timeout=STOPS_WITHIN)
    assert running.returncode == 0, output
    for secret in (stripe.key, TOKEN_SECRET, "/p/session/", "token=", "eyJ", "Traceback"):
        assert secret not in output
