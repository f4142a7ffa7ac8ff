"""The SDK's failures become errors of ours, and nothing that Stripe said gets out."""

from __future__ import annotations

import logging
import traceback
from time import monotonic
from typing import Any

import pytest
import requests
import responses

from billing_proxy.errors import (
    BillingError,
    CustomerNotFound,
    StripeKeyRefused,
    StripeMisconfigured,
    StripePermissionMissing,
    StripeRateLimited,
    StripeUnavailable,
)
from billing_proxy.gateway.api import API_VERSION, StripeApi, safe

from .stripe_answers import ADDRESS, KEY, StripeAnswers
from .stripe_objects import CUSTOMER, make_invoice, make_subscription

SECRET_WORDS = "the key rk_test_secret of acct_hidden and cus_hidden"
LIST = "GET subscriptions"


class Stage(StripeAnswers):
    """Stripe's API as the product sees it, with answers laid out."""

    api = StripeApi(KEY, api_base=ADDRESS, connections=1)

    def ask(self, seconds: float = 0.9) -> Any:
        """Within a second there is no time to try again, which would make the test wait."""
        return self.api.list("subscriptions", {"customer": CUSTOMER}, until=monotonic() + seconds)

    def error(self, seconds: float = 0.9) -> BillingError:
        with pytest.raises(BillingError) as raised:
            self.ask(seconds)
        return raised.value


@pytest.fixture
def stage(http: responses.RequestsMock) -> Stage:
    return Stage(http)


def test_a_list_is_a_page_of_decoded_json_asked_for_with_key_and_version(stage: Stage) -> None:
    subscription = make_subscription()
    stage.list("subscriptions", subscription, has_more=True)
    page = stage.ask()
    assert (page.data, page.has_more, page.request_id) == ([subscription], True, "req_1a2B3c")
    (request,) = stage.requests
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["Stripe-Version"] == API_VERSION == "2026-10-28.endive"
    assert request.params == {"customer": [CUSTOMER]}


def test_another_address_is_asked_when_set(stage: Stage) -> None:
    stage.api = StripeApi(KEY, api_base="http://127.0.0.1:9", connections=1)
    assert isinstance(stage.error(), StripeUnavailable)
    assert stage.asked == [LIST]


def test_an_object_is_retrieved_and_created_by_its_resource(stage: Stage) -> None:
    stage.answer("invoices/in_1%2F..", make_invoice(id="in_1"))
    stage.answer("billing_portal/sessions", {"url": "https://x.example"}, method="POST")
    until = monotonic() + 20
    assert stage.api.retrieve("invoices", "in_1/..", until=until)["id"] == "in_1"
    created = stage.api.create("billing_portal.sessions", {"customer": CUSTOMER}, until=until)
    assert created["url"] == "https://x.example"
    assert stage.requests[1].params == {"customer": [CUSTOMER]}


def test_a_call_that_is_not_in_the_list_of_calls_is_not_made(stage: Stage) -> None:
    with pytest.raises(LookupError):
        stage.api.list("charges", {}, until=monotonic() + 1)
    assert stage.asked == []


