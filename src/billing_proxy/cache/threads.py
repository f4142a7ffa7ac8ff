"""The threads that wait for Stripe, so that no request thread ever waits longer than its budget.

A thread cannot be stopped from outside: not in a name lookup, not in a handshake. So the waiting is
done here, in a bounded number of threads, and whoever asked leaves when the time is up. The bound
is a bulkhead too: when all threads and all places in the queue are taken, the answer comes at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from ..errors import StripeTooSlow, StripeUnavailable

T = TypeVar("T")


class Threads:
    """``size`` threads and a queue of ``queue`` more calls, made when first needed.

    Made in each process for itself: threads do not survive a fork, and none exists before then.
    """

    def __init__(self, *, size: int, queue: int = 256) -> None:
        self._executor = ThreadPoolExecutor(size, thread_name_prefix="stripe")
        self._places = threading.BoundedSemaphore(size + queue)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Start ``call`` soon in one of the threads, in the context of the caller.

        So a trace goes on there, and a deadline of the caller's holds for the call too.

        Raises:
            StripeUnavailable: when every place is taken.
        """
        if not self._places.acquire(blocking=False):
            raise StripeUnavailable("too many calls to Stripe are under way")
        future = self._executor.submit(copy_context().run, call)
        future.add_done_callback(lambda _: self._places.release())
        return future


def wait(future: Future[T], timeout: float) -> T:
    """The result of ``future`` within ``timeout`` seconds.

    Raises:
        StripeTooSlow: when it takes longer, or was taken back before it began.
    """
    try:
        return future.result(max(timeout, 0))
    except (TimeoutError, CancelledError):
        raise StripeTooSlow("Stripe did not answer in time") from None
