"""The public keys of a site's identity provider, fetched rarely, kept in an outage.

A fetch runs on a thread of its own, with one deadline for all of it and a limit to its size: a
provider that drips keeps nobody waiting for longer than that, and nobody at all whose key is known.

Source: RFC 7517 (JWK sets).
"""

from __future__ import annotations

import json
import logging
import math
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import requests

from ..gateway.transport import deadline, session

log = logging.getLogger(__name__)

FRESH = 300
"""Seconds a key set is used before it is fetched again."""

REST = 2
"""Seconds between two fetches that an unknown key id or a failure asks for."""

TIMEOUT = 2.0
"""Seconds one fetch may take in all."""

MAX_SIZE = 256 * 1024
"""Bytes; real key sets have a few thousand."""

MAX_WAITING = 64
"""Requests that wait for a fetch at once; a flood of made-up key ids takes no more threads."""


class KeySet:
    """The keys that ``url`` publishes, by their ids.

    A key id that nobody knows makes it look once more, so that a new key works at once; a flood of
    them does not. ``timer`` gives seconds that only go forward.
    """

    def __init__(self, url: str, timer: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._timer = timer
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = -math.inf
        self._failing = False
        self._fetch: threading.Thread | None = None
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MAX_WAITING)

    def key(self, key_id: str) -> Any:
        """The public key with that id.

        Raises:
            jwt.PyJWKClientError: when nobody knows it, or nobody can be asked.
        """
        if key_id not in self._keys or self._timer() >= self._fetched_at + FRESH:
            fetch = self._start()
            if fetch and (key_id not in self._keys or not self._failing):
                self._wait(fetch)
        if key_id not in self._keys:
            raise jwt.PyJWKClientError("no known key has this id")
        return self._keys[key_id].key

    def _start(self) -> threading.Thread | None:
        """The fetch that is under way, or a new one; none so soon after the last."""
        with self._lock:
            if self._fetch is None and self._timer() >= self._tried_at + REST:
                self._tried_at = self._timer()
                self._fetch = threading.Thread(target=self._refresh, name="key-set", daemon=True)
                self._fetch.start()
            return self._fetch

    def _wait(self, fetch: threading.Thread) -> None:
        if self._places.acquire(blocking=False):
            try:
                fetch.join(TIMEOUT)
            finally:
                self._places.release()

    def _refresh(self) -> None:
        try:
            keys = _read(self._url)
        except Exception as error:  # noqa: BLE001 -- a thread's end: known keys stand in
            self._say(f"cannot be fetched ({type(error).__name__})", failing=True)
        else:
            self._keys, self._fetched_at = keys, self._timer()
            self._say("can be fetched again", failing=False)
        finally:
            self._fetch = None

    def _say(self, what: str, *, failing: bool) -> None:
        """Once when it begins to fail, once when that is over."""
        if failing is not self._failing:
            log.warning("the key set of BILLING_TOKEN_JWKS_URL %s", what)
        self._failing = failing


def _read(url: str) -> dict[str, jwt.PyJWK]:
    """The keys for signatures that ``url`` itself answers; no redirect is followed."""
    # What the system trusts, as SSL_CERT_FILE may say: a company's provider has its own authority.
    trusted = ssl.get_default_verify_paths()
    with deadline(time.monotonic() + TIMEOUT), session(url, connections=1) as http:
        answer = http.get(
            url,
            headers={"Accept-Encoding": "identity"},
            timeout=TIMEOUT,
            stream=True,
            allow_redirects=False,
            verify=trusted.cafile or trusted.capath or True,
        )
        body = answer.raw.read(MAX_SIZE + 1)
    if answer.status_code != requests.codes.ok or len(body) > MAX_SIZE:
        raise ValueError("this is no answer with a key set")
    document = json.loads(body)
    if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
        raise ValueError("this is no key set")
    found = jwt.PyJWKSet.from_dict(document).keys  # without those of a kind it does not know
    keys = {key.key_id: key for key in found if key.public_key_use in ("sig", None) and key.key_id}
    if not keys:
        raise ValueError("the key set has no key with an id")
    return keys
