"""HTTP to Stripe keeps to its deadline, however slowly the other side answers: real sockets."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from billing_proxy.gateway import transport

from .peer import Behaviour, Wire, listening

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


def hang(wire: Wire) -> None:
    wire.request()
    wire.hang()


def hang_after_headers(wire: Wire) -> None:
    wire.request()
    wire.send(HEAD + b"Content-Length: 5\r\n\r\nhe")
    wire.hang()


def drip_status_line(wire: Wire) -> None:
    wire.request()
    wire.drip(b"H")


def drip_headers(wire: Wire) -> None:
    wire.request()
    wire.send(HEAD)
    wire.drip(b"X-A: b\r\n")


def drip_one_header(wire: Wire) -> None:
    wire.request()
    wire.send(HEAD + b"X-A: ")
    wire.drip(b"b")


def drip_body(wire: Wire) -> None:
    wire.request()
    wire.send(HEAD + b"Content-Length: 100000\r\n\r\n")
    wire.drip(b"x")


def drip_body_until_it_closes(wire: Wire) -> None:
    wire.request()
    wire.send(HEAD + b"Connection: close\r\n\r\n")
    wire.drip(b"x")


def drip_chunks(wire: Wire) -> None:
    wire.request()
    wire.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    wire.drip(b"1\r\nx\r\n")


SLOW = [
    hang,
    hang_after_headers,
    drip_status_line,
    drip_headers,
    drip_one_header,
    drip_body,
    drip_body_until_it_closes,
    drip_chunks,
]


@pytest.mark.parametrize("behave", SLOW)
def test_the_deadline_holds_whatever_the_other_side_does(
    session: requests.Session, behave: Behaviour
) -> None:
    with listening(behave) as peer:
        start = time.monotonic()
        with pytest.raises(requests.RequestException):
            get(session, peer.url)
        assert DEADLINE - 0.05 < time.monotonic() - start < MUCH_LATER


@pytest.mark.parametrize("behave", [hang, drip_headers, drip_body])
def test_a_proxy_in_between_does_not_lift_the_deadline(
    monkeypatch: pytest.MonkeyPatch, behave: Behaviour
) -> None:
    with listening(behave) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with transport.session("http://stripe.example", connections=1) as session:
            start = time.monotonic()
            with pytest.raises(requests.RequestException):
                get(session, "http://stripe.example/v1")
        assert time.monotonic() - start < MUCH_LATER
        assert proxy.connections == 1


def test_an_answer_in_time_is_an_answer(session: requests.Session) -> None:
    with listening(answer) as peer:
        assert get(session, peer.url, seconds=5) == b"hello"


def test_a_slow_answer_within_the_deadline_is_read_in_full(session: requests.Session) -> None:
    def trickle(wire: Wire) -> None:
        wire.request()
        for part in (HEAD, b"Content-Length: 4\r\n", b"\r\n", b"ab", b"cd"):
            wire.send(part)
            wire.hang(0.03)

    with listening(trickle) as peer:
        assert get(session, peer.url, seconds=5) == b"abcd"


def test_outside_of_a_deadline_the_callers_own_timeout_holds(session: requests.Session) -> None:
    with listening(answer) as peer:
        assert get(session, peer.url, seconds=None) == b"hello"
    with listening(hang) as peer, pytest.raises(requests.ReadTimeout):
        session.get(peer.url, timeout=0.1)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_deadline_that_has_passed_reads_nothing(
    session: requests.Session, seconds: float
) -> None:
    with listening(hang) as peer:
        start = time.monotonic()
        with pytest.raises(requests.RequestException):
            get(session, peer.url, seconds=seconds)
        assert time.monotonic() - start < MUCH_LATER


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
    first = threading.Event()

    def once_slow(wire: Wire) -> None:
        if first.is_set():
            answer(wire)
            return
        first.set()
        hang_after_headers(wire)

    with listening(once_slow) as peer:
        with pytest.raises(requests.RequestException):
            get(session, peer.url, seconds=0.1)
        assert get(session, peer.url, seconds=5) == b"hello"
        assert peer.connections == 2


def test_a_new_thread_costs_no_new_connection(session: requests.Session) -> None:
    with listening(answer) as peer:
        for _ in range(5):
            with ThreadPoolExecutor(1) as thread:
                assert thread.submit(get, session, peer.url, 5).result(10) == b"hello"
        assert peer.connections == 1


def test_deadlines_of_two_threads_do_not_meet(session: requests.Session) -> None:
    with listening(answer) as peer, ThreadPoolExecutor(1) as other, transport.deadline(0):
        assert (transport.remaining() or 0) < 0
        assert other.submit(transport.remaining).result(10) is None
        assert other.submit(get, session, peer.url, 5).result(10) == b"hello"


def test_over_tls_the_deadline_holds_too(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with transport.session("https://127.0.0.1", connections=1) as session:
        session.verify = str(certificate)
        with listening(answer, context) as peer:
            assert get(session, peer.url, seconds=5) == b"hello"
        with listening(drip_body, context) as peer:
            start = time.monotonic()
            with pytest.raises(requests.RequestException):
                get(session, peer.url)
            assert time.monotonic() - start < MUCH_LATER


def test_a_stranger_who_answers_over_tls_is_not_believed(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path))
    with (
        transport.session("https://127.0.0.1", connections=1) as session,
        listening(answer, context) as peer,
        pytest.raises(requests.exceptions.SSLError),
    ):
        get(session, peer.url, seconds=5)


def make_certificate(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that trusts nobody but itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "loopback.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    return path


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

    with (
        listening(note) as peer,
        transport.session(peer.url, connections=1) as session,
    ):
        session.get(peer.url, headers={"Authorization": "Bearer rk_test_1"}, timeout=PATIENT)
    assert b"Authorization: Bearer rk_test_1" in heads[0]


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(answer) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with transport.session("http://stripe.example", connections=1) as session:
            assert get(session, "http://stripe.example/v1", seconds=5) == b"hello"
        assert proxy.connections == 1


def test_without_a_deadline_there_is_no_telling_what_remains() -> None:
    assert transport.remaining() is None
    with transport.half_of_the_rest():
        assert transport.remaining() is None


def test_a_deadline_counts_down_and_ends_with_its_block() -> None:
    with transport.deadline(time.monotonic() + 100):
        assert 99 < (transport.remaining() or 0) <= 100
    assert transport.remaining() is None


def test_a_deadline_ends_with_its_block_even_after_an_error() -> None:
    with pytest.raises(KeyError), transport.deadline(0):
        raise KeyError
    assert transport.remaining() is None


@pytest.mark.parametrize(("inner", "expected"), [(10, 10), (1000, 100)])
def test_of_nested_deadlines_the_earlier_holds(inner: float, expected: float) -> None:
    now = time.monotonic()
    with transport.deadline(now + 100):
        with transport.deadline(now + inner):
            assert expected - 1 < (transport.remaining() or 0) <= expected
        assert 99 < (transport.remaining() or 0) <= 100


def test_a_detail_gets_half_of_what_is_left() -> None:
    with transport.deadline(time.monotonic() + 100):
        with transport.half_of_the_rest():
            assert 49 < (transport.remaining() or 0) <= 50
            with transport.half_of_the_rest():
                assert 24 < (transport.remaining() or 0) <= 25
        assert 99 < (transport.remaining() or 0) <= 100


def test_half_of_nothing_is_nothing() -> None:
    with transport.deadline(time.monotonic() - 10), transport.half_of_the_rest():
        assert (transport.remaining() or 0) < 0
