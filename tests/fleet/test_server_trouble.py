"""A cache server that is slow, full, gone, foreign or spoilt: no page fails, and it comes back."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from flask.testing import FlaskClient

from billing_proxy.fleet.server import PROBE_INTERVAL, RedisServer, ServerDown
from billing_proxy.metrics.observer import Observer
from tests.conftest import ANNA, BOB, Serve
from tests.fault.certificates import Authority
from tests.stage.clock import Clock, moment
from tests.stage.redis_process import Server
from tests.stage.service import free_port, wait_until
from tests.stage.tokens import bearer, mint

OPERATIONS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
JSON = "/billing/subscription.json"
MISS, HIT = "fwd=miss", "hit"

Read: TypeAlias = Callable[..., str]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line.getMessage() for line in caplog.records if line.name.endswith("fleet.server")]


def health(client: FlaskClient) -> tuple[str, str]:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    (check,) = answer.json["checks"]["cache:connection"]
    return answer.json["status"], check["status"]


def wait_until_well(client: FlaskClient) -> None:
    wait_until(lambda: health(client) == ("pass", "pass"), "the service uses the server again")


def cache_of(client: FlaskClient) -> Any:
    return client.application.extensions["billing_proxy"].service._loader


@pytest.fixture
def read(anna: str, bob: str, clock: Clock) -> Read:
    """Where the card comes from, which must be that customer's own."""

    def ask(client: FlaskClient, customer: str = anna) -> str:
        answer = client.get(JSON, headers=bearer(mint(customer, clock)))
        assert answer.status_code == 200
        plan = {anna: "Pro", bob: "Business"}[customer]
        assert (answer.json["customer"], answer.json["plan"]) == (customer, plan)
        return answer.headers["Cache-Status"].split("; ")[1]

    return ask


@pytest.fixture
def start(serve: Serve, own_server: Server) -> Callable[[], FlaskClient]:
    return lambda: serve(BILLING_CACHE_URL=own_server.url)


def test_a_killed_server_is_not_missed_and_used_again_once_it_is_back(
    start: Callable[[], FlaskClient], own_server: Server, read: Read, clock: Clock
) -> None:
    client = start()
    assert read(client) == MISS
    own_server.kill()
    assert [read(client), read(client, BOB)] == [HIT, MISS]
    assert health(client) == ("warn", "warn")
    own_server.start()
    wait_until_well(client)
    clock.advance(31)
    assert [read(client, BOB), read(start(), BOB)] == [MISS, HIT]


def test_a_server_that_hangs_holds_up_few_requests_and_hears_later_what_it_missed(
    start: Callable[[], FlaskClient], own_server: Server, read: Read, clock: Clock
) -> None:
    client = start()
    read(client)
    own_server.pause()
    assert [read(client) for _ in range(20)] == [HIT] * 20
    assert read(client, BOB) == MISS
    assert health(client) == ("warn", "warn")
    cache_of(client).expire(ANNA)
    own_server.resume()
    wait_until_well(client)
    clock.advance(0.001)
    assert read(start()) == MISS


@pytest.mark.parametrize("full", [True, False], ids=["full", "a replica"])
def test_a_server_that_takes_nothing_costs_nothing_but_sharing(
    start: Callable[[], FlaskClient], own_server: Server, read: Read, full: bool
) -> None:
    client = start()
    own_server.refuse_writes(full=full)
    assert [read(client) for _ in range(5)] == [MISS, *[HIT] * 4]
    assert health(client) == ("warn", "warn")
    own_server.take_writes()
    wait_until_well(client)


@pytest.mark.parametrize("full", [True, False], ids=["full", "a replica"])
def test_a_server_that_reads_and_takes_nothing_is_said_once_until_it_takes_something(
    own_server: Server, full: bool, caplog: pytest.LogCaptureFixture
) -> None:
    class Watcher(Observer):
        def shared_cache_changed(self, *, is_available: bool) -> None:
            heard.append(is_available)

    def a_minute() -> set[bool]:
        found = set()
        for _ in range(60):
            timer.advance(PROBE_INTERVAL)
            found.add(shared.probe())
            for use in (lambda: shared.values([key]), lambda: write([key], [])):
                with suppress(ServerDown):
                    use()
        return found

    timer, heard = Clock(100), list[bool]()
    shared = RedisServer(own_server.url, secret="any", timer=timer, observer=Watcher())
    key, write = shared.key("card", "x"), shared.script("redis.call('SET', KEYS[1], 1)", bool)
    assert a_minute() == {True}
    own_server.refuse_writes(full=full)
    assert a_minute() == {False}
    own_server.take_writes()
    assert a_minute() == {True}
    assert said(caplog) == [
        f"the cache server failed: {'OutOfMemoryError' if full else 'ReadOnlyError'}",
        "the cache server can be used again",
    ]
    assert heard == [True, False, True]


