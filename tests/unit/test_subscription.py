"""Reading Stripe's objects: every fact is taken from its place, and nothing odd ever raises."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from billing_proxy.card.facts import (
    Discount,
    Invoice,
    Item,
    PauseCollection,
    PausePeriod,
    PaymentMethod,
    Phase,
    Schedule,
    Subscription,
)
from billing_proxy.gateway.fields import LATEST_MOMENT
from billing_proxy.gateway.reading import (
    read_flat_price,
    read_invoice,
    read_payment_page,
    read_schedule,
    read_subscription,
)

from .stripe_objects import (
    CUSTOMER,
    NOW,
    PRICE,
    at,
    list_of,
    make_invoice,
    make_item,
    make_schedule,
    make_subscription,
    paused_because,
)

NO_TEXT = [None, "", 0, 7, 1.5, True, [], {}, ["a"], {"a": 1}]
NO_MOMENT = [
    *(None, 0, -1, True, False, 1.5, float("nan"), float("inf"), "1795345200", [], {}),
    *(LATEST_MOMENT + 1, 10**30),
]
NO_OBJECT = [None, 0, 7, True, "", "text", [], 1.5]


def test_every_fact_is_read_from_its_place() -> None:
    read = read_subscription(
        make_subscription(
            id="sub_x",
            status="paused",
            created=1,
            cancel_at=2,
            cancel_at_period_end=True,
            canceled_at=3,
            ended_at=4,
            trial_end=5,
            collection_method="send_invoice",
            pause_collection={"behavior": "void", "resumes_at": 6},
            status_details=paused_because("system"),
            discounts=["di_x"],
            automatic_tax={"enabled": True},
            latest_invoice="in_x",
            schedule="sub_sched_x",
            items=[],
        )
    )
    assert read == Subscription(
        id="sub_x",
        customer=CUSTOMER,
        status="paused",
        created=1,
        cancel_at=2,
        cancel_at_period_end=True,
        canceled_at=3,
        ended_at=4,
        trial_end=5,
        collection_method="send_invoice",
        pause_collection=PauseCollection(resumes_at=6, behavior="void"),
        pause_reason="system",
        more_discounts=True,
        automatic_tax=True,
        latest_invoice="in_x",
        schedule="sub_sched_x",
        items=(),
    )


def test_every_fact_of_an_item_is_read_from_its_place() -> None:
    item = make_item(
        product="prod_x",
        interval="week",
        interval_count=2,
        current_period_end=10,
        billed_until=20,
        quantity=3,
        unit_amount=40,
        currency="USD",
        tax_behavior="exclusive",
        tax_rates=[{"inclusive": False, "percentage": 21.0}],
    )
    assert read_subscription(make_subscription(items=[item])).items == (
        Item(
            id="si_QXhVnC2h0Jczwc",
            price=PRICE,
            product="prod_x",
            interval="week",
            interval_count=2,
            current_period_end=10,
            billed_until=20,
            metered=False,
            quantity=3,
            unit_amount=40,
            currency="usd",
            tax_behavior="exclusive",
            taxed=True,
        ),
    )


def test_usage_is_told_from_seats() -> None:
    items = [make_item(usage_type="metered"), make_item(usage_type="licensed"), make_item()]
    read = read_subscription(make_subscription(items=items))
    assert [item.metered for item in read.items] == [True, False, False]


def test_nothing_at_all_is_a_subscription_without_facts() -> None:
    assert read_subscription({}) == Subscription()


def test_expanded_objects_are_read_by_their_id() -> None:
    read = read_subscription(
        make_subscription(
            latest_invoice=make_invoice(id="in_y"),
            schedule=make_schedule(),
            items=[make_item(product={"id": "prod_y", "object": "product", "deleted": True})],
        )
    )
    assert isinstance(read.latest_invoice, Invoice)
    assert read.latest_invoice.id == "in_y"
    assert read.schedule == "sub_sched_1Pgc7AB7WZ01zgkW"
    assert read.items[0].product == "prod_y"


def test_the_period_of_the_subscription_itself_is_not_looked_at() -> None:
    old = make_subscription(current_period_end=at("2026-12-31"), items=[])
    assert read_subscription(old).next_billing is None


@pytest.mark.parametrize("name", ["id", "status", "collection_method"])
@pytest.mark.parametrize("value", NO_TEXT, ids=repr)
def test_what_should_be_a_text_and_is_not_is_missing(name: str, value: Any) -> None:
    assert getattr(read_subscription(make_subscription(**{name: value})), name) is None


@pytest.mark.parametrize("name", ["schedule", "customer"])
@pytest.mark.parametrize("value", [*NO_TEXT, {"id": None}, {"id": 7}], ids=repr)
def test_a_reference_without_an_id_is_missing(name: str, value: Any) -> None:
    assert getattr(read_subscription(make_subscription(**{name: value})), name) is None


@pytest.mark.parametrize("name", ["cancel_at", "canceled_at", "ended_at", "trial_end"])
@pytest.mark.parametrize("value", NO_MOMENT, ids=repr)
def test_what_should_be_a_moment_and_is_not_is_missing(name: str, value: Any) -> None:
    assert getattr(read_subscription(make_subscription(**{name: value})), name) is None


@pytest.mark.parametrize("value", NO_MOMENT, ids=repr)
def test_a_subscription_without_a_creation_date_is_the_oldest(value: Any) -> None:
    assert read_subscription(make_subscription(created=value)).created == 0


@pytest.mark.parametrize("value", [1, LATEST_MOMENT])
def test_the_first_and_the_last_moment_there_are_count(value: int) -> None:
    assert read_subscription(make_subscription(cancel_at=value)).cancel_at == value


@pytest.mark.parametrize("value", [None, 0, 1, "true", "", [True]], ids=repr)
def test_only_true_means_that_it_ends_with_the_period(value: Any) -> None:
    read = read_subscription(make_subscription(cancel_at_period_end=value))
    assert read.cancel_at_period_end is False
    assert not read.ends


@pytest.mark.parametrize("value", NO_OBJECT, ids=repr)
def test_a_pause_that_is_no_object_is_none(value: Any) -> None:
    assert read_subscription(make_subscription(pause_collection=value)).pause_collection is None


def test_a_pause_without_a_date_is_open_ended() -> None:
    read = read_subscription(make_subscription(pause_collection={}))
    assert read.pause_collection == PauseCollection(resumes_at=None)


@pytest.mark.parametrize("value", [*NO_OBJECT, {}, {"paused": None}, {"paused": {}}], ids=repr)
def test_a_pause_reason_that_is_not_there_is_none(value: Any) -> None:
    assert read_subscription(make_subscription(status_details=value)).pause_reason is None


@pytest.mark.parametrize(
    "value", [*NO_OBJECT, {}, {"data": None}, {"data": {}}, {"data": [None, 7, "x", []]}], ids=repr
)
def test_items_that_are_no_objects_are_left_out(value: Any) -> None:
    assert read_subscription({**make_subscription(), "items": value}).items == ()


def test_an_odd_item_does_not_take_the_others_with_it() -> None:
    obj = {**make_subscription(), "items": list_of(None, make_item(product="prod_z"), 3)}
    assert [item.product for item in read_subscription(obj).items] == ["prod_z"]


@pytest.mark.parametrize(
    "price", [None, 0, 7, True, "", [], 1.5, {}, {"recurring": None}, {"recurring": []}], ids=repr
)
def test_an_item_without_a_usable_price_is_an_item_still(price: Any) -> None:
    obj = make_subscription(items=[{**make_item(current_period_end=9), "price": price}])
    assert read_subscription(obj).items == (Item(id="si_QXhVnC2h0Jczwc", current_period_end=9),)


@pytest.mark.parametrize("count", [0, -3, 1.5, "3", True, [], 10**9], ids=repr)
def test_an_interval_of_no_sensible_length_is_no_interval(count: Any) -> None:
    item = read_subscription(make_subscription(items=[make_item(interval_count=count)])).items[0]
    assert (item.interval, item.interval_count) == (None, 1)


def test_an_interval_without_a_count_is_one_of_them() -> None:
    item = read_subscription(make_subscription(items=[make_item(interval_count=None)])).items[0]
    assert (item.interval, item.interval_count) == ("month", 1)


@pytest.mark.parametrize(
    ("period_end", "billed_until", "expected"),
    [(5, None, 5), (None, 5, 5), (5, 9, 9), (9, 5, 9), (None, None, None)],
)
def test_an_item_is_billed_next_at_the_later_of_both(
    period_end: int | None, billed_until: int | None, expected: int | None
) -> None:
    assert Item(current_period_end=period_end, billed_until=billed_until).next_billing == expected


@pytest.mark.parametrize(
    ("cancel_at", "flag", "ends", "end"),
    [
        (None, False, False, None),
        (None, True, True, 40),
        (70, False, True, 70),
        (70, True, True, 70),
        (20, True, True, 20),
    ],
)  # fmt: skip
def test_both_cancel_signals_count_and_the_date_comes_first(
    cancel_at: int | None, flag: bool, ends: bool, end: int | None
) -> None:
    items = (Item(current_period_end=50), Item(current_period_end=40, billed_until=60), Item())
    sub = Subscription(cancel_at=cancel_at, cancel_at_period_end=flag, items=items)
    assert (sub.ends, sub.end) == (ends, end)


def test_the_flag_without_any_period_ends_at_an_unknown_time() -> None:
    sub = Subscription(cancel_at_period_end=True)
    assert sub.ends
    assert sub.end is None


@pytest.mark.parametrize(
    ("pause", "paused"),
    [
        (None, False),
        (PauseCollection(None), True),
        (PauseCollection(NOW + 1), True),
        (PauseCollection(NOW), False),
        (PauseCollection(NOW - 1), False),
    ],
)  # fmt: skip
def test_collection_is_paused_until_it_resumes(pause: PauseCollection | None, paused: bool) -> None:
    assert Subscription(pause_collection=pause).collection_paused_at(NOW) is paused


def test_every_moment_that_may_change_the_card_is_told() -> None:
    sub = Subscription(
        cancel_at=1,
        trial_end=2,
        pause_collection=PauseCollection(3),
        latest_invoice=Invoice(next_payment_attempt=4),
        items=(Item(current_period_end=5, billed_until=6), Item(current_period_end=7)),
        schedule=Schedule((Phase(11),), (PausePeriod(8, 9), PausePeriod(None, 10))),
        discounts=(Discount(end=12),),
        update_expires_at=13,
        next_pending_invoice_item_invoice=14,
        ended_at=15,
    )
    assert sorted(sub.moments()) == list(range(1, 16))
    assert list(Subscription(latest_invoice="in_1", schedule="sub_sched_1").moments()) == []


def test_an_invoice_says_what_is_owed_and_never_where() -> None:
    page = "https://invoice.stripe.com/i/acct_1/secret"
    payment = {"status": "open", "payment": {"payment_intent": {"status": "processing"}}}
    read = read_invoice(
        make_invoice(
            amount_remaining=2900,
            currency="eur",
            next_payment_attempt=5,
            due_date=6,
            hosted_invoice_url=page,
            payments=list_of(payment),
        )
    )
    assert read == Invoice("in_1PgafmB7WZ01zgkW", "open", 2900, "eur", 5, 6, True, True)
    assert "secret" not in repr(read)
    assert read_invoice({}) == Invoice()


@pytest.mark.parametrize(
    ("fields", "page"),
    [
        ({"hosted_invoice_url": "https://invoice.stripe.com/i/1"},
            "https://invoice.stripe.com/i/1"),
        ({"hosted_invoice_url": "http://127.0.0.1:9/i/1"}, "http://127.0.0.1:9/i/1"),
        ({"hosted_invoice_url": "https://invoice.stripe.com/i/1", "status": "paid"}, None),
        ({"hosted_invoice_url": "http://invoice.stripe.com/i/1"}, None),
        ({"hosted_invoice_url": "http://localhost.evil.example/i/1"}, None),
        ({"hosted_invoice_url": "javascript:alert(1)"}, None),
        ({"hosted_invoice_url": "https://a.example/\r\nSet-Cookie: x=y"}, None),
        ({"hosted_invoice_url": None}, None),
        ({"hosted_invoice_url": 7}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_an_invoice_is_paid_on_a_safe_page_or_nowhere(
    fields: dict[str, Any], page: str | None
) -> None:
    assert read_payment_page(make_invoice(**fields)) == page
    assert read_invoice(make_invoice(**fields)).payable is (page is not None)


@pytest.mark.parametrize(
    "payments",
    [*NO_OBJECT, {}, {"data": [None, {}]}, {"data": [{"payment": {"payment_intent": "pi_1"}}]}],
    ids=repr,
)
def test_a_payment_that_is_not_known_is_not_under_way(payments: Any) -> None:
    assert not read_invoice(make_invoice(payments=payments)).processing


def test_a_schedule_tells_its_phases_and_pauses() -> None:
    expanded = {**make_item()["price"], "product": {"id": "prod_x", "name": "Basis"}}
    phases = [
        {"start_date": 3, "items": [{"price": expanded, "quantity": 2}]},
        {"start_date": 4, "items": [{"price": "price_1", "quantity": 2}]},
        {"start_date": None},
        7,
    ]
    known, named, *rest = read_schedule(
        {**make_schedule((5, 6), (7, None)), "phases": phases}
    ).phases
    assert (known.start_date, known.items[0].product_name, known.items[0].quantity) == (
        3,
        "Basis",
        2,
    )
    assert named == Phase(4, (Item(price="price_1", quantity=2),))
    assert rest == []
    assert read_schedule(make_schedule((5, 6), (7, None))).pauses == (
        PausePeriod(5, 6),
        PausePeriod(7, None),
    )


@pytest.mark.parametrize("value", [*NO_OBJECT, {}, [None, 7]], ids=repr)
def test_a_schedule_of_nothing_plans_nothing(value: Any) -> None:
    assert read_schedule({"pause_schedules": value, "phases": value}) == Schedule()
    assert read_schedule({**make_schedule((5, 6)), "status": "released"}) == Schedule()


@pytest.mark.parametrize("entry", [{}, {"pause": None, "resume": 7}, {"resume": {}}], ids=repr)
def test_an_odd_pause_has_no_dates(entry: Any) -> None:
    assert read_schedule({"pause_schedules": [entry]}).pauses == (PausePeriod(None, None),)


CARD = {
    "brand": "visa",
    "last4": "4242",
    "exp_month": 12,
    "exp_year": 2026,
    "fingerprint": "secret",
}
ODD_CARD = {"last4": "42 42", "exp_month": 13, "exp_year": 2026}
VISA = {
    "id": "pm_1",
    "type": "card",
    "card": CARD,
    "billing_details": {"name": "secret", "email": "secret@example.com"},
}
SEPA = {"id": "pm_2", "type": "sepa_debit", "sepa_debit": {"last4": "3000"}}


def customer(method: Any, **fields: Any) -> dict[str, Any]:
    return {"id": CUSTOMER, "invoice_settings": {"default_payment_method": method}, **fields}


NOTHING = {"default_payment_method": None, "customer": customer(None)}


@pytest.mark.parametrize(
    ("fields", "method", "lacks"),
    [
        ({"default_payment_method": VISA}, PaymentMethod("card", "visa", "4242", 12, 2026), False),
        ({"default_payment_method": SEPA}, PaymentMethod("sepa_debit", None, "3000"), False),
        ({"default_payment_method": SEPA, "customer": customer(VISA)}, PaymentMethod("sepa_debit",
            None, "3000"), False),
        ({"default_payment_method": None, "customer": customer(VISA)}, PaymentMethod("card",
            "visa", "4242", 12, 2026), False),
        ({"default_payment_method": "pm_1", "customer": customer(VISA)}, None, False),
        ({"default_payment_method": {"type": "card"}}, PaymentMethod("card"), False),
        ({"default_payment_method": {**VISA, "card": ODD_CARD}}, PaymentMethod("card"), False),
        ({"default_payment_method": {"type": "x", "x": 7}}, PaymentMethod("x"), False),
        ({"default_payment_method": {"id": "pm_1"}}, None, False),
        ({"default_payment_method": 7}, None, False),
        (NOTHING, None, True),
        ({**NOTHING, "default_source": "card_1"}, None, False),
        ({**NOTHING, "customer": customer(None, default_source="card_1")}, None, False),
        ({**NOTHING, "customer": CUSTOMER}, None, False),
        ({**NOTHING, "customer": {"id": CUSTOMER, "deleted": True}}, None, False),
        ({"customer": customer(None)}, None, True),
        ({"customer": {"id": CUSTOMER, "invoice_settings": {}}}, None, False),
    ],
)  # fmt: skip
def test_what_is_paid_with_is_the_subscriptions_own_or_the_customers(
    fields: dict[str, Any], method: PaymentMethod | None, lacks: bool
) -> None:
    read = read_subscription(make_subscription(**fields))
    assert (read.payment_method, read.lacks_payment_method) == (method, lacks)
    assert "secret" not in repr(read)


def off(**coupon: Any) -> dict[str, Any]:
    return {"id": "di_1", "end": 9, "source": {"type": "coupon", "coupon": {"id": "x", **coupon}}}


@pytest.mark.parametrize(
    ("fields", "discounts", "more"),
    [
        ({"discounts": []}, (), False),
        ({"discounts": None}, (), False),
        ({"discounts": [off(percent_off=10.0)]}, (Discount(10.0, end=9),), False),
        ({"discounts": [off(amount_off=1000, currency="EUR", duration="once")]}, (Discount(None,
            1000, "eur", True, 9),), False),
        ({"discounts": ["di_1"]}, (), True),
        ({"discounts": [off(percent_off=10.0), "di_2"]}, (Discount(10.0, end=9),), True),
        ({"discounts": [{"id": "di_1", "source": {"coupon": "x"}}]}, (), True),
        ({"discounts": [off(deleted=True)]}, (), True),
        ({"discounts": [off(percent_off="10")]}, (), True),
        ({"discounts": [off(percent_off=float("inf"))]}, (), True),
        ({"discounts": [off(amount_off=1000)]}, (), True),
        ({"customer": {"discount": off(percent_off=5)}}, (Discount(5, end=9),), False),
        ({"discounts": [off(percent_off=10)], "customer": {"discount": off(percent_off=5)}},
            (Discount(10, end=9),), False),
        ({"items": [make_item(discounts=["di_1"])]}, (), True),
    ],
)  # fmt: skip
def test_a_discount_is_known_or_known_to_be_there(
    fields: dict[str, Any], discounts: tuple[Discount, ...], more: bool
) -> None:
    read = read_subscription(make_subscription(**fields))
    assert (read.discounts, read.more_discounts) == (discounts, more)


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({"unit_amount": None, "unit_amount_decimal": "0.5"}, Decimal("0.5")),
        ({"unit_amount": 2900, "unit_amount_decimal": "2900"}, 2900),
        ({"unit_amount": None, "unit_amount_decimal": "half"}, None),
        ({"unit_amount": None, "unit_amount_decimal": 0.5}, None),
        ({"unit_amount": None, "unit_amount_decimal": "-1"}, None),
    ],
)  # fmt: skip
def test_a_price_below_the_smallest_unit_has_decimals(
    fields: dict[str, Any], amount: Decimal | None
) -> None:
    assert read_flat_price({**make_item()["price"], **fields}).unit_amount == amount


def test_what_was_read_is_frozen_and_leaves_the_object_as_it_was() -> None:
    obj = make_subscription()
    before = copy.deepcopy(obj)
    read = read_subscription(obj)
    assert obj == before
    assert hash(read) == hash(read_subscription(before))
    with pytest.raises(AttributeError):
        read.status = "canceled"  # type: ignore[misc]
