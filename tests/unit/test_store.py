"""Where this process keeps cards: bounded, timed, and never taken in by a reading overtaken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.cache.store import Entry, Lease, MemoryStore
from billing_proxy.errors import StripeUnavailable

from .examples import examples
from .stripe_objects import NOW, Clock

KEY = "cus_a"


@pytest.fixture
def store(clock: Clock) -> MemoryStore[Any]:
    return MemoryStore(maxsize=3, retention=100, clock=clock)


def fresh(entry: Entry[Any]) -> bool:
    return entry.fresh


def test_what_is_loaded_is_known_from_the_moment_its_reading_began(
    store: MemoryStore[Any], clock: Clock
) -> None:
    lease = store.lease(KEY)
    clock.advance(5)
    assert store.put(KEY, "a card", lease) == Entry("a card", NOW)
    assert store.get(KEY) == Entry("a card", NOW)


def test_a_turn_gives_what_will_do_and_else_the_right_to_load(store: MemoryStore[Any]) -> None:
    assert isinstance(store.turn(KEY, fresh), Lease)
    store.put(KEY, "a card", store.lease(KEY))
    assert store.turn(KEY, fresh) == Entry("a card", NOW)
    assert isinstance(store.turn(KEY, lambda _: False), Lease)


@pytest.mark.parametrize("event", [MemoryStore.expire, MemoryStore.drop])
def test_a_reading_that_an_event_overtook_is_not_fresh(store: MemoryStore[Any], event: Any) -> None:
    before = store.lease(KEY)
    event(store, KEY)
    after = store.lease(KEY)
    assert store.put(KEY, "before", before).fresh is False
    assert store.put(KEY, "after", after).fresh is True


def test_an_earlier_reading_does_not_take_the_place_of_a_later_one(
    store: MemoryStore[Any], clock: Clock
) -> None:
    early = store.lease(KEY)
    clock.advance(1)
    store.put(KEY, "late", store.lease(KEY))
    store.put(KEY, "early", early)
    assert store.get(KEY) == Entry("late", NOW + 1)


def test_a_reading_from_ahead_of_the_clock_makes_way(store: MemoryStore[Any], clock: Clock) -> None:
    store.put(KEY, "from ahead", store.lease(KEY))
    clock.advance(-1)
    store.put(KEY, "now", store.lease(KEY))
    assert store.get(KEY) == Entry("now", clock.now)


def test_what_is_too_old_is_gone(store: MemoryStore[Any], clock: Clock) -> None:
    store.put(KEY, "a card", store.lease(KEY))
    clock.advance(101)
    assert store.get(KEY) is None


def test_what_may_not_be_kept_at_all_is_not_known(clock: Clock) -> None:
    store: MemoryStore[Any] = MemoryStore(maxsize=3, retention=0, clock=clock)
    store.put(KEY, "a card", store.lease(KEY))
    assert store.get(KEY) is None


def test_there_is_an_end_to_how_much_is_kept(store: MemoryStore[Any]) -> None:
    for number in range(9):
        store.put(number, "a card", store.lease(number))
    assert [number for number in range(9) if store.get(number)] == [6, 7, 8]


def test_an_error_is_nobody_elses(store: MemoryStore[Any]) -> None:
    lease = store.lease(KEY)
    store.fail(KEY, lease, StripeUnavailable())
    assert store.put(KEY, "a card", lease).fresh


def test_a_clock_set_back_and_forth_spoils_nothing(store: MemoryStore[Any], clock: Clock) -> None:
    store.put("cus_first", "a card", store.lease("cus_first"))
    clock.advance(-50)
    store.put("cus_older", "a card", store.lease("cus_older"))
    store.put(KEY, "a card", store.lease(KEY))
    clock.advance(110)
    store.get("cus_first")
    assert store.put("cus_next", "a card", store.lease("cus_next")).fresh
    store.expire("cus_first")
    assert store.get("cus_older") is None
    assert store.get("cus_next") is not None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["get", "put", "expire", "drop", "wait"]),
        st.sampled_from(["cus_a", "cus_b", "cus_c"]),
        st.sampled_from([0, 1, 99, 101, -10, -101]),
    ),
    max_size=40,
)


@examples(300)
@given(STEPS)
def test_whatever_the_clock_does_what_is_kept_can_be_found_and_forgotten(
    steps: list[tuple[str, str, int]],
) -> None:
    clock = Clock()
    store: MemoryStore[str] = MemoryStore(maxsize=2, retention=100, clock=clock)
    for step, key, seconds in steps:
        if step == "wait":
            clock.advance(seconds)
        elif step == "put":
            assert store.put(key, key, store.lease(key)).fresh
            assert store.get(key) is not None
        elif step == "get":
            entry = store.get(key)
            assert entry is None or (entry.value == key and clock.now - entry.read_at < 100)
        else:
            getattr(store, step)(key)
            entry = store.get(key)
            assert entry is None or not entry.fresh
