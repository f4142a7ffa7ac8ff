"""What stands between a card that must be loaded and Stripe: who may ask, and who may wait."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from ..errors import (
    BillingError,
    CustomerNotFound,
    ReadBudgetSpent,
    StripeRateLimited,
    StripeTooSlow,
    StripeUnavailable,
)
from .breaker import CircuitBreaker, Permit
from .budget import ReadBudget
from .threads import wait

T = TypeVar("T")

SLOW = 1.0
"""Seconds that any request may wait for Stripe."""

MAX_WAITING = 192
"""Requests, per process, that may wait for a slow Stripe: with 256 threads, the others stay free
for what needs no Stripe."""


class Guard:
    """A circuit breaker, a read budget and a bulkhead, asked in that order.

    Everything that is refused is StripeUnavailable, so that a last known card stands in.
    """

    def __init__(
        self,
        breaker: CircuitBreaker,
        budget: ReadBudget,
        *,
        max_waiting: int = MAX_WAITING,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.breaker = breaker
        self.budget = budget
        self._max_waiting = max_waiting
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._timer = timer
        self._last_failure: tuple[BillingError | None, float] = (None, 0.0)

    def last_failure(self) -> tuple[BillingError | None, float]:
        """What the last call failed with, and how many seconds ago; None where it was answered."""
        error, moment = self._last_failure
        return error, self._timer() - moment

    def admit(self) -> None:
        """Allow one load to start.

        Raises:
            StripeUnavailable: when the circuit is open.
        """
        if self.breaker.ask() is Permit.REFUSED:
            raise StripeUnavailable("the circuit is open after repeated failures", retry_after=2)

    def spend(self, *, patience: float) -> None:
        """Count one read, within ``patience`` seconds.

        Raises:
            ReadBudgetSpent
        """
        if not self.budget.take(patience=patience):
            reason = "the read budget is spent"
            raise ReadBudgetSpent(reason, retry_after=self.budget.retry_after)

    def answered(self) -> None:
        """A call ended with an answer of Stripe's."""
        self._last_failure = (None, 0.0)
        self.breaker.succeeded()
        self.budget.answered()

    def failed(self, error: BillingError) -> None:
        """A call ended with ``error``."""
        if isinstance(error, ReadBudgetSpent):
            return  # Stripe was not asked
        if isinstance(error, CustomerNotFound):
            self.answered()
            return
        self._last_failure = (error, self._timer())
        if isinstance(error, StripeRateLimited):
            self.breaker.succeeded()
            self.budget.rate_limited()
        elif isinstance(error, StripeUnavailable):
            self.breaker.failed()
        else:
            self.breaker.succeeded()
            self.budget.answered()

    def wait(self, future: Future[T], until: float, customer: str) -> T:
        """The result of ``future``, for ``customer``, by ``until`` (seconds of ``time.monotonic``).

        Anybody may wait for ``SLOW`` seconds; for longer there are only so many places.

        Raises:
            StripeUnavailable: when it takes longer, or no place is free; and what the call raises.
        """
        try:
            return wait(future, min(SLOW, until - time.monotonic()))
        except StripeTooSlow:
            if time.monotonic() >= until:
                raise
        with self.waiting(customer):
            return wait(future, until - time.monotonic())

    @contextmanager
    def waiting(self, customer: str) -> Iterator[None]:
        """Take one of the places for requests that wait for a slow answer.

        Raises:
            StripeUnavailable: when they are all taken, or half of them by ``customer`` alone.
        """
        with self._lock:
            own, taken = self._waiting[customer], self._waiting.total()
            if taken >= self._max_waiting or own >= max(1, self._max_waiting // 2):
                raise StripeUnavailable("too many requests wait for Stripe already")
            self._waiting[customer] += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= Counter([customer])  # which leaves out who has none


class Report:
    """Tells the guard how a call ended, once: the call itself does, or who waited in vain."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._once = threading.Lock()

    def answered(self) -> None:
        """The call has its answer."""
        if self._once.acquire(blocking=False):
            self._guard.answered()

    def failed(self, error: BillingError) -> None:
        """The call failed with ``error``, or did not end in time."""
        if self._once.acquire(blocking=False):
            self._guard.failed(error)
