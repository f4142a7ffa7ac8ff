"""What is read from Stripe for a card, in how many calls, and what may be missing."""

from __future__ import annotations

import time
from typing import Any

import pytest
import responses

from billing_proxy import reader as module
from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.products import Products
from billing_proxy.card.facts import Billing, Invoice, PausePeriod, Schedule
from billing_proxy.card.wanted import wants_invoice
from billing_proxy.errors import (
    BillingError,
    StripeKeyRefused,
    StripeMisconfigured,
    StripeRateLimited,
    StripeUnavailable,
)
from billing_proxy.gateway.api import StripeApi
from billing_proxy.gateway.gateway import StripeGateway
from billing_proxy.gateway.reading import read_invoice
from billing_proxy.reader import LIST, MAX_DETAILS, MAX_PAGES, PERMISSION_RETRY, Reader
from tests.stage.clock import Clock

from .stripe_answers import ADDRESS, KEY, StripeAnswers
from .stripe_objects import (
    CUSTOMER,
    at,
    make_invoice,
    make_item,
    make_product,
    make_schedule,
    make_subscription,
)

SUBSCRIPTIONS, PRODUCTS, PRICES = "GET subscriptions", "GET products", "GET prices"
INVOICE, SCHEDULE = "GET invoices/in_1", "GET subscription_schedules/sched_1"
REFUSALS = [400, 401, 403, 404, 429, 500]
FAILURES: list[tuple[int, type[BillingError]]] = [
    (400, StripeMisconfigured),
    *((401, StripeKeyRefused), (403, StripeKeyRefused)),
    *((429, StripeRateLimited), (500, StripeUnavailable)),
]


class Stage(StripeAnswers):
    """A reader at a Stripe whose answers are laid out, with a budget that lasts."""

    def __init__(self, http: responses.RequestsMock, clock: Clock) -> None:
        super().__init__(http)
        self.budget = ReadBudget(1000, timer=clock)
        self.reader = Reader(
            StripeGateway(StripeApi(KEY, api_base=ADDRESS, connections=1)),
            products=Products(ttl=3600, timer=clock),
            budget=self.budget,
            timer=clock,
        )

    def ask(self) -> Billing:
        """Within a second there is no time to try again, which would make the test wait."""
        billing = self.reader.read(CUSTOMER, until=time.monotonic() + 0.9)
        assert billing is not None
        return billing

    def calls(self) -> list[str]:
        """What one more reading asks for."""
        before = len(self.asked)
        self.ask()
        return self.asked[before:]


@pytest.fixture
def stage(http: responses.RequestsMock, clock: Clock) -> Stage:
    return Stage(http, clock)


def bare(**fields: Any) -> dict[str, Any]:
    """A subscription to nothing, for which no product is read."""
    return make_subscription(**{"items": [], **fields})


def bundle(**fields: Any) -> dict[str, Any]:
    """A subscription to two products at once."""
    return make_subscription(items=[make_item(), make_item(product="prod_seats")], **fields)


def monthly(**fields: Any) -> dict[str, Any]:
    """A subscription to one product, for which a year's price may be a saving."""
    return make_subscription(items=[make_item(unit_amount=2900)], **fields)


def cut(subscription: dict[str, Any]) -> dict[str, Any]:
    """A subscription with more items than its own object holds."""
    return {**subscription, "items": {**subscription["items"], "has_more": True}}


def offer(**fields: Any) -> dict[str, Any]:
    """A price on sale, with its product expanded."""
    price = make_item(interval="year", unit_amount=29000)["price"]
    return {**price, "active": True, "product": make_product("prod_pro", "Pro"), **fields}


