"""What ``check`` finds before a deploy, and the one list of calls that it follows from."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from billing_proxy.cli.check import FEATURES, Finding, Level, diagnose
from billing_proxy.config.settings import BillingConfig
from billing_proxy.gateway.api import StripeApi
from billing_proxy.gateway.calls import CALLS, PERMISSIONS, link_to_a_new_key
from billing_proxy.gateway.gateway import StripeGateway

from .stripe_answers import ADDRESS, KEY, StripeAnswers

QUICKSTART = Path(__file__).resolve().parents[2] / "docs" / "quickstart.md"
PROBED = {p.probe: p for p in PERMISSIONS if p.probe}
CONFIGURATIONS = "billing_portal/configurations"


def portal(**off: Any) -> dict[str, Any]:
    """A portal configuration with everything on, but for ``off``."""
    features = {**{name: {"enabled": True} for name in FEATURES}, **off}
    return {"id": "bpc_1", "features": features}


def all_is_well(answers: StripeAnswers, *without: str) -> None:
    for resource in PROBED:
        if resource not in without:
            answers.list(resource)
    if CONFIGURATIONS not in without:
        answers.list(CONFIGURATIONS, portal())


def find(key: str = KEY, configuration: str | None = None, **more: Any) -> list[Finding]:
    config = BillingConfig(
        stripe_secret_key=key,
        secret_key="s",
        stripe_timeout=0.9,
        stripe_portal_configuration=configuration,
    )
    gateway = StripeGateway(
        StripeApi(key, api_base=ADDRESS, connections=1),
        portal_configuration=configuration,
    )
    return diagnose(config, gateway, **more)


def text(findings: list[Finding], level: Level) -> str:
    return "\n".join(finding.text for finding in findings if finding.level is level)


def test_when_all_is_well_there_is_nothing_to_mend_and_nothing_is_written(
    answers: StripeAnswers,
) -> None:
    all_is_well(answers)
    assert {finding.level for finding in find()} == {Level.OK}
    assert answers.asked == [f"GET {resource}" for resource in (*PROBED, CONFIGURATIONS)]


@pytest.mark.parametrize(
    ("more", "words", "level"),
    [
        ({"cache_answers": True}, "BILLING_CACHE_URL", Level.OK),
        ({"cache_answers": False}, "BILLING_CACHE_URL", Level.WARNING),
        ({"hints": ["BILLING_X is not a setting"]}, "BILLING_X is not a setting.", Level.WARNING),
    ],
)
def test_what_was_found_before_is_told(
    answers: StripeAnswers, more: dict[str, Any], words: str, level: Level
) -> None:
    all_is_well(answers)
    assert [finding.level for finding in find(**more) if words in finding.text] == [level]


@pytest.mark.parametrize(
    ("key", "kind", "level"),
    [
        ("rk_test_1", "restricted key in test mode", Level.OK),
        ("rk_live_1", "restricted key in live mode", Level.OK),
        ("sk_test_1", "secret key in test mode", Level.WARNING),
        ("sk_live_1", "secret key in live mode", Level.WARNING),
    ],
)
def test_the_kind_of_the_key_is_told_and_never_the_key(
    answers: StripeAnswers, key: str, kind: str, level: Level
) -> None:
    all_is_well(answers)
    findings = find(key)
    assert kind in text(findings, level)
    assert key not in str(findings)


@pytest.mark.parametrize("resource", PROBED)
def test_a_missing_permission_is_named_with_what_it_costs(
    answers: StripeAnswers, resource: str
) -> None:
    permission = PROBED[resource]
    all_is_well(answers, resource)
    answers.refuse(resource, 403, message="The key rk_test_secret of acct_hidden may not")
    findings = find()
    level = Level.PROBLEM if permission.needed else Level.WARNING
    assert f"Without “{permission.shown}” {permission.loss}." in text(findings, level)
    assert "hidden" not in str(findings)
    assert [finding.level for finding in findings if finding.level is not Level.OK] == [level]


def test_a_key_that_is_refused_is_one_problem_and_not_five(answers: StripeAnswers) -> None:
    answers.refuse("subscriptions", 401, message="Invalid API Key provided: rk_test_secret")
    findings = find()
    assert [finding.level for finding in findings].count(Level.PROBLEM) == 1
    assert "STRIPE_SECRET_KEY" in text(findings, Level.PROBLEM)
    assert "rk_test_secret" not in str(findings)


@pytest.mark.parametrize("resource", PROBED)
def test_a_stripe_out_of_reach_is_a_problem_after_which_nothing_is_asked(
    answers: StripeAnswers, resource: str
) -> None:
    all_is_well(answers, resource)
    answers.break_off(resource, requests.ConnectionError("no route"))
    assert "reachable" in text(find(), Level.PROBLEM)
    assert answers.asked[-1] == f"GET {resource}"


def test_a_portal_that_was_never_saved_is_a_problem(answers: StripeAnswers) -> None:
    all_is_well(answers, CONFIGURATIONS)
    answers.list(CONFIGURATIONS)
    assert "save them once" in text(find(), Level.PROBLEM)


def test_the_portal_configuration_that_was_set_is_the_one_checked(answers: StripeAnswers) -> None:
    all_is_well(answers, CONFIGURATIONS)
    answers.answer(f"{CONFIGURATIONS}/bpc_1", portal())
    assert {finding.level for finding in find(configuration="bpc_1")} == {Level.OK}
    answers.refuse(f"{CONFIGURATIONS}/bpc_gone", 404, code="resource_missing")
    assert "STRIPE_PORTAL_CONFIGURATION" in text(find(configuration="bpc_gone"), Level.PROBLEM)


@pytest.mark.parametrize(
    ("features", "off"),
    [
        *((portal(**{name: {"enabled": False}})["features"], [name]) for name in FEATURES),
        *((portal(invoice_history=odd)["features"], ["invoice_history"]) for odd in ({}, None, 7)),
        *((odd, list(FEATURES)) for odd in (None, 7, [], {})),
    ],
)
def test_what_customers_cannot_do_in_the_portal_is_a_warning(
    answers: StripeAnswers, features: Any, off: list[str]
) -> None:
    all_is_well(answers, CONFIGURATIONS)
    answers.list(CONFIGURATIONS, {"id": "bpc_1", "features": features})
    told = [finding for finding in find() if finding.level is not Level.OK]
    assert [finding.level for finding in told] == [Level.WARNING] * len(off)
    assert [name for name in FEATURES if name in str(told)] == off


def test_a_call_that_is_not_in_the_list_is_not_made(answers: StripeAnswers) -> None:
    api = StripeApi(KEY, api_base=ADDRESS, connections=1)
    with pytest.raises(LookupError, match="charges"):
        api.list("charges", {}, until=time.monotonic() + 1)
    assert answers.asked == []
    assert len(CALLS) == sum(len(permission.calls) for permission in PERMISSIONS)


def test_the_link_to_a_new_key_ticks_each_box_once_and_no_other() -> None:
    address, query = urlsplit(link_to_a_new_key()), parse_qs(urlsplit(link_to_a_new_key()).query)
    assert (address.netloc, address.path) == ("dashboard.stripe.com", "/apikeys/create")
    assert query == {
        "name": ["billing-proxy"],
        "permissions[]": [permission.name for permission in PERMISSIONS],
    }
    written = [name for name in query["permissions[]"] if not name.endswith("_read")]
    assert written == ["rak_customer_portal_write"]


def test_the_quick_start_tells_the_permissions_and_the_price_of_each() -> None:
    rows = re.findall(r"\| ([A-Z][A-Za-z ]+: \w+) \| (.+) \|", QUICKSTART.read_text("utf-8"))
    assert rows == [(permission.shown, permission.loss) for permission in PERMISSIONS]
