"""The cache of cards: seconds of freshness, one call for many, the last known card in an outage."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.cache.breaker import PROBE_INTERVAL, CircuitBreaker
from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.guard import Guard
from billing_proxy.cache.store import MemoryStore
from billing_proxy.cache.threads import Threads
from billing_proxy.errors import (
    BillingError,
    CustomerNotFound,
    ReadBudgetSpent,
    StripeMisconfigured,
    StripeRateLimited,
    StripeUnavailable,
)
from billing_proxy.loader import Found, Loader, Outcome

from .examples import examples
from .stripe_objects import NOW, Clock

PATIENCE = 10.0
TTL, STALE_IF_ERROR = 30.0, 3600.0


class Source:
    """What is loaded from: it counts, and answers with its number or fails."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: BillingError | None = None

    def __call__(self, _: float) -> str:
        self.calls += 1
        if self.error:
            raise self.error
        return f"card {self.calls}"


class _Waited(Future[Any]):
    """A future that tells when one more thread waits for it."""

    def __init__(self, waiting: threading.Semaphore) -> None:
        super().__init__()
        self._waiting = waiting
        self._threads: set[int] = set()
        self.patience: list[float | None] = []

    def result(self, timeout: float | None = None) -> Any:
        self.patience.append(timeout)
        if threading.get_ident() not in self._threads:
            self._threads.add(threading.get_ident())
            self._waiting.release()
        return super().result(timeout)


class ManualThreads(Threads):
    """Threads whose calls run when the test says so, in the test's own thread."""

    def __init__(self) -> None:
        super().__init__(size=1)
        self.waiting = threading.Semaphore(0)
        self.calls: list[tuple[Callable[[], Any], _Waited]] = []

    def submit(self, call: Callable[[], Any]) -> Future[Any]:
        future = _Waited(self.waiting)
        self.calls.append((call, future))
        return future

    def somebody_waits(self, people: int = 1) -> None:
        """Come back once that many more callers wait."""
        for _ in range(people):
            assert self.waiting.acquire(timeout=PATIENCE)

    def finish(self, number: int) -> None:
        call, future = self.calls[number]
        try:
            value = call()
        except BillingError as error:
            future.set_exception(error)
        else:
            future.set_result(value)


def make_guard(
    *, threshold: int = 1000, timer: Clock | None = None, max_waiting: int = 100
) -> Guard:
    timer = timer or Clock()
    breaker = CircuitBreaker(threshold=threshold, timer=timer)
    return Guard(breaker, ReadBudget(10_000, timer=timer), max_waiting=max_waiting)


class Cache(Loader[Any]):
    """A loader whose reader is named with each request."""

    def __init__(self, **options: Any) -> None:
        self.sources: dict[str, Callable[[float], Any]] = {}
        super().__init__(self, **options)

    def get(  # type: ignore[override]
        self, customer: str, source: Callable[[float], Any], *, not_before: float | None = None
    ) -> Found[Any]:
        self.sources[customer] = source
        return super().get(customer, not_before=not_before)

    def read(self, customer: str, *, until: float) -> Any:
        return self.sources[customer](until)


def make_cache(clock: Clock, *, maxsize: int = 100, **options: Any) -> Cache:
    retention = options.get("ttl", TTL) + options.get("stale_if_error", STALE_IF_ERROR)
    defaults = {
        "store": MemoryStore(maxsize=maxsize, retention=retention, clock=clock),
        "ttl": TTL,
        "stale_if_error": STALE_IF_ERROR,
        "timeout": PATIENCE,
        "threads": Threads(size=2),
        "guard": make_guard(),
        "clock": clock,
    }
    return Cache(**{**defaults, **options})


def store_with(card: str, clock: Clock) -> MemoryStore[Any]:
    """A store that knows the card of cus_a since now."""
    store: MemoryStore[Any] = MemoryStore(maxsize=9, retention=TTL + STALE_IF_ERROR, clock=clock)
    store.put("cus_a", card, store.grant("cus_a"))
    return store


