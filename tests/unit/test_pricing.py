"""What a subscription costs, and what paying yearly would save: only what is sure is told."""

from __future__ import annotations

from typing import Any

import pytest

from billing_proxy.card.facts import YearlyPrice
from billing_proxy.card.pricing import Amount, Saving, amount_of, yearly_saving
from billing_proxy.card.wanted import only_product
from billing_proxy.gateway.reading import read_subscription, read_yearly_prices

from .stripe_objects import CUSTOMER, PRICE, make_item, make_subscription


def amount(*items: dict[str, Any], **fields: Any) -> Amount | None:
    return amount_of(read_subscription(make_subscription(items=list(items), **fields)))


def flat(**fields: Any) -> dict[str, Any]:
    return make_item(**{"unit_amount": 2900, **fields})


def test_a_flat_price_times_its_quantity_is_the_amount() -> None:
    assert amount(flat(quantity=3)) == Amount(
        amount=8700,
        currency="eur",
        interval="month",
        interval_count=1,
        unit_amount=2900,
        quantity=3,
        excludes_tax=False,
    )


def test_several_items_are_added_up() -> None:
    found = amount(flat(), flat(product="prod_seats", unit_amount=500, quantity=4))
    assert found is not None
    assert (found.amount, found.unit_amount, found.quantity) == (4900, None, None)


def test_twelve_months_are_paid_per_year() -> None:
    found = amount(flat(interval_count=12), flat(interval="year"))
    assert found is not None
    assert (found.interval, found.interval_count) == ("year", 1)


@pytest.mark.parametrize(
    "items",
    [
        pytest.param([], id="nothing"),
        pytest.param([flat(usage_type="metered")], id="metered"),
        pytest.param([flat(), flat(usage_type="metered")], id="partly-metered"),
        pytest.param([flat(unit_amount=None)], id="no-amount"),
        pytest.param([flat(unit_amount="2900")], id="an-amount-in-text"),
        pytest.param([flat(unit_amount=-5)], id="a-negative-amount"),
        pytest.param([flat(unit_amount=True)], id="an-amount-of-true"),
        pytest.param([flat(billing_scheme="tiered")], id="tiered"),
        pytest.param([flat(transform_quantity={"divide_by": 10, "round": "up"})], id="divided"),
        pytest.param([flat(custom_unit_amount={"minimum": 1})], id="entered-by-the-customer"),
        pytest.param([flat(currency=None)], id="no-currency"),
        pytest.param([flat(currency="euro")], id="no-such-currency"),
        pytest.param([flat(), flat(currency="usd")], id="two-currencies"),
        pytest.param([flat(), flat(interval="year")], id="two-intervals"),
        pytest.param([flat(interval=None)], id="no-interval"),
        pytest.param([flat(quantity="3")], id="an-odd-quantity"),
        pytest.param([flat(quantity=-1)], id="a-negative-quantity"),
    ],
)  # fmt: skip
def test_what_is_not_one_known_amount_is_not_told(items: list[dict[str, Any]]) -> None:
    assert amount(*items) is None


def test_a_missing_quantity_is_one() -> None:
    found = amount(flat(quantity=None))
    assert found is not None
    assert found.amount == 2900


EXCLUSIVE = {"inclusive": False, "percentage": 21.0}
INCLUSIVE = {"inclusive": True, "percentage": 21.0}
REVERSED = {"inclusive": False, "percentage": 0}


@pytest.mark.parametrize(
    ("item", "fields", "excludes"),
    [
        ({}, {}, False),
        ({"tax_behavior": "unspecified"}, {}, False),
        ({"tax_behavior": "exclusive"}, {}, False),
        ({"tax_behavior": "exclusive"}, {"automatic_tax": {"enabled": True}}, True),
        ({"tax_behavior": "inclusive"}, {"automatic_tax": {"enabled": True}}, False),
        ({"tax_behavior": "unspecified"}, {"automatic_tax": {"enabled": True}}, True),
        ({}, {"automatic_tax": {"enabled": False}}, False),
        ({}, {"default_tax_rates": [EXCLUSIVE]}, True),
        ({}, {"default_tax_rates": [INCLUSIVE]}, False),
        ({"tax_rates": [EXCLUSIVE]}, {}, True),
        ({"tax_rates": [INCLUSIVE]}, {"default_tax_rates": [EXCLUSIVE]}, False),
        ({}, {"default_tax_rates": [REVERSED]}, False),
        ({}, {"default_tax_rates": [{"inclusive": False, "percentage": "21"}]}, False),
        ({"tax_behavior": "exclusive", "tax_rates": [REVERSED]}, {}, False),
        ({"tax_rates": None}, {"default_tax_rates": None, "automatic_tax": None}, False),
    ],
)  # fmt: skip
def test_tax_that_comes_on_top_is_said(
    item: dict[str, Any], fields: dict[str, Any], excludes: bool
) -> None:
    found = amount(flat(**item), **fields)
    assert found is not None
    assert found.excludes_tax is excludes


