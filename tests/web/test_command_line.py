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
from demo.catalogue import CONFIGURATION
from demo.emulator import Emulator
from tests.web.clock import Clock
from tests.web.tokens import bearer

AT_ONCE = {"Stripe-Should-Retry": "false"}
ALL_BUT_MONEY = ("subscriptions:read", "products:read", "prices:read", "portal:write")

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


def test_check_finds_all_well(run: Run, emulator: Emulator) -> None:
    key = emulator.add_key("rk_test_all_that_is_needed", [*ALL_BUT_MONEY, "invoices:read"])
    result = run("check", STRIPE_SECRET_KEY=key)
    assert result.exit_code == 0
    assert "restricted key" in result.output
    assert "test mode" in result.output
    assert "problem" not in result.output


def test_check_advises_against_a_key_that_may_do_everything(run: Run, emulator: Emulator) -> None:
    result = run("check")
    assert result.exit_code == 0
    assert "rk_" in result.output
    assert emulator.key not in result.output


def test_check_only_reads(run: Run, emulator: Emulator) -> None:
    run("check")
    assert {call.method for call in emulator.requests} == {"GET"}


@pytest.mark.parametrize("lacking", ["subscriptions:read", "portal:write"])
def test_check_fails_when_a_permission_is_missing_that_the_page_needs(
    run: Run, emulator: Emulator, lacking: str
) -> None:
    key = emulator.add_key("rk_test_lacks_one", set(ALL_BUT_MONEY) - {lacking})
    result = run("check", STRIPE_SECRET_KEY=key)
    assert result.exit_code == 1
    assert "permission" in result.output.lower()
    assert key not in result.output
    assert "acct_" not in result.output
    assert "****" not in result.output


@pytest.mark.parametrize(
    ("lacking", "name"), [("invoices:read", "Invoices"), ("products:read", "Products")]
)
def test_check_warns_when_a_permission_is_missing_that_costs_a_detail(
    run: Run, emulator: Emulator, lacking: str, name: str
) -> None:
    key = emulator.add_key("rk_test_lacks_one", {*ALL_BUT_MONEY, "invoices:read"} - {lacking})
    result = run("check", STRIPE_SECRET_KEY=key)
    assert result.exit_code == 0
    assert "warning" in result.output
    assert name in result.output


def test_check_fails_when_the_portal_was_never_set_up(run: Run, emulator: Emulator) -> None:
    emulator.account.update(CONFIGURATION, is_default=False)
    result = run("check")
    assert result.exit_code == 1
    assert "portal" in result.output


def test_check_fails_when_the_chosen_portal_configuration_does_not_exist(run: Run) -> None:
    result = run("check", STRIPE_PORTAL_CONFIGURATION="bpc_unknown")
    assert result.exit_code == 1
    assert "STRIPE_PORTAL_CONFIGURATION" in result.output


def test_check_takes_a_chosen_portal_configuration_that_exists(
    run: Run, emulator: Emulator
) -> None:
    emulator.account.add_configuration("bpc_of_our_own")
    assert run("check", STRIPE_PORTAL_CONFIGURATION="bpc_of_our_own").exit_code == 0


def test_check_fails_with_a_key_that_stripe_refuses(run: Run) -> None:
    result = run("check", STRIPE_SECRET_KEY="sk_test_of_another_account_0000")
    assert result.exit_code == 1
    assert "STRIPE_SECRET_KEY" in result.output
    assert "sk_test_of" not in result.output
    assert "Invalid API Key" not in result.output


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"drop": True}], ids=str)
def test_check_fails_while_stripe_does(
    run: Run, emulator: Emulator, fault: dict[str, object]
) -> None:
    emulator.fail(times=None, headers=AT_ONCE, **fault)
    result = run("check", BILLING_STRIPE_TIMEOUT="0.5")
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def test_show_prints_the_card(run: Run, anna: str) -> None:
    result = run("show", anna)
    assert result.exit_code == 0
    for words in ("Huidig plan", "Pro", "Maandelijks", "Actief", "12 december 2076"):
        assert words in result.output


def test_show_prints_the_json_of_the_api(run: Run, anna: str) -> None:
    result = run("show", anna, "--json")
    assert result.exit_code == 0
    body = json.loads(result.output)
    assert body["customer"] == anna
    assert body["status"]["code"] == "active"
    assert body["next_billing_date"] == "2076-12-12"
    assert body["stale"] is False


def test_show_says_when_stripe_does_not_know_the_customer(run: Run) -> None:
    result = run("show", "cus_nobody")
    assert result.exit_code == 1
    assert "geen abonnement" not in result.output.lower()


