"""The demo's front door, and the commands that open it or the emulator alone."""

from __future__ import annotations

import html
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import jwt
import pytest
import requests
from stripe import StripeClient

from billing_proxy.testing import __main__ as emulator_alone
from demo import __main__ as demo
from demo.personas import PERSONAS
from demo.start_page import TOKEN_LASTS, customer_token, start_page

SECRET = "a-secret-of-the-demo-that-is-long-enough"
NOW = 1_795_345_200


@pytest.fixture
def page() -> str:
    return start_page(secret=SECRET, page="/billing/", base_url="http://127.0.0.1:8000/", now=NOW)


def test_the_page_says_of_every_persona_what_is_to_be_seen(page: str) -> None:
    rows = html.unescape(page).split("<li>")
    for persona in PERSONAS:
        (row,) = (row for row in rows if f">{persona.customer}<" in row)
        wanted = [persona.description, persona.label and f">{persona.label}</span>"]
        assert all(text in row for text in [*wanted, persona.caption] if text)
        assert row.count("<strong>") == len(persona.notices)
    for text in ('<html lang="nl">', "<strong>Demo.</strong>", "8000/billing/subscription.json"):
        assert text in page
    assert "<script" not in page


def test_every_link_signs_in_as_its_own_customer_for_an_hour(page: str) -> None:
    tokens = re.findall(r'/billing/\?token=([^"]+)"', page)
    options = {"verify_exp": False}
    customers = [
        jwt.decode(token, SECRET, ["HS256"], audience="billing-proxy", options=options)["sub"]
        for token in tokens
    ]
    assert sorted(customers) == sorted(persona.customer for persona in PERSONAS)
    claims = jwt.decode(customer_token("cus_1", SECRET, NOW + 0.9), options={
        "verify_signature": False
    })  # fmt: skip
    assert claims == {"sub": "cus_1", "aud": "billing-proxy", "exp": NOW + TOKEN_LASTS}


@pytest.mark.parametrize("main", [demo.main, emulator_alone.main])
def test_a_port_that_cannot_be_used_is_said_in_words(
    main: Callable[[list[str]], int], capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"Port {port} on 127.0.0.1 cannot be used: " in capsys.readouterr().err
    assert main(["--port", "70000"]) == 1
    assert "Port 70000" in capsys.readouterr().err


@contextmanager
def running(module: str, **environ: str) -> Iterator[Iterator[str]]:
    """The lines that `python -m module` prints, on a port of its own; then it is told to stop."""
    command = [sys.executable, "-m", module, "--port", "0"]
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=kept | environ
    ) as process:
        assert process.stdout
        watchdog = threading.Timer(30, process.kill)
        watchdog.start()
        yield iter(process.stdout.readline, "")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        watchdog.cancel()


def test_with_a_real_key_no_secret_is_printed() -> None:
    key = "sk_test_of_a_real_account"
    with running("demo", STRIPE_SECRET_KEY=key) as lines:
        said = []
        for line in lines:
            said.append(line)
            if found := re.search(r"Listening at: (http://\S+)", line):
                assert requests.get(f"{found[1]}/healthz", timeout=20).status_code == 200
                break
    text = "".join(said)
    assert "BILLING_TOKEN_SECRET" in text
    assert key not in text
    assert re.findall(r"[\w-]{40,}", text) == [], "nothing that was made up either"


@pytest.mark.parametrize(
    ("module", "customer"),
    [("billing_proxy.testing", "cus_active"), ("demo.emulator", "cus_demo_pro_maand")],
)
def test_the_emulator_alone_answers_with_what_it_prints(module: str, customer: str) -> None:
    with running(module) as lines:
        exported = {}
        for line in lines:
            if line.startswith("  export "):
                name, _, value = line.split()[1].partition("=")
                exported[name] = value
            elif customer in line:
                break
        client = StripeClient(
            exported["STRIPE_SECRET_KEY"], base_addresses={"api": exported["STRIPE_API_BASE"]}
        )
        found = client.v1.subscriptions.list({"customer": customer})
    assert [one.status for one in found.data] == ["active"]
