"""A circuit breaker: while a server fails, ask it seldom and go on at once. No Flask, no Stripe.

Our own, since the ones at hand hold a lock during the call (pybreaker), which would let one slow
answer stop all the others, or let every waiting thread probe together. The states are those of
https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker: closed, open, and half-open
for the moment of a probe.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum

from ..metrics.observer import SILENT, Observer

log = logging.getLogger(__name__)

THRESHOLD = 5
"""Failures without a success between them that open the breaker."""

PROBE_INTERVAL = 2.0
"""Seconds between two probes, so that a recovery is noticed within five."""


class Permit(StrEnum):
    """What a caller may do now."""

    CALL = "call"
    PROBE = "probe"
    REFUSED = "refused"


class CircuitBreaker:
    """Counts what happens to calls and says whether to make one. Safe to share between threads.

    While it is open, one call in ``probe_interval`` seconds is let through to see whether ``what``
    answers again; any success closes it. ``timer`` gives seconds that only go forward.
    """

    def __init__(
        self,
        what: str = "Stripe",
        *,
        threshold: int = THRESHOLD,
        probe_interval: float = PROBE_INTERVAL,
        timer: Callable[[], float] = time.monotonic,
        observer: Observer = SILENT,
    ) -> None:
        self._what = what
        self._observer = observer
        self._threshold = threshold
        self._probe_interval = probe_interval
        self._timer = timer
        self._lock = threading.Lock()
        self._failures = 0
        self._next_probe = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are refused, but for probes."""
        return self._failures >= self._threshold

    @property
    def is_suspicious(self) -> bool:
        """Whether the last thing heard was a failure."""
        return self._failures > 0

    @property
    def refuses(self) -> bool:
        """Whether ``ask`` would refuse now: the circuit is open, and no probe is due."""
        return self.is_open and self._timer() < self._next_probe

    def ask(self) -> Permit:
        """Whether to make a call now; a probe is given out once per interval."""
        with self._lock:
            now = self._timer()
            if self._failures < self._threshold:
                return Permit.CALL
            if now < self._next_probe:
                return Permit.REFUSED
            self._next_probe = now + self._probe_interval
            return Permit.PROBE

    def succeeded(self) -> None:
        """It answered: whatever it said, it is there."""
        with self._lock:
            if self.is_open:
                log.warning("%s answers again; the circuit is closed", self._what)
                self._observer.circuit_changed(is_open=False)
            self._failures = 0

    def failed(self) -> None:
        """It was out of reach, too slow, or broken."""
        with self._lock:
            was_open = self.is_open
            self._failures += 1
            if self.is_open and not was_open:
                self._next_probe = self._timer() + self._probe_interval
                log.error(
                    "%s failed %d times in a row; the circuit is open", self._what, self._failures
                )
                self._observer.circuit_changed(is_open=True)
