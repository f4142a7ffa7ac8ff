"""What ``check`` finds before a deploy."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.products import Catalog
from billing_proxy.cli.check import Finding, Level, diagnose
from billing_proxy.config.settings import BillingConfig
from billing_proxy.gateway.api import StripeApi
from billing_proxy.gateway.gateway import StripeGateway

from .stripe_answers import ADDRESS, KEY, StripeAnswers
from .stripe_objects import Clock

RESOURCES = ["subscriptions", "products", "prices", "invoices"]
CONFIGURATIONS = "billing_portal/configurations"
FEATURES = [
    "subscription_update",
    "subscription_cancel",
    "payment_method_update",
    "invoice_history",
]


def portal(**off: Any) -> dict[str, Any]:
    """A portal configuration with everything on, but for ``off``."""
    features = {**{name: {"enabled": True} for name in FEATURES}, **off}
    return {"id": "bpc_1", "features": features}


def all_is_well(answers: StripeAnswers, *without: str) -> None:
    for resource in RESOURCES:
        if resource not in without:
            answers.list(resource)
    if CONFIGURATIONS not in without:
        answers.list(CONFIGURATIONS, portal())


def find(key: str = KEY, *, cache_answers: bool | None = None, **fields: Any) -> list[Finding]:
    config = BillingConfig(stripe_secret_key=key, secret_key="s", stripe_timeout=0.9, **fields)
    clock = Clock()
    gateway = StripeGateway(
        StripeApi(key, api_base=ADDRESS, connections=1),
        catalog=Catalog(ttl=60, clock=clock),
        budget=ReadBudget(1000),
        portal_configuration=config.stripe_portal_configuration,
        clock=clock,
    )
    return diagnose(config, gateway, cache_answers=cache_answers)


def levels(findings: list[Finding]) -> set[Level]:
    return {finding.level for finding in findings}


def text(findings: list[Finding], level: Level) -> str:
    return "\n".join(finding.text for finding in findings if finding.level is level)


def test_when_all_is_well_there_is_nothing_to_mend(answers: StripeAnswers) -> None:
    all_is_well(answers)
    assert levels(find()) == {Level.OK}


@pytest.mark.parametrize(("cache_answers", "level"), [(True, Level.OK), (False, Level.WARNING)])
def test_a_shared_cache_that_does_not_answer_is_a_warning(
    answers: StripeAnswers, cache_answers: bool, level: Level
) -> None:
    all_is_well(answers)
    findings = find(cache_answers=cache_answers)
    assert [f.level for f in findings if "BILLING_CACHE_URL" in f.text] == [level]


def test_nothing_is_written(answers: StripeAnswers) -> None:
    all_is_well(answers)
    find()
    assert [what for what in answers.asked if not what.startswith("GET ")] == []


@pytest.mark.parametrize(
    ("key", "kind", "mode", "level"),
    [
        ("rk_test_1", "restricted", "test", Level.OK),
        ("rk_live_1", "restricted", "live", Level.OK),
        ("sk_test_1", "secret", "test", Level.WARNING),
        ("sk_live_1", "secret", "live", Level.WARNING),
    ],
)
def test_the_kind_of_the_key_is_told_and_never_the_key(
    answers: StripeAnswers, key: str, kind: str, mode: str, level: Level
) -> None:
    all_is_well(answers)
    findings = find(key)
    assert f"{kind} key in {mode} mode" in text(findings, level)
    assert key not in "".join(finding.text for finding in findings)


@pytest.mark.parametrize(
    ("resource", "level"),
    [
        ("products", Level.WARNING),
        ("prices", Level.WARNING),
        ("invoices", Level.WARNING),
        ("subscriptions", Level.PROBLEM),
    ],
)
def test_a_missing_permission_is_named_with_what_it_costs(
    answers: StripeAnswers, resource: str, level: Level
) -> None:
    all_is_well(answers, resource)
    answers.refuse(resource, 403, message="The key rk_test_secret of acct_hidden may not")
    findings = find()
    assert f"{resource.capitalize()}: Read" in text(findings, level)
    assert "hidden" not in str(findings)
    assert (Level.PROBLEM in levels(findings)) is (level is Level.PROBLEM)


def test_a_key_that_is_refused_is_one_problem_and_not_five(answers: StripeAnswers) -> None:
    for resource in [*RESOURCES, CONFIGURATIONS]:
        answers.refuse(resource, 401, message="Invalid API Key provided: rk_test_secret")
    findings = find()
    assert [finding.level for finding in findings].count(Level.PROBLEM) == 1
    assert "STRIPE_SECRET_KEY" in text(findings, Level.PROBLEM)
    assert "rk_test_secret" not in str(findings)


def test_a_stripe_out_of_reach_is_a_problem_of_its_own(answers: StripeAnswers) -> None:
    answers.break_off("subscriptions", requests.ConnectionError("no route"))
    findings = find()
    assert "reachable" in text(findings, Level.PROBLEM)
    assert answers.asked == ["GET subscriptions"]


def test_an_outage_halfway_is_a_problem_too(answers: StripeAnswers) -> None:
    all_is_well(answers, "products")
    answers.break_off("products", requests.ConnectionError("no route"))
    assert "reachable" in text(find(), Level.PROBLEM)


def test_a_portal_that_was_never_saved_is_a_problem(answers: StripeAnswers) -> None:
    all_is_well(answers, CONFIGURATIONS)
    answers.list(CONFIGURATIONS)
    problem = text(find(), Level.PROBLEM)
    assert "customer portal" in problem.lower()
    assert "save" in problem


def test_a_portal_configuration_that_does_not_exist_is_a_problem(answers: StripeAnswers) -> None:
    all_is_well(answers, CONFIGURATIONS)
    answers.refuse(f"{CONFIGURATIONS}/bpc_gone", 404, code="resource_missing")
    problem = text(find(stripe_portal_configuration="bpc_gone"), Level.PROBLEM)
    assert "STRIPE_PORTAL_CONFIGURATION" in problem


def test_the_portal_configuration_that_was_set_is_the_one_checked(answers: StripeAnswers) -> None:
    all_is_well(answers, CONFIGURATIONS)
    answers.answer(f"{CONFIGURATIONS}/bpc_1", portal())
    assert levels(find(stripe_portal_configuration="bpc_1")) == {Level.OK}


@pytest.mark.parametrize("feature", FEATURES)
@pytest.mark.parametrize("value", [{"enabled": False}, {}, None, 7])
def test_what_customers_cannot_do_in_the_portal_is_a_warning(
    answers: StripeAnswers, feature: str, value: Any
) -> None:
    all_is_well(answers, CONFIGURATIONS)
    answers.list(CONFIGURATIONS, portal(**{feature: value}))
    findings = find()
    assert feature in text(findings, Level.WARNING)
    assert [finding.level for finding in findings].count(Level.WARNING) == 1
    assert Level.PROBLEM not in levels(findings)


@pytest.mark.parametrize("features", [None, 7, [], {}])
def test_a_portal_without_features_can_do_nothing(answers: StripeAnswers, features: Any) -> None:
    all_is_well(answers, CONFIGURATIONS)
    answers.list(CONFIGURATIONS, {"id": "bpc_1", "features": features})
    warnings = text(find(), Level.WARNING)
    assert all(feature in warnings for feature in FEATURES)