class TestCalls:
    def test_all_subscriptions_are_asked_for_whatever_their_status(self, stage: Stage) -> None:
        stage.list("subscriptions", bare(status="canceled"))
        billing = stage.ask()
        assert (billing.customer, billing.request_id) == (CUSTOMER, "req_1a2B3c")
        assert [sub.status for sub in billing.subscriptions] == ["canceled"]
        (request,) = stage.requests
        expand = {f"expand[{i}]": [path] for i, path in enumerate(LIST.expansions)}
        plain = {"customer": [CUSTOMER], "status": ["all"], "limit": ["100"]}
        assert request.params == plain | expand

    @pytest.mark.parametrize(
        ("subscription", "offers", "more"),
        [
            pytest.param(bare(), [], [], id="nothing"),
            pytest.param(monthly(), [offer()], [PRICES], id="monthly"),
            pytest.param(monthly(), [offer(active=False)], [PRICES], id="only-archived-prices"),
            pytest.param(monthly(), [], [PRICES, PRODUCTS], id="no-prices"),
            pytest.param(bundle(), [], [PRODUCTS], id="two-products"),
        ],
    )
    def test_a_new_product_costs_one_call_more_and_a_known_one_none(
        self,
        stage: Stage,
        subscription: dict[str, Any],
        offers: list[dict[str, Any]],
        more: list[str],
    ) -> None:
        stage.list("subscriptions", subscription)
        stage.list("prices", *offers)
        stage.list("products", make_product("prod_pro", "Pro"), make_product("prod_seats", "S"))
        assert stage.calls() == [SUBSCRIPTIONS, *more]
        assert stage.calls() == [SUBSCRIPTIONS]
        assert stage.ask().product_names.get("prod_pro") == ("Pro" if more else None)

    @pytest.mark.parametrize(
        ("fields", "more"),
        [
            ({"status": "past_due"}, [INVOICE, SCHEDULE]),
            ({"status": "paused"}, [SCHEDULE]),
            ({"status": "unpaid"}, [INVOICE]),
            ({"status": "active"}, [SCHEDULE]),
            ({"status": "canceled"}, []),
        ],
        ids=str,
    )
    def test_only_what_the_card_needs_costs_one_call_more(
        self, stage: Stage, fields: dict[str, Any], more: list[str]
    ) -> None:
        stage.list("subscriptions", bare(latest_invoice="in_1", schedule="sched_1", **fields))
        stage.answer("invoices/in_1", make_invoice())
        stage.answer("subscription_schedules/sched_1", make_schedule())
        assert stage.calls() == [SUBSCRIPTIONS, *more]

    def test_every_call_but_the_first_counts_in_the_budget(self, stage: Stage) -> None:
        debt = make_subscription(status="past_due", latest_invoice="in_1")
        stage.list("subscriptions", cut(debt), has_more=True)
        stage.list("subscriptions")
        stage.list("subscription_items", make_item())
        stage.answer("invoices/in_1", make_invoice())
        stage.list("prices")
        stage.list("products", make_product("prod_pro", "Pro"))
        calls = len(stage.calls())
        assert calls == 6
        left = sum(stage.budget.take() for _ in range(1001))
        assert left == 1000 - (calls - 1)


