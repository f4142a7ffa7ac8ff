"""One contract for both limiters, and the script of the fleet's where it stands alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import pytest

from billing_proxy.cache.budget import Limiter, Quota
from billing_proxy.fleet.server import RedisServer
from billing_proxy.fleet.shared import RedisLimiter
from tests.stage.clock import Clock
from tests.stage.redis_process import Server

AnyLimiter: TypeAlias = Limiter | RedisLimiter
Limit: TypeAlias = Callable[[Quota], AnyLimiter]


def granted(limiter: AnyLimiter, tries: int = 50) -> int:
    return [limiter.ask() for _ in range(tries)].count(0)


@pytest.fixture
def timer() -> Clock:
    return Clock(10_000)


@pytest.fixture
def shared(server: Server) -> RedisServer:
    return RedisServer(server.url, secret="an account")


class TestEveryLimiter:
    """What a process counts for itself is what a fleet counts for all."""

    @pytest.fixture(params=["process", "fleet"])
    def limit(self, request: pytest.FixtureRequest, timer: Clock) -> Limit:
        if request.param == "process":
            return lambda quota: Limiter(quota, timer)
        shared = request.getfixturevalue("shared")
        return lambda quota: RedisLimiter(shared, quota, timer)

    @pytest.mark.parametrize("reads", [1, 3, 7, 20, 999])
    def test_a_whole_quota_may_come_at_once_and_no_more(
        self, limit: Limit, timer: Clock, reads: int
    ) -> None:
        limiter = limit(Quota(reads, 1))
        assert granted(limiter, reads + 5) == reads
        timer.advance(3600)
        assert granted(limiter, reads + 5) == reads

    def test_what_was_used_up_comes_back_spread_over_the_period(
        self, limit: Limit, timer: Clock
    ) -> None:
        limiter = limit(Quota(20, 1))
        granted(limiter)
        said = []
        for _ in range(8):
            timer.advance(0.0125)
            said.append(limiter.ask())
        assert said == [0.0375, 0.025, 0.0125, 0, 0.0375, 0.025, 0.0125, 0]

    @pytest.mark.parametrize("reads", [1, 3, 7, 999])
    def test_waiting_as_long_as_it_says_is_enough_and_less_is_not(
        self, limit: Limit, timer: Clock, reads: int
    ) -> None:
        limiter = limit(Quota(reads, 10))
        granted(limiter, reads)
        wait = limiter.ask()
        assert wait == pytest.approx(10 / reads, abs=2e-6)
        timer.advance(wait - 1e-6)
        assert limiter.ask() == 1e-6
        timer.advance(1e-6)
        assert granted(limiter) == 1

    def test_another_quota_counts_apart(self, limit: Limit) -> None:
        assert [granted(limit(Quota(1, period))) for period in (1, 2)] == [1, 1]


def test_processes_count_together_by_the_servers_own_clock(shared: RedisServer) -> None:
    waits = [RedisLimiter(shared, Quota(2, 3600)).ask() for _ in range(4)]
    assert waits[:2] == [0, 0]
    assert all(wait is not None and 1700 < wait <= 1800 for wait in waits[2:])


@pytest.mark.parametrize("nonsense", ["", "nan", "inf", "1e99", "-5", "a text", None])
def test_nonsense_in_its_place_holds_nobody_up(
    server: Server, shared: RedisServer, timer: Clock, nonsense: str | None
) -> None:
    limiter = RedisLimiter(shared, Quota(1, 10), timer)
    assert limiter.ask() == 0
    (key,) = server.client.scan_iter("*:reads:*")
    if nonsense is None:
        server.client.delete(key)
        server.client.rpush(key, "a", "list")
    else:
        server.client.set(key, nonsense)
    assert (limiter.ask(), limiter.ask()) == (0, 10)


def test_a_clock_that_was_set_back_holds_nobody_up(shared: RedisServer, timer: Clock) -> None:
    limiter = RedisLimiter(shared, Quota(1, 10), timer)
    limiter.ask()
    timer.advance(-3600)
    assert limiter.ask() == 0
