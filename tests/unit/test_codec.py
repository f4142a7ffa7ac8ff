"""Values for a server that others may write to: what comes back is what was sealed, or nothing."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.cache.products import Product
from billing_proxy.card.facts import (
    Billing,
    Discount,
    Invoice,
    Item,
    PauseCollection,
    PausePeriod,
    PaymentMethod,
    Phase,
    Schedule,
    Subscription,
    YearlyPrice,
)
from billing_proxy.fleet.codec import Codec
from billing_proxy.fleet.server import LAYOUT

from .examples import examples

SECRET = b"a secret of thirty-two bytes, yes"
BILLINGS: Codec[Billing | None] = Codec(Billing | None, SECRET)

moments = st.none() | st.integers(1, 2**40)
texts = st.none() | st.text(max_size=20)
amounts = st.none() | st.integers(0, 10**9) | st.just(Decimal("0.5"))
items = st.builds(
    Item, product=texts, interval=texts, current_period_end=moments, unit_amount=amounts
)
pauses = st.lists(st.builds(PausePeriod, moments, moments), max_size=2).map(tuple)
phases = st.lists(st.builds(Phase, st.integers(1, 2**40), st.tuples(items)), max_size=2).map(tuple)
subscriptions = st.builds(
    Subscription,
    id=texts,
    status=texts,
    cancel_at=moments,
    cancel_at_period_end=st.booleans(),
    pause_collection=st.none() | st.builds(PauseCollection, moments),
    items=st.lists(items, max_size=3).map(tuple),
    latest_invoice=texts | st.builds(Invoice, id=texts, due_date=moments, payable=st.booleans()),
    schedule=texts | st.builds(Schedule, phases, pauses),
    discounts=st.tuples(st.builds(Discount, st.none() | st.just(12.5), moments, texts)),
    payment_method=st.none() | st.builds(PaymentMethod, st.text(max_size=9), texts, texts),
)
prices = st.lists(st.builds(YearlyPrice, st.integers(0, 10**9), st.text(max_size=3), texts)).map(
    tuple
)
billings = st.none() | st.builds(
    Billing,
    customer=st.text(max_size=20),
    subscriptions=st.lists(subscriptions, max_size=3).map(tuple),
    product_names=st.dictionaries(st.text(max_size=9), st.text(max_size=9), max_size=2),
    yearly_prices=st.dictionaries(st.text(max_size=9), prices, max_size=2),
)


@examples(200)
@given(billings)
def test_what_is_sealed_comes_back_the_same(billing: Billing | None) -> None:
    assert BILLINGS.open("card:cus_a", BILLINGS.seal("card:cus_a", billing)) == billing


@pytest.mark.parametrize(
    "sealed",
    [
        None, b"", b"x", b"0" * 32, b"\xff" * 40,
        BILLINGS.seal("card:cus_b", Billing("cus_a")),
        Codec[Billing](Billing, b"another secret").seal("card:cus_a", Billing("cus_a")),
    ],
)  # fmt: skip
def test_what_was_not_sealed_for_this_customer_with_this_secret_is_refused(
    sealed: bytes | None,
) -> None:
    with pytest.raises(ValueError, match="signature"):
        BILLINGS.open("card:cus_a", sealed)


@examples(100)
@given(st.data())
def test_a_single_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(BILLINGS.seal("card:cus_a", Billing("cus_a")))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ValueError, match="signature"):
        BILLINGS.open("card:cus_a", bytes(sealed))


@pytest.mark.parametrize(
    "value", [[], "a text", {"customer": 7}, {"customer": "cus_a", "subscriptions": [1]}]
)
def test_a_value_of_another_type_is_refused_however_it_is_signed(value: object) -> None:
    sealed = Codec[object](object, SECRET).seal("card:cus_a", value)
    with pytest.raises(ValueError, match="type"):
        BILLINGS.open("card:cus_a", sealed)


def test_another_layout_of_what_is_kept_has_another_number() -> None:
    """Has what is kept changed? Then raise ``fleet.server.LAYOUT``, and enter both here."""
    kept = (
        Billing, Subscription, Item, PauseCollection, PausePeriod, Phase, Schedule, Invoice,
        Discount, PaymentMethod, YearlyPrice, Product,
    )  # fmt: skip
    shape = [(type_.__name__, [(f.name, f.type) for f in fields(type_)]) for type_ in kept]
    assert (LAYOUT, hashlib.sha256(repr(shape).encode()).hexdigest()[:12]) == (2, "49306b057e73")
