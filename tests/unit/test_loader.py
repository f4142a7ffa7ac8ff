"""Seconds of freshness, one load for many, the last known card in an outage, and a turn for each.

The store, the guard and its parts are the real ones; only the reader and time are the test's.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.cache.allowance import BURST, INTERVAL
from billing_proxy.cache.breaker import PROBE_INTERVAL, CircuitBreaker
from billing_proxy.cache.budget import ReadBudget
from billing_proxy.cache.guard import Guard
from billing_proxy.cache.store import Entry, MemoryStore
from billing_proxy.cache.threads import Threads
from billing_proxy.errors import (
    BillingError,
    ReadBudgetSpent,
    StripeKeyRefused,
    StripeRateLimited,
    StripeUnavailable,
)
from billing_proxy.loader import Found, Loader, Outcome
from tests.stage.clock import Clock

from .examples import examples
from .stripe_objects import NOW

PATIENCE = 10.0
TTL, STALE_IF_ERROR = 30.0, 3600.0
A, B = "cus_a", "cus_b"
HIT, MISS, COLLAPSED, STALE = Outcome.HIT, Outcome.MISS, Outcome.COLLAPSED, Outcome.STALE
PEOPLE = ThreadPoolExecutor(40)
DOWN = StripeUnavailable("down", request_id="req_1", retry_after=9)


class StubReader:
    """Answers with the number of the read, or with what else a test wants, or fails."""

    def __init__(self) -> None:
        self.reads, self.until = 0, 0.0
        self.error: BillingError | None = None
        self.answer: Callable[[str], Any] = lambda _: f"card {self.reads}"
        self.during: Callable[[], object] = lambda: None

    def read(self, customer: str, *, until: float) -> Any:
        self.reads, self.until = self.reads + 1, until
        error, value = self.error, self.answer(customer)
        during, self.during = self.during, lambda: None
        during()
        if error:
            raise error
        return value


class Stage:
    """A loader, and what a test may move around it."""

    def __init__(
        self, *, threshold: int = 1000, max_waiting: int = 100, maxsize: int = 100, **options: Any
    ) -> None:
        self.clock, self.timer, self.reader = Clock(), Clock(0), StubReader()
        self.pauses: list[float] = []
        breaker = CircuitBreaker(threshold=threshold, timer=self.timer)
        budget = ReadBudget(10_000, timer=self.timer)
        self.guard = Guard(breaker, budget, max_waiting=max_waiting, timer=self.timer)
        options = {"ttl": TTL, "stale_if_error": STALE_IF_ERROR, "timeout": PATIENCE, **options}
        # The store of a fleet may know what is too old here.
        self.store = MemoryStore[Any](maxsize=maxsize, retention=math.inf, clock=self.clock)
        times = {"clock": self.clock, "timer": self.timer, "pause": self.let_pass}
        parts = {"store": self.store, "guard": self.guard, "threads": Threads(size=2), **times}
        self.loader = Loader[Any](self.reader, **{**parts, **options})
        self.get = self.loader.get

    def let_pass(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.advance(seconds)
        self.timer.advance(seconds)

    def get_live(self, customer: str = A) -> Found[Any]:
        """A card that is read later than every other one."""
        self.clock.advance(0.001)
        return self.get(customer, not_before=self.clock.now)

    def know(self, *, age: float = TTL) -> None:
        """Let a card of A's be known since ``age`` seconds."""
        self.store.put(A, "card 0", self.store.grant(A))
        self.clock.advance(age)


class _Waited(Future[Any]):
    """A future that tells when one more thread waits for it, and for how long."""

    def __init__(self, call: Callable[[], Any], waiting: threading.Semaphore) -> None:
        super().__init__()
        self.call = call
        self.patience: list[float | None] = []
        self._waiting = waiting
        self._threads: set[int] = set()

    def result(self, timeout: float | None = None) -> Any:
        self.patience.append(timeout)
        if threading.get_ident() not in self._threads:
            self._threads.add(threading.get_ident())
            self._waiting.release()
        return super().result(timeout)

    def run(self) -> None:
        try:
            self.set_result(self.call())
        except BillingError as error:
            self.set_exception(error)


