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
from billing_proxy.gateway.gateway import CONFIRM, SUBSCRIPTION_FLOWS, Flow, StripeGateway

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
    @pytest.mark.parametrize("configuration", [None, "bpc_1"])
    def test_a_session_is_made_for_the_customer_in_the_language_of_the_page(
        self, answers: StripeAnswers, configuration: str | None
    ) -> None:
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal(make_gateway(portal_configuration=configuration)) == URL
        (request,) = answers.requests
        plain = {"customer": [CUSTOMER], "return_url": [RETURN_URL], "locale": ["nl"]}
        set_ = {"configuration": [configuration]} if configuration else {}
        assert request.params == {**plain, **set_}

    @pytest.mark.parametrize(
        ("flow", "about"),
        [
            (Flow("payment_method_update"), {}),
            (Flow("customer_update"), {}),
            *[(Flow(type_, "sub_1"), {"[subscription]": "sub_1"}) for type_ in SUBSCRIPTION_FLOWS],
            (
                Flow(CONFIRM, "sub_1", "si_1", "price_1", 3),
                {
                    "[subscription]": "sub_1",
                    "[items][0][id]": "si_1",
                    "[items][0][price]": "price_1",
                    "[items][0][quantity]": "3",
                },
            ),
        ],
        ids=lambda value: value.type if isinstance(value, Flow) else "",
    )
    def test_a_deep_link_says_where_to_and_where_it_comes_back(
        self, answers: StripeAnswers, flow: Flow, about: dict[str, str]
    ) -> None:
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal(flow=flow) == URL
        (request,) = answers.requests
        assert {n: v for n, (v,) in request.params.items() if n.startswith("flow_data")} == {
            "flow_data[type]": flow.type,
            "flow_data[after_completion][type]": "redirect",
            "flow_data[after_completion][redirect][return_url]": RETURN_URL,
            **{f"flow_data[{flow.type}]{name}": value for name, value in about.items()},
        }

    def test_a_refused_flow_opens_the_plain_portal(self, answers: StripeAnswers) -> None:
        answers.refuse(SESSIONS, 400, method="POST", message="already set to cancel")
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        assert open_portal(flow=Flow("subscription_cancel", "sub_1")) == URL
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
            open_portal(flow=Flow("payment_method_update"))
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


class TestPaymentPage:
    PAGE = "https://invoice.stripe.com/i/acct_1/test_1"

    def find(self, invoice: str | None) -> str | None:
        return make_gateway().find_payment_page(CUSTOMER, "sub_1", invoice=invoice, until=soon())

    def test_it_is_that_of_the_invoice_the_card_speaks_of(self, answers: StripeAnswers) -> None:
        answers.answer("invoices/in_1", {"status": "open", "hosted_invoice_url": self.PAGE})
        assert self.find("in_1") == self.PAGE
        assert answers.asked == ["GET invoices/in_1"]

    @pytest.mark.parametrize("status", ["draft", "paid", "void", None])
    def test_where_that_is_not_open_it_is_that_of_the_newest_that_is(
        self, answers: StripeAnswers, status: str | None
    ) -> None:
        answers.answer(
            "invoices/in_1", {"status": status, "hosted_invoice_url": "https://x.example"}
        )
        answers.list("invoices", {"status": "open", "hosted_invoice_url": self.PAGE})
        assert self.find("in_1") == self.PAGE
        assert answers.requests[1].params == {
            "subscription": ["sub_1"],
            "status": ["open"],
            "limit": ["1"],
        }

    def test_another_customers_invoice_is_not_led_to(self, answers: StripeAnswers) -> None:
        """Whatever stands between us and Stripe."""
        answers.list(
            "invoices",
            {"status": "open", "hosted_invoice_url": self.PAGE, "customer": {"id": "cus_stranger"}},
        )
        assert self.find(None) is None

    @pytest.mark.parametrize("url", [None, "", "http://evil.example/i", "javascript:x", 7])
    def test_without_a_page_to_be_trusted_there_is_none(
        self, answers: StripeAnswers, url: Any
    ) -> None:
        answers.list("invoices", {"status": "open", "hosted_invoice_url": url})
        assert self.find(None) is None


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
