"""The public keys of a site's identity provider, fetched rarely, kept in an outage."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import jwt

FRESH = 300
"""Seconds a key set is used before it is fetched again."""

REST = 2
"""Seconds between two fetches that an unknown key id or a failure asks for."""

TIMEOUT = 2.0


class KeySet(jwt.PyJWKClient):
    """PyJWT's client, which here falls back on the last known keys while ``url`` does not answer.

    A key id that nobody knows makes it look once more, so that a new key works at once; a flood of
    them does not. ``timer`` gives seconds that only go forward.
    """

    def __init__(self, url: str, timer: Callable[[], float] = time.monotonic) -> None:
        super().__init__(url, lifespan=FRESH, timeout=TIMEOUT, cooldown_duration=REST)
        self._timer = timer
        self._last: Any = None
        self._rest_until = timer()

    def fetch_data(self) -> Any:
        """The key set: what ``url`` answers, else the last one it answered.

        Raises:
            jwt.PyJWKClientError: when there is neither.
        """
        if self._timer() < self._rest_until:
            return self._last_known()
        try:
            data = super().fetch_data()
            jwt.PyJWKSet.from_dict(data)
        except (jwt.PyJWTError, ValueError, OSError):
            self._rest_until = self._timer() + REST
            return self._last_known()
        self._last = data
        return data

    def _last_known(self) -> Any:
        if self._last is None:
            raise jwt.PyJWKClientError("the key set cannot be fetched")
        return self._last