class Held(Stage):
    """A loader whose loads run when the test says so, in the test's own thread."""

    def __init__(self, **options: Any) -> None:
        super().__init__(threads=self, **options)
        self.loads: list[_Waited] = []
        self._waiting = threading.Semaphore(0)

    def submit(self, call: Callable[[], Any]) -> Future[Any]:
        """As ``Threads`` does, but not yet."""
        self.loads.append(_Waited(call, self._waiting))
        return self.loads[-1]

    def ask(self, customer: str, *, people: int = 1, **options: Any) -> list[Future[Found[Any]]]:
        """Let somebody ask; comes back once all of them wait."""
        asked = [PEOPLE.submit(self.get, customer, **options) for _ in range(people)]
        for _ in asked:
            self.waits()
        return asked

    def waits(self) -> None:
        """Come back once somebody waits for a load."""
        assert self._waiting.acquire(timeout=PATIENCE)


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def held() -> Held:
    return Held()


def the_answers(asked: list[Future[Found[Any]]]) -> list[Found[Any]]:
    return [future.result(PATIENCE) for future in asked]


class TestFreshness:
    def test_a_card_is_fresh_for_its_time_and_then_loaded_again(self, stage: Stage) -> None:
        assert stage.get(A) == Found("card 1", NOW, MISS)
        stage.clock.advance(TTL - 1)
        assert stage.get(A) == Found("card 1", NOW, HIT)
        stage.clock.advance(1)
        assert stage.get(A) == Found("card 2", NOW + TTL, MISS)

    @pytest.mark.parametrize("stale_if_error", [0.0, STALE_IF_ERROR])
    def test_a_ttl_of_zero_loads_every_time(self, stale_if_error: float) -> None:
        stage = Stage(ttl=0.0, stale_if_error=stale_if_error)
        assert [stage.get(A).value for _ in range(9)] == [f"card {n}" for n in range(1, 10)]

    def test_a_card_is_as_old_as_the_moment_its_reading_began(self, stage: Stage) -> None:
        stage.reader.during = lambda: stage.clock.advance(5)
        assert stage.get(A).read_at == NOW
        stage.clock.advance(TTL - 6)
        assert stage.get(A).outcome is HIT
        stage.clock.advance(1)
        assert stage.get(A).outcome is MISS

    def test_the_reader_is_told_by_when_and_an_unknown_customer_is_kept_like_any(self) -> None:
        stage, earliest = Stage(timeout=7), time.monotonic() + 7
        stage.reader.answer = lambda _: None
        assert [stage.get(A).outcome for _ in range(3)] == [MISS, HIT, HIT]
        assert earliest <= stage.reader.until <= time.monotonic() + 7

    def test_an_answer_made_of_a_card_holds_as_long_as_the_card(self, stage: Stage) -> None:
        is_fresh = stage.loader.is_fresh
        assert not is_fresh(A, NOW)
        stage.get(A)
        assert [is_fresh(A, NOW), is_fresh(A, NOW - 1), is_fresh(B, NOW)] == [True, False, False]
        stage.loader.expire(A)
        assert not is_fresh(A, NOW)

    def test_a_clock_that_was_set_back_makes_cards_old(self, stage: Stage) -> None:
        stage.get(A)
        stage.clock.advance(-3600)
        assert stage.get(A) == Found("card 2", NOW - 3600, MISS)

    def test_the_least_recently_used_card_makes_room(self) -> None:
        stage = Stage(maxsize=2)
        outcomes = [stage.get(f"cus_{who}").outcome for who in "abacacb"]
        assert outcomes == [MISS, MISS, HIT, MISS, HIT, HIT, MISS]


