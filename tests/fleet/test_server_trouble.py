"""A cache server that is slow, full, gone, foreign or spoilt: no page fails, and it comes back."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.fault.certificates import Authority
from tests.fleet.redis_process import Server
from tests.web.clock import Clock
from tests.web.tokens import bearer, mint
from tests.workers.service import free_port, wait_until

OPERATIONS = (Path(__file__).parents[2] / "docs" / "operations.md").read_text(encoding="utf-8")
JSON = "/billing/subscription.json"
AT_ONCE = {"Stripe-Should-Retry": "false"}


def health(client: FlaskClient) -> tuple[str, str]:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    (check,) = answer.json["checks"]["cache:connection"]
    return answer.json["status"], check["status"]


def is_well(client: FlaskClient) -> Callable[[], bool]:
    return lambda: health(client) == ("pass", "pass")


def read(client: FlaskClient, customer: str, clock: Clock) -> str:
    answer = client.get(JSON, headers=bearer(mint(customer, clock)))
    assert answer.status_code == 200, answer.text
    return answer.headers["Cache-Status"].split("; ")[1]


@pytest.fixture
def served(serve: Serve, own_server: Server) -> FlaskClient:
    return serve(BILLING_CACHE_URL=own_server.url)


def test_without_the_server_it_starts_and_serves(
    serve: Serve, as_anna: dict[str, str], emulator: Emulator
) -> None:
    client = serve(BILLING_CACHE_URL=f"redis://127.0.0.1:{free_port()}/0")
    for _ in range(10):
        assert client.get(JSON, headers=as_anna).status_code == 200
    assert emulator.calls("/v1/subscriptions") == 1
    assert health(client) == ("warn", "warn")


def test_a_killed_server_is_not_missed_and_used_again_once_it_is_back(
    served: FlaskClient, serve: Serve, own_server: Server, emulator: Emulator, anna: str, bob: str,
    clock: Clock,
) -> None:  # fmt: skip
    assert read(served, anna, clock) == "fwd=miss"
    assert health(served) == ("pass", "pass")
    own_server.kill()
    assert read(served, anna, clock) == "hit"
    assert read(served, bob, clock) == "fwd=miss"
    assert health(served) == ("warn", "warn")
    own_server.start()
    wait_until(is_well(served), "the service has found the server again")
    calls = emulator.calls("/v1/subscriptions")
    clock.advance(31)
    assert read(served, bob, clock) == "fwd=miss"
    assert read(serve(BILLING_CACHE_URL=own_server.url), bob, clock) == "hit"
    assert emulator.calls("/v1/subscriptions") == calls + 1


def test_a_server_that_hangs_holds_up_few_requests_and_not_for_long(
    served: FlaskClient, own_server: Server, anna: str, bob: str, clock: Clock
) -> None:
    read(served, anna, clock)
    own_server.pause()
    try:
        assert [read(served, anna, clock) for _ in range(20)] == ["hit"] * 20
        assert read(served, bob, clock) == "fwd=miss"
        assert health(served) == ("warn", "warn")
    finally:
        own_server.resume()
    wait_until(is_well(served), "the service has found the server again")


def test_while_the_server_is_gone_the_last_known_card_stands_in_for_stripe(
    served: FlaskClient, own_server: Server, emulator: Emulator, anna: str, clock: Clock
) -> None:
    read(served, anna, clock)
    own_server.kill()
    clock.advance(31)
    emulator.fail(status=500, times=None, headers=AT_ONCE)
    answer = served.get(JSON, headers=bearer(mint(anna, clock)))
    assert (answer.status_code, answer.json["stale"]) == (200, True)


def test_what_the_server_missed_it_hears_when_it_is_back(
    serve: Serve, own_server: Server, emulator: Emulator, anna: str, clock: Clock
) -> None:
    first, second = (serve(BILLING_CACHE_URL=own_server.url) for _ in range(2))
    read(first, anna, clock)
    emulator.account.update("sub_anna", status="past_due")
    own_server.pause()
    first.application.extensions["billing_proxy"].service._cache.expire(anna)
    own_server.resume()
    wait_until(is_well(first), "the service has found the server again")
    clock.advance(0.001)
    assert read(second, anna, clock) == "fwd=miss"


def test_a_full_server_costs_nothing_but_sharing(
    serve: Serve, tmp_path: Path, anna: str, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    with Server(tmp_path) as server:
        client = serve(BILLING_CACHE_URL=server.url)
        server.client.config_set("maxmemory", "100kb")
        assert read(client, anna, clock) == "fwd=miss"
        assert read(client, anna, clock) == "hit"
        assert health(client) == ("warn", "warn")
        assert "the cache server failed: OutOfMemoryError" in caplog.text
        server.client.config_set("maxmemory", "0")
        wait_until(is_well(client), "the service uses the server again")


@contextmanager
def stranger(greeting: bytes, *, closes: bool = True) -> Iterator[int]:
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
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


@pytest.mark.parametrize(
    "greeting",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xff" * 100,
        b"$-5\r\n",
        b"*100000\r\n",
        b"+OK\r\n" * 9,
    ],
    ids=["nothing", "HTTP", "noise", "a negative length", "a promise", "yes to everything"],
)
def test_what_is_no_redis_is_as_good_as_gone(
    serve: Serve, anna: str, clock: Clock, greeting: bytes
) -> None:
    with stranger(greeting) as port:
        client = serve(BILLING_CACHE_URL=f"redis://127.0.0.1:{port}/0")
        assert read(client, anna, clock) == "fwd=miss"
        assert [read(client, anna, clock) for _ in range(5)] == ["hit"] * 5
        assert health(client) == ("warn", "warn")


@pytest.mark.parametrize(
    "answer",
    [
        b"+OK\r\n",
        b":1\r\n",
        b"$-1\r\n",
        b"$3\r\nabc\r\n",
        b"*0\r\n",
        b"*2\r\n+granted\r\n+x\r\n",
        b"*4\r\n:1\r\n:2\r\n:3\r\n:4\r\n",
        b"-ERR no\r\n",
    ],
)
def test_a_server_that_answers_everything_alike_is_not_believed(
    serve: Serve, anna: str, bob: str, clock: Clock, answer: bytes
) -> None:
    with stranger(answer, closes=False) as port:
        client = serve(BILLING_CACHE_URL=f"redis://127.0.0.1:{port}/0")
        for customer in (anna, bob, anna, bob):
            got = client.get(JSON, headers=bearer(mint(customer, clock)))
            assert (got.status_code, got.json["customer"]) == (200, customer)
        service = client.application.extensions["billing_proxy"].service
        service._cache.expire(anna)
        service._cache.drop(bob)
        assert read(client, bob, clock) == "fwd=miss"


class TestSpoiltKeys:
    """What is not ours, or not for this customer, is not believed."""

    @pytest.fixture
    def key(self, serve: Serve, server: Server, anna: str, clock: Clock) -> str:
        read(serve(BILLING_CACHE_URL=server.url), anna, clock)
        (key,) = server.client.scan_iter("*:card:cus_anna")
        return str(key.decode())

    @pytest.mark.parametrize("field", ["v", "r", "t", "f", "g", "x", "s", "l", "e", "d"])
    @pytest.mark.parametrize("nonsense", [b"", b"\xff\xfe", b"null", b"1e999", b"nan", b"{}"])
    def test_nonsense_in_a_field_shows_nobody_nonsense(
        self,
        serve: Serve,
        server: Server,
        clock: Clock,
        key: str,
        field: str,
        nonsense: bytes,
    ) -> None:
        server.client.hset(key, field, nonsense)
        client = serve(BILLING_CACHE_URL=server.url)
        for _ in range(3):
            answer = client.get(JSON, headers=bearer(mint("cus_anna", clock)))
            assert (answer.status_code, answer.json["plan"]) == (200, "Pro")
            clock.advance(40)

    def test_a_lease_that_never_ends_holds_nobody_up(
        self, serve: Serve, server: Server, clock: Clock, key: str
    ) -> None:
        server.client.hset(key, mapping={"f": "0", "l": "somebody", "s": "1e99", "x": "1e99"})
        assert read(serve(BILLING_CACHE_URL=server.url), "cus_anna", clock) == "fwd=miss"

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
        self, serve: Serve, server: Server, clock: Clock, key: str, spoil: Callable[..., object]
    ) -> None:
        server.client.delete(key)
        spoil(server.client, key)
        first, second = (serve(BILLING_CACHE_URL=server.url) for _ in range(2))
        assert read(first, "cus_anna", clock) == "fwd=miss"
        assert read(second, "cus_anna", clock) == "hit"

    def test_the_card_of_one_customer_in_the_place_of_another_is_not_shown(
        self, serve: Serve, server: Server, bob: str, clock: Clock, key: str
    ) -> None:
        read(serve(BILLING_CACHE_URL=server.url), bob, clock)
        other = key.replace("cus_anna", "cus_bob")
        for names in (["v"], ["v", "r", "t", "f"]):
            taken = dict(zip(names, server.client.hmget(key, names), strict=True))
            server.client.hset(other, mapping=taken)
            answer = serve(BILLING_CACHE_URL=server.url).get(JSON, headers=bearer(mint(bob, clock)))
            assert answer.json["customer"] == "cus_bob"
            assert answer.json["plan"] == "Business"

    def test_an_old_card_cannot_be_made_young(
        self, serve: Serve, server: Server, emulator: Emulator, clock: Clock, key: str
    ) -> None:
        emulator.account.update("sub_anna", status="past_due")
        clock.advance(31)
        server.client.hset(key, "r", repr(clock.now))
        answer = serve(BILLING_CACHE_URL=server.url).get(
            JSON, headers=bearer(mint("cus_anna", clock))
        )
        assert answer.json["status"]["code"] == "past_due"


class TestAccess:
    """Users, passwords and TLS."""

    USER = re.search(r"^user billing on >password (.+)$", OPERATIONS, re.MULTILINE)

    def test_a_user_who_may_do_only_what_is_needed_is_enough(
        self, serve: Serve, tmp_path: Path, anna: str, clock: Clock
    ) -> None:
        assert self.USER
        with Server(tmp_path) as server:
            server.client.execute_command(
                "ACL", "SETUSER", "billing", "on", ">secret", *self.USER[1].split()
            )
            url = server.url.replace("//", "//billing:secret@")
            first, second = (
                serve(BILLING_CACHE_URL=url, STRIPE_WEBHOOK_SECRET="whsec_x") for _ in "ab"
            )
            assert read(first, anna, clock) == "fwd=miss"
            assert read(second, anna, clock) == "hit"
            cache = first.application.extensions["billing_proxy"].service._cache
            cache.expire(anna)
            cache.drop(anna)
            assert health(first) == health(second) == ("pass", "pass")
            denied = server.client.execute_command("ACL", "LOG")
            assert denied == []

    @pytest.mark.parametrize("user", ["billing:wrong@", "nobody:secret@", ""])
    def test_who_may_not_use_the_server_goes_on_alone(
        self, serve: Serve, tmp_path: Path, anna: str, clock: Clock, user: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        with Server(tmp_path, "--requirepass", "other") as server:
            client = serve(BILLING_CACHE_URL=server.url.replace("//", f"//{user}"))
            assert read(client, anna, clock) == "fwd=miss"
            assert health(client) == ("warn", "warn")
        assert "the cache server failed: AuthenticationError" in caplog.text
        assert "secret" not in caplog.text
        assert "wrong" not in caplog.text

    def test_tls_is_spoken_and_the_certificate_checked(
        self, serve: Serve, tmp_path: Path, anna: str, clock: Clock
    ) -> None:
        authority = Authority(tmp_path)
        authority.server("localhost")
        pem, port = str(tmp_path / "localhost30.pem"), free_port()
        options = ["--tls-port", str(port), "--tls-cert-file", pem, "--tls-key-file", pem]
        options += ["--tls-ca-cert-file", str(authority.bundle), "--tls-auth-clients", "no"]
        url = f"rediss://localhost:{port}/0"
        with Server(tmp_path, *options):
            trusting = f"{url}?ssl_ca_certs={authority.bundle}"
            first, second = (serve(BILLING_CACHE_URL=trusting) for _ in range(2))
            assert read(first, anna, clock) == "fwd=miss"
            assert read(second, anna, clock) == "hit"
            assert health(serve(BILLING_CACHE_URL=url)) == ("warn", "warn")

    def test_a_socket_will_do(self, serve: Serve, server: Server, anna: str, clock: Clock) -> None:
        url = f"unix://{server.socket}"
        first, second = (serve(BILLING_CACHE_URL=url) for _ in range(2))
        assert read(first, anna, clock) == "fwd=miss"
        assert read(second, anna, clock) == "hit"
