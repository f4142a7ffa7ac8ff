"""How often to read from Stripe: the account's checkout shares its rate limit. No Flask, no Stripe.

Source: https://docs.stripe.com/rate-limits
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from ..metrics.observer import SILENT, Observer

FIRST_REST = 1.0
LONGEST_REST = 30.0
"""Seconds without reads after Stripe's first 429, doubled by each that follows, up to the last."""

MICROSECONDS = 1_000_000
"""In a second. Limiters count in whole ones, so that sums are exact, here and in Redis."""

SharedLimit: TypeAlias = Callable[[], "float | None"]
"""Counts one read for all processes: the seconds to wait for it, 0 when it is granted, None when
nobody can be asked."""


class Quota(NamedTuple):
    """At most ``reads`` in ``period`` seconds."""

    reads: int
    period: float

    @classmethod
    def per_second(cls, max_rate: float) -> Quota:
        """``max_rate`` in whole reads: below one a second, one read in so many seconds."""
        return cls(int(max_rate), 1) if max_rate >= 1 else cls(1, math.ceil(1 / max_rate))

    @property
    def interval(self) -> int:
        """Microseconds from one read to the next, rounded so that there is never one too many."""
        return math.ceil(self.period * MICROSECONDS / self.reads)

    @property
    def ahead(self) -> int:
        """Microseconds by which reads may run ahead, so that all may come at once."""
        return self.interval * (self.reads - 1)


class Limiter:
    """The generic cell rate algorithm: reads are spread over the period, and after an idle one as
    many may come at once. https://brandur.org/rate-limiting

    Our own, since it is one line of arithmetic; ``fleet.shared`` has it for a fleet.
    """

    def __init__(self, quota: Quota, timer: Callable[[], float]) -> None:
        self._quota = quota
        self._timer = timer
        self._lock = threading.Lock()
        self._due = 0

    def ask(self, *, take: bool = True) -> float:
        """The seconds to wait for one more read; 0 when it is granted, which counts it."""
        with self._lock:
            now = round(self._timer() * MICROSECONDS)
            due = max(self._due, now)
            if due - now > self._quota.ahead:
                return (due - now - self._quota.ahead) / MICROSECONDS
            if take:
                self._due = due + self._quota.interval
            return 0.0


class ReadBudget:
    """At most ``max_rate`` reads per second, and none for a while after Stripe's own 429.

    Safe to share between threads; ``timer`` gives seconds that only go forward, ``pause`` lets some
    go by. With ``shared``, the limit is that of all processes together, and this process's own
    while that one cannot be asked.
    """

    def __init__(
        self,
        max_rate: float,
        *,
        shared: SharedLimit | None = None,
        timer: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
        observer: Observer = SILENT,
    ) -> None:
        self._observer = observer
        observer.read_limit_set(max_rate)
        self._limiter = Limiter(Quota.per_second(max_rate), timer)
        self._shared = shared
        self._timer = timer
        self._pause = pause
        self._lock = threading.Lock()
        self._spent_until = -math.inf
        self._next = 0.0
        self._rest = 0.0
        self._rest_until = -math.inf

    def take(self, *, patience: float = 0.0) -> bool:
        """Whether one more read may be made within ``patience`` seconds; if so, it counts."""
        granted = self._take(patience)
        self._observer.read_asked(granted=granted)
        return granted

    def _take(self, patience: float) -> bool:
        while self._timer() >= self._rest_until:
            self._next = self._ask()
            if self._next == 0:
                return True
            if self._next > patience:
                return False
            patience -= self._next
            self._pause(self._next)
        return False

    def _ask(self) -> float:
        wait = self._shared() if self._shared else None
        if wait is None:
            return self._limiter.ask()
        if wait > 0:
            self._spent_until = self._timer() + max(1.0, wait)
        return wait

    @property
    def retry_after(self) -> int:
        """Whole seconds after which asking again makes sense, at least one."""
        rest = self._rest_until - self._timer()
        return max(1, math.ceil(max(rest, self._next)))

    @property
    def is_spent(self) -> bool:
        """Whether no read may be made now."""
        held = self._timer() < max(self._rest_until, self._spent_until)
        return held or self._limiter.ask(take=False) > 0

    def rate_limited(self) -> None:
        """Stripe answered 429: leave it alone, longer each time."""
        with self._lock:
            if self._timer() < self._rest_until:
                return
            self._rest = min(self._rest * 2 or FIRST_REST, LONGEST_REST)
            self._rest_until = self._timer() + self._rest

    def answered(self) -> None:
        """Stripe answered in full: the next 429 counts as a first one."""
        with self._lock:
            self._rest = 0.0