@pytest.fixture
def cache(clock: Clock) -> Cache:
    return make_cache(clock)


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def timer() -> Clock:
    """The seconds of the guard, which are not those of the calendar."""
    return Clock(0)


@pytest.fixture
def people() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(40) as pool:
        yield pool


def test_a_cold_card_is_loaded_once_and_a_warm_one_not_at_all(
    cache: Cache, source: Source, clock: Clock
) -> None:
    assert cache.get("cus_a", source) == Found("card 1", NOW, Outcome.MISS)
    clock.advance(TTL - 1)
    assert cache.get("cus_a", source) == Found("card 1", NOW, Outcome.HIT)
    assert source.calls == 1


def test_a_card_is_loaded_again_when_its_time_is_up(
    cache: Cache, source: Source, clock: Clock
) -> None:
    cache.get("cus_a", source)
    clock.advance(TTL)
    assert cache.get("cus_a", source) == Found("card 2", NOW + TTL, Outcome.MISS)


@pytest.mark.parametrize("stale_if_error", [0, STALE_IF_ERROR])
def test_a_ttl_of_zero_loads_every_time(
    clock: Clock, source: Source, stale_if_error: float
) -> None:
    cache = make_cache(clock, ttl=0, stale_if_error=stale_if_error)
    outcomes = [cache.get("cus_a", source).outcome for _ in range(3)]
    assert outcomes == [Outcome.MISS] * 3
    assert source.calls == 3


def test_a_card_is_as_old_as_the_moment_its_reading_began(cache: Cache, clock: Clock) -> None:
    def slow(_: float) -> str:
        clock.advance(5)
        return "card"

    assert cache.get("cus_a", slow).read_at == NOW
    clock.advance(TTL - 6)
    assert cache.get("cus_a", slow).outcome is Outcome.HIT
    clock.advance(1)
    assert cache.get("cus_a", slow).outcome is Outcome.MISS


def test_an_unknown_customer_is_remembered_like_any_answer(cache: Cache) -> None:
    calls = []
    for _ in range(3):
        assert cache.get("cus_gone", calls.append).value is None
    assert len(calls) == 1


def test_nobody_gets_the_card_of_somebody_else(cache: Cache) -> None:
    for _ in range(2):
        for customer in ("cus_a", "cus_b", "cus_A"):
            found = cache.get(customer, lambda _, customer=customer: f"card of {customer}")
            assert found.value == f"card of {customer}"


def test_the_loader_is_told_by_when_it_has_to_be_done(clock: Clock) -> None:
    untils: list[float] = []
    earliest = time.monotonic() + 7
    make_cache(clock, timeout=7).get("cus_a", untils.append)
    assert earliest <= untils[0] <= time.monotonic() + 7


