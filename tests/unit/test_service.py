"""What the use cases ask of Stripe for the portal, and what is said of Stripe's health."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from billing_proxy.cache.allowance import BURST
from billing_proxy.cache.breaker import PROBE_INTERVAL, CircuitBreaker
from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.guard import Guard
from billing_proxy.cache.products import Products
from billing_proxy.cache.store import MemoryStore
from billing_proxy.cache.threads import Threads
from billing_proxy.card.facts import Billing
from billing_proxy.config.settings import BillingConfig
from billing_proxy.errors import (
    BillingError,
    ReadBudgetSpent,
    StripeUnavailable,
    SubscriptionNotFound,
    TooManyRequests,
)
from billing_proxy.gateway.api import StripeApi
from billing_proxy.gateway.gateway import StripeGateway
from billing_proxy.language.words import Language
from billing_proxy.loader import Loader
from billing_proxy.portal import Portal
from billing_proxy.reader import Reader
from billing_proxy.service import REFUSAL_HOLDS, BillingService, HealthStatus
from tests.stage.clock import Clock

from .stripe_answers import ADDRESS, KEY, StripeAnswers
from .stripe_objects import CUSTOMER, make_invoice, make_subscription

PORTAL = "billing_portal/sessions"
SESSION, SUBSCRIPTIONS = f"POST {PORTAL}", "GET subscriptions"
PASS, WARN, FAIL = HealthStatus.PASS, HealthStatus.WARN, HealthStatus.FAIL
TIMEOUT = 0.9
"""Seconds; within less than one there is no time to try again, which would make the test wait."""
SETTINGS = {
    "STRIPE_SECRET_KEY": KEY,
    "SECRET_KEY": "a made-up key that signs the cookies of these tests",
}


class Stage(StripeAnswers):
    """A service, as one process has it, at a Stripe whose answers are laid out."""

    def __init__(self, http: responses.RequestsMock, *, max_rate: float = 1000) -> None:
        super().__init__(http)
        self.clock, self.timer = Clock(), Clock(0)
        budget = ReadBudget(max_rate, timer=self.timer, pause=self.timer.advance)
        breaker = CircuitBreaker(timer=self.timer)
        gateway = StripeGateway(StripeApi(KEY, api_base=ADDRESS, connections=1))
        products = Products(ttl=3600, timer=self.timer)
        threads, guard = Threads(size=2), Guard(breaker, budget, timer=self.timer)
        times: dict[str, Any] = {"clock": self.clock, "timer": self.timer}
        loader = Loader[Billing | None](
            Reader(gateway, products=products, budget=budget, timer=self.timer),
            store=MemoryStore(maxsize=9, retention=3630, clock=self.clock),
            **{"ttl": 30, "stale_if_error": 3600, "timeout": TIMEOUT},
            **{"threads": threads, "guard": guard, **times},
        )
        self.service = BillingService(
            BillingConfig.from_mapping(SETTINGS, standalone=False),
            loader=loader,
            products=products,
            guard=guard,
            languages={"nl": Language("nl")},
            clock=self.clock,
        )
        self.portal = Portal(
            gateway, loader, threads=threads, guard=guard, timeout=TIMEOUT, **times
        )

    def click(self, customer: str = CUSTOMER, **where: str | None) -> str:
        back = "https://site.example/billing/return"
        return self.portal.url(customer, return_url=back, locale="nl", **where)

    def open_portal(self) -> None:
        self.answer(PORTAL, {"url": "https://x.example"}, method="POST")

    def refuse_portal(self, status: int, *, code: str | None = None) -> None:
        self.refuse(PORTAL, status, method="POST", code=code, param="customer")

    def fails(self, kind: type[BillingError]) -> BillingError:
        with pytest.raises(kind) as raised:
            self.click()
        return raised.value

    @property
    def flows(self) -> list[dict[str, list[str]]]:
        """The parameters of each session that say where to."""
        sessions = [request for request in self.requests if request.what == SESSION]
        return [{k: v for k, v in one.params.items() if "flow" in k} for one in sessions]


@pytest.fixture
def stage(http: responses.RequestsMock) -> Stage:
    return Stage(http)


class TestPortal:
    def test_a_burst_of_clicks_opens_it_and_then_one_in_two_seconds(self, stage: Stage) -> None:
        stage.open_portal()
        for _ in range(BURST):
            stage.click()
        for _ in range(3):
            assert stage.fails(TooManyRequests).retry_after == 2
        assert stage.asked == [SESSION] * BURST
        stage.click("cus_other")
        stage.timer.advance(2)
        stage.click()
        assert stage.fails(TooManyRequests).retry_after == 2

    def test_it_counts_in_the_budget(self, http: responses.RequestsMock) -> None:
        stage = Stage(http, max_rate=0.1)
        stage.open_portal()
        stage.click()
        assert stage.fails(ReadBudgetSpent).retry_after == 10
        assert stage.asked == [SESSION]

    def test_a_site_that_uses_only_the_portal_recovers_within_five_seconds(
        self, stage: Stage
    ) -> None:
        for _ in range(BURST):
            stage.refuse_portal(500)
            stage.fails(StripeUnavailable)
        stage.timer.advance(2 * PROBE_INTERVAL)
        stage.fails(StripeUnavailable)  # a probe, in vain
        stage.fails(StripeUnavailable)  # the circuit is open
        assert stage.asked == [SESSION] * (BURST + 1)
        assert stage.service.stripe_status() is WARN
        stage.open_portal()
        stage.timer.advance(PROBE_INTERVAL)
        stage.click()
        stage.click("cus_other")
        assert stage.service.stripe_status() is PASS

    @pytest.mark.parametrize(
        ("wanted", "meant"), [("sub_1", "sub_1"), ("sub_2", "sub_2"), (None, "sub_1")]
    )
    def test_a_flow_is_about_one_of_the_customers_own_or_the_one_on_the_card(
        self, stage: Stage, wanted: str | None, meant: str
    ) -> None:
        stage.open_portal()
        second = make_subscription(id="sub_2", status="trialing", items=[])
        stage.list("subscriptions", second, make_subscription(id="sub_1", items=[]))
        stage.click(flow="subscription_cancel", subscription=wanted)
        assert stage.flows[0]["flow_data[subscription_cancel][subscription]"] == [meant]

    @pytest.mark.parametrize("flow", [None, "subscription_cancel", "payment_method_update", "pay"])
    def test_a_subscription_of_nobody_or_somebody_else_is_not_found_and_nothing_is_opened(
        self, stage: Stage, flow: str | None
    ) -> None:
        stage.list("subscriptions", make_subscription(id="sub_1", items=[]))
        for wanted in ("sub_2", "SUB_1"):
            with pytest.raises(SubscriptionNotFound):
                stage.click(flow=flow, subscription=wanted)
        assert stage.asked == [SUBSCRIPTIONS]

    @pytest.mark.parametrize("status", [400, 500])
    def test_while_the_card_cannot_be_read_the_plain_portal_opens(
        self, stage: Stage, status: int
    ) -> None:
        stage.open_portal()
        stage.refuse("subscriptions", status)
        stage.click(flow="subscription_cancel", subscription="sub_1")
        assert stage.flows == [{}]

    @pytest.mark.parametrize(
        ("invoice", "status", "opens"),
        [
            (make_invoice(id="in_1", hosted_invoice_url="https://pay.example"), 200, "pay"),
            (make_invoice(id="in_1", hosted_invoice_url=None), 200, "x"),
            ({"error": {"type": "invalid_request_error"}}, 403, "x"),
        ],
    )
    def test_to_pay_leads_to_the_page_of_the_open_invoice_or_to_the_plain_portal(
        self, stage: Stage, invoice: dict[str, Any], status: int, opens: str
    ) -> None:
        stage.open_portal()
        debt = make_subscription(status="unpaid", latest_invoice="in_1", items=[])
        stage.list("subscriptions", debt)
        stage.answer("invoices/in_1", invoice, status=status)
        stage.list("invoices")
        assert stage.click(flow="pay") == f"https://{opens}.example"
        assert stage.service.stripe_status() is PASS


class TestStatus:
    """How Stripe fares, as a health check says it: from what is known, without a call."""

    def test_a_refused_key_fails_for_half_a_minute_whatever_the_wall_clock_does(
        self, stage: Stage
    ) -> None:
        stage.refuse_portal(401)
        stage.fails(BillingError)
        for seconds, jump in ((0, -3600), (REFUSAL_HOLDS - 0.001, 7200)):
            stage.timer.advance(seconds)
            stage.clock.advance(jump)
            assert stage.service.stripe_status() is FAIL
        stage.timer.advance(0.001)
        assert stage.service.stripe_status() is WARN
        stage.open_portal()
        stage.click()
        assert stage.service.stripe_status() is PASS

    @pytest.mark.parametrize(
        ("status", "code", "card", "portal"),
        [
            (401, None, FAIL, FAIL),
            (403, None, FAIL, WARN),  # only the subscriptions are what nobody can do without
            (400, None, WARN, WARN),  # one customer's odd list
            (400, "resource_missing", PASS, PASS),  # an unknown customer
            (429, None, WARN, WARN),
            (500, None, WARN, WARN),
        ],
    )
    def test_only_a_refused_key_means_that_nobody_can_be_served(
        self,
        http: responses.RequestsMock,
        status: int,
        code: str | None,
        card: HealthStatus,
        portal: HealthStatus,
    ) -> None:
        reading, clicking = Stage(http), Stage(http)
        assert reading.service.stripe_status() is PASS
        reading.refuse("subscriptions", status, code=code, param="customer")
        with pytest.raises(BillingError):
            reading.service.card(CUSTOMER)
        clicking.refuse_portal(status, code=code)
        clicking.fails(BillingError)
        assert reading.service.stripe_status() is card
        assert clicking.service.stripe_status() is portal

    def test_a_spent_budget_is_a_warning_for_as_long_as_it_is_spent(
        self, http: responses.RequestsMock
    ) -> None:
        stage = Stage(http, max_rate=0.1)
        stage.open_portal()
        stage.click()
        stage.fails(ReadBudgetSpent)
        assert stage.service.stripe_status() is WARN
        stage.timer.advance(10)
        assert stage.service.stripe_status() is PASS
