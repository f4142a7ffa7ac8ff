"""One contract for both stores, and what several processes have of one between them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import pytest

from billing_proxy.cache.store import Entry, Lease, MemoryStore, Store
from billing_proxy.card.facts import Billing, Subscription
from billing_proxy.errors import (
    BillingError,
    StripeMisconfigured,
    StripeTooSlow,
    StripeUnavailable,
)
from billing_proxy.fleet.server import RedisServer
from billing_proxy.fleet.store import RedisStore
from tests.stage.clock import Clock
from tests.stage.redis_process import Server

KEY = "cus_anna"
CARD = Billing(KEY, (Subscription(id="sub_anna", status="active"),), {"prod_pro": "Pro"})
OLD_CARD = Billing(KEY, (Subscription(id="sub_anna", status="trialing"),))
RETENTION = 3630.0
PATIENCE = 10.0

Open: TypeAlias = Callable[..., Store[Any]]


def memory_store(clock: Clock) -> MemoryStore[Any]:
    return MemoryStore(maxsize=10, retention=RETENTION, clock=clock)


@pytest.fixture
def clock() -> Clock:
    return Clock(1_795_000_000.25)


@pytest.fixture
def process(server: Server, clock: Clock) -> Open:
    """What one more process has of the store on the server."""

    def open_(
        *, timeout: float = PATIENCE, pause: Callable[[float], object] = time.sleep
    ) -> Store[Any]:
        return RedisStore(
            RedisServer(server.url, secret="an account"),
            memory_store(clock),
            retention=RETENTION,
            timeout=timeout,
            clock=clock,
            pause=lambda seconds: pause(seconds) and None,
        )

    return open_


def fresh(entry: Entry[Any]) -> bool:
    return entry.fresh


def ask(
    store: Store[Any],
    *,
    accepts: Callable[[Entry[Any]], bool] = fresh,
    not_before: float | None = None,
    within: float = PATIENCE,
) -> Entry[Any] | Lease:
    return store.lease(KEY, accepts, not_before=not_before, until=time.monotonic() + within)


def lease(store: Store[Any], **options: Any) -> Lease:
    given = ask(store, **options)
    assert isinstance(given, Lease)
    return given


def known(store: Store[Any]) -> tuple[Any, float, bool] | None:
    entry = store.get(KEY)
    return entry and (entry.value, entry.read_at, entry.fresh)


class TestEveryStore:
    """``first`` and ``second`` are two processes, or the same one twice."""

    @pytest.fixture(params=["process", "fleet"])
    def stores(self, request: pytest.FixtureRequest, clock: Clock) -> list[Store[Any]]:
        if request.param == "process":
            return [memory_store(clock)] * 2
        open_ = request.getfixturevalue("process")
        return [open_(), open_()]

    @pytest.mark.parametrize("value", [CARD, None], ids=["a card", "an unknown customer"])
    def test_what_is_loaded_is_known_from_when_its_reading_began(
        self, stores: list[Store[Any]], clock: Clock, value: Billing | None
    ) -> None:
        first, second = stores
        began = clock.now
        held = lease(first)
        clock.advance(5)
        first.put(KEY, value, held)
        assert known(first) == known(second) == (value, began, True)
        assert ask(second) == second.get(KEY)
        assert isinstance(ask(second, accepts=lambda _: False), Lease)

    @pytest.mark.parametrize("event", ["expire", "drop"])
    def test_what_an_event_has_overtaken_is_not_fresh(
        self, stores: list[Store[Any]], clock: Clock, event: str
    ) -> None:
        first, second = stores
        held = lease(first)
        getattr(second, event)(KEY)
        after = lease(second)
        assert not first.put(KEY, OLD_CARD, held).fresh
        assert known(first) == known(second) == (OLD_CARD, clock.now, False)
        assert second.put(KEY, CARD, after).fresh
        assert known(first) == known(second) == (CARD, clock.now, True)

    def test_an_event_makes_what_is_known_old_or_unknown(
        self, stores: list[Store[Any]], clock: Clock
    ) -> None:
        first, second = stores
        first.put(KEY, CARD, lease(first))
        second.expire(KEY)
        assert known(first) == known(second) == (CARD, clock.now, False)
        second.drop(KEY)
        assert known(first) is known(second) is None

    def test_an_earlier_reading_does_not_take_the_place_of_a_later_one(
        self, stores: list[Store[Any]], clock: Clock
    ) -> None:
        first, second = stores
        early = lease(first)
        clock.advance(5)
        second.put(KEY, CARD, lease(second, not_before=clock.now))
        first.put(KEY, OLD_CARD, early)
        assert known(first) == known(second) == (CARD, clock.now, True)

    def test_a_reading_from_far_ahead_of_the_clock_makes_way(
        self, stores: list[Store[Any]], clock: Clock
    ) -> None:
        first, second = stores
        clock.advance(3600)
        first.put(KEY, OLD_CARD, lease(first))
        clock.advance(-3600)
        second.put(KEY, CARD, lease(second, accepts=lambda _: False))
        assert known(first) == known(second) == (CARD, clock.now, True)

    def test_after_a_failure_the_next_may_load(self, stores: list[Store[Any]]) -> None:
        first, second = stores
        first.fail(KEY, lease(first), StripeUnavailable())
        assert second.put(KEY, CARD, lease(second)).fresh


def test_who_comes_second_waits_for_the_first_and_takes_what_it_loaded(process: Open) -> None:
    naps: list[float] = []

    def pause(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            first.put(KEY, CARD, held)

    first, second = process(), process(pause=pause)
    held = lease(first)
    found = ask(second, accepts=lambda _: False)  # fresh for no time at all: it will do, once
    assert isinstance(found, Entry)
    assert (found.value, len(naps)) == (CARD, 3)
    assert isinstance(ask(second, accepts=lambda _: False), Lease)


@pytest.mark.parametrize("kind", [StripeUnavailable, StripeTooSlow, StripeMisconfigured])
def test_who_waits_shares_the_error_and_who_comes_later_tries_again(
    process: Open, kind: type[BillingError]
) -> None:
    error = kind()
    first, later = process(), process()
    second = process(pause=lambda _: first.fail(KEY, held, error))
    held = lease(first)
    with pytest.raises(kind) as raised:
        ask(second)
    assert type(raised.value) is kind
    assert raised.value is not error
    assert isinstance(ask(later), Lease)


def test_nobody_waits_for_longer_than_there_is_time(process: Open) -> None:
    lease(process())
    with pytest.raises(StripeTooSlow):
        ask(process(), within=0.05)


def test_a_process_that_died_holds_nobody_up_for_ever(process: Open) -> None:
    lease(process(timeout=0.05))
    assert isinstance(ask(process()), Lease)


def test_after_an_event_nobody_waits_for_what_began_before_it(process: Open) -> None:
    lease(process())
    second = process()
    second.expire(KEY)
    assert isinstance(ask(second), Lease)


def test_many_at_once_load_once(process: Open) -> None:
    loads: list[Store[Any]] = []

    def work(store: Store[Any]) -> Any:
        given = ask(store)
        if isinstance(given, Entry):
            return given.value
        loads.append(store)
        return store.put(KEY, CARD, given).value

    with ThreadPoolExecutor(12) as people:
        values = list(people.map(work, [process() for _ in range(12)]))
    assert values == [CARD] * 12
    assert len(loads) == 1


def test_a_card_is_gone_when_its_time_is_up_and_an_event_soon(
    process: Open, server: Server
) -> None:
    store = process()
    store.put(KEY, CARD, lease(store))
    (name,) = server.client.scan_iter("*:card:*")
    assert RETENTION * 1000 - 30_000 < server.client.pttl(name) <= RETENTION * 1000
    store.drop(KEY)
    store.expire("cus_bob")
    for name in server.client.scan_iter("*:card:*"):
        assert 0 < server.client.pttl(name) <= 120_000


def test_ids_that_are_not_on_the_card_are_not_kept(process: Open, server: Server) -> None:
    store = process()
    told = CARD.subscriptions[0]._replace(latest_invoice="in_secret", schedule="sub_sched_secret")
    store.put(KEY, CARD._replace(subscriptions=(told,), request_id="req_secret"), lease(store))
    assert b"secret" not in server.everything()
    found = process().get(KEY)
    assert found is not None
    assert found.value == CARD