class TestOutage:
    """While Stripe fails, the last known card stands in, for as long as was set."""

    def test_the_last_known_card_stands_in_with_the_time_it_was_read(
        self, cache: Cache, source: Source, clock: Clock
    ) -> None:
        cache.get("cus_a", source)
        source.error = StripeUnavailable("down")
        clock.advance(TTL)
        assert cache.get("cus_a", source) == Found("card 1", NOW, Outcome.STALE)
        clock.advance(STALE_IF_ERROR - 1)
        assert cache.get("cus_a", source) == Found("card 1", NOW, Outcome.STALE)

    def test_every_request_tries_again_and_the_first_that_succeeds_is_fresh(
        self, cache: Cache, source: Source, clock: Clock
    ) -> None:
        cache.get("cus_a", source)
        source.error = StripeUnavailable("down")
        clock.advance(TTL)
        cache.get("cus_a", source)
        source.error = None
        assert cache.get("cus_a", source) == Found("card 3", NOW + TTL, Outcome.MISS)

    def test_a_card_that_is_too_old_does_not_stand_in(
        self, cache: Cache, source: Source, clock: Clock
    ) -> None:
        cache.get("cus_a", source)
        source.error = StripeUnavailable("down")
        clock.advance(TTL + STALE_IF_ERROR + 1)
        with pytest.raises(StripeUnavailable):
            cache.get("cus_a", source)

    def test_without_a_last_known_card_the_outage_is_an_error(
        self, cache: Cache, source: Source
    ) -> None:
        source.error = StripeUnavailable("down", request_id="req_1", retry_after=9)
        with pytest.raises(StripeUnavailable) as raised:
            cache.get("cus_a", source)
        assert (raised.value.reason, raised.value.request_id) == ("down", "req_1")
        assert raised.value.retry_after == 9

    def test_the_card_of_somebody_else_never_stands_in(self, cache: Cache, source: Source) -> None:
        cache.get("cus_a", source)
        source.error = StripeUnavailable("down")
        with pytest.raises(StripeUnavailable):
            cache.get("cus_b", source)

    def test_a_misconfiguration_is_an_outage_for_who_has_a_last_known_card(
        self, cache: Cache, source: Source, clock: Clock
    ) -> None:
        cache.get("cus_a", source)
        source.error = StripeMisconfigured("revoked")
        clock.advance(TTL)
        assert cache.get("cus_a", source) == Found("card 1", NOW, Outcome.STALE)
        with pytest.raises(StripeMisconfigured):
            cache.get("cus_b", source)

    def test_an_error_is_not_remembered(self, cache: Cache, source: Source) -> None:
        source.error = StripeUnavailable("down")
        with pytest.raises(StripeUnavailable):
            cache.get("cus_a", source)
        source.error = None
        assert cache.get("cus_a", source).value == "card 2"

    def test_a_load_that_takes_too_long_is_an_outage_and_still_fills_the_cache(
        self, clock: Clock
    ) -> None:
        go, gone = threading.Event(), threading.Event()

        def slow(_: float) -> str:
            assert go.wait(PATIENCE)
            return "late card"

        class Watched(Threads):
            def submit(self, call: Callable[[], Any]) -> Future[Any]:
                future = super().submit(call)
                future.add_done_callback(lambda _: gone.set())
                return future

        cache = make_cache(clock, timeout=0.05, threads=Watched(size=1))
        with pytest.raises(StripeUnavailable, match="in time"):
            cache.get("cus_a", slow)
        go.set()
        assert gone.wait(PATIENCE)
        assert cache.get("cus_a", slow) == Found("late card", NOW, Outcome.HIT)

    def test_a_full_house_is_an_outage(self, clock: Clock, source: Source) -> None:
        class Full(Threads):
            full = False

            def submit(self, call: Callable[[], Any]) -> Future[Any]:
                if self.full:
                    raise StripeUnavailable("too many calls")
                return super().submit(call)

        threads = Full(size=1)
        cache = make_cache(clock, threads=threads)
        cache.get("cus_a", source)
        clock.advance(TTL)
        threads.full = True
        assert cache.get("cus_a", source) == Found("card 1", NOW, Outcome.STALE)
        with pytest.raises(StripeUnavailable):
            cache.get("cus_b", source)


