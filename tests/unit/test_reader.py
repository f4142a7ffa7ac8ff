"""What is read from Stripe for a card, in how many calls, and what may be missing."""

from __future__ import annotations

import time
from typing import Any

import pytest

from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.products import Products
from billing_proxy.card.facts import Billing, Invoice, PausePeriod
from billing_proxy.errors import (
    StripeMisconfigured,
    StripeUnavailable,
)
from billing_proxy.gateway.api import StripeApi
from billing_proxy.gateway.gateway import StripeGateway
from billing_proxy.reader import Reader

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


@pytest.fixture
def reader(clock: Clock) -> Reader:
    return Reader(
        StripeGateway(StripeApi(KEY, api_base=ADDRESS, connections=1)),
        products=Products(ttl=3600, timer=clock),
        budget=ReadBudget(1000),
        timer=clock,
    )


def read(reader: Reader, seconds: float = 0.9) -> Billing | None:
    """Within a second there is no time to try again, which would make the test wait."""
    return reader.read(CUSTOMER, until=time.monotonic() + seconds)


def known(reader: Reader) -> Billing:
    billing = read(reader)
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
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions")
        known(reader)
        (request,) = answers.requests
        assert request.params == {"customer": [CUSTOMER], "status": ["all"], "limit": ["100"]}

    @pytest.mark.parametrize("subscription", [bundle(), monthly()], ids=["bundle", "monthly"])
    def test_a_card_whose_products_are_known_costs_one_call(
        self, reader: Reader, answers: StripeAnswers, subscription: dict[str, Any]
    ) -> None:
        answers.list("subscriptions", subscription)
        answers.list("products", make_product("prod_pro", "Pro"))
        answers.list("prices", offer())
        for _ in range(3):
            assert known(reader).product_names == {"prod_pro": "Pro"}
        assert len(answers.asked) == 4
        assert answers.asked[2:] == [SUBSCRIPTIONS, SUBSCRIPTIONS]

    def test_no_subscription_costs_one_call(self, reader: Reader, answers: StripeAnswers) -> None:
        answers.list("subscriptions")
        assert known(reader).subscriptions == ()
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
        reader: Reader,
        answers: StripeAnswers,
        subscription: dict[str, Any],
        offers: list[dict[str, Any]],
    ) -> None:
        answers.list("subscriptions", subscription)
        answers.list("prices", *offers)
        answers.list("products", make_product("prod_pro", "Pro"), make_product("prod_seats", "S"))
        assert known(reader).product_names["prod_pro"] == "Pro"
        assert len(answers.asked) == 2

    def test_a_card_whose_name_is_known_costs_one_call_whoever_asked_for_it_before(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", make_subscription(items=[make_item(interval="year")]))
        answers.list("subscriptions", monthly())
        answers.list("prices", offer())
        known(reader)
        assert known(reader).product_names == {"prod_pro": "Pro"}
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
        reader: Reader,
        answers: StripeAnswers,
        fields: dict[str, Any],
        extra: list[str],
    ) -> None:
        answers.list("subscriptions", make_subscription(items=[], **fields))
        answers.answer("invoices/in_1", make_invoice())
        answers.answer("subscription_schedules/sched_1", make_schedule())
        known(reader)
        assert answers.asked == [SUBSCRIPTIONS, *extra]

    def test_nothing_is_expanded_deeper_than_stripe_allows(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.list("prices", offer())
        known(reader)
        for request in answers.requests:
            for path in request.params.get("expand[0]", []):
                assert path.count(".") < 4


class TestSubscriptions:
    def test_they_come_with_stripes_request_id_for_the_log(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", make_subscription(items=[]))
        billing = known(reader)
        assert (billing.customer, billing.request_id) == (CUSTOMER, "req_1a2B3c")
        assert [sub.status for sub in billing.subscriptions] == ["active"]

    def test_every_page_is_read(self, reader: Reader, answers: StripeAnswers) -> None:
        pages = [[f"sub_{page}{i}" for i in range(3)] for page in "abc"]
        for i, ids in enumerate(pages):
            page = [make_subscription(id=id_, items=[]) for id_ in ids]
            answers.list("subscriptions", *page, has_more=i < 2)
        billing = known(reader)
        assert {sub.id for sub in billing.subscriptions} == {id_ for ids in pages for id_ in ids}
        after = [request.params.get("starting_after") for request in answers.requests]
        assert after == [None, ["sub_a2"], ["sub_b2"]]

    def test_an_endless_list_ends(
        self,
        reader: Reader,
        answers: StripeAnswers,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        answers.list("subscriptions", make_subscription(items=[]), has_more=True)
        assert len(known(reader).subscriptions) == 10
        assert "stopped reading" in caplog.text

    def test_items_that_do_not_fit_into_a_subscription_are_read_too(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        first, soonest = make_item(), make_item(current_period_end=at("2026-11-30 10:00"))
        many = make_subscription(items=[first])
        answers.list("subscriptions", {**many, "items": {**many["items"], "has_more": True}})
        answers.list("subscription_items", first, soonest)
        answers.list("prices", offer())
        (subscription,) = known(reader).subscriptions
        assert subscription.next_billing == at("2026-11-30 10:00")
        assert answers.requests[1].params == {"subscription": [many["id"]], "limit": ["100"]}

    def test_without_those_items_the_others_make_the_card(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        many = make_subscription(items=[make_item()])
        answers.list("subscriptions", {**many, "items": {**many["items"], "has_more": True}})
        answers.refuse("subscription_items", 403)
        answers.list("prices", offer())
        assert len(known(reader).subscriptions[0].items) == 1

    @pytest.mark.parametrize("last", [None, {"id": None}, {"id": 7}])
    def test_a_list_that_cannot_be_followed_is_no_answer(
        self, reader: Reader, answers: StripeAnswers, last: Any
    ) -> None:
        answers.list("subscriptions", *([] if last is None else [last]), has_more=True)
        with pytest.raises(StripeUnavailable):
            read(reader)
        assert answers.asked == [SUBSCRIPTIONS]

    @pytest.mark.parametrize("status", [400, 404])
    def test_an_unknown_customer_is_none_and_no_error(
        self, reader: Reader, answers: StripeAnswers, status: int
    ) -> None:
        answers.refuse("subscriptions", status, code="resource_missing", param="customer")
        assert read(reader) is None

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
        self, reader: Reader, answers: StripeAnswers, status: int, kind: type[Exception]
    ) -> None:
        answers.refuse("subscriptions", status)
        with pytest.raises(kind):
            read(reader)

    def test_a_failure_on_a_later_page_is_a_failure(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", make_subscription(), has_more=True)
        answers.refuse("subscriptions", 503)
        with pytest.raises(StripeUnavailable):
            read(reader)

    def test_another_customers_subscription_is_no_answer(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        """Whatever stands between us and Stripe."""
        stranger = make_subscription(id="sub_2", customer="cus_stranger", items=[])
        answers.list("subscriptions", make_subscription(items=[]), stranger)
        with pytest.raises(StripeUnavailable):
            read(reader)


class TestDetails:
    """An invoice or a schedule dates the card; without it the card stands undated."""

    def test_the_next_attempt_comes_from_the_invoice(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", make_subscription(status="past_due", items=[]))
        answers.answer("invoices/in_1PgafmB7WZ01zgkW", make_invoice(next_payment_attempt=5))
        (sub,) = known(reader).subscriptions
        assert sub.latest_invoice == Invoice(next_payment_attempt=5)

    def test_the_resume_date_comes_from_the_schedule(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        paused = make_subscription(status="paused", schedule="sched_1", items=[])
        answers.list("subscriptions", paused)
        answers.answer("subscription_schedules/sched_1", make_schedule((5, 6)))
        (sub,) = known(reader).subscriptions
        assert sub.schedule == (PausePeriod(5, 6),)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
    def test_a_detail_that_fails_costs_the_detail_alone(
        self, reader: Reader, answers: StripeAnswers, status: int
    ) -> None:
        answers.list(
            "subscriptions",
            make_subscription(id="sub_1", status="past_due", latest_invoice="in_1", items=[]),
            make_subscription(id="sub_2", status="paused", schedule="sched_1", items=[]),
        )
        answers.refuse("invoices/in_1", status)
        answers.refuse("subscription_schedules/sched_1", status)
        first, second = known(reader).subscriptions
        assert (first.id, first.latest_invoice) == ("sub_1", "in_1")
        assert (second.id, second.schedule) == ("sub_2", "sched_1")

    def test_many_debts_do_not_make_many_calls(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        debts = [
            make_subscription(id=f"sub_{i}", status="past_due", created=100 - i, items=[])
            for i in range(10)
        ]
        answers.list("subscriptions", *debts)
        answers.answer("invoices/in_1PgafmB7WZ01zgkW", make_invoice(next_payment_attempt=5))
        read_ones = [
            sub.id for sub in known(reader).subscriptions if sub.latest_invoice == Invoice(5)
        ]
        assert read_ones == ["sub_0", "sub_1", "sub_2", "sub_3"]  # the first on the card
        assert len(answers.asked) == 5


class TestProducts:
    def test_every_product_of_every_subscription_is_asked_for_once(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", bundle(), monthly(id="sub_2", created=1))
        answers.list("products", make_product("prod_pro", "Pro"), make_product("prod_seats", "S"))
        assert known(reader).product_names == {"prod_pro": "Pro", "prod_seats": "S"}
        request = answers.requests[1]
        assert request.params["ids[0]"] + request.params["ids[1]"] == ["prod_pro", "prod_seats"]
        assert request.params["limit"] == ["100"]
        assert "ids[2]" not in request.params
        assert "active" not in request.params  # archived products keep their names

    def test_more_products_than_a_page_holds_are_read_page_by_page(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        items = [make_item(product=f"prod_{i}") for i in range(101)]
        answers.list("subscriptions", make_subscription(items=items))
        answers.list("products", *[make_product(f"prod_{i}", f"Name {i}") for i in range(100)])
        answers.list("products", make_product("prod_100", "Name 100"))
        assert known(reader).product_names["prod_100"] == "Name 100"
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
        self, reader: Reader, answers: StripeAnswers, product: dict[str, Any]
    ) -> None:
        answers.list("subscriptions", bundle())
        answers.list("products", product)
        assert known(reader).product_names == {}

    def test_a_name_has_no_spaces_around_it(self, reader: Reader, answers: StripeAnswers) -> None:
        answers.list("subscriptions", bundle())
        answers.list("products", make_product("prod_pro", "  Pro \n"))
        assert known(reader).product_names == {"prod_pro": "Pro"}

    @pytest.mark.parametrize("status", [400, 401, 403, 429, 500])
    def test_names_that_cannot_be_read_cost_the_names_alone(
        self, reader: Reader, answers: StripeAnswers, status: int
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.refuse("prices", status)
        answers.refuse("products", status)
        billing = known(reader)
        assert billing.product_names == {}
        assert len(billing.subscriptions) == 1
        asked = len(answers.asked)
        known(reader)
        assert answers.asked[asked:] == [SUBSCRIPTIONS]  # Stripe is left alone about them

    def test_what_a_year_costs_is_read_for_who_pays_monthly(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.list("prices", offer())
        billing = known(reader)
        assert [price.unit_amount for price in billing.yearly_prices["prod_pro"]] == [29000]
        (_, request) = answers.requests
        assert request.params["product"] == ["prod_pro"]

    def test_a_price_that_is_not_for_sale_is_no_offer(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.list("prices", offer(active=False))
        assert known(reader).yearly_prices == {"prod_pro": ()}

    def test_without_the_prices_the_name_is_still_found(
        self, reader: Reader, answers: StripeAnswers
    ) -> None:
        answers.list("subscriptions", monthly())
        answers.refuse("prices", 403)
        answers.list("products", make_product("prod_pro", "Pro"))
        billing = known(reader)
        assert billing.product_names == {"prod_pro": "Pro"}
        assert billing.yearly_prices == {"prod_pro": ()}
