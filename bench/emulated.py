"""The emulator in a process of its own, so that what it costs is not counted as anybody else's.

``Stripe`` starts and commands it; ``python -m bench.emulated`` is that process. It takes one JSON
list per line, ``[command, argument, …]``, and answers each with one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

from werkzeug.test import create_environ, run_wsgi_app

from billing_proxy.testing.catalogue import account_with_catalogue
from demo.emulator import Emulator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LIST = "/v1/subscriptions"


class Stripe:
    """A running emulator; ``url`` and ``key`` are for the settings of the service."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.emulated"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url, self.key = self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    @property
    def settings(self) -> dict[str, str]:
        """What leads a client to this Stripe."""
        return {"STRIPE_SECRET_KEY": self.key, "STRIPE_API_BASE": self.url}

    def add(self, prefix: str, count: int, *, discounts: bool = False) -> list[str]:
        """Add customers with a monthly subscription each; gives their ids.

        With ``discounts`` every other one has a discount, and so is promised no saving.
        """
        self._ask("add", prefix, count, discounts)
        return [f"cus_{prefix}{number}" for number in range(count)]

    def prepare(self, customers: Sequence[str], *expansions: Sequence[str]) -> None:
        """Have the lists of the subscriptions of ``customers`` ready, with each of ``expansions``.

        Such an answer takes Stripe no time but the latency, and does not count as a call.
        """
        self._ask("prepare", customers, expansions)

    def latency(self, seconds: float) -> None:
        """Let every call take this much longer."""
        self._ask("latency", seconds)

    def hang(self) -> None:
        """Let no call be answered until ``recover``."""
        self._ask("hang")

    def recover(self) -> None:
        """Answer again."""
        self._ask("recover")

    def calls(self) -> int:
        """How many calls came in since this was last asked."""
        return int(self._ask("calls"))

    def _ask(self, *order: Any) -> Any:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> Any:
        assert self._process.stdout
        return json.loads(self._process.stdout.readline())


class Ready:
    """A WSGI application around that of ``emulator``: gives each answer that is ready once."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._app = emulator._server.app
        emulator._server.app = self
        self._answers: dict[frozenset[tuple[str, str]], tuple[list[bytes], str, Any]] = {}

    def prepare(self, customers: Sequence[str], expansions: Sequence[Sequence[str]]) -> None:
        """See ``Stripe.prepare``."""
        headers = {"Authorization": f"Bearer {self._emulator.key}"}
        for customer, paths in product(customers, expansions):
            asked = {"customer": customer, "status": "all", "limit": "100"}
            asked |= {f"expand[{number}]": path for number, path in enumerate(paths)}
            environ = create_environ(LIST, query_string=asked, headers=headers)
            parts, status, sent = run_wsgi_app(self._app, environ, buffered=True)
            self._answers[frozenset(asked.items())] = (list(parts), status, list(sent.items()))
        self._emulator.requests.clear()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        asked = frozenset(parse_qsl(environ["QUERY_STRING"]))
        ready = self._answers.pop(asked, None) if environ["PATH_INFO"] == LIST else None
        if ready is None:
            return self._app(environ, start_response)
        time.sleep(self._emulator.latency)
        start_response(*ready[1:])
        return ready[0]


def main() -> None:
    """Obey the lines on standard input until it ends."""
    with Emulator(account_with_catalogue()) as emulator:
        ready = Ready(emulator)
        print(json.dumps([emulator.url, emulator.key]), flush=True)
        for line in sys.stdin:
            command, *arguments = json.loads(line)
            commanded = ready if command == "prepare" else emulator
            print(json.dumps(_COMMANDS[command](commanded, *arguments)), flush=True)


def _add(emulator: Emulator, prefix: str, count: int, discounts: bool) -> None:
    account = emulator.account
    for number in range(count):
        customer = f"cus_{prefix}{number}"
        account.add_customer(customer)
        subscription = account.add_subscription(customer)
        if discounts and number % 2:
            account.add_discount(subscription, account.add_coupon(percent_off=10)["id"])


def _latency(emulator: Emulator, seconds: float) -> None:
    emulator.latency = seconds


def _hang(emulator: Emulator) -> None:
    emulator.fail(times=None, hang=True)


def _recover(emulator: Emulator) -> None:
    emulator.clear_faults()


def _calls(emulator: Emulator) -> int:
    count = emulator.calls()
    emulator.requests.clear()
    return count


_COMMANDS: dict[str, Callable[..., Any]] = {
    "add": _add,
    "prepare": Ready.prepare,
    "latency": _latency,
    "hang": _hang,
    "recover": _recover,
    "calls": _calls,
}


if __name__ == "__main__":
    main()
