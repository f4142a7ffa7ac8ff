"""What a worker keeps in memory is bounded, whatever a customer sends along."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.workers.browser import ANSWERS_WITHIN, program
from tests.workers.service import Service

JSON = "/billing/subscription.json"
KEPT = 2 * 2**20
GENEROUS = 14 * 2**20
LONG = "x" * 7000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is measured by /proc")
def test_requests_with_ever_new_and_long_headers_do_not_fill_the_memory(
    start: Callable[..., Service], anna: str
) -> None:
    service = start(BILLING_CACHE_TTL="3600", BILLING_PAGE_CACHE_BYTES=str(KEPT))
    pid = service.workers[0]
    with service.only(pid):
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=ANSWERS_WITHIN)
        with closing(connection):
            ask_with_junk(connection, anna, range(100))
            before = memory(pid)
            ask_with_junk(connection, anna, range(100, 1500))
            assert memory(pid) - before < KEPT + GENEROUS


def ask_with_junk(connection: http.client.HTTPConnection, customer: str, numbers: range) -> None:
    """Ask for the card with headers that are long, and others each time."""
    for number in numbers:
        junk = f"{number}{LONG}"
        headers = {
            **program(customer),
            "Accept": f"application/json;level={junk}",
            "Accept-Language": f"nl, {junk}",
            "Sec-Fetch-Dest": junk,
            "Cookie": f"theme={junk}",
        }
        connection.request("GET", JSON, headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200


def memory(pid: int) -> int:
    """The bytes that a process holds in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    (kilobytes,) = re.findall(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    return int(kilobytes) * 1024