class TestTogether:
    """Many requests at once for one customer make one call and share what comes of it."""

    def test_they_share_the_result(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads)
        answers = [people.submit(cache.get, "cus_a", source) for _ in range(20)]
        threads.somebody_waits(20)
        threads.finish(0)
        found = [answer.result(PATIENCE) for answer in answers]
        assert source.calls == len(threads.calls) == 1
        assert {answer.value for answer in found} == {"card 1"}
        outcomes = [answer.outcome for answer in found]
        assert outcomes.count(Outcome.MISS) == 1
        assert outcomes.count(Outcome.COLLAPSED) == 19

    def test_they_share_the_error_each_with_one_of_its_own(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads)
        source.error = StripeMisconfigured("refused", request_id="req_1")
        answers = [people.submit(cache.get, "cus_a", source) for _ in range(20)]
        threads.somebody_waits(20)
        threads.finish(0)
        errors = [answer.exception(PATIENCE) for answer in answers]
        assert source.calls == len(threads.calls) == 1
        assert {type(error) for error in errors} == {StripeMisconfigured}
        assert {error.request_id for error in errors} == {"req_1"}  # type: ignore[union-attr]
        assert len({id(error) for error in errors}) == 20

    def test_in_an_outage_they_share_the_last_known_card(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads)
        first = people.submit(cache.get, "cus_a", source)
        threads.somebody_waits()
        threads.finish(0)
        first.result(PATIENCE)
        clock.advance(TTL)
        source.error = StripeUnavailable("down")
        answers = [people.submit(cache.get, "cus_a", source) for _ in range(10)]
        threads.somebody_waits(10)
        threads.finish(1)
        found = {answer.result(PATIENCE) for answer in answers}
        assert found == {Found("card 1", NOW, Outcome.STALE)}
        assert len(threads.calls) == 2

    def test_different_customers_do_not_wait_for_each_other(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads)
        slow = people.submit(cache.get, "cus_slow", source)
        threads.somebody_waits()
        quick = people.submit(cache.get, "cus_quick", source)
        threads.somebody_waits()
        threads.finish(1)
        assert quick.result(PATIENCE).value == "card 1"
        assert not slow.done()
        threads.finish(0)
        assert slow.result(PATIENCE).value == "card 2"

    def test_where_a_card_is_known_a_slow_load_is_waited_for_once(
        self, clock: Clock, source: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("billing_proxy.loader.STAND_IN_AFTER", 0.05)
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads, store=store_with("card 1", clock))
        clock.advance(TTL)
        for _ in range(3):
            assert cache.get("cus_a", source).outcome is Outcome.STALE
        first, *later = threads.calls[0][1].patience
        assert first > 0
        assert later == [0, 0]
        assert len(threads.calls) == 1

    def test_after_a_failure_only_a_healthy_answer_is_waited_for(
        self, clock: Clock, source: Source, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("billing_proxy.loader.STAND_IN_AFTER", PATIENCE)
        monkeypatch.setattr("billing_proxy.loader.HEALTHY", 0.05)
        threads, guard = ManualThreads(), make_guard()
        store = store_with("card 1", clock)
        cache = make_cache(clock, threads=threads, guard=guard, store=store)
        clock.advance(TTL)
        guard.failed(StripeUnavailable("down"))
        start = time.monotonic()
        assert cache.get("cus_a", source).outcome is Outcome.STALE
        assert time.monotonic() - start < PATIENCE / 2
        guard.answered()
        assert not guard.breaker.is_suspicious

    def test_nobody_joins_a_load_whose_time_is_up(self, clock: Clock, source: Source) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, timeout=0.05, threads=threads)
        for expected in (1, 2):
            with pytest.raises(StripeUnavailable):
                cache.get("cus_a", source)
            assert len(threads.calls) == expected


