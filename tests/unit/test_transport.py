"""HTTP to Stripe keeps to its deadline, however slowly the other side answers: real sockets.

That it does so over TLS too, and believes no stranger there, is in tests/fault.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from billing_proxy.gateway import transport
from tests.stage.peer import Behaviour, Wire, listening

DEADLINE = 0.3
MUCH_LATER = 2.5
"""Seconds; what is not over by then has no deadline at all, on however busy a machine."""

PATIENT = (3.05, 25)
"""Connect and read timeout of the caller, which the deadline has to undercut."""

HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(autouse=True)
def no_proxy_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with transport.session("http://127.0.0.1", connections=4) as session:
        yield session


def get(session: requests.Session, url: str, seconds: float | None = DEADLINE) -> bytes:
    if seconds is None:
        return session.get(url, timeout=PATIENT).content
    with transport.deadline(time.monotonic() + seconds):
        return session.get(url, timeout=PATIENT).content


def answer(wire: Wire) -> None:
    """Every request on this connection, at once and in full."""
    while wire.request() is not None:
        wire.send(HEAD + b"Content-Length: 5\r\n\r\nhello")


def slow(sent: bytes, dripping: bytes = b"") -> Behaviour:
    """Sends the first at once, and then the second byte by byte without end, or nothing more."""

    def behave(wire: Wire) -> None:
        wire.request()
        wire.send(sent)
        if dripping:
            wire.drip(dripping)
        wire.hang()

    return behave


SLOW = {
    "nothing": slow(b""),
    "half a body": slow(HEAD + b"Content-Length: 5\r\n\r\nhe"),
    "a status line": slow(b"", b"H"),
    "headers": slow(HEAD, b"X-A: b\r\n"),
    "one header": slow(HEAD + b"X-A: ", b"b"),
    "a body": slow(HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
    "a body until it closes": slow(HEAD + b"Connection: close\r\n\r\n", b"x"),
    "chunks": slow(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


def gives_up(session: requests.Session, url: str, seconds: float = DEADLINE) -> bool:
    """Whether the deadline holds: not before its time, and not long after it."""
    start = time.monotonic()
    with pytest.raises(requests.RequestException):
        get(session, url, seconds)
    return seconds - 0.05 < time.monotonic() - start < MUCH_LATER


@pytest.mark.parametrize(
    ("behave", "seconds"),
    [*((name, DEADLINE) for name in SLOW), ("nothing", 0), ("nothing", -1)],
)
def test_the_deadline_holds_whatever_the_other_side_does(
    session: requests.Session, behave: str, seconds: float
) -> None:
    with listening(SLOW[behave]) as peer:
        assert gives_up(session, peer.url, seconds)


def test_a_proxy_of_the_environment_is_used_and_does_not_lift_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for behave in (answer, SLOW["headers"]):
        with listening(behave) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            with transport.session("http://stripe.example", connections=1) as session:
                if behave is answer:
                    assert get(session, "http://stripe.example/v1", seconds=5) == b"hello"
                else:
                    assert gives_up(session, "http://stripe.example/v1")
            assert proxy.connections == 1


def test_an_answer_within_the_deadline_is_read_in_full(session: requests.Session) -> None:
    def trickle(wire: Wire) -> None:
        wire.request()
        for part in (HEAD, b"Content-Length: 4\r\n", b"\r\n", b"ab", b"cd"):
            wire.send(part)
            wire.hang(0.03)

    with listening(trickle) as peer:
        assert get(session, peer.url, seconds=5) == b"abcd"


def test_outside_of_a_deadline_the_callers_own_timeout_holds(session: requests.Session) -> None:
    with listening(SLOW["nothing"]) as peer, pytest.raises(requests.ReadTimeout):
        session.get(peer.url, timeout=0.1)


def test_a_short_deadline_does_not_cling_to_the_connection(session: requests.Session) -> None:
    def later_and_later(wire: Wire) -> None:
        for delay in (0.0, 0.4):
            wire.request()
            wire.hang(delay)
            wire.send(HEAD + b"Content-Length: 5\r\n\r\nhello")
        wire.hang()

    with listening(later_and_later) as peer:
        assert get(session, peer.url, seconds=0.2) == b"hello"
        assert get(session, peer.url, seconds=None) == b"hello"
        assert peer.connections == 1


def test_a_half_read_answer_is_not_the_beginning_of_the_next(session: requests.Session) -> None:
    behaviours = iter([SLOW["half a body"], answer])
    with listening(lambda wire: next(behaviours)(wire)) as peer:
        assert gives_up(session, peer.url, seconds=0.1)
        assert get(session, peer.url, seconds=5) == b"hello"
        assert peer.connections == 2


def test_threads_share_connections_and_no_deadlines(session: requests.Session) -> None:
    with listening(answer) as peer, transport.deadline(0):
        for _ in range(3):
            with ThreadPoolExecutor(1) as other:
                assert other.submit(transport.remaining).result(10) is None
                assert other.submit(get, session, peer.url, 5).result(10) == b"hello"
        assert peer.connections == 1


def test_the_environment_does_not_replace_the_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A ``.netrc`` with an entry for the host would, if the session believed it."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login stranger password wrong\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    heads: list[bytes] = []

    def note(wire: Wire) -> None:
        heads.append(wire.request() or b"")
        wire.send(HEAD + b"Content-Length: 0\r\n\r\n")

    with listening(note) as peer, transport.session(peer.url, connections=1) as session:
        session.get(peer.url, headers={"Authorization": "Bearer rk_test_1"}, timeout=PATIENT)
    assert b"Authorization: Bearer rk_test_1" in heads[0]


def test_what_the_sdk_has_encoded_is_sent_as_it_is_and_no_cookie_comes_back() -> None:
    heads: list[bytes] = []

    def note(wire: Wire) -> None:
        while (head := wire.request()) is not None:
            heads.append(head)
            wire.send(HEAD + b"Set-Cookie: a=1\r\nContent-Length: 0\r\n\r\n")

    with listening(note) as peer, transport.session(peer.url, connections=1) as session:
        for _ in range(2):
            session.request("get", f"{peer.url}/v1/a%2F..?expand=b.c", timeout=PATIENT)
    assert {head.partition(b"\r\n")[0] for head in heads} == {b"GET /v1/a%2F..?expand=b.c HTTP/1.1"}
    assert len(heads) == 2
    assert b"cookie" not in heads[1].lower()


@pytest.mark.parametrize(("inner", "expected"), [(10, 10), (1000, 100)])
def test_of_nested_deadlines_the_earlier_holds_and_each_ends_with_its_block(
    inner: float, expected: float
) -> None:
    now = time.monotonic()
    with suppress(KeyError), transport.deadline(now + 100):
        with transport.deadline(now + inner):
            assert expected - 1 < (transport.remaining() or 0) <= expected
        assert 99 < (transport.remaining() or 0) <= 100
        raise KeyError  # even after an error
    assert transport.remaining() is None