@pytest.mark.parametrize("customer", ["anna@example.nl", "sub_anna", "", "cus_"])
def test_show_and_token_take_customer_ids_only(run: Run, emulator: Emulator, customer: str) -> None:
    assert run("show", customer).exit_code != 0
    assert run("token", customer).exit_code != 0
    assert emulator.calls() == 0


def test_show_fails_while_stripe_does(run: Run, emulator: Emulator, anna: str) -> None:
    emulator.fail(times=None, headers=AT_ONCE)
    result = run("show", anna)
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "An unknown error occurred" not in result.output


def test_token_prints_a_token_and_a_link_that_sign_in(
    run: Run, environ: dict[str, str], anna: str, clock: Clock
) -> None:
    result = run("token", anna)
    assert result.exit_code == 0
    token, link = result.output.split()
    client = create_app(environ, clock=clock).test_client()
    body = client.get("/billing/subscription.json", headers=bearer(token)).get_json()
    assert body["customer"] == anna
    assert link.startswith("http")
    assert link.endswith(f"/billing/?token={token}")
    assert client.get(link[link.index("/billing") :]).status_code == 303
    assert client.get("/billing/").status_code == 200


def test_a_token_lasts_ten_minutes_or_as_long_as_it_was_told(
    run: Run, environ: dict[str, str], anna: str, clock: Clock
) -> None:
    usual, short = (run("token", anna, *more).output.split()[0] for more in ((), ("--ttl", "60")))
    client = create_app(environ, clock=clock).test_client()

    def status(token: str) -> int:
        return client.get("/billing/subscription.json", headers=bearer(token)).status_code

    clock.advance(55)
    assert [status(usual), status(short)] == [200, 200]
    clock.advance(10)
    assert [status(usual), status(short)] == [200, 401]
    clock.advance(525)
    assert status(usual) == 200
    clock.advance(15)
    assert status(usual) == 401


@pytest.mark.parametrize("ttl", ["0", "-5", "soon", "1e9"])
def test_token_takes_a_sensible_lifetime_only(run: Run, anna: str, ttl: str) -> None:
    assert run("token", anna, "--ttl", ttl).exit_code == 2


def test_token_fits_the_audience_the_claim_and_the_prefix_of_the_settings(
    run: Run, environ: dict[str, str], anna: str, clock: Clock
) -> None:
    settings = {
        "BILLING_TOKEN_AUDIENCE": "facturen",
        "BILLING_TOKEN_CLAIM": "stripe_customer",
        "BILLING_URL_PREFIX": "/abo",
    }
    _, link = run("token", anna, **settings).output.split()
    client = create_app({**environ, **settings}, clock=clock).test_client()
    assert client.get(link[link.index("/abo") :]).status_code == 303
    assert client.get("/abo/").status_code == 200


def test_without_a_shared_secret_the_sites_own_issuer_must_sign(run: Run, anna: str) -> None:
    result = run(
        "token",
        anna,
        BILLING_TOKEN_SECRET="",
        BILLING_TOKEN_JWKS_URL="https://idp.example.nl/jwks.json",
    )
    assert result.exit_code == 1
    assert "BILLING_TOKEN_SECRET" in result.output


def billing_proxy(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The installed command, in a process of its own with these settings alone."""
    command = Path(sys.executable).with_name("billing-proxy")
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    return subprocess.run(
        [command, *words], env={**kept, **environ}, capture_output=True, text=True, timeout=20
    )


def test_the_installed_command_checks_and_shows(
    environ: dict[str, str], emulator: Emulator, anna: str
) -> None:
    checked = billing_proxy("check", **environ)
    assert (checked.returncode, "Traceback" in checked.stderr) == (0, False)
    shown = billing_proxy("show", anna, "--json", **environ)
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["plan"] == "Pro"


def test_the_installed_command_lists_every_problem_of_the_settings() -> None:
    result = billing_proxy("check", BILLING_TIMEZONE="Mars", STRIPE_SECRET_KEY="pk_test_VERYSECRET")
    assert result.returncode == 1
    for name in ("SECRET_KEY", "BILLING_TIMEZONE", "STRIPE_SECRET_KEY", "BILLING_TOKEN_SECRET"):
        assert name in result.stderr
    assert "VERYSECRET" not in result.stderr + result.stdout
    assert "Traceback" not in result.stderr


def test_the_installed_command_explains_itself_without_any_settings() -> None:
    result = billing_proxy("--help")
    assert result.returncode == 0
    for command in ("check", "show", "token"):
        assert command in result.stdout
