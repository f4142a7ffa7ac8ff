"""One tree of errors: each has its status, its public words, and nothing of the operator's."""

from __future__ import annotations

import pytest

from billing_proxy import errors
from billing_proxy.errors import (
    BadRequest,
    BillingError,
    ConfigError,
    MethodNotSupported,
    PageNotFound,
    StripePermissionMissing,
    StripeUnavailable,
    TooManyRequests,
    from_status,
)

STATUSES = {
    **{"BillingError": 500, "ConfigError": 500, "CustomerLoaderFailed": 500},
    **{"StripeMisconfigured": 502, "StripeKeyRefused": 502, "StripePermissionMissing": 502},
    **{"StripeUnavailable": 503, "StripeTooSlow": 503, "StripeRateLimited": 503},
    **{"ReadBudgetSpent": 503, "TooManyRequests": 429, "NotIdentified": 401, "Forbidden": 403},
    **{"CustomerNotFound": 404, "SubscriptionNotFound": 404, "PageNotFound": 404},
    **{"MethodNotSupported": 405, "BadRequest": 400, "InvalidEvent": 400},
    **{"Expired": 401, "LinkOfAnotherCustomer": 403, "NoCustomer": 404},
}
KINDS: list[type[BillingError]] = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, BillingError)
]
RAISED = [kind for kind in KINDS if kind is not ConfigError]


def test_every_error_has_its_status() -> None:
    assert {kind.__name__: kind.status for kind in KINDS} == STATUSES


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_be_said_names_no_stripe_and_looks_like_no_subscription(
    kind: type[BillingError],
) -> None:
    assert kind.type == "about:blank"
    for words in (kind.title, kind.detail, kind.heading, kind.advice):
        assert words.strip() == words != ""
        for wrong in ("stripe", "no subscription", "geen abonnement"):
            assert wrong not in words.lower()


@pytest.mark.parametrize("kind", RAISED)
def test_the_reason_is_for_the_operator_alone(kind: type[BillingError]) -> None:
    error = kind("sk_test_secret refused", request_id="req_1")
    public = (error.title, error.detail, error.heading, error.advice)
    assert not any("secret" in words for words in public)
    assert (error.reason, error.request_id) == ("sk_test_secret refused", "req_1")
    assert str(error) == "sk_test_secret refused"
    assert str(kind()) == kind.title


@pytest.mark.parametrize(
    "error",
    [
        *(kind("why", request_id="req_1", retry_after=7) for kind in RAISED),
        StripePermissionMissing("why", permission="rak_invoice_read"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_can_be_raised_again_as_a_fresh_one(error: BillingError) -> None:
    error.__cause__ = ValueError("secret")
    fresh = error.again()
    assert fresh is not error
    assert type(fresh) is type(error)
    assert (str(fresh), vars(fresh)) == (str(error), vars(error))
    assert fresh.__cause__ is None


@pytest.mark.parametrize("kind", RAISED)
def test_only_an_outage_and_haste_invite_to_try_again(kind: type[BillingError]) -> None:
    assert (kind().retry_after is not None) is (kind.status in (429, 503))


@pytest.mark.parametrize(("seconds", "said"), [(0, 1), (0.2, 1), (1.2, 2), (2, 2)])
def test_who_comes_back_when_told_is_not_told_to_wait_again(seconds: float, said: int) -> None:
    assert TooManyRequests(retry_after=seconds).retry_after == said
    assert StripeUnavailable(retry_after=None).retry_after is None


def test_wrong_settings_are_reported_together() -> None:
    error = ConfigError(["A is missing", "B is wrong"])
    assert error.problems == ("A is missing", "B is wrong")
    assert str(error).splitlines()[1:] == ["  - A is missing", "  - B is wrong"]


def test_an_http_error_of_others_gets_words_of_ours() -> None:
    ours = {status: type(from_status(status)) for status in (400, 404, 405, 413, 499, 500, 503)}
    assert ours == {
        **{404: PageNotFound, 405: MethodNotSupported},
        **dict.fromkeys((400, 413, 499), BadRequest),
        **dict.fromkeys((500, 503), BillingError),
    }