class TestOutage:
    """While loading fails, the last known card stands in, for as long as was set."""

    @pytest.mark.parametrize("error", [DOWN, StripeKeyRefused("revoked"), BillingError("odd")])
    def test_the_last_known_card_stands_in_and_nobody_elses(
        self, stage: Stage, error: BillingError
    ) -> None:
        stage.get(A)
        stage.reader.error = error
        for seconds in (TTL, STALE_IF_ERROR):
            stage.clock.advance(seconds)
            assert stage.get(A) == Found("card 1", NOW, STALE)
        stage.clock.advance(1)  # now it is too old
        for customer in (A, B):
            with pytest.raises(type(error)) as raised:
                stage.get(customer)
            assert vars(raised.value) == vars(error)
        stage.reader.error = None  # every request has tried, and the first that succeeds is fresh
        assert stage.get(A) == Found("card 6", stage.clock.now, MISS)

    def test_a_load_that_takes_too_long_is_an_outage_and_still_fills_the_cache(self) -> None:
        go, threads = threading.Event(), Threads(size=1)
        stage = Stage(threads=threads, timeout=0.05)
        stage.reader.during = lambda: go.wait(PATIENCE)
        with pytest.raises(StripeUnavailable, match="in time"):
            stage.get(A)
        go.set()
        threads.submit(lambda: None).result(PATIENCE)  # comes after it
        assert stage.get(A) == Found("card 1", NOW, HIT)

    def test_what_came_in_while_a_load_failed_is_fresh(self, stage: Stage) -> None:
        stage.reader.error, stage.reader.during = DOWN, lambda: stage.know(age=0)
        assert stage.get(A) == Found("card 0", NOW, HIT)

    def test_a_full_house_is_an_outage(self) -> None:
        go, threads = threading.Event(), Threads(size=1, queue=0)
        threads.submit(lambda: go.wait(PATIENCE))
        stage = Stage(threads=threads)
        stage.know()
        assert stage.get(A) == Found("card 0", NOW, STALE)
        with pytest.raises(StripeUnavailable, match="too many"):
            stage.get(B)
        go.set()

    def test_it_is_all_there_is_while_the_circuit_refuses_to_load_another(self) -> None:
        stage = Stage(threshold=1)
        stage.know(age=1)
        stands_in = stage.loader.stands_in
        stage.guard.breaker.failed()
        assert not stands_in(A, NOW)  # it is fresh
        stage.clock.advance(TTL)
        assert [stands_in(A, NOW), stands_in(A, NOW - 1), stands_in(B, NOW)] == [True, False, False]
        stage.timer.advance(PROBE_INTERVAL)
        assert not stands_in(A, NOW)  # it is time to ask again
        stage.reader.error = DOWN
        assert stage.get(A).outcome is STALE
        assert stands_in(A, NOW)
        stage.clock.advance(STALE_IF_ERROR)
        assert not stands_in(A, NOW)

    def test_it_is_all_there_is_once_a_load_takes_too_long(
        self, held: Held, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        held.know()
        view = held.ask(A)
        assert not held.loader.stands_in(A, NOW)  # it may bring a fresh one yet
        monkeypatch.setattr("billing_proxy.loader.STAND_IN_AFTER", 0)
        assert held.loader.stands_in(A, NOW)
        held.loads[0].run()
        assert the_answers(view) == [Found("card 1", NOW + TTL, MISS)]
        assert not held.loader.stands_in(A, NOW)


class TestTogether:
    """Many requests at once for one customer make one load and share what comes of it."""

    def test_they_share_the_value(self, held: Held) -> None:
        asked = held.ask(A, people=20)
        held.loads[0].run()
        found = the_answers(asked)
        assert {one.value for one in found} == {"card 1"}
        assert sorted(one.outcome for one in found) == [COLLAPSED] * 19 + [MISS]
        assert held.reader.reads == len(held.loads) == 1

    def test_they_share_the_error_each_with_one_of_its_own(self, held: Held) -> None:
        held.reader.error = DOWN
        asked = held.ask(A, people=20)
        held.loads[0].run()
        errors = [future.exception(PATIENCE) for future in asked]
        assert all(vars(error) == vars(DOWN) for error in errors)
        assert len({id(error) for error in errors}) == 20
        held.know()
        asked = held.ask(A, people=20)
        held.loads[1].run()
        assert set(the_answers(asked)) == {Found("card 0", NOW, STALE)}
        assert held.reader.reads == len(held.loads) == 2

    def test_different_customers_do_not_wait_for_each_other(self, held: Held) -> None:
        slow, quick = held.ask(A), held.ask(B)
        held.loads[1].run()
        assert the_answers(quick) == [Found("card 1", NOW, MISS)]
        assert not slow[0].done()
        held.loads[0].run()
        assert the_answers(slow) == [Found("card 2", NOW, MISS)]

    def test_nobody_joins_a_load_whose_time_is_up(self) -> None:
        held = Held(timeout=0.3)
        for expected in (1, 2):
            (asked,) = held.ask(A)
            held.loads[-1].set_running_or_notify_cancel()
            assert isinstance(asked.exception(PATIENCE), StripeUnavailable)
            assert len(held.loads) == expected

    def test_a_load_that_found_no_thread_in_time_does_not_ask_stripe(self) -> None:
        held = Held(timeout=0.05)
        with pytest.raises(StripeUnavailable):
            held.get(A)
        assert held.loads[0].cancelled()
        with pytest.raises(StripeUnavailable, match="no thread"):
            held.loads[0].call()
        assert held.reader.reads == 0


class TestNotBefore:
    """Who wants a card of its own moment gets one, and no more than it needs."""

    def test_only_a_card_read_earlier_is_read_again(self, stage: Stage) -> None:
        stage.get(A)
        stage.clock.advance(5)
        for not_before in (NOW - 1, NOW):
            assert stage.get(A, not_before=not_before) == Found("card 1", NOW, HIT)
        assert stage.get(A, not_before=NOW + 3) == Found("card 2", NOW + 5, MISS)

    def test_in_an_outage_the_earlier_card_stands_in_as_stale(self, stage: Stage) -> None:
        stage.know(age=5)
        stage.reader.error = DOWN
        assert stage.get(A, not_before=NOW + 5) == Found("card 0", NOW, STALE)
        assert stage.get(A).outcome is HIT

    def test_a_load_that_began_too_early_is_not_joined(self, held: Held) -> None:
        def overtaken() -> None:
            held.clock.advance(5)
            late.extend(held.ask(A, not_before=NOW + 5) + held.ask(A, not_before=NOW + 5))
            held.loads[1].run()

        late: list[Future[Found[Any]]] = []
        held.reader.during = overtaken
        early = held.ask(A)
        held.loads[0].run()
        assert the_answers(early) == [Found("card 1", NOW, MISS)]
        assert the_answers(late) == [
            Found("card 2", NOW + 5, MISS),
            Found("card 2", NOW + 5, COLLAPSED),
        ]
        assert len(held.loads) == 2
        assert held.get(A) == Found("card 2", NOW + 5, HIT)

    def test_what_another_load_has_brought_by_now_is_not_loaded_again(self, held: Held) -> None:
        first = held.ask(A)
        held.clock.advance(5)
        second = held.ask(A, not_before=NOW + 5)
        held.loads[1].run()
        held.loads[0].run()
        assert the_answers(second + first) == [
            Found("card 1", NOW + 5, MISS),
            Found("card 1", NOW + 5, COLLAPSED),
        ]
        assert held.reader.reads == 1

    def test_what_another_process_read_too_early_is_loaded_again(self, held: Held) -> None:
        held.clock.advance(5)
        asked = held.ask(A) + held.ask(A, not_before=NOW + 5)
        assert len(held.loads) == 1
        held.store.keep(A, Entry("theirs", NOW + 4))
        held.loads[0].run()
        assert asked[0].result(PATIENCE) == Found("theirs", NOW + 4, COLLAPSED)
        held.waits()
        held.loads[1].run()
        assert asked[1].result(PATIENCE) == Found("card 1", NOW + 5, MISS)


FORGET = pytest.mark.parametrize("forget", [Loader.expire, Loader.drop])


class TestForgetting:
    """An event makes the next read a live one."""

    def test_an_expired_card_stands_in_until_it_is_loaded_anew(self, stage: Stage) -> None:
        stage.get(A)
        stage.get(B)
        stage.loader.expire(A)
        stage.reader.error = DOWN
        assert stage.get(A) == Found("card 1", NOW, STALE)
        stage.reader.error = None
        assert [stage.get(who).outcome for who in (A, A, B)] == [MISS, HIT, HIT]

    def test_a_dropped_card_is_gone_even_in_an_outage(self, stage: Stage) -> None:
        stage.get(A)
        stage.loader.drop(A)
        stage.reader.error = DOWN
        with pytest.raises(StripeUnavailable):
            stage.get(A)

    @FORGET
    def test_what_is_being_loaded_meanwhile_counts_as_old(self, stage: Stage, forget: Any) -> None:
        forget(stage.loader, A)  # which is nothing, since nothing is known
        stage.reader.during = lambda: forget(stage.loader, A)
        assert [stage.get(A).value for _ in range(3)] == ["card 1", "card 2", "card 2"]

    @FORGET
    def test_nobody_joins_a_load_that_began_before_the_event(self, held: Held, forget: Any) -> None:
        before = held.ask(A)
        forget(held.loader, A)
        after = held.ask(A)
        assert len(held.loads) == 2
        held.loads[1].run()
        held.loads[0].run()
        assert {one.value for one in the_answers(before + after)} == {"card 1"}


class TestTurns:
    """Who asks before the card's time is up waits for a turn, whatever the reason is."""

    def test_after_a_burst_of_live_reads_there_is_one_in_two_seconds(self, stage: Stage) -> None:
        stage.get(A)
        reads = [stage.get_live().outcome for _ in range(BURST + 3)]
        assert reads == [MISS] * (BURST + 3)
        assert stage.pauses == pytest.approx([INTERVAL] * 3)
        assert [stage.get_live(B).outcome for _ in range(BURST)] == [MISS] * BURST
        assert len(stage.pauses) == 3  # everybody has turns of their own

    def test_so_it_is_for_a_card_that_events_expire(self, stage: Stage) -> None:
        stage.get(A)
        for _ in range(BURST + 2):
            stage.loader.expire(A)
            assert stage.get(A).outcome is MISS
        assert stage.pauses == pytest.approx([INTERVAL] * 2)

    @pytest.mark.parametrize("seconds", [TTL, -3600])
    def test_a_card_whose_time_is_up_never_waits(self, stage: Stage, seconds: float) -> None:
        for _ in range(BURST + 1):
            stage.get_live()
        stage.clock.advance(seconds)  # the timer stands still
        assert stage.get(A).outcome is MISS
        stage.loader.drop(A)
        assert stage.get(A).outcome is MISS
        assert stage.pauses == []

    @pytest.mark.parametrize("known", [True, False])
    def test_who_cannot_be_read_is_told_so_again_without_a_wait(
        self, stage: Stage, known: bool
    ) -> None:
        if known:
            stage.know()
        stage.reader.error = odd = BillingError("odd", request_id="req_1")
        for _ in range(BURST + 5):
            if known:
                assert stage.get(A).outcome is STALE
                continue
            with pytest.raises(BillingError, match="odd") as raised:
                stage.get(A)
            assert raised.value is not odd
        assert (stage.reader.reads, stage.pauses) == (1 + BURST, [])
        stage.reader.error = None
        assert stage.get(B).outcome is MISS
        stage.timer.advance(INTERVAL)
        assert stage.get(A).outcome is MISS

    def test_what_failed_before_an_event_is_not_told_after_it(self, stage: Stage) -> None:
        stage.reader.error = BillingError("odd")
        for _ in range(BURST + 2):
            with pytest.raises(BillingError):
                stage.get(A)
        stage.reader.error = None
        stage.loader.expire(A)
        assert stage.get(A).outcome is MISS

    def test_nobody_waits_for_a_turn_while_the_circuit_refuses_a_load_anyway(self) -> None:
        stage = Stage(threshold=1)
        known = [stage.get_live() for _ in range(BURST + 1)][-1]
        stage.guard.breaker.failed()
        assert stage.get_live() == Found(known.value, known.read_at, STALE)
        assert stage.pauses == []

    def test_who_waits_takes_what_somebody_else_has_read_meanwhile(self) -> None:
        def somebody_reads(seconds: float) -> None:
            stage.let_pass(seconds)
            assert stage.get_live().outcome is MISS

        stage = Stage(pause=somebody_reads)
        for _ in range(BURST + 1):
            stage.get_live()
        assert stage.get_live().outcome is COLLAPSED
        assert stage.reader.reads == BURST + 2

    def test_all_who_wait_share_the_next_load(self) -> None:
        def wait(_: float) -> None:
            waiting.release()
            assert turn.wait(PATIENCE)

        waiting, turn, stage = threading.Semaphore(0), threading.Event(), Stage(pause=wait)
        for _ in range(BURST + 1):
            stage.get_live()
        stage.clock.advance(1)
        asked = [PEOPLE.submit(stage.get, A, not_before=stage.clock.now) for _ in range(20)]
        for _ in asked:
            assert waiting.acquire(timeout=PATIENCE)
        stage.timer.advance(INTERVAL)
        turn.set()
        assert {one.value for one in the_answers(asked)} == {f"card {BURST + 2}"}

    def test_only_so_many_wait_for_a_turn_and_the_others_see_the_last_known_card(self) -> None:
        def somebody_else_comes(seconds: float) -> None:
            found.append(stage.get_live())
            stage.let_pass(seconds)

        found: list[Found[Any]] = []
        stage = Stage(pause=somebody_else_comes, max_waiting=1)
        found += [stage.get_live() for _ in range(BURST + 2)]
        assert found[0].outcome is STALE
        assert found[0].value == found[-2].value


class TestGuarded:
    """While Stripe fails, is slow or is asked too often, few loads start and few callers wait."""

    def test_failures_in_a_row_stop_the_asking_until_a_probe_is_answered(self) -> None:
        stage = Stage(threshold=3)
        stage.know()
        stage.reader.error = DOWN
        for i in range(10):
            with pytest.raises(StripeUnavailable):
                stage.get(f"cus_{i}")
        assert stage.get(A).outcome is STALE
        assert stage.reader.reads == 3
        stage.reader.error = None
        stage.timer.advance(PROBE_INTERVAL)
        assert [stage.get(B).value, stage.get(A).value] == ["card 4", "card 5"]

    def test_nobody_waits_for_a_probe_where_a_last_known_card_can_be_shown(self) -> None:
        held = Held(threshold=1)
        held.know()
        held.guard.breaker.failed()
        held.timer.advance(PROBE_INTERVAL)
        assert held.get(A).outcome is STALE
        assert held.loads[0].patience == [0]
        assert held.loader.stands_in(A, NOW)
        held.loads[0].run()
        assert not held.loader.stands_in(A, NOW)
        assert held.get(A) == Found("card 1", NOW + TTL, HIT)

    def test_stripes_429_leaves_it_alone_for_a_while(self) -> None:
        stage = Stage(threshold=1)
        stage.reader.error = StripeRateLimited("429")
        with pytest.raises(StripeRateLimited):
            stage.get(A)
        stage.reader.error = None
        with pytest.raises(ReadBudgetSpent) as raised:
            stage.get(B)
        assert raised.value.retry_after == 1
        stage.know()
        assert stage.get(A).outcome is STALE
        assert stage.reader.reads == 1
        stage.timer.advance(1)
        assert stage.get(B).value == "card 2"

    @pytest.mark.parametrize(
        ("known", "live", "patience"),
        [(False, False, PATIENCE / 2), (True, True, PATIENCE / 2), (True, False, 0)],
    )
    def test_the_budget_is_waited_for_only_where_a_last_known_card_does_not_do(
        self, monkeypatch: pytest.MonkeyPatch, known: bool, live: bool, patience: float
    ) -> None:
        stage, asked = Stage(), []
        monkeypatch.setattr(stage.guard, "spend", lambda *, patience: asked.append(patience))
        if known:
            stage.know()
        stage.get(A, not_before=stage.clock.now if live else None)
        assert asked == pytest.approx([patience], abs=PATIENCE / 4)

    def test_a_load_that_takes_too_long_is_one_failure_however_many_waited(self) -> None:
        held = Held(timeout=0.3, threshold=2)
        for customer, people in ((A, 5), (B, 1)):
            assert not held.guard.breaker.is_open
            for future in held.ask(customer, people=people):
                assert isinstance(future.exception(PATIENCE), StripeUnavailable)
        assert len(held.loads) == 2
        assert held.guard.breaker.is_open

    def test_a_slow_stripe_holds_only_so_many_requests(self) -> None:
        held = Held(max_waiting=2)
        asked = [future for i in range(5) for future in held.ask(f"cus_{i}")]
        refused = list(islice(as_completed(asked, PATIENCE), 3))
        assert all(isinstance(future.exception(), StripeUnavailable) for future in refused)
        for load in held.loads:
            load.run()
        assert {one.outcome for one in the_answers([*set(asked) - set(refused)])} == {MISS}

    @pytest.mark.parametrize(
        ("known", "failing", "constant"),
        [(True, False, "STAND_IN_AFTER"), (True, True, "HEALTHY"), (False, True, "SLOW")],
    )
    def test_a_slow_load_is_waited_for_only_so_long(
        self, monkeypatch: pytest.MonkeyPatch, known: bool, failing: bool, constant: str
    ) -> None:
        """Not for long where a last known card can be shown, nor for a probe."""
        monkeypatch.setattr(f"billing_proxy.loader.{constant}", 0.05)
        held = Held(threshold=2 if known else 1)
        if known:
            held.know()
        if failing:
            held.guard.failed(DOWN)
            held.timer.advance(PROBE_INTERVAL)
        asked = held.ask(A)
        if known:
            assert the_answers(asked) == [Found("card 0", NOW, STALE)]
            assert held.get(A).outcome is STALE
            assert held.loads[0].patience[-1] == 0  # whoever comes later does not wait at all
        else:
            assert isinstance(asked[0].exception(PATIENCE), StripeUnavailable)
        assert 0 < (held.loads[0].patience[0] or 0) <= 0.05
        held.loads[0].run()  # what comes late is still kept
        assert held.get(A).outcome is HIT
        assert len(held.loads) == 1


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["get", "live", "fail", "expire", "drop", "wait"]),
        st.sampled_from([A, B, "cus_c"]),
        st.sampled_from([0, 1, 29, 30, 3629, 3631, -10]),
    ),
    max_size=30,
)


@examples(150)
@given(STEPS)
def test_whatever_happens_a_card_is_the_customers_own_and_no_older_than_it_says(
    steps: list[tuple[str, str, int]],
) -> None:
    stage = Stage(maxsize=2)
    stage.reader.answer = lambda customer: (customer, stage.clock.now)
    for step, customer, seconds in steps:
        if step == "wait":
            stage.clock.advance(seconds)
        elif step in ("expire", "drop"):
            getattr(stage.loader, step)(customer)
        else:
            began = stage.clock.now
            stage.reader.error = DOWN if step == "fail" else None
            try:
                found = stage.get(customer, not_before=began if step == "live" else None)
            except StripeUnavailable:
                assert step == "fail"
                continue
            assert found.value == (customer, found.read_at)
            age = stage.clock.now - found.read_at
            assert age <= TTL + STALE_IF_ERROR
            assert found.outcome is not HIT or 0 <= age < TTL
            assert step != "live" or found.read_at >= began