class TestNotBefore:
    """A browser that wants a read of its own moment gets one, and no more than it needs."""

    def test_a_card_read_earlier_is_read_again(
        self, cache: Cache, source: Source, clock: Clock
    ) -> None:
        cache.get("cus_a", source)
        clock.advance(5)
        found = cache.get("cus_a", source, not_before=NOW + 3)
        assert found == Found("card 2", NOW + 5, Outcome.MISS)

    @pytest.mark.parametrize("not_before", [NOW, NOW - 1])
    def test_a_card_read_at_that_moment_or_later_does(
        self, cache: Cache, source: Source, not_before: float
    ) -> None:
        cache.get("cus_a", source)
        assert cache.get("cus_a", source, not_before=not_before).outcome is Outcome.HIT

    def test_in_an_outage_the_earlier_card_stands_in_as_stale(
        self, cache: Cache, source: Source, clock: Clock
    ) -> None:
        cache.get("cus_a", source)
        clock.advance(5)
        source.error = StripeUnavailable("down")
        found = cache.get("cus_a", source, not_before=clock.now)
        assert found == Found("card 1", NOW, Outcome.STALE)
        assert cache.get("cus_a", source).outcome is Outcome.HIT

    def test_a_load_that_began_too_early_is_not_joined(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads)

        def overtaken(_: float) -> str:
            clock.advance(5)
            late.append(people.submit(cache.get, "cus_a", source, not_before=NOW + 5))
            threads.somebody_waits()
            late.append(people.submit(cache.get, "cus_a", source, not_before=NOW + 5))
            threads.somebody_waits()
            threads.finish(1)
            return "what was true earlier"

        late: list[Future[Found[Any]]] = []
        early = people.submit(cache.get, "cus_a", overtaken)
        threads.somebody_waits()
        threads.finish(0)
        assert early.result(PATIENCE) == Found("what was true earlier", NOW, Outcome.MISS)
        assert [answer.result(PATIENCE) for answer in late] == [
            Found("card 1", NOW + 5, Outcome.MISS),
            Found("card 1", NOW + 5, Outcome.COLLAPSED),
        ]
        assert len(threads.calls) == 2
        assert cache.get("cus_a", source) == Found("card 1", NOW + 5, Outcome.HIT)

    def test_what_another_load_has_brought_by_now_is_not_loaded_again(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads)
        first = people.submit(cache.get, "cus_a", source)
        threads.somebody_waits()
        clock.advance(5)
        second = people.submit(cache.get, "cus_a", source, not_before=NOW + 5)
        threads.somebody_waits()
        threads.finish(1)
        threads.finish(0)
        assert second.result(PATIENCE) == Found("card 1", NOW + 5, Outcome.MISS)
        assert first.result(PATIENCE) == Found("card 1", NOW + 5, Outcome.COLLAPSED)
        assert source.calls == 1


def test_a_finished_answer_holds_for_as_long_as_the_card_it_was_made_of(
    cache: Cache, source: Source, clock: Clock
) -> None:
    assert not cache.is_fresh("cus_a", NOW)
    cache.get("cus_a", source)
    assert cache.is_fresh("cus_a", NOW)
    assert not cache.is_fresh("cus_a", NOW - 1)
    assert not cache.is_fresh("cus_b", NOW)
    clock.advance(TTL)
    assert not cache.is_fresh("cus_a", NOW)
    cache.get("cus_a", source)
    assert cache.is_fresh("cus_a", NOW + TTL)
    cache.expire("cus_a")
    assert not cache.is_fresh("cus_a", NOW + TTL)


def test_an_answer_made_of_a_last_known_card_holds_while_nothing_else_can_be_had(
    source: Source, clock: Clock, timer: Clock
) -> None:
    cache = make_cache(clock, guard=make_guard(threshold=1, timer=timer))
    cache.get("cus_a", source)
    clock.advance(TTL)
    assert not cache.stands_in("cus_a", NOW)  # a fresh one may be had
    source.error = StripeUnavailable("down")
    assert cache.get("cus_a", source).outcome is Outcome.STALE
    assert cache.stands_in("cus_a", NOW)
    assert not cache.stands_in("cus_a", NOW - 1)
    assert not cache.stands_in("cus_b", NOW)
    timer.advance(PROBE_INTERVAL)
    assert not cache.stands_in("cus_a", NOW)  # it is time to ask again
    cache.get("cus_a", source)
    assert cache.stands_in("cus_a", NOW)
    clock.advance(STALE_IF_ERROR + 1)
    assert not cache.stands_in("cus_a", NOW)


