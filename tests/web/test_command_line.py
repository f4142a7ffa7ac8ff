"""``billing-proxy check``, ``show`` and ``token``: what an operator types around a deploy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from billing_proxy.app import create_app
from billing_proxy.gateway.calls import link_to_a_new_key
from demo.emulator import Emulator
from tests.stage.clock import Clock
from tests.stage.tokens import bearer

AT_ONCE = {"Stripe-Should-Retry": "false"}
READ = "subscriptions products prices invoices payment_methods customers coupons payment_intents"
NEEDED = {"portal:write", *(f"{resource}:read" for resource in READ.split())}

Run = Callable[..., Result]


@pytest.fixture
def clock() -> Clock:
    """The real time, standing still: a token made on the command line begins now."""
    return Clock(time.time())


@pytest.fixture
def run(environ: dict[str, str], clock: Clock) -> Run:
    """Run a command of the service with more settings."""

    def command(*words: str, **settings: str) -> Result:
        app = create_app({**environ, **settings}, clock=clock)
        return app.test_cli_runner().invoke(args=["billing", *words])

    return command


def test_check_finds_all_well_and_only_reads(run: Run, emulator: Emulator) -> None:
    result = run("check", STRIPE_SECRET_KEY=emulator.add_key("rk_test_all_it_needs", NEEDED))
    assert result.exit_code == 0
    assert "restricted key in test mode" in result.output
    assert not {"problem", "warning"} & set(result.output.split())
    assert link_to_a_new_key() in result.output
    assert {call.method for call in emulator.requests} == {"GET"}


@pytest.mark.parametrize(
    ("lacking", "code", "told"),
    [("subscriptions:read", 1, "Subscriptions: Read"), ("invoices:read", 0, "Invoices: Read")],
)
def test_check_fails_without_what_the_page_needs_and_warns_of_a_lost_detail(
    run: Run, emulator: Emulator, lacking: str, code: int, told: str
) -> None:
    key = emulator.add_key("rk_test_lacks_one", NEEDED - {lacking})
    result = run("check", STRIPE_SECRET_KEY=key)
    assert result.exit_code == code
    assert ("warning", "problem")[code] in result.output.split()
    assert told in result.output
    for secret in (key, "acct_", "****"):
        assert secret not in result.output


def test_check_points_out_a_name_that_is_no_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILLING_CACHE_TLL", "5")
    result = run("check")
    assert result.exit_code == 0
    assert "BILLING_CACHE_TLL is not a setting; did you mean BILLING_CACHE_TTL?" in result.output


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"drop": True}], ids=str)
def test_check_and_show_fail_while_stripe_does(
    run: Run, emulator: Emulator, anna: str, fault: dict[str, object]
) -> None:
    emulator.fail(times=None, headers=AT_ONCE, **fault)
    for words in (["check"], ["show", anna]):
        result = run(*words, BILLING_STRIPE_TIMEOUT="0.5")
        assert result.exit_code == 1
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert "An unknown error occurred" not in result.output


def test_show_prints_the_card(run: Run, anna: str) -> None:
    result = run("show", anna)
    assert result.exit_code == 0
    for words in ("Huidig plan", "Pro", "Maandelijks", "Actief", "12 december 2076"):
        assert words in result.output


def test_show_prints_the_json_of_the_api(run: Run, anna: str) -> None:
    body = json.loads(run("show", anna, "--json").output)
    assert (body["customer"], body["status"]["code"], body["stale"]) == (anna, "active", False)


def test_show_says_when_stripe_does_not_know_the_customer(run: Run) -> None:
    result = run("show", "cus_nobody")
    assert result.exit_code == 1
    assert "geen abonnement" not in result.output.lower()


@pytest.mark.parametrize("customer", ["anna@example.nl", "sub_anna", "", "cus_"])
def test_show_and_token_take_customer_ids_only(run: Run, emulator: Emulator, customer: str) -> None:
    assert run("show", customer).exit_code != 0
    assert run("token", customer).exit_code != 0
    assert emulator.calls() == 0


@pytest.mark.parametrize(
    ("settings", "base"),
    [
        ({}, "/billing"),
        (
            {
                "BILLING_TOKEN_AUDIENCE": "facturen",
                "BILLING_TOKEN_CLAIM": "stripe_customer",
                "BILLING_URL_PREFIX": "/abo",
            },
            "/abo",
        ),
    ],
)
def test_token_prints_a_token_and_a_link_that_sign_in_with_these_settings(
    run: Run, environ: dict[str, str], anna: str, clock: Clock, settings: dict[str, str], base: str
) -> None:
    token, link = run("token", anna, **settings).output.split()
    assert link == f"http://127.0.0.1:8000{base}/?token={token}"
    client = create_app({**environ, **settings}, clock=clock).test_client()
    body = client.get(f"{base}/subscription.json", headers=bearer(token)).get_json()
    assert body["customer"] == anna
    assert client.get(f"{base}/?token={token}").status_code == 303
    assert client.get(f"{base}/").status_code == 200


def test_a_token_lasts_ten_minutes_or_as_long_as_it_was_told(
    run: Run, environ: dict[str, str], anna: str, clock: Clock
) -> None:
    usual, short = (run("token", anna, *more).output.split()[0] for more in ((), ("--ttl", "60")))
    client = create_app(environ, clock=clock).test_client()

    def status(token: str) -> int:
        return client.get("/billing/subscription.json", headers=bearer(token)).status_code

    seen = []
    for seconds in (55, 10, 525, 15):
        clock.advance(seconds)
        seen.append((status(usual), status(short)))
    assert seen == [(200, 200), (200, 401), (200, 401), (401, 401)]


@pytest.mark.parametrize("ttl", ["0", "-5", "soon", "1e9"])
def test_token_takes_a_sensible_lifetime_only(run: Run, anna: str, ttl: str) -> None:
    assert run("token", anna, "--ttl", ttl).exit_code == 2


def test_without_a_shared_secret_the_sites_own_issuer_must_sign(run: Run, anna: str) -> None:
    keys = {"BILLING_TOKEN_SECRET": "", "BILLING_TOKEN_JWKS_URL": "https://idp.example.nl/keys"}
    result = run("token", anna, **keys)
    assert result.exit_code == 1
    assert "BILLING_TOKEN_SECRET" in result.output


def command(name: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """An installed command, in a process of its own with these settings alone."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return subprocess.run(
        [Path(sys.executable).with_name(name), *words],
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=20,
    )