def test_a_subscription_to_one_thing_is_about_one_product() -> None:
    for items, product in [
        ([flat()], "prod_pro"),
        ([flat(interval="year")], "prod_pro"),
        ([flat(product=None)], None),
        ([flat(), flat()], None),
        ([], None),
    ]:
        assert only_product(read_subscription(make_subscription(items=items))) == product


def price(**fields: Any) -> dict[str, Any]:
    obj = make_item(**{"interval": "year", "unit_amount": 29000, **fields})["price"]
    obj = {"active": True, **obj, **{k: v for k, v in fields.items() if k == "active"}}
    return {**obj, "product": fields.get("product", {"id": "prod_pro", "active": True})}


def test_only_flat_prices_for_a_year_that_are_for_sale_count() -> None:
    prices = [
        price(),
        price(interval="month", interval_count=12, unit_amount=30000),
        price(interval="month"),
        price(interval_count=2),
        price(active=False),
        price(active=None),
        price(unit_amount=None),
        price(usage_type="metered"),
        price(billing_scheme="tiered"),
        price(currency=None),
        price(product={"id": "prod_pro", "active": False}),
        price(product="prod_pro"),
        {},
    ]
    assert read_yearly_prices(prices) == (
        YearlyPrice(29000, "eur", None, PRICE),
        YearlyPrice(30000, "eur", None, PRICE),
    )


OFFER = YearlyPrice(29000, "eur", None)


def saving(*prices: YearlyPrice, **fields: Any) -> Saving | None:
    subscription = make_subscription(**{"items": [flat()], **fields})
    return yearly_saving(read_subscription(subscription), prices)


def test_two_months_for_nothing_are_a_saving() -> None:
    found = saving(OFFER)
    assert found == Saving(monthly=34800, yearly=29000, currency="eur")
    assert found.amount == 5800


@pytest.mark.parametrize(
    ("monthly", "yearly", "percent"),
    [
        (34800, 29000, 16),
        (1200, 852, 29),
        (10000, 4300, 57),
        (1000, 1, 99),
        (1000, 0, 100),
        (1000, 999, 0),
        (3, 2, 33),
    ],
)  # fmt: skip
def test_a_saving_is_rounded_down_to_whole_percents(
    monthly: int, yearly: int, percent: int
) -> None:
    assert Saving(monthly, yearly, "eur").percent == percent


def test_every_seat_saves() -> None:
    found = saving(OFFER, items=[flat(quantity=10)])
    assert found is not None
    assert found.amount == 58000


def test_of_several_yearly_prices_the_dearest_is_promised() -> None:
    found = saving(OFFER, YearlyPrice(31000, "eur", None))
    assert found is not None
    assert found.yearly == 31000


@pytest.mark.parametrize(
    "price",
    [
        pytest.param(YearlyPrice(34800, "eur", None), id="just-as-dear"),
        pytest.param(YearlyPrice(40000, "eur", None), id="dearer"),
        pytest.param(YearlyPrice(29000, "usd", None), id="another-currency"),
        pytest.param(YearlyPrice(29000, "eur", "exclusive"), id="before-tax"),
    ],
)
def test_what_is_no_sure_saving_is_not_promised(price: YearlyPrice) -> None:
    assert saving(price) is None
    assert saving() is None


@pytest.mark.parametrize(
    ("fields", "saves"),
    [
        ({}, True),
        ({"status": "trialing"}, True),
        ({"status": "past_due"}, False),
        ({"status": "paused"}, False),
        ({"status": "canceled"}, False),
        ({"cancel_at": 9}, False),
        ({"cancel_at_period_end": True}, False),
        ({"items": [flat(), flat()]}, False),
        ({"items": []}, False),
        ({"items": [flat(interval="year")]}, False),
        ({"items": [flat(interval_count=3)]}, False),
        ({"items": [flat(interval_count=12)]}, False),
        ({"items": [flat(usage_type="metered")]}, False),
        ({"items": [flat(product=None)]}, False),
        ({"items": [flat(unit_amount=0)]}, False),
        ({"items": [flat(quantity=0)]}, False),
        ({"currency": "usd"}, False),
        ({"currency": "eur"}, True),
        ({"discounts": ["di_1"]}, False),
        ({"items": [flat(discounts=["di_1"])]}, False),
        ({"customer": {"id": CUSTOMER, "discount": {"id": "di_1"}}}, False),
        ({"pause_collection": {"behavior": "void", "resumes_at": None}}, False),
        ({"schedule": "sub_sched_1"}, False),
        ({"pending_update": {"expires_at": 9}}, False),
        ({"collection_method": "send_invoice"}, False),
    ],
)  # fmt: skip
def test_only_who_goes_on_paying_for_one_thing_monthly_could_save(
    fields: dict[str, Any], saves: bool
) -> None:
    assert (saving(OFFER, **fields) is not None) is saves