class TestSubscriptions:
    def test_every_page_is_read(self, stage: Stage) -> None:
        for page, more in (("a", True), ("b", True), ("c", False)):
            stage.list("subscriptions", *[bare(id=f"sub_{page}{i}") for i in "12"], has_more=more)
        found = {sub.id for sub in stage.ask().subscriptions}
        assert found == {f"sub_{page}{i}" for page in "abc" for i in "12"}
        after = [request.params.get("starting_after") for request in stage.requests]
        assert after == [None, ["sub_a2"], ["sub_b2"]]

    def test_an_endless_list_ends(self, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
        stage.list("subscriptions", bare(), has_more=True)
        assert len(stage.ask().subscriptions) == MAX_PAGES
        assert "stopped reading" in caplog.text

    def test_items_that_do_not_fit_into_a_subscription_are_read_too(self, stage: Stage) -> None:
        first, soonest = make_item(), make_item(current_period_end=at("2026-11-30 10:00"))
        many = make_subscription(items=[first])
        stage.list("subscriptions", cut(many))
        stage.list("subscription_items", first, soonest)
        stage.list("prices", offer())
        (subscription,) = stage.ask().subscriptions
        assert subscription.next_billing == at("2026-11-30 10:00")
        assert stage.requests[1].params == {"subscription": [many["id"]], "limit": ["100"]}

    @pytest.mark.parametrize("last", [[], [{"id": None}], [{"id": 7}]])
    def test_a_list_that_cannot_be_followed_is_no_answer(
        self, stage: Stage, last: list[Any]
    ) -> None:
        stage.list("subscriptions", *last, has_more=True)
        with pytest.raises(StripeUnavailable):
            stage.ask()
        assert stage.asked == [SUBSCRIPTIONS]

    @pytest.mark.parametrize("status", [400, 404])
    def test_an_unknown_customer_is_none_and_no_error(self, stage: Stage, status: int) -> None:
        stage.refuse("subscriptions", status, code="resource_missing", param="customer")
        assert stage.reader.read(CUSTOMER, until=time.monotonic() + 0.9) is None

    @pytest.mark.parametrize("page", [1, 2])
    @pytest.mark.parametrize(("status", "kind"), FAILURES)
    def test_a_failure_is_never_an_empty_list(
        self, stage: Stage, page: int, status: int, kind: type[BillingError]
    ) -> None:
        if page == 2:
            stage.list("subscriptions", bare(), has_more=True)
        stage.refuse("subscriptions", status)
        with pytest.raises(BillingError) as raised:
            stage.ask()
        assert type(raised.value) is kind

    def test_another_customers_subscription_ends_the_reading_at_once(self, stage: Stage) -> None:
        """Whatever stands between us and Stripe."""
        stranger = make_subscription(id="sub_2", customer="cus_stranger")
        stage.list("subscriptions", make_subscription(), cut(stranger), has_more=True)
        with pytest.raises(StripeUnavailable, match="another customer"):
            stage.ask()
        assert stage.asked == [SUBSCRIPTIONS]


class TestDetails:
    """What a card needs beyond the list; without it the card stands, undated or unnamed."""

    def test_the_next_attempt_and_the_resume_date_are_filled_in(self, stage: Stage) -> None:
        debt = bare(id="sub_1", status="past_due", latest_invoice="in_1")
        stage.list("subscriptions", debt, bare(status="paused", schedule="sched_1"))
        stage.answer("invoices/in_1", make_invoice(next_payment_attempt=5))
        stage.answer("subscription_schedules/sched_1", make_schedule((5, 6)))
        first, second = stage.ask().subscriptions
        assert first.latest_invoice == read_invoice(make_invoice(next_payment_attempt=5))
        assert second.schedule == Schedule(pauses=(PausePeriod(5, 6),))

    @pytest.mark.parametrize("status", REFUSALS)
    def test_a_detail_that_fails_costs_the_detail_alone(self, stage: Stage, status: int) -> None:
        debt = monthly(id="sub_1", status="past_due", latest_invoice="in_1")
        stage.list("subscriptions", cut(debt), bare(status="paused", schedule="sched_1"))
        stage.refuse("invoices/in_1", status)
        for path in ("subscription_schedules/sched_1", "subscription_items", "prices", "products"):
            stage.refuse(path, status)
        billing = stage.ask()
        first, second = billing.subscriptions
        assert (first.latest_invoice, len(first.items)) == ("in_1", 1)
        assert second.schedule == "sched_1"
        assert (billing.product_names, billing.yearly_prices) == ({}, {"prod_pro": ()})
        assert PRICES not in stage.calls()  # Stripe is left alone about the products for a while
        assert stage.budget.is_spent is (status == 429)

    def test_a_detail_gets_half_of_the_time_that_is_left(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        untils: list[float] = []

        def retrieve(_: StripeGateway, id_: str, *, expand: Any, until: float) -> Invoice:
            untils.append(until - time.monotonic())
            raise StripeUnavailable(f"no {id_}")

        call = module.Call(retrieve, "rak_invoice_read", {})
        detail = module.Detail("latest_invoice", wants_invoice, call)
        monkeypatch.setattr(module, "DETAILS", (detail,))
        stage.list("subscriptions", bare(status="past_due"))
        stage.reader.read(CUSTOMER, until=time.monotonic() + 100)
        assert untils == pytest.approx([50], abs=2)

    def test_many_debts_do_not_make_many_calls(self, stage: Stage) -> None:
        debts = [bare(id=f"sub_{i}", status="past_due", created=i) for i in range(10)]
        stage.list("subscriptions", *debts)
        stage.answer(f"invoices/{debts[0]['latest_invoice']}", make_invoice(due_date=5))
        found = stage.ask().subscriptions
        dated = [sub.id for sub in found if isinstance(sub.latest_invoice, Invoice)]
        assert dated == ["sub_9", "sub_8", "sub_7", "sub_6"]  # the newest are first on the card
        assert len(stage.asked) == 1 + MAX_DETAILS


METHOD, CUSTOMERS_METHOD, DISCOUNT = LIST.expansions
CALLS = [LIST, *(detail.call for detail in module.DETAILS)]


class TestPermissions:
    """What comes along with a call needs permissions, which a key may lack, one or all."""

    def lack(self, stage: Stage, permission: str, path: str = "subscriptions") -> None:
        words = f"Having the '{permission}' permission would allow this request to continue."
        stage.refuse(path, 403, message=f"The key rk_secret of acct_1 … {words}")

    def expanded(self, stage: Stage) -> list[list[str]]:
        found = [sorted(request.params.items()) for request in stage.requests]
        return [[v[0] for name, v in params if name.startswith("expand")] for params in found]

    @pytest.mark.parametrize("call", CALLS)
    def test_nothing_is_expanded_deeper_than_stripe_allows(self, call: module.Call) -> None:
        assert all(path.count(".") < 4 for path in call.expansions)

    @pytest.mark.parametrize(
        ("lacking", "left"),
        [
            ("rak_coupon_read", [METHOD, CUSTOMERS_METHOD]),
            ("rak_customer_read", [METHOD, DISCOUNT]),
            ("rak_payment_method_read", [DISCOUNT]),
        ],
    )
    def test_a_missing_permission_costs_its_detail_and_one_call_once(
        self, stage: Stage, clock: Clock, caplog: Any, lacking: str, left: list[str]
    ) -> None:
        self.lack(stage, lacking)
        stage.list("subscriptions", bare())
        assert stage.calls() == [SUBSCRIPTIONS] * 2
        assert sum(stage.budget.take() for _ in range(1001)) == 999
        assert f"lacks the permission {lacking}:" in caplog.text
        assert "acct_1" not in caplog.text
        clock.advance(PERMISSION_RETRY - 0.001)
        assert stage.calls() == [SUBSCRIPTIONS]
        clock.advance(0.001)
        assert stage.calls() == [SUBSCRIPTIONS]
        assert self.expanded(stage) == [[*LIST.expansions], left, left, [*LIST.expansions]]

    @pytest.mark.parametrize(
        "named", [["rak_payment_method_read", "rak_coupon_read"], ["rak_unheard_of"], ["no name"]]
    )
    def test_all_of_them_may_be_missing(self, stage: Stage, named: list[str]) -> None:
        for permission in named:
            self.lack(stage, permission)
        stage.list("subscriptions", bare())
        assert stage.calls() == [SUBSCRIPTIONS] * (len(named) + 1)
        assert stage.calls() == [SUBSCRIPTIONS]
        assert self.expanded(stage)[-2:] == [[], []]

    @pytest.mark.parametrize("named", ["rak_subscription_read", "no name"])
    def test_a_key_that_may_not_read_the_plain_list_serves_nobody(
        self, stage: Stage, named: str
    ) -> None:
        self.lack(stage, named)
        with pytest.raises(StripeKeyRefused):
            stage.ask()

    def test_a_detail_that_the_key_may_not_read_is_left_alone_for_a_while(
        self, stage: Stage, clock: Clock
    ) -> None:
        stage.list("subscriptions", bare(status="past_due", latest_invoice="in_1"))
        self.lack(stage, "rak_invoice_read", "invoices/in_1")
        assert stage.calls() == [SUBSCRIPTIONS, INVOICE]
        assert stage.calls() == [SUBSCRIPTIONS]
        clock.advance(PERMISSION_RETRY)
        assert stage.calls() == [SUBSCRIPTIONS, INVOICE]


class TestProducts:
    def test_every_product_of_every_subscription_is_asked_for_once(self, stage: Stage) -> None:
        stage.list("subscriptions", bundle(), monthly(id="sub_2", created=1))
        stage.list("products", make_product("prod_pro", "Pro"), make_product("prod_seats", "S"))
        assert stage.ask().product_names == {"prod_pro": "Pro", "prod_seats": "S"}
        assert stage.requests[1].params == {
            "ids[0]": ["prod_pro"],
            "ids[1]": ["prod_seats"],
            "limit": ["100"],  # and archived products keep their names
        }

    def test_more_products_than_a_page_holds_are_read_page_by_page(self, stage: Stage) -> None:
        items = [make_item(product=f"prod_{i}") for i in range(101)]
        stage.list("subscriptions", make_subscription(items=items))
        stage.list("products", *[make_product(f"prod_{i}", f"Name {i}") for i in range(100)])
        stage.list("products", make_product("prod_100", "Name 100"))
        assert stage.calls() == [SUBSCRIPTIONS, PRODUCTS, PRODUCTS]
        assert stage.ask().product_names["prod_100"] == "Name 100"

    @pytest.mark.parametrize(
        ("product", "names"),
        [
            (make_product("prod_pro", "  Pro \n"), {"prod_pro": "Pro"}),
            *[(make_product("prod_pro", name), {}) for name in (None, 7, " ")],
            *[({}, {}), ({"id": "prod_pro"}, {}), ({"id": "prod_pro", "deleted": True}, {})],
            (make_product("prod_other", "Somebody else's"), {}),
        ],
    )
    def test_a_product_has_a_name_or_none(
        self, stage: Stage, product: dict[str, Any], names: dict[str, str]
    ) -> None:
        stage.list("subscriptions", bundle())
        stage.list("products", product)
        assert stage.ask().product_names == names

    @pytest.mark.parametrize(
        ("prices", "amounts"), [([offer()], [29000]), ([offer(active=False)], []), (None, [])]
    )
    def test_what_a_year_costs_is_read_for_who_pays_monthly_where_it_is_for_sale(
        self, stage: Stage, prices: list[dict[str, Any]] | None, amounts: list[int]
    ) -> None:
        stage.list("subscriptions", monthly())
        stage.refuse("prices", 403) if prices is None else stage.list("prices", *prices)
        stage.list("products", make_product("prod_pro", "Pro"))
        billing = stage.ask()
        assert billing.product_names == {"prod_pro": "Pro"}, "with or without the prices"
        assert [price.unit_amount for price in billing.yearly_prices["prod_pro"]] == amounts
        assert stage.requests[1].params == {
            **{"product": ["prod_pro"], "type": ["recurring"], "limit": ["100"]},
            "expand[0]": ["data.product"],
        }
