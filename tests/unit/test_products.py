"""Product names and yearly prices, shared by all customers, each fresh for a while."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from billing_proxy.cache.products import RETRY, Product, Products
from billing_proxy.card.facts import YearlyPrice
from tests.stage.clock import Clock

PATIENCE = 10.0
TTL = 3600.0
PRICES = (YearlyPrice(29000, "eur", None),)
ALFA = {"a": Product("Alfa")}


@pytest.fixture
def products(clock: Clock) -> Products:
    return Products(ttl=TTL, timer=clock)


def test_only_what_is_not_known_or_not_fresh_must_be_read(products: Products, clock: Clock) -> None:
    products.expire("a")  # nothing is known of it, which is no error
    assert products.missing(["a", "b"]) == ["a", "b"]
    products.put(["a"], ALFA, priced=None)
    assert products.missing(["a", "b"]) == ["b"]
    clock.advance(TTL - 0.001)
    assert products.missing(["a"]) == []
    clock.advance(0.001)
    assert products.missing(["a"]) == ["a"]
    assert products.get(["a", "b"]) == ALFA, "what was last known stands in"


def test_a_ttl_of_zero_reads_every_time(clock: Clock) -> None:
    products = Products(ttl=0, timer=clock)
    products.put(["a"], ALFA, priced=None)
    products.put_off(["b"], priced=None)
    assert products.missing(["a", "b"]) == ["a", "b"]


def test_a_product_that_stripe_does_not_have_is_known_as_such(products: Products) -> None:
    products.put(["a"], ALFA, priced=None)
    products.put(["a"], {}, priced=None)
    assert products.get(["a"]) == {"a": Product(None)}
    assert products.missing(["a"]) == []


def test_what_could_not_be_read_waits_for_the_next_try(products: Products, clock: Clock) -> None:
    products.put(["a"], ALFA, priced=None)
    products.expire("a")
    assert products.missing(["a"]) == ["a"]
    products.put_off(["a", "b"], priced="b")
    assert products.missing(["a", "b"], priced="b") == []
    assert products.get(["a", "b"]) == {**ALFA, "b": Product(None, ())}
    clock.advance(RETRY)
    assert products.missing(["a", "b"]) == ["a", "b"]


def test_a_name_alone_does_not_do_where_prices_matter(products: Products) -> None:
    products.put(["a", "b"], {**ALFA, "b": Product("Beta")}, priced=None)
    assert products.missing(["a", "b"], priced="a") == ["a"]
    products.put(["a"], {"a": Product("Alfa", PRICES)}, priced="a")
    assert products.missing(["a", "b"], priced="a") == []
    products.put(["b"], {"b": Product("Beta")}, priced="b")
    assert products.get(["b"]) == {"b": Product("Beta", ())}, "that there are none is known too"


def test_the_least_recently_used_product_makes_room(clock: Clock) -> None:
    products = Products(ttl=TTL, timer=clock, maxsize=2)
    for id_ in ("a", "b", "c"):
        products.put([id_], {id_: Product(id_)}, priced=None)
    assert products.missing(["a", "b", "c"]) == ["a"]


def test_one_thread_reads_at_a_time_and_another_waits_no_longer_than_it_can(
    products: Products,
) -> None:
    inside, go = threading.Event(), threading.Event()

    def read_slowly() -> None:
        with suppress(KeyError), products.reading(patience=PATIENCE) as mine:
            assert mine
            inside.set()
            assert go.wait(PATIENCE)
            raise KeyError  # even so the next one may

    with ThreadPoolExecutor(1) as other:
        slow = other.submit(read_slowly)
        assert inside.wait(PATIENCE)
        for patience in (0.01, 0, -1):
            with products.reading(patience=patience) as mine:
                assert not mine
        go.set()
        slow.result(PATIENCE)
    with products.reading(patience=0) as mine:
        assert mine
