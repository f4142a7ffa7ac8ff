"""The SDK's failures become errors of ours, and nothing that Stripe said gets out."""

from __future__ import annotations

import logging
import time
import traceback
from typing import Any

import pytest
import requests

from billing_proxy.errors import (
    BillingError,
    CustomerNotFound,
    StripeKeyRefused,
    StripeMisconfigured,
    StripePermissionMissing,
    StripeRateLimited,
    StripeUnavailable,
)
from billing_proxy.gateway import transport
from billing_proxy.gateway.api import API_VERSION, StripeApi, safe

from .stripe_answers import ADDRESS, KEY, StripeAnswers
from .stripe_objects import CUSTOMER, make_invoice, make_subscription

SECRET_WORDS = "the key rk_test_secret of acct_hidden and cus_hidden"


@pytest.fixture
def api() -> StripeApi:
    return StripeApi(KEY, api_base=ADDRESS, connections=1)


def list_subscriptions(api: StripeApi, seconds: float = 0.9) -> Any:
    """Within a second there is no time to try again, which would make the test wait."""
    with transport.deadline(time.monotonic() + seconds):
        return api.list("subscriptions", {"customer": CUSTOMER}, until=time.monotonic() + 20)


def error_of(api: StripeApi) -> BillingError:
    with pytest.raises(BillingError) as raised:
        list_subscriptions(api)
    return raised.value


def test_a_list_is_a_page_of_decoded_json(api: StripeApi, answers: StripeAnswers) -> None:
    subscription = make_subscription()
    answers.list("subscriptions", subscription, has_more=True)
    page = list_subscriptions(api)
    assert page.data == [subscription]
    assert page.has_more is True
    assert page.request_id == "req_1a2B3c"


def test_the_request_carries_key_version_and_parameters(
    api: StripeApi, answers: StripeAnswers
) -> None:
    answers.list("subscriptions")
    list_subscriptions(api)
    (request,) = answers.requests
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Stripe-Version"] == API_VERSION == "2026-10-28.endive"
    assert request.params == {"customer": [CUSTOMER]}


def test_another_address_is_asked_when_set(answers: StripeAnswers) -> None:
    api = StripeApi(KEY, api_base="http://127.0.0.1:9", connections=1)
    with pytest.raises(StripeUnavailable):
        list_subscriptions(api)
    assert answers.asked == ["GET subscriptions"]


def test_an_object_is_retrieved_and_created_by_its_resource(
    api: StripeApi, answers: StripeAnswers
) -> None:
    answers.answer("invoices/in_1", make_invoice(id="in_1"))
    answers.answer("billing_portal/sessions", {"url": "https://x.example"}, method="POST")
    assert api.retrieve("invoices", "in_1", until=time.monotonic() + 20)["id"] == "in_1"
    created = api.create(
        "billing_portal.sessions", {"customer": CUSTOMER}, until=time.monotonic() + 20
    )
    assert created["url"] == "https://x.example"
    assert answers.requests[1].params == {"customer": [CUSTOMER]}


REFUSALS = [
    (401, None, None, StripeKeyRefused, "STRIPE_SECRET_KEY"),
    (403, None, None, StripePermissionMissing, "permission"),
    (400, "resource_missing", "customer", CustomerNotFound, ""),
    (404, "resource_missing", "customer", CustomerNotFound, ""),
    (400, "resource_missing", "subscription", StripeMisconfigured, "resource_missing"),
    (400, "parameter_unknown", "customer", StripeMisconfigured, "parameter_unknown"),
    (400, None, None, StripeMisconfigured, "subscriptions.list"),
    (404, None, None, StripeMisconfigured, "subscriptions.list"),
    (429, "rate_limit", None, StripeRateLimited, "rate limit"),
    (429, None, None, StripeRateLimited, "rate limit"),
    (409, None, None, StripeUnavailable, ""),
    (402, None, None, StripeUnavailable, ""),
    (500, None, None, StripeUnavailable, ""),
    (502, None, None, StripeUnavailable, ""),
    (503, None, None, StripeUnavailable, ""),
]


