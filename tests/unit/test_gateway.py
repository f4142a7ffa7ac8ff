"""What is read from Stripe for a card, in how many calls, and how the portal is opened."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.products import Catalog
from billing_proxy.card.facts import Billing, Invoice, PausePeriod
from billing_proxy.errors import (
    CustomerNotFound,
    StripeMisconfigured,
    StripeUnavailable,
)
from billing_proxy.gateway.api import StripeApi
from billing_proxy.gateway.gateway import StripeGateway

from .stripe_answers import ADDRESS, KEY, StripeAnswers
from .stripe_objects import (
    CUSTOMER,
    Clock,
    at,
    make_invoice,
    make_item,
    make_product,
    make_schedule,
    make_subscription,
)

SUBSCRIPTIONS, PRODUCTS, PRICES = "GET subscriptions", "GET products", "GET prices"
JANUARY_12 = at("2027-01-12 10:00")


def make_gateway(clock: Clock, **options: Any) -> StripeGateway:
    return StripeGateway(
        StripeApi(KEY, api_base=ADDRESS, connections=1),
        catalog=Catalog(ttl=3600, clock=clock),
        budget=ReadBudget(1000),
        clock=clock,
        **options,
    )


@pytest.fixture
def gateway(clock: Clock) -> StripeGateway:
    return make_gateway(clock)


def read(gateway: StripeGateway, seconds: float = 0.9) -> Billing | None:
    """Within a second there is no time to try again, which would make the test wait."""
    return gateway.retrieve_billing(CUSTOMER, until=time.monotonic() + seconds)


def known(gateway: StripeGateway) -> Billing:
    billing = read(gateway)
    assert billing is not None
    return billing


def bundle(**fields: Any) -> dict[str, Any]:
    """A subscription to two products at once."""
    return make_subscription(**{"items": [make_item(), make_item(product="prod_seats")], **fields})


def monthly(**fields: Any) -> dict[str, Any]:
    """A subscription to one product, for which a year's price may be a saving."""
    return make_subscription(**{"items": [make_item(unit_amount=2900)], **fields})


def offer(product: Any = None, **fields: Any) -> dict[str, Any]:
    """A price on sale, with its product expanded."""
    price = make_item(interval="year", unit_amount=29000)["price"]
    product = product or make_product("prod_pro", "Pro")
    return {**price, "active": True, "product": product, **fields}