@pytest.mark.parametrize(
    ("status", "code", "param", "kind", "reason"),
    [
        (401, None, None, StripeKeyRefused, "STRIPE_SECRET_KEY"),
        (403, None, None, StripePermissionMissing, "subscriptions.list"),
        (400, "resource_missing", "customer", CustomerNotFound, ""),
        (404, "resource_missing", "customer", CustomerNotFound, ""),
        (400, "resource_missing", "subscription", StripeMisconfigured, "resource_missing"),
        (400, "parameter_unknown", "customer", StripeMisconfigured, "parameter_unknown"),
        (404, None, None, StripeMisconfigured, "subscriptions.list"),
        (429, "rate_limit", None, StripeRateLimited, "rate limit"),
        (429, None, None, StripeRateLimited, "rate limit"),
        *[(status, None, None, StripeUnavailable, "") for status in (402, 409, 500, 502, 503)],
    ],
)
def test_a_refusal_becomes_an_error_of_ours(
    stage: Stage,
    caplog: pytest.LogCaptureFixture,
    status: int,
    code: str | None,
    param: str | None,
    kind: type[BillingError],
    reason: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    stage.refuse("subscriptions", status, code=code, param=param, message=SECRET_WORDS)
    error = stage.error()
    assert type(error) is kind
    assert reason in error.reason
    assert error.request_id == "req_1a2B3c"
    told = caplog.text + "".join(traceback.format_exception(error))
    for word in ("rk_test", "acct_hidden", "cus_hidden", CUSTOMER):
        assert word not in told
    assert f"status {status}" in caplog.text
    assert "req_1a2B3c" in caplog.text


@pytest.mark.parametrize(
    ("message", "permission"),
    [
        ("… Having the 'rak_invoice_read' permission would …", "rak_invoice_read"),
        (SECRET_WORDS, None),
        ("", None),
    ],
)
def test_of_a_missing_permission_the_name_alone_is_read(
    stage: Stage, message: str, permission: str | None
) -> None:
    stage.refuse("subscriptions", 403, message=message)
    error = stage.error()
    assert isinstance(error, StripePermissionMissing)
    assert error.permission == permission


NO_LISTS = ["", "<html>", "[]", "null", '"text"', "7", "{}", '{"data": null}', '{"data": {}}']
NO_LISTS += [f'{{"has_more": false, "data": [{odd}]}}' for odd in ("null", "7", '"sub_1"', "[]")]


@pytest.mark.parametrize("body", NO_LISTS)
def test_an_answer_that_is_no_list_is_an_outage_and_never_an_empty_list(
    stage: Stage, body: str
) -> None:
    stage.answer_text("subscriptions", body)
    assert isinstance(stage.error(), StripeUnavailable)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", '{"error": null}', '{"error": "no"}'])
def test_a_refusal_without_the_usual_body_is_an_error_of_ours_too(
    stage: Stage, status: int, body: str
) -> None:
    stage.answer_text("subscriptions", body, status=status)
    assert isinstance(stage.error(), StripeUnavailable | StripeMisconfigured)


@pytest.mark.parametrize(
    "kind",
    [
        *(requests.ConnectionError, requests.ConnectTimeout, requests.ReadTimeout),
        *(requests.exceptions.SSLError, requests.exceptions.ChunkedEncodingError),
        *(requests.exceptions.ProxyError, OSError, RuntimeError),
    ],
)
def test_a_connection_that_fails_is_an_outage(
    stage: Stage, caplog: pytest.LogCaptureFixture, kind: type[Exception]
) -> None:
    caplog.set_level(logging.DEBUG)
    stage.break_off("subscriptions", kind(SECRET_WORDS))
    ours = stage.error()
    assert isinstance(ours, StripeUnavailable)
    assert "acct_hidden" not in caplog.text + "".join(traceback.format_exception(ours))


@pytest.mark.parametrize(
    ("status", "seconds", "tries"),
    [(500, 30, 2), (500, 0.9, 1), (400, 30, 1), (401, 30, 1), (403, 30, 1), (429, 30, 1)],
)
def test_only_what_fails_for_a_moment_is_tried_once_more_where_there_is_time(
    stage: Stage, status: int, seconds: float, tries: int
) -> None:
    stage.refuse("subscriptions", status)
    stage.error(seconds)
    assert stage.asked == [LIST] * tries


@pytest.mark.parametrize(
    ("values", "fit"),
    [(["req_1a2B", "resource_missing"], True), (["", None, 7, "a b", "a\nb", "x" * 81], False)],
)
def test_only_a_code_or_an_id_is_fit_for_the_log(values: list[Any], fit: bool) -> None:
    assert [safe(value) for value in values] == (values if fit else ["-"] * len(values))
