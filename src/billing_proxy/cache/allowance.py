"""How often one customer may cause a call to Stripe, whoever asks and by whatever means.

A burst is granted at once, and after it one call in ``INTERVAL`` seconds: so what a person does is
never held up, and what a loop does costs the account's budget next to nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from cachetools import LRUCache

from .budget import Limiter, Quota

INTERVAL = 2.0
"""Seconds between two calls, once the burst is used up."""

BURST = 5
"""Calls that may come at once."""

MAXSIZE = 10_000
"""Customers that are remembered; who is forgotten begins with a whole burst again."""


class Allowance:
    """An allowance for each customer. Safe to share between threads.

    ``timer`` gives seconds that only go forward.
    """

    def __init__(self, timer: Callable[[], float], *, maxsize: int = MAXSIZE) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._limiters: LRUCache[str, Limiter] = LRUCache(maxsize)

    def ask(self, customer: str) -> float:
        """The seconds to wait for one more call, 0 when it is granted; then it counts."""
        with self._lock:
            limiter = self._limiters.get(customer)
            if limiter is None:
                quota = Quota(BURST, BURST * INTERVAL)
                limiter = self._limiters[customer] = Limiter(quota, self._timer)
        return limiter.ask()
