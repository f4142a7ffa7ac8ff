"""Clients that are silent, stop half-way, send nonsense or never hang up keep nobody waiting."""

from __future__ import annotations

import http.client
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from billing_proxy.serving.worker import ENOUGH, REQUEST_WITHIN, can_begin
from tests.stage.browser import ANSWERS_WITHIN, Sent, ask, program
from tests.stage.service import Service, command

HEAD = b"POST /billing/webhook HTTP/1.1\r\nHost: localhost\r\n"
GENEROUS = 3.0
FEW = 1024
"""Descriptors, as many systems give them to a process."""


@pytest.fixture(scope="module")
def service(start: Callable[..., Service]) -> Service:
    """One process with the default threads, and few descriptors."""
    script = f"ulimit -n {FEW}; exec {' '.join(command())}"
    settings = {"WEB_CONCURRENCY": "1", "STRIPE_WEBHOOK_SECRET": "whsec_a_made_up_signing_secret"}
    return start(started_by=["sh", "-c", script], **settings)


@pytest.fixture
def clients(service: Service) -> Iterator[Callable[[int, bytes], list[socket.socket]]]:
    """Open so many connections, and send the same on each; they end with the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with ExitStack() as opened:

        def opening(number: int, sent: bytes) -> list[socket.socket]:
            address = ("127.0.0.1", service.port)
            made = [
                opened.enter_context(socket.create_connection(address, timeout=ANSWERS_WITHIN))
                for _ in range(number)
            ]
            for client in made:
                client.sendall(sent)
            return made

        yield opening
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize(
    ("number", "sent"),
    [
        pytest.param(2300, b"", id="silent"),
        pytest.param(150, HEAD + b"X-Half: a", id="in a header"),
        pytest.param(150, HEAD + b"Content-Length: 100\r\n\r\nabc", id="in a body"),
        pytest.param(300, HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", id="in a chunk"),
        pytest.param(
            300,
            HEAD + b"Content-Length: 200000\r\n\r\n" + b"x" * ENOUGH,
            id="in a body too large to collect",
        ),
    ],
)
def test_stuck_clients_keep_nobody_waiting(
    clients: Callable[[int, bytes], list[socket.socket]], service: Service, number: int, sent: bytes
) -> None:
    clients(number, sent)
    assert ask(service.port, "/readyz", within=GENEROUS).status == 200
    assert "Traceback" not in service.log


def test_a_request_has_its_time_to_come_and_no_more(
    clients: Callable[[int, bytes], list[socket.socket]],
) -> None:
    """Nothing is answered to half a head; what has a head is told that the rest is missing."""
    (head,) = clients(1, HEAD)
    (body,) = clients(1, HEAD + b"Content-Length: 100\r\n\r\nabc")
    (chunk,) = clients(1, HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab")
    began = time.monotonic()
    for client, answer in ((head, b""), (body, b"HTTP/1.1 400 "), (chunk, b"HTTP/1.1 400 ")):
        assert client.recv(65536)[:13] == answer
        assert REQUEST_WITHIN / 2 < time.monotonic() - began < REQUEST_WITHIN + 2


def test_a_request_that_comes_in_pieces_and_with_the_next_one_is_answered(
    clients: Callable[[int, bytes], list[socket.socket]],
) -> None:
    (client,) = clients(1, b"GET /healthz HTTP/1.1\r\nHost: localho")
    client.sendall(b"st\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /heal")
    client.sendall(b"thz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    with client.makefile("rb") as answers:
        assert answers.read().count(b"HTTP/1.1 200 OK") == 3


def test_clients_that_do_not_hang_up_keep_nobody_waiting(service: Service) -> None:
    with ExitStack() as open_ends:
        for _ in range(100):
            open_ends.enter_context(Sent(service.port, "/healthz").socket)
        assert ask(service.port, "/healthz", within=GENEROUS).status == 200


def test_nonsense_for_a_body_is_the_clients_mistake_and_fills_no_memory(
    clients: Callable[[int, bytes], list[socket.socket]], service: Service
) -> None:
    def send(number: int) -> None:
        for client in clients(number, HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"):
            assert client.recv(65536).startswith(b"HTTP/1.1 400 ")
            client.close()

    send(100)
    before = memory(service)
    for _ in range(5):
        send(100)
    assert memory(service) - before < 4 * 2**20
    assert "Traceback" not in service.log


def test_ever_new_and_long_headers_fill_no_memory(start: Callable[..., Service], anna: str) -> None:
    kept = 2 * 2**20
    service = start(WEB_CONCURRENCY="1", BILLING_PAGE_CACHE_BYTES=str(kept))
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=ANSWERS_WITHIN)
    names = ("Accept-Language", "Sec-Fetch-Dest", "Cookie", "Accept")
    with closing(connection):
        for number in range(900):
            if number == 100:
                before = memory(service)
            junk = f"application/json;level={number}{'x' * 7000}"
            headers = {**program(anna), **dict.fromkeys(names, junk)}
            connection.request("GET", "/billing/subscription.json", headers=headers)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()
    assert memory(service) - before < kept + 14 * 2**20


def memory(service: Service) -> int:
    """The bytes that its worker holds in memory."""
    status = Path(f"/proc/{service.workers[0]}/status").read_text()
    (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(kilobytes) * 1024


@pytest.mark.parametrize(
    ("received", "begins"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True),
        (HEAD + b"Content-Length: 3\r\n\r\nab", False),
        (HEAD + b"content-length:3\r\n\r\nabc", True),
        (HEAD + b"Content-Length: no\r\n\r\n", True),
        (HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nabc", False),
        (HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n", True),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", True),
        (b"x" * ENOUGH, True),
    ],
)
def test_a_thread_begins_when_it_need_not_wait(received: bytes, begins: bool) -> None:
    assert can_begin(received) is begins


def test_the_configuration_imports_nothing_that_a_reload_should_bring_anew() -> None:
    code = "import sys, billing_proxy.serving as _; print(*{'flask', 'stripe'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "\n")
