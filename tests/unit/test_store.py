"""Where this process keeps cards: bounded, timed, whatever its clock does.

The contract that it shares with the store of a fleet is in tests/fleet/test_stores.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.cache.store import MemoryStore
from tests.stage.clock import Clock

from .examples import examples

KEY = "cus_a"


@pytest.fixture
def store(clock: Clock) -> MemoryStore[Any]:
    return MemoryStore(maxsize=3, retention=100, clock=clock)


@pytest.mark.parametrize(("retention", "age"), [(100, 101), (0, 0)])
def test_what_is_too_old_is_gone(clock: Clock, retention: float, age: float) -> None:
    store: MemoryStore[Any] = MemoryStore(maxsize=3, retention=retention, clock=clock)
    store.put(KEY, "a card", store.grant(KEY))
    clock.advance(age)
    assert store.get(KEY) is None


def test_there_is_an_end_to_how_much_is_kept(store: MemoryStore[Any]) -> None:
    for number in range(9):
        store.put(number, "a card", store.grant(number))
    assert [number for number in range(9) if store.get(number)] == [6, 7, 8]


def test_a_clock_set_back_and_forth_spoils_nothing(store: MemoryStore[Any], clock: Clock) -> None:
    store.put("cus_first", "a card", store.grant("cus_first"))
    clock.advance(-50)
    store.put("cus_older", "a card", store.grant("cus_older"))
    store.put(KEY, "a card", store.grant(KEY))
    clock.advance(110)
    store.get("cus_first")
    assert store.put("cus_next", "a card", store.grant("cus_next")).fresh
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
            assert store.put(key, key, store.grant(key)).fresh
            assert store.get(key) is not None
        elif step == "get":
            entry = store.get(key)
            assert entry is None or (entry.value == key and clock.now - entry.read_at < 100)
        else:
            getattr(store, step)(key)
            entry = store.get(key)
            assert entry is None or not entry.fresh
