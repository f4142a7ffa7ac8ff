"""Faults on demand: answers that Stripe gives on a bad day, and answers that never come."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..account.objects import JSON

_BAD_DAY: JSON = {"type": "api_error", "message": "An unknown error occurred."}
_TOO_MANY: JSON = {
    "type": "invalid_request_error",
    "code": "rate_limit",
    "message": "Request rate limit exceeded. Learn more about rate limits here "
    "https://docs.stripe.com/rate-limits.",
}


@dataclass
class Fault:
    """What happens to calls whose path starts with `prefix`.

    `times` counts down; None means every call until the faults are cleared. With `hang` no answer
    comes until then, with `drop` the connection is closed without one.
    """

    prefix: str
    method: str | None = None
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: JSON | str | None = None
    times: int | None = 1
    hang: bool = False
    drop: bool = False

    def text(self) -> str:
        """The body on the wire: what was asked for, or Stripe's own error for the status."""
        if isinstance(self.body, str):
            return self.body
        default = {"error": _TOO_MANY if self.status == 429 else _BAD_DAY}
        return json.dumps(default if self.body is None else self.body)

    def all_headers(self) -> dict[str, str]:
        """The headers asked for; a 429 says which limit was met."""
        reason = {"Stripe-Rate-Limited-Reason": "global-rate"} if self.status == 429 else {}
        return {"Content-Type": "application/json", **reason, **self.headers}


class Faults:
    """The faults that are set; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._cleared = threading.Event()

    def add(self, fault: Fault) -> None:
        """Set a fault. The one set first is used up first."""
        with self._lock:
            self._faults.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, if any, counted down."""
        with self._lock:
            for fault in self._faults:
                if path.startswith(fault.prefix) and fault.method in (None, method):
                    if fault.times is not None:
                        fault.times -= 1
                        if not fault.times:
                            self._faults.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        """Forget every fault and let go of the calls that hang."""
        with self._lock:
            self._faults.clear()
            self._cleared.set()
            self._cleared = threading.Event()

    def wait(self, seconds: float | None = None) -> None:
        """Hold a call for `seconds`, or until the faults are cleared."""
        with self._lock:
            cleared = self._cleared
        cleared.wait(seconds)