def test_a_load_that_takes_too_long_leaves_the_last_known_card_as_all_there_is(
    source: Source, clock: Clock, people: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = ManualThreads()
    cache = make_cache(clock, threads=threads, store=store_with("card 1", clock))
    clock.advance(TTL)
    view = people.submit(cache.get, "cus_a", source)
    threads.somebody_waits()
    assert not cache.stands_in("cus_a", NOW)  # it may bring a fresh one yet
    monkeypatch.setattr("billing_proxy.loader.STAND_IN_AFTER", 0)
    assert cache.stands_in("cus_a", NOW)
    threads.finish(0)
    assert view.result(PATIENCE).outcome is Outcome.MISS
    assert not cache.stands_in("cus_a", NOW)


def test_nobody_waits_for_a_probe_where_a_last_known_card_can_be_shown(
    source: Source, clock: Clock, timer: Clock
) -> None:
    threads, guard = ManualThreads(), make_guard(threshold=1, timer=timer)
    cache = make_cache(clock, threads=threads, guard=guard, store=store_with("card 1", clock))
    clock.advance(TTL)
    guard.breaker.failed()
    timer.advance(PROBE_INTERVAL)
    assert cache.get("cus_a", source).outcome is Outcome.STALE
    assert len(threads.calls) == 1
    assert cache.stands_in("cus_a", NOW)
    threads.finish(0)
    assert not cache.stands_in("cus_a", NOW)
    assert cache.get("cus_a", source) == Found("card 1", NOW + TTL, Outcome.HIT)


def test_a_fresh_card_is_not_called_the_last_known_one(source: Source, clock: Clock) -> None:
    cache = make_cache(clock, guard=make_guard(threshold=1))
    cache.get("cus_a", source)
    source.error = StripeUnavailable("down")
    with pytest.raises(StripeUnavailable):
        cache.get("cus_b", source)
    assert not cache.stands_in("cus_a", NOW)


class TestForgetting:
    """An event makes the next read a live one."""

    def test_an_expired_card_is_loaded_the_next_time(
        self, cache: Cache, source: Source, clock: Clock
    ) -> None:
        cache.get("cus_a", source)
        cache.get("cus_b", source)
        cache.expire("cus_a")
        clock.advance(1)
        assert cache.get("cus_a", source) == Found("card 3", NOW + 1, Outcome.MISS)
        assert cache.get("cus_a", source).outcome is Outcome.HIT
        assert cache.get("cus_b", source).outcome is Outcome.HIT

    def test_an_expired_card_still_stands_in_for_an_outage(
        self, cache: Cache, source: Source
    ) -> None:
        cache.get("cus_a", source)
        cache.expire("cus_a")
        source.error = StripeUnavailable("down")
        assert cache.get("cus_a", source) == Found("card 1", NOW, Outcome.STALE)

    def test_a_dropped_card_is_gone_even_in_an_outage(self, cache: Cache, source: Source) -> None:
        cache.get("cus_a", source)
        cache.drop("cus_a")
        source.error = StripeUnavailable("down")
        with pytest.raises(StripeUnavailable):
            cache.get("cus_a", source)

    @pytest.mark.parametrize("forget", [Cache.expire, Cache.drop])
    def test_forgetting_what_was_never_known_is_nothing(
        self, cache: Cache, source: Source, clock: Clock, forget: Any
    ) -> None:
        forget(cache, "cus_a")
        clock.advance(0.001)
        cache.get("cus_a", source)
        assert cache.get("cus_a", source).outcome is Outcome.HIT

    @pytest.mark.parametrize("forget", [Cache.expire, Cache.drop])
    def test_what_is_being_loaded_when_the_event_comes_counts_as_old(
        self, cache: Cache, clock: Clock, source: Source, forget: Any
    ) -> None:
        def overtaken(_: float) -> str:
            forget(cache, "cus_a")
            return "what was true before"

        assert cache.get("cus_a", overtaken).value == "what was true before"
        clock.advance(1)
        assert cache.get("cus_a", source) == Found("card 1", NOW + 1, Outcome.MISS)
        assert cache.get("cus_a", source) == Found("card 1", NOW + 1, Outcome.HIT)

    @pytest.mark.parametrize("forget", [Cache.expire, Cache.drop])
    def test_nobody_joins_a_load_that_began_before_the_event(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor, forget: Any
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads)
        before = people.submit(cache.get, "cus_a", source)
        threads.somebody_waits()
        forget(cache, "cus_a")
        after = people.submit(cache.get, "cus_a", source)
        threads.somebody_waits()
        assert len(threads.calls) == 2
        threads.finish(1)
        threads.finish(0)
        for answer in (before, after):
            assert answer.result(PATIENCE).value == "card 1"


class TestGuarded:
    """While Stripe fails, is slow or is asked too often, few loads start and few callers wait."""

    def test_failures_in_a_row_stop_the_asking(
        self, clock: Clock, source: Source, timer: Clock
    ) -> None:
        cache = make_cache(clock, guard=make_guard(threshold=3, timer=timer))
        cache.get("cus_known", source)
        source.error = StripeUnavailable("down")
        for i in range(10):
            with pytest.raises(StripeUnavailable):
                cache.get(f"cus_{i}", source)
        assert source.calls == 1 + 3
        clock.advance(TTL)
        assert cache.get("cus_known", source).outcome is Outcome.STALE
        assert source.calls == 1 + 3

    def test_one_answer_to_a_probe_starts_it_again(
        self, clock: Clock, source: Source, timer: Clock
    ) -> None:
        cache = make_cache(clock, guard=make_guard(threshold=1, timer=timer))
        source.error = StripeUnavailable("down")
        for _ in range(2):
            with pytest.raises(StripeUnavailable):
                cache.get("cus_a", source)
        source.error = None
        timer.advance(PROBE_INTERVAL)
        assert cache.get("cus_a", source).value == "card 2"
        assert cache.get("cus_b", source).value == "card 3"

    def test_a_probe_that_gets_no_answer_does_not_hold_its_request_for_long(
        self, clock: Clock, source: Source, timer: Clock
    ) -> None:
        threads = ManualThreads()
        guard = make_guard(threshold=1, timer=timer)
        cache = make_cache(clock, threads=threads, guard=guard)
        guard.failed(StripeUnavailable("down"))
        timer.advance(PROBE_INTERVAL)
        start = time.monotonic()
        with pytest.raises(StripeUnavailable):
            cache.get("cus_a", source)
        assert len(threads.calls) == 1
        assert time.monotonic() - start < PATIENCE / 2

    @pytest.mark.parametrize("error", [CustomerNotFound(), StripeMisconfigured("refused")])
    def test_a_refusal_is_an_answer_and_no_failure(
        self, clock: Clock, source: Source, error: BillingError
    ) -> None:
        guard = make_guard(threshold=2)
        cache = make_cache(clock, guard=guard)
        for failure in (StripeUnavailable("down"), error, StripeUnavailable("down")):
            source.error = failure
            with pytest.raises(type(failure)):
                cache.get("cus_a", source)
        assert not guard.breaker.is_open

    def test_stripes_429_leaves_it_alone_for_a_while(
        self, clock: Clock, source: Source, timer: Clock
    ) -> None:
        guard = make_guard(threshold=1, timer=timer)
        cache = make_cache(clock, guard=guard)
        cache.get("cus_known", source)
        source.error = StripeRateLimited("429")
        with pytest.raises(StripeRateLimited):
            cache.get("cus_a", source)
        source.error = None
        with pytest.raises(ReadBudgetSpent) as raised:
            cache.get("cus_b", source)
        assert (raised.value.retry_after or 0) >= 1
        clock.advance(TTL)
        assert cache.get("cus_known", source).outcome is Outcome.STALE
        assert source.calls == 2
        assert not guard.breaker.is_open  # Stripe is there
        timer.advance(1)
        assert cache.get("cus_b", source).value == "card 3"

    def test_a_load_that_takes_too_long_is_one_failure_however_many_waited(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor
    ) -> None:
        threads, guard = ManualThreads(), make_guard(threshold=2)
        cache = make_cache(clock, timeout=0.5, threads=threads, guard=guard)
        answers = [people.submit(cache.get, "cus_a", source) for _ in range(5)]
        errors = {type(answer.exception(PATIENCE)) for answer in answers}
        assert len(threads.calls) == 1
        assert all(issubclass(kind, StripeUnavailable) for kind in errors)
        assert not guard.breaker.is_open
        with pytest.raises(StripeUnavailable):
            cache.get("cus_b", source)
        assert guard.breaker.is_open

    def test_a_slow_stripe_holds_only_so_many_requests(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads, guard=make_guard(max_waiting=2))
        answers = [people.submit(cache.get, f"cus_{i}", source) for i in range(5)]
        refused = list(islice(as_completed(answers, PATIENCE), 3))
        for answer in refused:
            assert isinstance(answer.exception(), StripeUnavailable)
        for i in range(5):
            threads.finish(i)
        for answer in set(answers) - set(refused):
            assert answer.result(PATIENCE).outcome is Outcome.MISS

    def test_nobody_waits_long_where_the_last_known_card_can_be_shown(
        self, clock: Clock, source: Source, people: ThreadPoolExecutor
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, threads=threads)
        first = people.submit(cache.get, "cus_a", source)
        threads.somebody_waits()
        threads.finish(0)
        first.result(PATIENCE)
        clock.advance(TTL)
        start = time.monotonic()
        assert cache.get("cus_a", source) == Found("card 1", NOW, Outcome.STALE)
        assert time.monotonic() - start < PATIENCE / 2
        threads.finish(1)  # what comes later is still kept
        assert cache.get("cus_a", source) == Found("card 2", NOW + TTL, Outcome.HIT)

    def test_a_load_that_found_no_thread_in_time_does_not_ask_stripe_any_more(
        self, clock: Clock, source: Source
    ) -> None:
        threads = ManualThreads()
        cache = make_cache(clock, timeout=0.05, threads=threads)
        with pytest.raises(StripeUnavailable):
            cache.get("cus_a", source)
        call, future = threads.calls[0]
        assert future.cancelled()
        with pytest.raises(StripeUnavailable, match="no thread"):
            call()
        assert source.calls == 0


def test_a_clock_that_was_set_back_makes_cards_old_and_never_fresh_for_long(
    cache: Cache, source: Source, clock: Clock
) -> None:
    cache.get("cus_a", source)
    clock.advance(-3600)
    assert cache.get("cus_a", source) == Found("card 2", NOW - 3600, Outcome.MISS)
    assert cache.get("cus_a", source).value != "card 1"


def test_the_least_recently_used_card_makes_room(clock: Clock, source: Source) -> None:
    cache = make_cache(clock, maxsize=2)
    for customer in ("cus_a", "cus_b", "cus_a", "cus_c"):
        cache.get(customer, source)
    assert cache.get("cus_a", source).outcome is Outcome.HIT
    assert cache.get("cus_c", source).outcome is Outcome.HIT
    assert cache.get("cus_b", source).outcome is Outcome.MISS


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["get", "live", "fail", "expire", "drop", "wait"]),
        st.sampled_from(["cus_a", "cus_b", "cus_c"]),
        st.sampled_from([0, 1, 29, 30, 3629, 3631, -10]),
    ),
    max_size=30,
)


@examples(150)
@given(STEPS)
def test_whatever_happens_a_card_is_the_customers_own_and_no_older_than_it_says(
    steps: list[tuple[str, str, int]],
) -> None:
    clock = Clock()
    cache = make_cache(clock, maxsize=2)
    for step, customer, seconds in steps:
        began = clock.now

        def load(_: float, step: str = step, customer: str = customer) -> tuple[str, float]:
            if step == "fail":
                raise StripeUnavailable("down")
            return (customer, clock.now)

        if step == "wait":
            clock.advance(seconds)
        elif step == "expire":
            cache.expire(customer)
        elif step == "drop":
            cache.drop(customer)
        else:
            not_before = began if step == "live" else None
            try:
                found = cache.get(customer, load, not_before=not_before)
            except StripeUnavailable:
                assert step == "fail"
                continue
            assert found.value == (customer, found.read_at)
            age = began - found.read_at
            assert age <= TTL + STALE_IF_ERROR
            if found.outcome is Outcome.HIT:
                assert 0 <= age < TTL
            if step == "live":
                assert found.read_at == began
