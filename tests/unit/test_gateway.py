"""What is asked of Stripe besides the reading of a card: the portal, and how it is set up."""

from __future__ import annotations

import time
from typing import Any

import pytest

from billing_proxy.errors import (
    BillingError,
    CustomerNotFound,
    StripeMisconfigured,
    StripeUnavailable,
)
from billing_proxy.gateway.api import StripeApi
from billing_proxy.gateway.gateway import StripeGateway

from .stripe_answers import ADDRESS, KEY, StripeAnswers
from .stripe_objects import CUSTOMER

SESSIONS, CONFIGURATIONS = "billing_portal/sessions", "billing_portal/configurations"
URL = "https://billing.stripe.com/p/session/test_YWNjdF8x"
RETURN_URL = "https://site.example/billing/return"


def soon() -> float:
    """Within a second there is no time to try again, which would make the test wait."""
    return time.monotonic() + 0.9


def make_gateway(**options: Any) -> StripeGateway:
    return StripeGateway(StripeApi(KEY, api_base=ADDRESS, connections=1), **options)


def open_portal(gateway: StripeGateway | None = None, **flow: Any) -> str:
    gateway = gateway or make_gateway()
    return gateway.create_portal_session(
        CUSTOMER, return_url=RETURN_URL, locale="nl", until=soon(), **flow
    )


class TestPortal:
    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({}, {}),
            ({"portal_configuration": "bpc_1"}, {"configuration": ["bpc_1"]}),
        ],
    )
    def test_a_session_is_made_for_the_customer_in_the_language_of_the_page(
        self, answers: StripeAnswers, options: dict[str, str], expected: dict[str, list[str]]
    ) -> None:
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal(make_gateway(**options)) == URL
        (request,) = answers.requests
        plain = {"customer": [CUSTOMER], "return_url": [RETURN_URL], "locale": ["nl"]}
        assert request.params == plain | expected

    @pytest.mark.parametrize(
        ("flow", "subscription", "expected"),
        [
            ("payment_method_update", None, {"type": ["payment_method_update"]}),
            *[
                (flow, "sub_1", {"type": [flow], f"{flow}][subscription": ["sub_1"]})
                for flow in ("subscription_update", "subscription_cancel")
            ],
            *[(flow, None, {}) for flow in ("subscription_update", "subscription_cancel")],
            *[(flow, "sub_1", {}) for flow in (None, "", "no_such_flow")],
        ],
    )
    def test_a_deep_link_says_where_to_or_is_the_plain_portal(
        self,
        answers: StripeAnswers,
        flow: str | None,
        subscription: str | None,
        expected: dict[str, list[str]],
    ) -> None:
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal(flow=flow, subscription=subscription) == URL
        (request,) = answers.requests
        found = {name: value for name, value in request.params.items() if "flow" in name}
        assert found == {f"flow_data[{name}]": value for name, value in expected.items()}

    def test_when_stripe_refuses_the_flow_the_plain_portal_opens(
        self, answers: StripeAnswers
    ) -> None:
        answers.refuse(SESSIONS, 400, method="POST", message="already set to cancel")
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal(flow="subscription_cancel", subscription="sub_1") == URL
        flows = ["flow_data[type]" in request.params for request in answers.requests]
        assert flows == [True, False]

    @pytest.mark.parametrize(
        ("status", "code", "kind", "reason"),
        [
            (503, None, StripeUnavailable, "failed"),
            (400, "resource_missing", CustomerNotFound, None),
            (400, None, StripeMisconfigured, "customer portal's settings"),
        ],
    )
    def test_a_failure_is_not_taken_for_a_refused_flow(
        self,
        answers: StripeAnswers,
        status: int,
        code: str | None,
        kind: type[BillingError],
        reason: str | None,
    ) -> None:
        answers.refuse(SESSIONS, status, method="POST", code=code, param="customer")
        with pytest.raises(BillingError, match=reason) as raised:
            open_portal(flow="payment_method_update")
        assert type(raised.value) is kind
        assert len(answers.asked) == (2 if kind is StripeMisconfigured else 1)

    @pytest.mark.parametrize(
        "url",
        [None, "", 7, "javascript:x", "/relative", "https://a b", URL + "\r\nSet-Cookie: x", {}],
    )
    def test_only_an_address_is_redirected_to(self, answers: StripeAnswers, url: Any) -> None:
        answers.answer(SESSIONS, {"url": url}, method="POST")
        with pytest.raises(StripeUnavailable):
            open_portal()


class TestConfiguration:
    def test_the_default_one_is_looked_for_and_an_account_may_have_none(
        self, answers: StripeAnswers
    ) -> None:
        answers.list(CONFIGURATIONS, {"id": "bpc_default"})
        answers.list(CONFIGURATIONS)
        gateway = make_gateway()
        assert gateway.retrieve_portal_configuration(until=soon()) == {"id": "bpc_default"}
        assert answers.requests[0].params["is_default"] == ["true"]
        assert gateway.retrieve_portal_configuration(until=soon()) is None

    def test_the_one_that_was_set_is_read(self, answers: StripeAnswers) -> None:
        answers.answer(f"{CONFIGURATIONS}/bpc_1", {"id": "bpc_1"})
        gateway = make_gateway(portal_configuration="bpc_1")
        assert gateway.retrieve_portal_configuration(until=soon()) == {"id": "bpc_1"}

    def test_a_probe_reads_one_object_at_most(self, answers: StripeAnswers) -> None:
        answers.list("invoices")
        make_gateway().probe("invoices", until=soon())
        assert answers.requests[0].params == {"limit": ["1"]}
