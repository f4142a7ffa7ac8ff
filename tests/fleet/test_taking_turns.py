"""Several processes want the same card at once: one loads, and the others have what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from billing_proxy.cache.store import Entry, Lease, MemoryStore
from billing_proxy.card.billing import Billing
from billing_proxy.card.facts import Subscription
from billing_proxy.errors import (
    BillingError,
    ReadBudgetSpent,
    StripeMisconfigured,
    StripeRateLimited,
    StripeTooSlow,
    StripeUnavailable,
)
from billing_proxy.fleet.server import RedisServer
from billing_proxy.fleet.store import RedisStore
from tests.fleet.redis_process import Server
from tests.web.clock import Clock

KEY = "cus_anna"
CARD = Billing(KEY, (Subscription(id="sub_anna", status="active"),), {"prod_pro": "Pro"})
OLD_CARD = Billing(KEY, (Subscription(id="sub_anna", status="trialing"),))
PATIENCE = 10.0

Store = RedisStore
Open = Callable[..., Store]


@pytest.fixture
def clock() -> Clock:
    return Clock(1_795_000_000.25)


@pytest.fixture
def process(server: Server, clock: Clock) -> Open:
    """What a process has of the cache, as one more process."""

    def open_(*, timeout: float = PATIENCE, pause: Callable[[float], None] = time.sleep) -> Store:
        memory: MemoryStore[Any] = MemoryStore(maxsize=10, retention=3630, clock=clock)
        shared = RedisServer(server.url, secret="an account")
        return RedisStore(shared, memory, retention=3630, timeout=timeout, clock=clock, pause=pause)

    return open_


def fresh(entry: Entry[Any]) -> bool:
    return entry.fresh


def turn(
    store: Store,
    *,
    does: Callable[[Entry[Any]], bool] = fresh,
    not_before: float | None = None,
    within: float = PATIENCE,
) -> Entry[Any] | Lease:
    return store.turn(KEY, does, not_before=not_before, until=time.monotonic() + within)


def lease(store: Store, **options: Any) -> Lease:
    given = turn(store, **options)
    assert isinstance(given, Lease)
    return given


def test_the_first_may_load_and_the_next_has_what_it_loaded(process: Open, clock: Clock) -> None:
    first, second = process(), process()
    first.put(KEY, CARD, lease(first))
    found = turn(second)
    assert isinstance(found, Entry)
    assert (found.value, found.read_at, found.fresh) == (CARD, clock.now, True)
    assert second.get(KEY) == found


def test_an_unknown_customer_is_shared_like_any_answer(process: Open) -> None:
    first, second = process(), process()
    first.put(KEY, None, lease(first))
    found = second.get(KEY)
    assert found is not None
    assert found.value is None
    assert found.fresh


def test_who_comes_second_waits_for_the_first(process: Open) -> None:
    naps: list[float] = []

    def pause(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            first.put(KEY, CARD, held)

    first, second = process(), process(pause=pause)
    held = lease(first)
    found = turn(second)
    assert isinstance(found, Entry)
    assert found.value == CARD
    assert len(naps) == 3


def test_what_was_waited_for_does_even_if_nothing_stays_fresh(process: Open) -> None:
    first, second = process(), process(pause=lambda _: first.put(KEY, CARD, held) and None)
    held = lease(first)
    found = turn(second, does=lambda _: False)
    assert isinstance(found, Entry)
    assert found.value == CARD
    assert isinstance(turn(second, does=lambda _: False), Lease)


@pytest.mark.parametrize(
    "error",
    [
        StripeUnavailable(),
        StripeTooSlow(),
        StripeRateLimited(),
        ReadBudgetSpent(),
        StripeMisconfigured(),
    ],
)
def test_who_waits_shares_the_error_and_who_comes_later_tries_again(
    process: Open, error: BillingError
) -> None:
    first, later = process(), process()
    second = process(pause=lambda _: first.fail(KEY, held, error))
    held = lease(first)
    with pytest.raises(type(error)) as raised:
        turn(second)
    assert type(raised.value) is type(error)
    assert raised.value is not error
    assert isinstance(turn(later), Lease)


def test_nobody_waits_for_longer_than_there_is_time(process: Open) -> None:
    first, second = process(), process()
    lease(first)
    with pytest.raises(StripeTooSlow):
        turn(second, within=0.05)


def test_a_process_that_died_holds_nobody_up_for_ever(process: Open) -> None:
    lease(process(timeout=0.05))
    assert isinstance(turn(process()), Lease)


def test_who_needs_a_later_reading_does_not_wait_for_an_earlier_one(
    process: Open, clock: Clock
) -> None:
    first, second, third = process(), process(), process()
    early = lease(first)
    clock.advance(5)
    late = lease(second, not_before=clock.now)
    second.put(KEY, CARD, late)
    first.put(KEY, OLD_CARD, early)  # comes in last, and is older
    found = third.get(KEY)
    assert found is not None
    assert (found.value, found.read_at) == (CARD, clock.now)


def test_what_an_event_has_overtaken_is_kept_and_not_fresh(process: Open) -> None:
    first, second = process(), process()
    held = lease(first)
    second.expire(KEY)
    assert not first.put(KEY, OLD_CARD, held).fresh
    for store in (first, second):
        found = store.get(KEY)
        assert found is not None
        assert (found.value, found.fresh) == (OLD_CARD, False)
    first.put(KEY, CARD, lease(second))
    assert [store.get(KEY).fresh for store in (first, second)] == [True, True]  # type: ignore[union-attr]


def test_after_an_event_nobody_waits_for_what_began_before_it(process: Open) -> None:
    first, second = process(), process()
    lease(first)
    second.expire(KEY)
    assert isinstance(turn(second), Lease)


def test_a_clock_that_was_far_ahead_blocks_nobody(process: Open, clock: Clock) -> None:
    first, second = process(), process()
    clock.advance(3600)
    first.put(KEY, OLD_CARD, lease(first))
    clock.advance(-3600)
    second.put(KEY, CARD, lease(second, does=lambda _: False))
    found = first.get(KEY)
    assert found is not None
    assert found.value == CARD


def test_many_at_once_load_once(process: Open) -> None:
    loads: list[Store] = []

    def work(store: Store) -> Any:
        given = turn(store)
        if isinstance(given, Entry):
            return given.value
        loads.append(store)
        return store.put(KEY, CARD, given).value

    with ThreadPoolExecutor(12) as people:
        values = list(people.map(work, [process() for _ in range(12)]))
    assert values == [CARD] * 12
    assert len(loads) == 1


def test_a_card_is_gone_when_its_time_is_up(process: Open, server: Server) -> None:
    store = process()
    store.put(KEY, CARD, lease(store))
    (name,) = server.client.scan_iter("*:card:*")
    assert 3_600_000 < server.client.pttl(name) <= 3_630_000


def test_an_event_about_a_customer_nobody_knows_leaves_little_behind(
    process: Open, server: Server
) -> None:
    store = process()
    store.expire(KEY)
    store.drop("cus_bob")
    for name in server.client.scan_iter("*:card:*"):
        assert 0 < server.client.pttl(name) <= 120_000


def test_ids_that_are_not_on_the_card_are_not_kept(process: Open, server: Server) -> None:
    store = process()
    told = replace(CARD.subscriptions[0], latest_invoice="in_secret", schedule="sub_sched_secret")
    store.put(KEY, replace(CARD, subscriptions=(told,), request_id="req_secret"), lease(store))
    assert b"secret" not in server.everything()
    found = process().get(KEY)
    assert found is not None
    assert found.value == CARD
