"""What is asked of Stripe besides the reading of a card: the portal, and how it is set up."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from billing_proxy.errors import CustomerNotFound, StripeMisconfigured, StripeUnavailable
from billing_proxy.gateway.api import StripeApi
from billing_proxy.gateway.gateway import StripeGateway

from .stripe_answers import ADDRESS, KEY, StripeAnswers
from .stripe_objects import CUSTOMER


def make_gateway(**options: Any) -> StripeGateway:
    return StripeGateway(StripeApi(KEY, api_base=ADDRESS, connections=1), **options)


@pytest.fixture
def gateway() -> StripeGateway:
    return make_gateway()


SESSIONS = "billing_portal/sessions"
URL = "https://billing.stripe.com/p/session/test_YWNjdF8x"


class TestPortal:
    @pytest.fixture
    def open_portal(self, gateway: StripeGateway) -> Callable[..., str]:
        def open_portal(**params: Any) -> str:
            return gateway.create_portal_session(
                CUSTOMER,
                return_url="https://site.example/billing/return",
                locale="nl",
                until=time.monotonic() + 0.9,
                **params,
            )

        return open_portal

    def test_a_session_is_made_for_the_customer_in_the_language_of_the_page(
        self, open_portal: Callable[..., str], answers: StripeAnswers
    ) -> None:
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal() == URL
        (request,) = answers.requests
        assert request.params == {
            "customer": [CUSTOMER],
            "return_url": ["https://site.example/billing/return"],
            "locale": ["nl"],
        }

    def test_the_configuration_that_was_set_is_used(self, answers: StripeAnswers) -> None:
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        gateway = make_gateway(portal_configuration="bpc_1")
        gateway.create_portal_session(
            CUSTOMER, return_url="https://x.example", locale="nl", until=time.monotonic() + 0.9
        )
        assert answers.requests[0].params["configuration"] == ["bpc_1"]

    @pytest.mark.parametrize(
        ("flow", "expected"),
        [
            ("payment_method_update", {"flow_data[type]": ["payment_method_update"]}),
            (
                "subscription_update",
                {
                    "flow_data[type]": ["subscription_update"],
                    "flow_data[subscription_update][subscription]": ["sub_1"],
                },
            ),
            (
                "subscription_cancel",
                {
                    "flow_data[type]": ["subscription_cancel"],
                    "flow_data[subscription_cancel][subscription]": ["sub_1"],
                },
            ),
            (None, {}),
            ("subscription_update_confirm", {}),
            ("", {}),
        ],
    )
    def test_a_deep_link_says_where_to(
        self,
        open_portal: Callable[..., str],
        answers: StripeAnswers,
        flow: str | None,
        expected: dict[str, list[str]],
    ) -> None:
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal(flow=flow, subscription="sub_1") == URL
        (request,) = answers.requests
        found = {name: value for name, value in request.params.items() if "flow" in name}
        assert found == expected

    @pytest.mark.parametrize("flow", ["subscription_update", "subscription_cancel"])
    def test_a_deep_link_to_no_subscription_is_the_plain_portal(
        self, open_portal: Callable[..., str], answers: StripeAnswers, flow: str
    ) -> None:
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal(flow=flow, subscription=None) == URL
        assert not [name for name in answers.requests[0].params if "flow" in name]

    def test_when_stripe_refuses_the_flow_the_plain_portal_opens(
        self, open_portal: Callable[..., str], answers: StripeAnswers
    ) -> None:
        answers.refuse(SESSIONS, 400, method="POST", message="already set to cancel")
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal(flow="subscription_cancel", subscription="sub_1") == URL
        flows = ["flow_data[type]" in request.params for request in answers.requests]
        assert flows == [True, False]

    def test_an_outage_is_not_taken_for_a_refused_flow(
        self, open_portal: Callable[..., str], answers: StripeAnswers
    ) -> None:
        answers.refuse(SESSIONS, 503, method="POST")
        with pytest.raises(StripeUnavailable):
            open_portal(flow="payment_method_update")
        assert len(answers.asked) == 1

    def test_an_unknown_customer_is_not_found(
        self, open_portal: Callable[..., str], answers: StripeAnswers
    ) -> None:
        answers.refuse(SESSIONS, 400, method="POST", code="resource_missing", param="customer")
        with pytest.raises(CustomerNotFound):
            open_portal(flow="payment_method_update")

    def test_a_portal_that_was_never_saved_is_for_the_operator_to_mend(
        self, open_portal: Callable[..., str], answers: StripeAnswers
    ) -> None:
        answers.refuse(SESSIONS, 400, method="POST", message="No configuration provided")
        with pytest.raises(StripeMisconfigured, match="customer portal's settings"):
            open_portal()

    @pytest.mark.parametrize(
        "url",
        [None, "", 7, "javascript:x", "/relative", "https://a b", URL + "\r\nSet-Cookie: x", {}],
    )
    def test_only_an_address_is_redirected_to(
        self, open_portal: Callable[..., str], answers: StripeAnswers, url: Any
    ) -> None:
        answers.answer(SESSIONS, {"url": url}, method="POST")
        with pytest.raises(StripeUnavailable):
            open_portal()


CONFIGURATIONS = "billing_portal/configurations"


class TestConfiguration:
    def test_the_default_one_is_looked_for(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list(CONFIGURATIONS, {"id": "bpc_default"})
        found = gateway.retrieve_portal_configuration(until=time.monotonic() + 0.9)
        assert found == {"id": "bpc_default"}
        assert answers.requests[0].params["is_default"] == ["true"]

    def test_an_account_may_have_none(self, gateway: StripeGateway, answers: StripeAnswers) -> None:
        answers.list(CONFIGURATIONS)
        assert gateway.retrieve_portal_configuration(until=time.monotonic() + 0.9) is None

    def test_the_one_that_was_set_is_read(self, answers: StripeAnswers) -> None:
        answers.answer(f"{CONFIGURATIONS}/bpc_1", {"id": "bpc_1"})
        gateway = make_gateway(portal_configuration="bpc_1")
        found = gateway.retrieve_portal_configuration(until=time.monotonic() + 0.9)
        assert found == {"id": "bpc_1"}

    def test_a_probe_reads_one_object_at_most(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("invoices")
        gateway.probe("invoices", until=time.monotonic() + 0.9)
        assert answers.requests[0].params == {"limit": ["1"]}