def test_another_kind_of_failure_is_said_as_well(
    own_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    timer = Clock(100)
    shared = RedisServer(own_server.url, secret="any", timer=timer)
    for full in (True, False, True, False):
        own_server.take_writes()
        own_server.refuse_writes(full=full)
        timer.advance(PROBE_INTERVAL)
        assert not shared.probe()
    assert [line.split()[-1] for line in said(caplog)] == ["OutOfMemoryError", "ReadOnlyError"]


@contextmanager
def stranger(greeting: bytes, *, closes: bool) -> Iterator[str]:
    """Something that listens, and is no Redis: one answer for each packet that comes."""

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while connection.recv(4096):
                connection.sendall(greeting)
                if closes:
                    return

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    listening = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def test_where_nothing_listens_it_starts_and_serves(serve: Serve, read: Read) -> None:
    client = serve(BILLING_CACHE_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert [read(client) for _ in range(5)] == [MISS, *[HIT] * 4]
    assert health(client) == ("warn", "warn")


@pytest.mark.parametrize(
    ("closes", "greeting"),
    [
        (True, b""),
        (True, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        (True, b"\xff" * 100),
        (True, b"*100000\r\n"),
        (False, b"$-5\r\n"),
        (False, b"+OK\r\n"),
        (False, b":1\r\n"),
        (False, b"$-1\r\n"),
        (False, b"*0\r\n"),
        (False, b"*2\r\n+granted\r\n+x\r\n"),
        (False, b"*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n"),
        (False, b"-ERR no\r\n"),
    ],
)
def test_what_is_no_redis_is_not_believed(
    serve: Serve, read: Read, greeting: bytes, closes: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with stranger(greeting, closes=closes) as url:
        client = serve(BILLING_CACHE_URL=url)
        for customer in (ANNA, BOB, ANNA, BOB):
            read(client, customer)
        cache_of(client).expire(ANNA)
        assert health(client) == ("warn", "warn")
        assert read(client) == MISS
    assert 1 <= len(said(caplog)) == len(set(said(caplog)))


def test_a_connection_that_the_server_closed_meanwhile_is_no_failure(
    serve: Serve, server: Server, read: Read, caplog: pytest.LogCaptureFixture
) -> None:
    client = serve(BILLING_CACHE_URL=server.url)
    read(client)
    assert server.client.client_kill_filter(_type="normal") > 0
    assert read(client) == HIT
    assert said(caplog) == []


class TestSpoiltKeys:
    """What is not ours, or not for this customer, is not believed."""

    @pytest.fixture
    def start(self, serve: Serve, server: Server) -> Callable[[], FlaskClient]:
        return lambda: serve(BILLING_CACHE_URL=server.url)

    @pytest.fixture
    def key(self, start: Callable[[], FlaskClient], server: Server, read: Read) -> str:
        read(start())
        (key,) = server.client.scan_iter("*:card:cus_anna")
        return str(key.decode())

    @pytest.mark.parametrize("field", "vrtfgxsled")
    def test_nonsense_in_a_field_shows_nobody_nonsense(
        self, start: Callable[[], FlaskClient], server: Server, read: Read, clock: Clock, key: str,
        field: str,
    ) -> None:  # fmt: skip
        client = start()
        for nonsense in (b"", b"\xff\xfe", b"null", b"1e999", b"nan", b"{}"):
            server.client.hset(key, field, nonsense)
            read(client)
            clock.advance(40)
        assert health(client) == ("pass", "pass")

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda client, key: client.set(key, "a text"),
            lambda client, key: client.rpush(key, "a", "list"),
            lambda client, key: client.hset(key, mapping={"some": "hash"}),
            lambda client, key: client.hset(key, "v", b"x" * 10_000_000),
        ],
    )
    def test_another_kind_of_value_is_replaced(
        self, start: Callable[[], FlaskClient], server: Server, read: Read, key: str,
        spoil: Callable[..., object],
    ) -> None:  # fmt: skip
        first, second = start(), start()
        for meanwhile in (lambda: None, lambda: cache_of(first).expire(ANNA)):
            server.client.delete(key)
            spoil(server.client, key)
            meanwhile()
            assert [read(first), read(second)] == [MISS, HIT]
        assert health(first) == ("pass", "pass")

    @pytest.mark.parametrize(
        "claim",
        [
            {"f": "0", "l": "somebody", "s": "1e99", "x": "1e99"},
            {"r": repr(moment("2076-11-22 11:00:31"))},
        ],
        ids=["a lease that never ends", "an old card made young"],
    )
    def test_what_is_claimed_of_a_card_holds_nobody_up(
        self, start: Callable[[], FlaskClient], server: Server, read: Read, clock: Clock, key: str,
        claim: dict[str, str],
    ) -> None:  # fmt: skip
        clock.advance(31)
        server.client.hset(key, mapping=claim)
        assert read(start()) == MISS

    def test_the_card_of_one_customer_in_the_place_of_another_is_not_shown(
        self, start: Callable[[], FlaskClient], server: Server, read: Read, key: str
    ) -> None:
        read(start(), BOB)
        for names in (["v"], ["v", "r", "t", "f"]):
            taken = dict(zip(names, server.client.hmget(key, names), strict=True))
            server.client.hset(key.replace(ANNA, BOB), mapping=taken)
            read(start(), BOB)


class TestAccess:
    """Users, passwords and TLS."""

    USER = re.search(r"^user billing on >password (.+)$", OPERATIONS, re.MULTILINE)

    def test_a_user_who_may_do_only_what_is_needed_is_enough(
        self, serve: Serve, server: Server, read: Read
    ) -> None:
        assert self.USER
        rights = self.USER[1].split()
        server.client.execute_command("ACL", "SETUSER", "billing", "on", ">secret", *rights)
        url = server.url.replace("//", "//billing:secret@")
        first, second = (serve(BILLING_CACHE_URL=url) for _ in range(2))
        assert [read(first), read(second)] == [MISS, HIT]
        cache_of(first).expire(ANNA)
        cache_of(first).drop(ANNA)
        assert health(first) == health(second) == ("pass", "pass")
        assert server.client.execute_command("ACL", "LOG") == []

    @pytest.mark.parametrize("user", ["billing:wrong@", "nobody:secret@", ""])
    def test_who_may_not_use_the_server_goes_on_alone(
        self, serve: Serve, tmp_path: Path, read: Read, user: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with Server(tmp_path, "--requirepass", "other") as server:
            client = serve(BILLING_CACHE_URL=server.url.replace("//", f"//{user}"))
            assert read(client) == MISS
            assert health(client) == ("warn", "warn")
        assert said(caplog) == ["the cache server failed: AuthenticationError"]
        assert not {"secret", "wrong"} & set(re.findall(r"\w+", caplog.text))

    def test_tls_is_spoken_and_the_certificate_checked(
        self, serve: Serve, tmp_path: Path, read: Read
    ) -> None:
        authority = Authority(tmp_path)
        authority.server("localhost")
        pem, port = str(tmp_path / "localhost30.pem"), free_port()
        options = ["--tls-port", str(port), "--tls-cert-file", pem, "--tls-key-file", pem]
        options += ["--tls-ca-cert-file", str(authority.bundle), "--tls-auth-clients", "no"]
        url = f"rediss://localhost:{port}/0"
        with Server(tmp_path, *options):
            trusting = f"{url}?ssl_ca_certs={authority.bundle}"
            assert [read(serve(BILLING_CACHE_URL=trusting)) for _ in "ab"] == [MISS, HIT]
            assert health(serve(BILLING_CACHE_URL=url)) == ("warn", "warn")

    def test_a_socket_will_do(self, serve: Serve, server: Server, read: Read) -> None:
        url = f"unix://{server.socket}"
        assert [read(serve(BILLING_CACHE_URL=url)) for _ in "ab"] == [MISS, HIT]
