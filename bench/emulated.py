"""The emulator in a process of its own, so that what it costs is not counted as anybody else's.

``Stripe`` starts and commands it; ``python -m bench.emulated`` is that process. It takes one JSON
list per line, ``[command, argument, …]``, and answers each with one line of JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from billing_proxy.testing.catalogue import account_with_catalogue
from demo.emulator import Emulator


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

    def add(self, prefix: str, count: int) -> list[str]:
        """Add customers with a monthly subscription each; gives their ids."""
        self._ask("add", prefix, count)
        return [f"cus_{prefix}{number}" for number in range(count)]

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


def main() -> None:
    """Obey the lines on standard input until it ends."""
    with Emulator(account_with_catalogue()) as emulator:
        print(json.dumps([emulator.url, emulator.key]), flush=True)
        for line in sys.stdin:
            command, *arguments = json.loads(line)
            print(json.dumps(_COMMANDS[command](emulator, *arguments)), flush=True)


def _add(emulator: Emulator, prefix: str, count: int) -> None:
    for number in range(count):
        customer = f"cus_{prefix}{number}"
        emulator.account.add_customer(customer)
        emulator.account.add_subscription(customer)


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
    "latency": _latency,
    "hang": _hang,
    "recover": _recover,
    "calls": _calls,
}


if __name__ == "__main__":
    main()
