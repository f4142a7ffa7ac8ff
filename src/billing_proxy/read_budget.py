"""How often to read from Stripe: the account's checkout shares its rate limit. No Flask, no Stripe.

Source: https://docs.stripe.com/rate-limits
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeAlias

from throttled import RateLimitResult, Throttled, rate_limiter, store

from .observer import SILENT, Observer

FIRST_REST = 1.0
LONGEST_REST = 30.0
"""Seconds without reads after Stripe's first 429, doubled by each that follows, up to the last."""

SHORT_WAIT = 0.25
"""Seconds to wait for the next read when there is nothing else to show."""

_KEY = "stripe-reads"


SharedLimit: TypeAlias = Callable[[float | None], "RateLimitResult | None"]
"""Counts one read for all processes, after waiting some seconds; None when it cannot be asked."""


class ReadBudget:
    """At most ``max_rate`` reads per second, and none for a while after Stripe's own 429.

    The reads are spread (GCRA): after an idle second, as many may come at once. Safe to share
    between threads; ``timer`` gives seconds that only go forward. With ``shared``, the limit is
    that of all processes together, and this process's own while that one cannot be asked.
    """

    def __init__(
        self,
        max_rate: float,
        *,
        shared: SharedLimit | None = None,
        timer: Callable[[], float] = time.monotonic,
        observer: Observer = SILENT,
    ) -> None:
        self._observer = observer
        observer.read_limit_set(max_rate)
        self._limiter = limiter(max_rate, store.MemoryStore())
        self._shared = shared
        self._timer = timer
        self._lock = threading.Lock()
        self._spent_until = -math.inf
        self._next = 0.0
        self._rest = 0.0
        self._rest_until = -math.inf

    def take(self, *, wait: bool = False) -> bool:
        """Whether one more read may be made now, or with ``wait`` in a moment; if so, it counts."""
        granted = self._take(wait=wait)
        self._observer.read_asked(granted=granted)
        return granted

    def _take(self, *, wait: bool) -> bool:
        if self._timer() < self._rest_until:
            return False
        timeout = SHORT_WAIT if wait else None
        result = self._shared(timeout) if self._shared else None
        if result is None:
            result = self._limiter.limit(timeout=timeout)
        elif result.limited:
            self._spent_until = self._timer() + max(1.0, result.state.retry_after)
        self._next = result.state.retry_after
        return not result.limited

    @property
    def retry_after(self) -> int:
        """Whole seconds after which asking again makes sense, at least one."""
        rest = self._rest_until - self._timer()
        return max(1, math.ceil(max(rest, self._next)))

    @property
    def is_spent(self) -> bool:
        """Whether no read may be made now."""
        held = self._timer() < max(self._rest_until, self._spent_until)
        return held or self._limiter.peek(_KEY).remaining < 1

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


def limiter(max_rate: float, kept_in: Any, *, key_prefix: str | None = None) -> Throttled:
    """Counts reads in ``kept_in``, one of throttled's stores."""
    return Throttled(
        key=_KEY, using="gcra", quota=_quota(max_rate), store=kept_in, key_prefix=key_prefix
    )


def _quota(max_rate: float) -> rate_limiter.Quota:
    """``max_rate`` per second in whole reads: below one, one read in so many seconds."""
    if max_rate >= 1:
        return rate_limiter.per_sec(int(max_rate), burst=int(max_rate))
    period = timedelta(seconds=math.ceil(1 / max_rate))
    return rate_limiter.per_duration(period, limit=1, burst=1)