@pytest.mark.parametrize(("status", "code", "param", "kind", "reason"), REFUSALS)
def test_a_refusal_becomes_an_error_of_ours(
    api: StripeApi,
    answers: StripeAnswers,
    caplog: pytest.LogCaptureFixture,
    status: int,
    code: str | None,
    param: str | None,
    kind: type[BillingError],
    reason: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    answers.refuse("subscriptions", status, code=code, param=param, message=SECRET_WORDS)
    error = error_of(api)
    assert type(error) is kind
    assert reason in error.reason
    assert error.request_id == "req_1a2B3c"
    assert answers.asked == ["GET subscriptions"]
    told = caplog.text + "".join(traceback.format_exception(error))
    for word in ("rk_test", "acct_hidden", "cus_hidden", CUSTOMER):
        assert word not in told
    assert f"status {status}" in caplog.text
    assert "req_1a2B3c" in caplog.text


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "null", '"text"', "7", "{}", '{"data": null}', '{"data": {}}'],
)
def test_an_answer_that_is_no_list_is_an_outage_and_never_an_empty_list(
    api: StripeApi, answers: StripeAnswers, body: str
) -> None:
    answers.answer_text("subscriptions", body)
    assert isinstance(error_of(api), StripeUnavailable)


@pytest.mark.parametrize("data", [[None], [7], ["sub_1"], [[]]])
def test_a_list_of_something_else_is_an_outage_too(
    api: StripeApi, answers: StripeAnswers, data: Any
) -> None:
    answers.answer("subscriptions", {"object": "list", "has_more": False, "data": data})
    assert isinstance(error_of(api), StripeUnavailable)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"error": null}', '{"error": "no"}'])
def test_a_refusal_without_the_usual_body_is_an_error_of_ours_too(
    api: StripeApi, answers: StripeAnswers, status: int, body: str
) -> None:
    answers.answer_text("subscriptions", body, status=status)
    assert isinstance(error_of(api), StripeUnavailable | StripeMisconfigured)


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError(SECRET_WORDS),
        requests.ConnectTimeout(SECRET_WORDS),
        requests.ReadTimeout(SECRET_WORDS),
        requests.exceptions.SSLError(SECRET_WORDS),
        requests.exceptions.ChunkedEncodingError(SECRET_WORDS),
        requests.exceptions.ProxyError(SECRET_WORDS),
        OSError(SECRET_WORDS),
        RuntimeError(SECRET_WORDS),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_connection_that_fails_is_an_outage(
    api: StripeApi,
    answers: StripeAnswers,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    caplog.set_level(logging.DEBUG)
    answers.break_off("subscriptions", error)
    ours = error_of(api)
    assert isinstance(ours, StripeUnavailable)
    assert "acct_hidden" not in caplog.text + "".join(traceback.format_exception(ours))


def test_what_fails_for_a_moment_is_tried_once_more(api: StripeApi, answers: StripeAnswers) -> None:
    answers.refuse("subscriptions", 500)
    answers.list("subscriptions", make_subscription())
    assert len(list_subscriptions(api, seconds=30).data) == 1
    assert answers.asked == ["GET subscriptions"] * 2


@pytest.mark.parametrize("status", [400, 401, 403, 429])
def test_what_fails_for_good_is_not_tried_again(
    api: StripeApi, answers: StripeAnswers, status: int
) -> None:
    answers.refuse("subscriptions", status)
    with pytest.raises(BillingError):
        list_subscriptions(api, seconds=30)
    assert answers.asked == ["GET subscriptions"]


def test_a_missing_permission_is_named_after_what_it_is_for(
    api: StripeApi, answers: StripeAnswers
) -> None:
    answers.refuse("subscriptions", 403)
    assert "subscriptions.list" in error_of(api).reason


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("req_1a2B", "req_1a2B"),
        ("resource_missing", "resource_missing"),
        ("", "-"),
        (None, "-"),
        (7, "-"),
        ("a b", "-"),
        ("a\nb", "-"),
        ("x" * 81, "-"),
    ],
)
def test_only_a_code_or_an_id_is_fit_for_the_log(value: Any, shown: str) -> None:
    assert safe(value) == shown