def test_the_installed_command_checks_and_explains_itself(environ: dict[str, str]) -> None:
    checked = command("billing-proxy", "check", **environ)
    assert (checked.returncode, "Traceback" in checked.stderr) == (0, False)
    explained = command("billing-proxy", "--help")
    assert explained.returncode == 0
    assert [word for word in ("check", "show", "token") if word not in explained.stdout] == []


SITE = """
import os
from flask import Flask
from billing_proxy import BillingProxy
app = Flask(__name__)
app.config.update({name: os.environ[name] for name in os.environ if "_" in name})
BillingProxy(app, customer_loader=lambda _: None)
"""


@pytest.mark.parametrize("words", [("billing-proxy",), ("flask", "--app", "{site}", "billing")])
def test_wrong_settings_are_a_list_on_one_screen(tmp_path: Path, words: tuple[str, ...]) -> None:
    site = tmp_path / "shop.py"
    site.write_text(SITE)
    name, *more = (word.format(site=site) for word in words)
    wrong = {"BILLING_TIMEZONE": "Mars", "STRIPE_SECRET_KEY": "pk_test_VERYSECRET"}
    result = command(name, *more, "check", **wrong)
    assert result.returncode == 1
    told = result.stderr.splitlines()
    for setting in ("STRIPE_SECRET_KEY", "SECRET_KEY", "BILLING_TIMEZONE"):
        assert len([line for line in told if line.startswith(f"  - {setting} ")]) == 1
    assert told[-1].strip() == link_to_a_new_key()
    assert len(told) < 10
    assert "VERYSECRET" not in result.stderr + result.stdout
