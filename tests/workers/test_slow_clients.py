"""Clients that take their time, or never hang up: the others do not wait for them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from tests.workers.browser import Sent, ask
from tests.workers.service import Service

SLOW_CLIENTS = 5
GENEROUS = 4


def test_clients_that_do_not_hang_up_keep_nobody_else_waiting(
    start: Callable[..., Service],
) -> None:
    service = start()
    with service.only(service.workers[0]), ExitStack() as open_ends:
        for _ in range(SLOW_CLIENTS):
            client = Sent(service.port, "/healthz")
            open_ends.enter_context(client.socket)
        assert ask(service.port, "/healthz").took < GENEROUS
