"""One tree of errors: each has its status, its public words, and nothing of the operator's."""

from __future__ import annotations

import pytest

from billing_proxy import errors
from billing_proxy.errors import (
    BadRequest,
    BillingError,
    ConfigError,
    CustomerLoaderFailed,
    CustomerNotFound,
    Forbidden,
    InvalidEvent,
    MethodNotSupported,
    NotIdentified,
    PageNotFound,
    ReadBudgetSpent,
    StripeKeyRefused,
    StripeMisconfigured,
    StripePermissionMissing,
    StripeRateLimited,
    StripeTooSlow,
    StripeUnavailable,
    SubscriptionNotFound,
    TooManyRequests,
    from_status,
)

STATUSES = {
    BillingError: 500,
    ConfigError: 500,
    StripeMisconfigured: 502,
    StripeUnavailable: 503,
    StripeTooSlow: 503,
    StripeRateLimited: 503,
    ReadBudgetSpent: 503,
    CustomerLoaderFailed: 500,
    NotIdentified: 401,
    Forbidden: 403,
    CustomerNotFound: 404,
    SubscriptionNotFound: 404,
    TooManyRequests: 429,
    StripeKeyRefused: 502,
    StripePermissionMissing: 502,
    PageNotFound: 404,
    MethodNotSupported: 405,
    BadRequest: 400,
    InvalidEvent: 400,
}


def test_every_error_is_in_the_table() -> None:
    found = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, BillingError)
    }
    assert found == set(STATUSES)


@pytest.mark.parametrize(
    ("kind", "status"), STATUSES.items(), ids=lambda v: getattr(v, "__name__", v)
)
def test_every_error_knows_its_status_and_what_may_be_said(
    kind: type[BillingError], status: int
) -> None:
    assert kind.status == status
    assert kind.type == "about:blank"
    for words in (kind.title, kind.detail, kind.heading, kind.advice):
        assert words.strip() == words != ""
        assert "Stripe" not in words


RAISED = [kind for kind in STATUSES if kind is not ConfigError]


@pytest.mark.parametrize("kind", RAISED)
def test_the_reason_is_for_the_operator_alone(kind: type[BillingError]) -> None:
    error = kind("sk_test_secret refused", request_id="req_1")
    public = (error.title, error.detail, error.heading, error.advice)
    assert not any("secret" in words for words in public)
    assert (error.reason, error.request_id) == ("sk_test_secret refused", "req_1")
    assert str(error) == "sk_test_secret refused"


def test_an_error_without_a_reason_says_what_it_is() -> None:
    assert str(CustomerNotFound()) == "Customer unknown"
    assert CustomerNotFound().reason == ""


def test_only_an_outage_invites_to_try_again() -> None:
    assert StripeUnavailable(retry_after=None).retry_after is None
    for kind in RAISED:
        assert (kind().retry_after is not None) is (kind.status in (429, 503))


@pytest.mark.parametrize("kind", RAISED)
def test_an_error_can_be_raised_again_as_a_fresh_one(kind: type[BillingError]) -> None:
    error = kind("why", request_id="req_1", retry_after=7)
    error.__cause__ = ValueError("secret")
    fresh = error.again()
    assert fresh is not error
    assert type(fresh) is kind
    assert (fresh.reason, fresh.request_id, fresh.retry_after) == ("why", "req_1", 7)
    assert fresh.__cause__ is None


def test_none_of_them_looks_like_a_customer_without_a_subscription() -> None:
    for kind in STATUSES:
        words = f"{kind.title} {kind.detail} {kind.heading} {kind.advice}".lower()
        assert "no subscription" not in words
        assert "geen abonnement" not in words


def test_wrong_settings_are_reported_together() -> None:
    error = ConfigError(["A is missing", "B is wrong"])
    assert error.problems == ("A is missing", "B is wrong")
    assert "A is missing" in str(error)
    assert "B is wrong" in str(error)
    assert len(str(error).splitlines()) == 3


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (404, PageNotFound),
        (405, MethodNotSupported),
        (413, BadRequest),
        (418, BadRequest),
        (499, BadRequest),
        (500, BillingError),
        (503, BillingError),
    ],
)
def test_an_http_error_of_others_gets_words_of_ours(status: int, kind: type[BillingError]) -> None:
    assert type(from_status(status)) is kind
