"""Values for a server that others may write to: what comes back is what was sealed, or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.cache.products import Product
from billing_proxy.card.facts import Billing
from billing_proxy.fleet.codec import Codec
from billing_proxy.fleet.server import LAYOUT

from .examples import examples

SECRET = b"a secret of thirty-two bytes, yes"
BILLINGS: Codec[Billing | None] = Codec(Billing | None, SECRET)
PLAIN = {
    NoneType: st.none(),
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=9),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False),
}


def values(type_: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that may be kept, whatever fields it has by now."""
    if hasattr(type_, "_fields"):
        hints = get_type_hints(type_)
        return st.builds(type_, **{name: values(hint) for name, hint in hints.items()})
    origin, args = get_origin(type_), get_args(type_)
    if origin is UnionType:
        return st.one_of(*map(values, args))
    if origin is tuple:
        return st.lists(values(args[0]), max_size=2).map(tuple)
    if origin in (dict, Mapping):
        return st.dictionaries(values(args[0]), values(args[1]), max_size=2)
    return PLAIN[type_] if type_ in PLAIN else st.from_type(type_)


def kept(type_: Any) -> Iterator[Any]:
    """The records that a value of ``type_`` may be made of."""
    inside = get_args(type_)
    if hasattr(type_, "_fields"):
        yield type_
        inside = tuple(get_type_hints(type_).values())
    for part in inside:
        yield from kept(part)


@examples(100)
@given(values(Billing) | st.none())
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
    "value", [{}, "a text", [7], ["cus_a", [1]], ["cus_a", [], {}, {}, None, "more"]]
)
def test_a_value_of_another_type_is_refused_however_it_is_signed(value: object) -> None:
    sealed = Codec[object](object, SECRET).seal("card:cus_a", value)
    with pytest.raises(ValueError, match="type"):
        BILLINGS.open("card:cus_a", sealed)


def test_another_layout_of_what_is_kept_has_another_number() -> None:
    """Has what is kept changed? Then raise ``fleet.server.LAYOUT``, and enter both here."""
    shape = {
        record.__name__: list(get_type_hints(record).items())
        for type_ in (Billing, Product)
        for record in kept(type_)
    }
    digest = hashlib.sha256(repr(sorted(shape.items())).encode()).hexdigest()
    assert (LAYOUT, digest[:12]) == (3, "a2b5f9d6d121")
