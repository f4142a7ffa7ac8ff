"""Product names and yearly prices, shared by all customers, read seldom."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from billing_proxy.cache.products import RETRY, Catalog, Product
from billing_proxy.card.facts import YearlyPrice
from billing_proxy.errors import BillingError, StripeMisconfigured, StripeUnavailable

from .stripe_objects import Clock

PATIENCE = 10.0
TTL = 3600.0
PRICES = (YearlyPrice(29000, "eur", None),)


class Shelf:
    """The products there are at Stripe, and what was read of them."""

    def __init__(self) -> None:
        self.products = {"a": "Alfa", "b": "Beta"}
        self.prices: dict[str, tuple[YearlyPrice, ...]] = {}
        self.reads: list[tuple[tuple[str, ...], str | None]] = []
        self.error: BillingError | None = None

    def __call__(self, ids: Sequence[str], priced: str | None) -> Mapping[str, Product]:
        self.reads.append((tuple(ids), priced))
        if self.error:
            raise self.error
        return {
            id_: Product(
                name=self.products[id_],
                yearly_prices=self.prices.get(id_, ()) if id_ == priced else None,
            )
            for id_ in ids
            if id_ in self.products
        }


@pytest.fixture
def catalog(clock: Clock) -> Catalog:
    return Catalog(ttl=TTL, clock=clock)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def names(catalog: Catalog, shelf: Shelf, *ids: str) -> dict[str, str | None]:
    found = catalog.products(ids, shelf, patience=PATIENCE)
    return {id_: product.name for id_, product in found.items()}


def test_a_name_is_read_once_for_all_customers(catalog: Catalog, shelf: Shelf) -> None:
    for _ in range(3):
        assert names(catalog, shelf, "a", "b") == {"a": "Alfa", "b": "Beta"}
    assert shelf.reads == [(("a", "b"), None)]


def test_only_what_is_missing_is_read(catalog: Catalog, shelf: Shelf) -> None:
    names(catalog, shelf, "a")
    assert names(catalog, shelf, "a", "b") == {"a": "Alfa", "b": "Beta"}
    assert shelf.reads == [(("a",), None), (("b",), None)]


def test_nothing_wanted_is_nothing_read(catalog: Catalog, shelf: Shelf) -> None:
    assert names(catalog, shelf) == {}
    assert shelf.reads == []


def test_a_name_is_read_again_when_its_time_is_up(
    catalog: Catalog, shelf: Shelf, clock: Clock
) -> None:
    names(catalog, shelf, "a")
    shelf.products["a"] = "Alpha"
    clock.advance(TTL - 1)
    assert names(catalog, shelf, "a") == {"a": "Alfa"}
    clock.advance(1)
    assert names(catalog, shelf, "a") == {"a": "Alpha"}


def test_a_deleted_product_has_no_name_and_that_is_remembered(
    catalog: Catalog, shelf: Shelf
) -> None:
    for _ in range(3):
        assert names(catalog, shelf, "gone") == {"gone": None}
    assert len(shelf.reads) == 1


def test_a_product_that_was_deleted_since_loses_its_name(
    catalog: Catalog, shelf: Shelf, clock: Clock
) -> None:
    names(catalog, shelf, "a")
    del shelf.products["a"]
    clock.advance(TTL)
    assert names(catalog, shelf, "a") == {"a": None}


@pytest.mark.parametrize("error", [StripeUnavailable("down"), StripeMisconfigured("no permission")])
def test_a_name_that_cannot_be_read_costs_the_name_alone(
    catalog: Catalog, shelf: Shelf, clock: Clock, error: BillingError
) -> None:
    shelf.error = error
    assert names(catalog, shelf, "a").get("a") is None
    clock.advance(RETRY - 1)
    names(catalog, shelf, "a")
    assert len(shelf.reads) == 1  # Stripe is left alone for a while
    clock.advance(1)
    shelf.error = None
    assert names(catalog, shelf, "a") == {"a": "Alfa"}


def test_the_last_known_name_stands_in(catalog: Catalog, shelf: Shelf, clock: Clock) -> None:
    names(catalog, shelf, "a")
    shelf.error = StripeUnavailable("down")
    clock.advance(TTL)
    assert names(catalog, shelf, "a", "b")["a"] == "Alfa"
    clock.advance(RETRY)
    assert names(catalog, shelf, "a")["a"] == "Alfa"


def test_a_ttl_shorter_than_the_retry_holds_for_failures_too(shelf: Shelf, clock: Clock) -> None:
    catalog = Catalog(ttl=1, clock=clock)
    shelf.error = StripeUnavailable("down")
    names(catalog, shelf, "a")
    clock.advance(1)
    names(catalog, shelf, "a")
    assert len(shelf.reads) == 2


def test_a_ttl_of_zero_reads_every_time(shelf: Shelf, clock: Clock) -> None:
    catalog = Catalog(ttl=0, clock=clock)
    for _ in range(3):
        assert names(catalog, shelf, "a") == {"a": "Alfa"}
    assert len(shelf.reads) == 3


def test_a_forgotten_product_is_read_again(catalog: Catalog, shelf: Shelf) -> None:
    names(catalog, shelf, "a", "b")
    shelf.products["a"] = "Alpha"
    catalog.forget("a")
    assert names(catalog, shelf, "a", "b") == {"a": "Alpha", "b": "Beta"}
    assert shelf.reads[1:] == [(("a",), None)]


def test_a_forgotten_name_stands_in_for_as_long_as_it_cannot_be_read(
    catalog: Catalog, shelf: Shelf
) -> None:
    names(catalog, shelf, "a")
    catalog.forget("a")
    shelf.error = StripeUnavailable("down")
    assert names(catalog, shelf, "a") == {"a": "Alfa"}


def test_forgetting_a_stranger_is_nothing(catalog: Catalog, shelf: Shelf) -> None:
    catalog.forget("a")
    assert names(catalog, shelf, "a") == {"a": "Alfa"}


def test_the_least_recently_used_product_makes_room(shelf: Shelf, clock: Clock) -> None:
    catalog = Catalog(ttl=TTL, clock=clock, maxsize=2)
    for id_ in ("a", "b", "c", "c", "b"):
        names(catalog, shelf, id_)
    assert [ids for ids, _ in shelf.reads] == [("a",), ("b",), ("c",)]
    names(catalog, shelf, "a")
    assert len(shelf.reads) == 4


class TestYearlyPrices:
    def test_they_are_read_for_the_product_they_matter_for(
        self, catalog: Catalog, shelf: Shelf
    ) -> None:
        shelf.prices["a"] = PRICES
        found = catalog.products(["a", "b"], shelf, priced="a", patience=PATIENCE)
        assert found == {"a": Product("Alfa", PRICES), "b": Product("Beta", None)}
        assert shelf.reads == [(("a", "b"), "a")]

    def test_they_are_remembered_with_the_name(self, catalog: Catalog, shelf: Shelf) -> None:
        shelf.prices["a"] = PRICES
        for _ in range(3):
            found = catalog.products(["a"], shelf, priced="a", patience=PATIENCE)
            assert found["a"].yearly_prices == PRICES
        assert len(shelf.reads) == 1

    def test_none_is_an_answer_too(self, catalog: Catalog, shelf: Shelf) -> None:
        for _ in range(3):
            catalog.products(["a", "gone"], shelf, priced="a", patience=PATIENCE)
            catalog.products(["gone"], shelf, priced="gone", patience=PATIENCE)
        assert shelf.reads == [(("a", "gone"), "a"), (("gone",), "gone")]

    def test_a_name_alone_does_not_do_where_prices_matter(
        self, catalog: Catalog, shelf: Shelf
    ) -> None:
        shelf.prices["a"] = PRICES
        names(catalog, shelf, "a", "b")
        found = catalog.products(["a", "b"], shelf, priced="a", patience=PATIENCE)
        assert found["a"] == Product("Alfa", PRICES)
        assert shelf.reads[1:] == [(("a",), "a")]

    def test_what_is_fresh_is_not_priced_again_because_of_its_neighbour(
        self, catalog: Catalog, shelf: Shelf
    ) -> None:
        catalog.products(["a"], shelf, priced="a", patience=PATIENCE)
        catalog.products(["a", "b"], shelf, priced="a", patience=PATIENCE)
        assert shelf.reads[1:] == [(("b",), None)]

    def test_a_failure_does_not_make_it_ask_again_at_once(
        self, catalog: Catalog, shelf: Shelf, clock: Clock
    ) -> None:
        shelf.error = StripeUnavailable("down")
        for _ in range(3):
            catalog.products(["a"], shelf, priced="a", patience=PATIENCE)
        assert len(shelf.reads) == 1
        shelf.error, shelf.prices["a"] = None, PRICES
        clock.advance(RETRY)
        found = catalog.products(["a"], shelf, priced="a", patience=PATIENCE)
        assert found["a"] == Product("Alfa", PRICES)


class TestTogether:
    """One thread reads at a time; the others find what it read, or go without."""

    def test_many_at_once_make_one_read(self, catalog: Catalog, shelf: Shelf) -> None:
        inside, go = threading.Event(), threading.Event()

        def slow(ids: Sequence[str], priced: str | None) -> Mapping[str, Product]:
            inside.set()
            assert go.wait(PATIENCE)
            return shelf(ids, priced)

        with ThreadPoolExecutor(8) as people:
            first = people.submit(catalog.products, ["a"], slow, patience=PATIENCE)
            assert inside.wait(PATIENCE)
            others = [
                people.submit(catalog.products, ["a"], shelf, patience=PATIENCE) for _ in range(7)
            ]
            go.set()
            found = [future.result(PATIENCE) for future in [first, *others]]
        assert found == [{"a": Product("Alfa")}] * 8
        assert len(shelf.reads) == 1

    @pytest.mark.parametrize("patience", [0.05, 0, -1])
    def test_who_has_no_time_to_wait_goes_without_the_name(
        self, catalog: Catalog, shelf: Shelf, patience: float
    ) -> None:
        names(catalog, shelf, "b")
        inside, go = threading.Event(), threading.Event()

        def slow(ids: Sequence[str], priced: str | None) -> Mapping[str, Product]:
            inside.set()
            assert go.wait(PATIENCE)
            return shelf(ids, priced)

        with ThreadPoolExecutor(1) as other:
            other.submit(catalog.products, ["a"], slow, patience=PATIENCE)
            assert inside.wait(PATIENCE)
            assert catalog.products(["a", "b"], shelf, patience=patience) == {"b": Product("Beta")}
            go.set()

    def test_a_read_that_crashes_lets_the_next_one_in(self, catalog: Catalog, shelf: Shelf) -> None:
        def crash(ids: Sequence[str], priced: str | None) -> Mapping[str, Product]:
            raise KeyError(ids[0])

        with pytest.raises(KeyError):
            catalog.products(["a"], crash, patience=PATIENCE)
        assert names(catalog, shelf, "a") == {"a": "Alfa"}
