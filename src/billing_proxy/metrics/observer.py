"""What can be watched from outside: each event is a method, and none of them does anything here.

``SILENT`` stands for nobody watching. Whoever reports an event calls it on the spot, so a watcher
must be quick, never raise, and is called from several threads at once.
"""

from __future__ import annotations

from enum import StrEnum

NO_CARD = "none"
"""Where a card came from, of an answer that holds none."""


class CallOutcome(StrEnum):
    """How one call to Stripe ended."""

    OK = "ok"
    KEY_REFUSED = "key_refused"
    PERMISSION_REFUSED = "permission_refused"
    REQUEST_REFUSED = "request_refused"
    RATE_LIMITED = "rate_limited"
    FAILED = "failed"
    NO_ANSWER = "no_answer"
    UNREADABLE = "unreadable"


class Observer:
    """The events. A watcher overrides those that it counts."""

    def card_answered(self, cache: str, code: int) -> None:
        """A request for a card was answered.

        ``cache`` is an ``Outcome`` or ``NO_CARD``, ``code`` the HTTP status; a card in a page of a
        site counts as 200, or as the status that its error would have had.
        """

    def stripe_called(self, endpoint: str, outcome: CallOutcome, seconds: float) -> None:
        """A call to ``endpoint``, one of ``gateway.calls.CALLS``; ``seconds`` include a retry."""

    def circuit_changed(self, *, is_open: bool) -> None:
        """The circuit breaker has opened or closed."""

    def read_asked(self, *, granted: bool) -> None:
        """The read budget was asked for one more read of Stripe."""

    def read_limit_set(self, per_second: float) -> None:
        """The read budget allows so many reads per second."""

    def shared_cache_changed(self, *, is_available: bool) -> None:
        """The cache that all processes share can be used, or no longer; nothing without one."""


SILENT = Observer()
