"""What is told instead of asked for: never older than an answer, and asked where nobody tells."""

from __future__ import annotations

import re
import select
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, TypeAlias

import pytest

from billing_proxy.fleet.server import RedisServer, ServerDown
from billing_proxy.fleet.tracking import HOLDS, MAX_HELD, RETRY
from tests.stage.clock import Clock
from tests.stage.redis_process import Server
from tests.stage.service import wait_until

NAMES = ["v"]
WRITE = "return redis.call('HSET', KEYS[1], 'v', ARGV[1])"
TOLD = re.compile(rb">2\r\n\$10\r\ninvalidate\r\n\*1\r\n\$\d+\r\n[^\r]+\r\n")


class Process:
    """What one process sees of a number on the server."""

    def __init__(self, url: str, timer: Clock) -> None:
        self.server = RedisServer(url, secret="an account", timer=timer)
        self.key = self.server.key("card", "cus_anna")
        self._write = self.server.script(WRITE, int, tells=True)

    def write(self, number: int) -> None:
        self._write([self.key], [number])

    def look(self) -> int:
        return int(self.server.tracked_fields(self.key, NAMES)[0] or -1)


Open: TypeAlias = Callable[..., Process]


@pytest.fixture
def timer() -> Clock:
    return Clock(100)


@pytest.fixture
def process(server: Server, timer: Clock) -> Open:
    """One more process, which has looked often enough to be told from now on."""

    def open_(url: str = server.url) -> Process:
        opened = Process(url, timer)
        for _ in range(3):
            opened.look()
        return opened

    return open_


def asked(server: Server, call: Callable[[], object], times: int = 20) -> int:
    """How often the server was asked while ``call`` was made so many times."""

    def count() -> int:
        return int(server.client.info("commandstats")["cmdstat_hmget"]["calls"])

    before = count()
    for _ in range(times):
        call()
    return count() - before


def test_the_server_is_asked_after_a_change_and_once_in_a_while(
    process: Open, server: Server, timer: Clock
) -> None:
    first, second = process(), process()
    for number in range(3):
        first.write(number)
        assert [asked(server, one.look) for one in (first, second)] == [1, 1]
        assert [first.look(), second.look()] == [number] * 2
        timer.advance(HOLDS)
        assert asked(server, first.look) == 1


def test_when_a_write_returns_all_have_been_told(process: Open) -> None:
    first, *others = [process() for _ in range(9)]
    for number in range(200):
        first.write(number)
        assert [one.look() for one in (*others, first)] == [number] * 9


def test_no_look_is_older_than_a_write_before_it(process: Open, server: Server) -> None:
    def write() -> None:
        for number in range(2, 101):
            everybody[0].write(number)
            done.append(number)
            assert [one.look() for one in everybody] == [number] * 3

    def read(one: Process) -> int:
        looks = 0
        while not is_over.is_set():
            before = done[-1]
            assert one.look() >= before
            looks += 1
        return looks

    everybody, done, is_over = [process() for _ in range(3)], [1], threading.Event()
    everybody[0].write(1)
    with ThreadPoolExecutor(6) as people:
        readers = [people.submit(read, one) for one in everybody * 2]
        try:
            questions = asked(server, write, times=1)
        finally:
            is_over.set()
        assert sum(reader.result(60) for reader in readers) > questions


@pytest.mark.parametrize(
    "change",
    [
        lambda client, key: client.delete(key),
        lambda client, _: client.flushall(),
        lambda client, key: client.rename(key, "elsewhere"),
        lambda client, key: client.client_kill_filter(_type="normal") and client.delete(key),
    ],
    ids=["deleted by hand", "all deleted", "renamed", "cut off"],
)
def test_what_others_do_is_seen_at_once(
    process: Open, server: Server, timer: Clock, change: Callable[[Any, str], object]
) -> None:
    one = process()
    for _ in range(2):
        one.write(7)
        assert [one.look() for _ in range(3)] == [7] * 3
        change(server.client, one.key)
        server.client.ping()
        assert one.look() == -1
        timer.advance(RETRY)
    one.look()
    assert asked(server, one.look) <= 1


def test_what_is_held_has_a_bound(process: Open, server: Server) -> None:
    one = process()
    held = one.server._tracking._line.held  # type: ignore[union-attr]
    held.update((str(number), [b""]) for number in range(MAX_HELD))
    one.write(1)
    one.look()
    assert set(held) == {one.key}


@contextmanager
def relay(port: int, passes: Callable[[bytes], bytes]) -> Iterator[str]:
    """A proxy before the server on ``port``; of its answers, it hands on what ``passes`` gives."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as server:
                while True:
                    for ready in select.select([self.request, server], [], [])[0]:
                        if not (data := ready.recv(65_536)):
                            return
                        if ready is server:
                            self.request.sendall(passes(data))
                        else:
                            server.sendall(data)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as proxy:
        proxy.daemon_threads, proxy.block_on_close = True, False
        threading.Thread(target=proxy.serve_forever, args=[0.01]).start()
        try:
            yield f"redis://127.0.0.1:{proxy.server_address[1]}/0"
        finally:
            proxy.shutdown()


def without_news(data: bytes) -> bytes:
    return TOLD.sub(b"", data)


def test_a_proxy_that_does_not_tell_is_asked_each_time(process: Open, server: Server) -> None:
    with relay(server.port, without_news) as url:
        one = process(url)
        process().write(3)
        assert one.look() == 3
        assert asked(server, one.look) == 20


def test_what_a_process_writes_itself_it_sees_though_nobody_tells_it(
    process: Open, server: Server
) -> None:
    def passes(data: bytes) -> bytes:
        if meanwhile and data.startswith(b"*1\r\n"):  # an answer that is on its way
            one.write(meanwhile.pop())
        return without_news(data) if is_mute.is_set() else data

    meanwhile, is_mute = list[int](), threading.Event()
    with relay(server.port, passes) as url:
        one = process(url)
        assert asked(server, one.look) == 0
        is_mute.set()
        one.write(3)
        assert one.look() == 3
        one.write(4)
        meanwhile.append(5)
        assert [one.look(), one.look()] == [4, 5]


def test_a_connection_that_died_in_silence_is_believed_for_a_second(
    process: Open, server: Server, timer: Clock
) -> None:
    silent = threading.Event()
    with relay(server.port, lambda data: b"" if silent.is_set() else data) as url:
        one = process(url)
        process().write(3)
        wait_until(lambda: one.look() == 3, "the proxy has handed on what was told")
        silent.set()
        process().write(4)
        assert one.look() == 3
        timer.advance(HOLDS)
        with pytest.raises(ServerDown):
            one.look()


@pytest.mark.parametrize("lacks", ["HELLO", "CLIENT"])
def test_a_server_that_cannot_tell_is_asked_each_time(
    process: Open, tmp_path: Path, timer: Clock, lacks: str
) -> None:
    with Server(tmp_path, "--rename-command", lacks, "") as old:
        one = process(old.url)
        assert asked(old, one.look) == 20
        assert old.client.info("stats")["total_connections_received"] < 10
        timer.advance(RETRY)
        assert one.look() == -1
        assert one.server.probe()