class TestCalls:
    def test_all_subscriptions_are_asked_for_whatever_their_status(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions")
        known(gateway)
        (request,) = answers.requests
        assert request.params == {"customer": [CUSTOMER], "status": ["all"], "limit": ["100"]}

    @pytest.mark.parametrize("subscription", [bundle(), monthly()], ids=["bundle", "monthly"])
    def test_a_card_whose_products_are_known_costs_one_call(
        self, gateway: StripeGateway, answers: StripeAnswers, subscription: dict[str, Any]
    ) -> None:
        answers.list("subscriptions", subscription)
        answers.list("products", make_product("prod_pro", "Pro"))
        answers.list("prices", offer())
        for _ in range(3):
            assert known(gateway).product_names == {"prod_pro": "Pro"}
        assert len(answers.asked) == 4
        assert answers.asked[2:] == [SUBSCRIPTIONS, SUBSCRIPTIONS]

    def test_no_subscription_costs_one_call(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions")
        assert known(gateway).subscriptions == ()
        assert answers.asked == [SUBSCRIPTIONS]

    @pytest.mark.parametrize(
        ("subscription", "offers"),
        [
            pytest.param(monthly(), [offer()], id="monthly"),
            pytest.param(
                make_subscription(items=[make_item(interval="year")]), [offer()], id="yearly"
            ),
            pytest.param(bundle(), [], id="two-products"),
            pytest.param(monthly(), [offer(active=False)], id="only-archived-prices"),
        ],
    )
    def test_a_card_with_a_new_name_costs_two_calls(
        self,
        gateway: StripeGateway,
        answers: StripeAnswers,
        subscription: dict[str, Any],
        offers: list[dict[str, Any]],
    ) -> None:
        answers.list("subscriptions", subscription)
        answers.list("prices", *offers)
        answers.list("products", make_product("prod_pro", "Pro"), make_product("prod_seats", "S"))
        assert known(gateway).product_names["prod_pro"] == "Pro"
        assert len(answers.asked) == 2

    def test_a_card_whose_name_is_known_costs_one_call_whoever_asked_for_it_before(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", make_subscription(items=[make_item(interval="year")]))
        answers.list("subscriptions", monthly())
        answers.list("prices", offer())
        known(gateway)
        assert known(gateway).product_names == {"prod_pro": "Pro"}
        assert answers.asked == [SUBSCRIPTIONS, PRICES, SUBSCRIPTIONS]

    @pytest.mark.parametrize(
        ("fields", "extra"),
        [
            ({"status": "past_due", "latest_invoice": "in_1"}, ["GET invoices/in_1"]),
            ({"status": "paused", "schedule": "sched_1"}, ["GET subscription_schedules/sched_1"]),
            ({"status": "past_due", "latest_invoice": "in_1", "cancel_at": JANUARY_12}, []),
            ({"status": "unpaid", "latest_invoice": "in_1"}, []),
            ({"status": "active", "latest_invoice": "in_1", "schedule": "sched_1"}, []),
        ],
    )
    def test_only_a_date_the_card_needs_costs_one_call_more(
        self,
        gateway: StripeGateway,
        answers: StripeAnswers,
        fields: dict[str, Any],
        extra: list[str],
    ) -> None:
        answers.list("subscriptions", make_subscription(items=[], **fields))
        answers.answer("invoices/in_1", make_invoice())
        answers.answer("subscription_schedules/sched_1", make_schedule())
        known(gateway)
        assert answers.asked == [SUBSCRIPTIONS, *extra]

    def test_nothing_is_expanded_deeper_than_stripe_allows(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.list("prices", offer())
        known(gateway)
        for request in answers.requests:
            for path in request.params.get("expand[0]", []):
                assert path.count(".") < 4


class TestSubscriptions:
    def test_they_come_with_stripes_request_id_for_the_log(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", make_subscription(items=[]))
        billing = known(gateway)
        assert (billing.customer, billing.request_id) == (CUSTOMER, "req_1a2B3c")
        assert [sub.status for sub in billing.subscriptions] == ["active"]

    def test_every_page_is_read(self, gateway: StripeGateway, answers: StripeAnswers) -> None:
        pages = [[f"sub_{page}{i}" for i in range(3)] for page in "abc"]
        for i, ids in enumerate(pages):
            page = [make_subscription(id=id_, items=[]) for id_ in ids]
            answers.list("subscriptions", *page, has_more=i < 2)
        billing = known(gateway)
        assert {sub.id for sub in billing.subscriptions} == {id_ for ids in pages for id_ in ids}
        after = [request.params.get("starting_after") for request in answers.requests]
        assert after == [None, ["sub_a2"], ["sub_b2"]]

    def test_an_endless_list_ends(
        self,
        gateway: StripeGateway,
        answers: StripeAnswers,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        answers.list("subscriptions", make_subscription(items=[]), has_more=True)
        assert len(known(gateway).subscriptions) == 10
        assert "stopped reading" in caplog.text

    def test_items_that_do_not_fit_into_a_subscription_are_read_too(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        first, soonest = make_item(), make_item(current_period_end=at("2026-11-30 10:00"))
        many = make_subscription(items=[first])
        answers.list("subscriptions", {**many, "items": {**many["items"], "has_more": True}})
        answers.list("subscription_items", first, soonest)
        answers.list("prices", offer())
        (subscription,) = known(gateway).subscriptions
        assert subscription.next_billing == at("2026-11-30 10:00")
        assert answers.requests[1].params == {"subscription": [many["id"]], "limit": ["100"]}

    def test_without_those_items_the_others_make_the_card(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        many = make_subscription(items=[make_item()])
        answers.list("subscriptions", {**many, "items": {**many["items"], "has_more": True}})
        answers.refuse("subscription_items", 403)
        answers.list("prices", offer())
        assert len(known(gateway).subscriptions[0].items) == 1

    @pytest.mark.parametrize("last", [None, {"id": None}, {"id": 7}])
    def test_a_list_that_cannot_be_followed_is_no_answer(
        self, gateway: StripeGateway, answers: StripeAnswers, last: Any
    ) -> None:
        answers.list("subscriptions", *([] if last is None else [last]), has_more=True)
        with pytest.raises(StripeUnavailable):
            read(gateway)
        assert answers.asked == [SUBSCRIPTIONS]

    @pytest.mark.parametrize("status", [400, 404])
    def test_an_unknown_customer_is_none_and_no_error(
        self, gateway: StripeGateway, answers: StripeAnswers, status: int
    ) -> None:
        answers.refuse("subscriptions", status, code="resource_missing", param="customer")
        assert read(gateway) is None

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, StripeMisconfigured),
            (401, StripeMisconfigured),
            (403, StripeMisconfigured),
            (429, StripeUnavailable),
            (500, StripeUnavailable),
        ],
    )
    def test_a_failure_is_never_an_empty_list(
        self, gateway: StripeGateway, answers: StripeAnswers, status: int, kind: type[Exception]
    ) -> None:
        answers.refuse("subscriptions", status)
        with pytest.raises(kind):
            read(gateway)

    def test_a_failure_on_a_later_page_is_a_failure(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", make_subscription(), has_more=True)
        answers.refuse("subscriptions", 503)
        with pytest.raises(StripeUnavailable):
            read(gateway)

    def test_a_status_nobody_knows_is_logged_once_per_reading(
        self,
        gateway: StripeGateway,
        answers: StripeAnswers,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        answers.list(
            "subscriptions",
            make_subscription(status="suspended", items=[]),
            make_subscription(status="incomplete_expired", items=[]),
            make_subscription(items=[]),
        )
        known(gateway)
        assert [record.getMessage() for record in caplog.records] == [
            "Stripe sent the unknown status suspended"
        ]


class TestDetails:
    """An invoice or a schedule dates the card; without it the card stands undated."""

    def test_the_next_attempt_comes_from_the_invoice(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", make_subscription(status="past_due", items=[]))
        answers.answer("invoices/in_1PgafmB7WZ01zgkW", make_invoice(next_payment_attempt=5))
        (sub,) = known(gateway).subscriptions
        assert sub.latest_invoice == Invoice(next_payment_attempt=5)

    def test_the_resume_date_comes_from_the_schedule(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        paused = make_subscription(status="paused", schedule="sched_1", items=[])
        answers.list("subscriptions", paused)
        answers.answer("subscription_schedules/sched_1", make_schedule((5, 6)))
        (sub,) = known(gateway).subscriptions
        assert sub.schedule == (PausePeriod(5, 6),)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
    def test_a_detail_that_fails_costs_the_detail_alone(
        self, gateway: StripeGateway, answers: StripeAnswers, status: int
    ) -> None:
        answers.list(
            "subscriptions",
            make_subscription(id="sub_1", status="past_due", latest_invoice="in_1", items=[]),
            make_subscription(id="sub_2", status="paused", schedule="sched_1", items=[]),
        )
        answers.refuse("invoices/in_1", status)
        answers.refuse("subscription_schedules/sched_1", status)
        first, second = known(gateway).subscriptions
        assert (first.id, first.latest_invoice) == ("sub_1", "in_1")
        assert (second.id, second.schedule) == ("sub_2", "sched_1")

    def test_many_debts_do_not_make_many_calls(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        debts = [
            make_subscription(id=f"sub_{i}", status="past_due", created=100 - i, items=[])
            for i in range(10)
        ]
        answers.list("subscriptions", *debts)
        answers.answer("invoices/in_1PgafmB7WZ01zgkW", make_invoice(next_payment_attempt=5))
        read_ones = [
            sub.id for sub in known(gateway).subscriptions if sub.latest_invoice == Invoice(5)
        ]
        assert read_ones == ["sub_0", "sub_1", "sub_2", "sub_3"]  # the first on the card
        assert len(answers.asked) == 5


class TestProducts:
    def test_every_product_of_every_subscription_is_asked_for_once(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", bundle(), monthly(id="sub_2", created=1))
        answers.list("products", make_product("prod_pro", "Pro"), make_product("prod_seats", "S"))
        assert known(gateway).product_names == {"prod_pro": "Pro", "prod_seats": "S"}
        request = answers.requests[1]
        assert request.params["ids[0]"] + request.params["ids[1]"] == ["prod_pro", "prod_seats"]
        assert request.params["limit"] == ["100"]
        assert "ids[2]" not in request.params
        assert "active" not in request.params  # archived products keep their names

    def test_more_products_than_a_page_holds_are_read_page_by_page(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        items = [make_item(product=f"prod_{i}") for i in range(101)]
        answers.list("subscriptions", make_subscription(items=items))
        answers.list("products", *[make_product(f"prod_{i}", f"Name {i}") for i in range(100)])
        answers.list("products", make_product("prod_100", "Name 100"))
        assert known(gateway).product_names["prod_100"] == "Name 100"
        assert answers.asked == [SUBSCRIPTIONS, PRODUCTS, PRODUCTS]

    @pytest.mark.parametrize(
        "product",
        [
            *({}, {"id": "prod_pro"}, make_product("prod_pro", None), make_product("prod_pro", 7)),
            *(make_product("prod_pro", " "), {"id": "prod_pro", "deleted": True}),
            make_product("prod_other", "Somebody else's"),
        ],
    )
    def test_a_product_without_a_name_has_none(
        self, gateway: StripeGateway, answers: StripeAnswers, product: dict[str, Any]
    ) -> None:
        answers.list("subscriptions", bundle())
        answers.list("products", product)
        assert known(gateway).product_names == {}

    def test_a_name_has_no_spaces_around_it(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", bundle())
        answers.list("products", make_product("prod_pro", "  Pro \n"))
        assert known(gateway).product_names == {"prod_pro": "Pro"}

    @pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
    def test_names_that_cannot_be_read_cost_the_names_alone(
        self, gateway: StripeGateway, answers: StripeAnswers, status: int
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.refuse("prices", status)
        answers.refuse("products", status)
        billing = known(gateway)
        assert billing.product_names == {}
        assert len(billing.subscriptions) == 1
        asked = len(answers.asked)
        known(gateway)
        assert answers.asked[asked:] == [SUBSCRIPTIONS]  # Stripe is left alone about them

    def test_what_a_year_costs_is_read_for_who_pays_monthly(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.list("prices", offer())
        billing = known(gateway)
        assert [price.unit_amount for price in billing.yearly_prices["prod_pro"]] == [29000]
        (_, request) = answers.requests
        assert request.params["product"] == ["prod_pro"]

    def test_a_price_that_is_not_for_sale_is_no_offer(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.list("prices", offer(active=False))
        assert known(gateway).yearly_prices == {"prod_pro": ()}

    def test_without_the_prices_the_name_is_still_found(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.refuse("prices", 403)
        answers.list("products", make_product("prod_pro", "Pro"))
        billing = known(gateway)
        assert billing.product_names == {"prod_pro": "Pro"}
        assert billing.yearly_prices == {"prod_pro": ()}


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

    def test_the_configuration_that_was_set_is_used(
        self, clock: Clock, answers: StripeAnswers
    ) -> None:
        answers.answer(SESSIONS, {"url": URL}, method="POST")
        gateway = make_gateway(clock, portal_configuration="bpc_1")
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

    def test_the_one_that_was_set_is_read(self, clock: Clock, answers: StripeAnswers) -> None:
        answers.answer(f"{CONFIGURATIONS}/bpc_1", {"id": "bpc_1"})
        gateway = make_gateway(clock, portal_configuration="bpc_1")
        found = gateway.retrieve_portal_configuration(until=time.monotonic() + 0.9)
        assert found == {"id": "bpc_1"}

    def test_a_probe_reads_one_object_at_most(
        self, gateway: StripeGateway, answers: StripeAnswers
    ) -> None:
        answers.list("invoices")
        gateway.probe("invoices", until=time.monotonic() + 0.9)
        assert answers.requests[0].params == {"limit": ["1"]}
