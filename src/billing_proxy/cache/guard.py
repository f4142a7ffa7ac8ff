"""What stands between a card that must be loaded and Stripe: who may ask, and who may wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from ..errors import (
    BillingError,
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

MAX_WAITING = 16
"""Requests, per process, that may wait for a slow Stripe; others need their threads."""


class Guard:
    """A circuit breaker, a read budget and a bulkhead, asked in that order.

    Everything that is refused is StripeUnavailable, so that a last known card stands in.
    """

    def __init__(
        self, breaker: CircuitBreaker, budget: ReadBudget, *, max_waiting: int = MAX_WAITING
    ) -> None:
        self.breaker = breaker
        self.budget = budget
        self._waiting = threading.BoundedSemaphore(max_waiting)

    def admit(self) -> None:
        """Allow one load to start.

        Raises:
            StripeUnavailable: when the circuit is open.
        """
        if self.breaker.ask() is Permit.REFUSED:
            raise StripeUnavailable("the circuit is open after repeated failures", retry_after=2)

    def spend(self, *, wait: bool) -> None:
        """Count one read; with ``wait``, after a moment if need be.

        Raises:
            ReadBudgetSpent
        """
        if not self.budget.take(wait=wait):
            reason = "the read budget is spent"
            raise ReadBudgetSpent(reason, retry_after=self.budget.retry_after)

    def answered(self) -> None:
        """A load ended with an answer of Stripe's."""
        self.breaker.succeeded()
        self.budget.answered()

    def failed(self, error: BillingError) -> None:
        """A load ended with ``error``."""
        if isinstance(error, ReadBudgetSpent):
            return  # Stripe was not asked
        if isinstance(error, StripeRateLimited):
            self.breaker.succeeded()
            self.budget.rate_limited()
        elif isinstance(error, StripeUnavailable):
            self.breaker.failed()
        else:
            self.answered()

    def wait(self, future: Future[T], until: float) -> T:
        """The result of ``future`` by ``until`` (seconds of ``time.monotonic``).

        Anybody may wait for ``SLOW`` seconds; for longer there are only so many places.

        Raises:
            StripeUnavailable: when it takes longer, or no place is free; and what the call raises.
        """
        try:
            return wait(future, min(SLOW, until - time.monotonic()))
        except StripeTooSlow:
            if time.monotonic() >= until:
                raise
        with self.waiting():
            return wait(future, until - time.monotonic())

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Take one of the places for requests that wait for a slow answer.

        Raises:
            StripeUnavailable: when they are all taken.
        """
        if not self._waiting.acquire(blocking=False):
            raise StripeUnavailable("too many requests wait for Stripe already")
        try:
            yield
        finally:
            self._waiting.release()
