"""``billing-proxy capacity``: on a bare machine, in a script, and with odd numbers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from billing_proxy import BillingProxy
from billing_proxy.config import SETTINGS
from tests.capacity.document import run

IMPOSSIBLE = {
    "--customers 0": "whole number from 1",
    "--customers -5": "whole number from 1",
    "--customers 1.5": "whole number from 1",
    "--customers many": "whole number from 1",
    "--customers 10000000000000": "whole number from 1",
    "--views nan": "number from 0",
    "--views inf": "number from 0",
    "--views -1": "number from 0",
    "--ttl -1": "number from 0 to 86400",
    "--ttl 86401": "number from 0 to 86400",
    "--peak-factor 0.5": "number from 1",
    "--portal 101": "number from 0 to 100",
    "--share 0": "number from 0.1 to 100",
    "--processes 0": "whole number from 1",
    "--views-per-visit 0": "whole number from 1",
    "--max-rate 0": "number from 0.1",
    "--per year": "month",
    "--peak-views 0.001": "less than the average of 0.02 views per second",
    "--peak-factor 2 --peak-views 1": "give one of them",
    "--views 0 --peak-views 1": "needs --views above 0",
}

ODD = [
    "--customers 1 --views 0",
    "--customers 1 --views 1e-300",
    "--customers 1000000000000 --views 1000000 --per day --peak-factor 10000",
    "--customers 1000000000000 --zipf 3",
    "--customers 2 --peak-views 1000000000000",
    "--ttl 0",
    "--ttl 0.000001 --view-gap 86400 --views-per-visit 1000",
    "--view-gap 0 --views-per-visit 1000 --processes 1000 --machines 100000",
    "--view-gap 1e-320 --views-per-visit 1000",
    "--machines 100000 --processes 1000 --views 0.01",
    "--catalog-ttl 0 --stale-if-error 0 --products 1000000",
    "--peak-minutes 0 --peak-factor 10000",
    "--transactions 0 --portal 100 --details 100",
    "--share 0.1 --endpoint-limit 0.1 --account-limit 0.1",
    "--endpoint-limit 1000000000 --account-limit 1000000000 --share 100",
    "--endpoint-limit 1000000000 --account-limit 1000000000 --customers 1000000000000",
]


def test_without_any_setting_the_installed_command_answers() -> None:
    command = Path(sys.executable).with_name("billing-proxy")
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    result = subprocess.run(
        [command, "capacity"], env=kept, capture_output=True, text=True, timeout=60
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "It fits" in result.stdout


def test_a_site_has_the_same_command_below_flask_billing() -> None:
    app = Flask("site")
    app.config.update(SECRET_KEY="signs", STRIPE_SECRET_KEY="sk_test_site")
    BillingProxy(app)
    result = app.test_cli_runner().invoke(args=["billing", "capacity", "--customers", "5000"])
    assert (result.exit_code, result.output) == run("--customers 5000")


@pytest.mark.parametrize(("options", "code"), [("", 0), ("--customers 9000000", 1)])
def test_the_exit_code_tells_a_script_whether_it_fits(options: str, code: int) -> None:
    assert run(options)[0] == code
    exit_code, output = run(f"{options} --json")
    assert exit_code == code
    assert json.loads(output)["fits"] is (code == 0)


def test_the_json_says_of_every_limit_what_is_needed_and_what_is_left() -> None:
    body = json.loads(run("--customers 1000000 --json")[1])
    for demand in body["demands"]:
        assert demand["used"] == pytest.approx(demand["needs"] / demand["ours"])
        assert demand["fits"] is (demand["needs"] <= demand["ours"])
    assert body["peak"]["views"] == pytest.approx(10 * body["average"]["views"])
    assert body["advice"]["ttl"] == SETTINGS["BILLING_CACHE_TTL"]


def test_views_can_be_given_by_day_or_month_and_the_peak_as_a_rate_or_a_factor() -> None:
    by_month = run("--customers 1000000 --views 60")
    assert run("--customers 1000000 --views 2 --per day") == by_month
    rate = 10 * 1_000_000 * 60 / 2_592_000
    assert run(f"--customers 1000000 --views 60 --peak-views {rate!r}") == by_month


def test_the_first_lines_and_the_verdict_tell_it_at_a_glance() -> None:
    _, output = run("--customers 1000000 --machines 4 --processes 2 --ttl 60 --shared")
    for words in (
        "customers  1,000,000",
        "4 machines with 2 = 8 processes, one cache for all; a card is fresh for 60 s",
        "It fits, with all else the same up to",
        "BILLING_CACHE_TTL=60",
        "BILLING_STRIPE_MAX_RATE=20  # for the whole fleet",
        "BILLING_CACHE_URL=",
        "STRIPE_WEBHOOK_SECRET=",
    ):
        assert words in output
    assert max(map(len, output.splitlines())) <= 110


def test_a_limit_that_breaks_is_named_with_what_would_mend_it() -> None:
    assert "--shared), BILLING_CACHE_TTL=30 is." in run("--customers 1000000 --processes 16")[1]
    by_ttl = run("--customers 20000 --views 30 --per day --portal 0 --shared")[1]
    assert "BREAKS  subscriptions" in by_ttl
    assert "It fits with\n  BILLING_CACHE_TTL=" in by_ttl
    assert "Ask Stripe for" in run("--customers 90000000")[1]
    by_month = run("--views 8 --transactions 5")[1]
    assert "Over 30 days, Stripe allows as many reads for" in by_month
    assert "Ask Stripe" not in by_month


def test_a_budget_above_the_limit_and_a_restart_that_hurts_are_pointed_out() -> None:
    assert "Stripe answers 429" in run("--processes 4 --max-rate 20")[1]
    assert "Stripe answers 429" not in run("--processes 4")[1]
    often = "--customers 20000 --views 60 --per day --portal 0 --processes 1 --ttl 7200"
    often += " --peak-minutes 240"
    assert "After all processes restarted at once, some customers see a 503" in run(often)[1]
    assert "After the shared cache was emptied" in run(f"{often} --shared")[1]
    assert "After" not in run("")[1]


@pytest.mark.parametrize(("customers", "unit"), [(10, "KiB"), (10**6, "MiB"), (10**8, "GiB")])
def test_memory_is_given_in_a_unit_that_fits(customers: int, unit: str) -> None:
    limits = "--endpoint-limit 9999 --account-limit 9999"
    assert f"{unit} of cards there" in run(f"--customers {customers} --shared {limits}")[1]


@pytest.mark.parametrize(("options", "words"), IMPOSSIBLE.items())
def test_what_cannot_be_is_refused_with_the_option_and_what_it_may_be(
    options: str, words: str
) -> None:
    code, output = run(options)
    assert code == 2
    assert words in output
    assert options.split()[-2] in output


@pytest.mark.parametrize("options", ODD)
def test_what_is_odd_but_possible_gets_an_answer(options: str) -> None:
    code, output = run(options)
    assert code in (0, 1), output
    assert "nan" not in output
    assert "inf" not in output
    assert "It fits" in output or "It does not fit" in output
    exact = json.loads(run(f"{options} --json")[1])
    assert all(0 <= demand["needs"] < float("inf") for demand in exact["demands"])
