"""Finished answers: the bytes of a page or of JSON, sent again to the same client unchanged.

A WSGI layer around the standalone service. An answer is kept under everything in the request that
it depends on, the credential included, and is sent again only while the very card it was made from
is fresh (or, made from a last known card, while that one stands in and Stripe is not asked), the
credential holds, and no date on it has passed. Whatever is unusual (a query, another
method, ``no-cache``, a visit to the portal) goes on to Flask.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from sys import intern
from typing import TYPE_CHECKING, Any, TypeAlias

from cachetools import LRUCache
from flask import Response, g, request

from ..loader import Outcome
from ..metrics.observer import SILENT, Observer
from ..service import BillingService
from . import access_log
from .responses import cache_headers
from .visitor import VISIT_COOKIE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "billing_proxy.finished_key"

Key: TypeAlias = tuple[str, ...]
Headers: TypeAlias = tuple[tuple[str, str], ...]

_VARIES = (
    "SCRIPT_NAME", "wsgi.url_scheme", "HTTP_HOST", "HTTP_AUTHORIZATION", "HTTP_COOKIE",
    "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_SEC_FETCH_DEST",
)  # fmt: skip

_CREDENTIALS = ("HTTP_AUTHORIZATION", "HTTP_COOKIE")

_OVERHEAD = 1500
"""Bytes, roughly, that an answer takes in memory besides the text of its body and its key."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a view says of the answer it has made, for it to be kept.

    ``stale`` is of a last known card. Moments are in Unix seconds.
    """

    customer: str
    read_at: float
    valid_until: float
    stale: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """An answer and what it was made of; ``size`` is in bytes.

    ``headers`` are those that other answers have too; most of them share one tuple.
    """

    made: Made
    route: str
    etag: str
    headers: Headers
    body: bytes
    size: int


class FinishedAnswers:
    """Wraps the WSGI application of a standalone service.

    Args:
        app: what answers when nothing is finished.
        service: knows whether a card is still the fresh one.
        maxsize: bytes of answers to keep.
        ttl: seconds a card stays fresh.
        clock: the time in Unix seconds.
        observer: hears of every answer that is sent again.
    """

    def __init__(
        self,
        app: WSGIApplication,
        service: BillingService,
        *,
        maxsize: int,
        ttl: float,
        clock: Callable[[], float],
        observer: Observer = SILENT,
    ) -> None:
        self._observer = observer
        self._app = app
        self._service = service
        self._ttl = ttl
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: LRUCache[Key, Finished] = LRUCache(maxsize, getsizeof=lambda kept: kept.size)
        self._headers: LRUCache[Headers, Headers] = LRUCache(64)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        key = _key(environ)
        if key is None:
            return self._app(environ, start_response)
        with self._lock:
            answer = self._answers.get(key)
        if answer is not None and self._holds(answer):
            return self._send(answer, environ, start_response)
        environ[KEY] = key
        return self._app(environ, start_response)

    def keep(self, response: Response) -> Response:
        """After a request: keep its answer, if it is a card that may be given again."""
        key, made = request.environ.get(KEY), g.get("billing_made", None)
        if key is None or made is None or response.status_code not in (200, 304):
            return response
        body = response.get_data()
        headers = tuple(pair for pair in response.headers if pair[0] not in _PER_ANSWER)
        with self._lock:
            answer = Finished(
                made=made,
                route=request.url_rule.rule if request.url_rule else "-",
                etag=response.headers.get("ETag", ""),
                headers=self._headers.setdefault(headers, headers),
                body=body,
                size=len(body) + sum(map(len, key)) + _OVERHEAD,
            )
            if answer.size <= self._answers.maxsize:
                self._answers[_shared(key)] = answer
        return response

    def _holds(self, answer: Finished) -> bool:
        made = answer.made
        still = self._service.stands_in if made.stale else self._service.is_fresh
        return self._clock() < made.valid_until and still(made.customer, made.read_at)

    def _send(
        self, answer: Finished, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        started = time.perf_counter()
        request_id = access_log.request_id_of(environ)
        outcome = Outcome.STALE if answer.made.stale else Outcome.HIT
        age = self._clock() - answer.made.read_at
        known = environ.get("HTTP_IF_NONE_MATCH", "")
        unchanged = known and (known.strip() == "*" or answer.etag in known)
        headers = [
            *answer.headers,
            ("ETag", answer.etag),
            ("Content-Length", str(len(answer.body))),
            *cache_headers(outcome, age=age, ttl=self._ttl, seconds=0.0),
            (access_log.HEADER, request_id),
        ]
        if unchanged:
            headers = [pair for pair in headers if pair[0] not in _OF_CONTENT]
        self._observer.card_answered(outcome, 304 if unchanged else 200)
        access_log.write(
            method="GET",
            route=answer.route,
            status=304 if unchanged else 200,
            seconds=time.perf_counter() - started,
            cache=outcome,
            request_id=request_id,
        )
        start_response("304 NOT MODIFIED" if unchanged else "200 OK", headers)
        return [] if unchanged else [answer.body]


_PER_ANSWER = frozenset(
    ("Age", "Cache-Status", "Server-Timing", "Content-Length", "Date", "ETag", access_log.HEADER)
)
_OF_CONTENT = frozenset(("Content-Type", "Content-Length"))


def _key(environ: WSGIEnvironment) -> Key | None:
    cookie = environ.get("HTTP_COOKIE", "")
    usual = (
        environ["REQUEST_METHOD"] == "GET"
        and not environ.get("QUERY_STRING")
        and VISIT_COOKIE not in cookie
        and "HTTP_CACHE_CONTROL" not in environ
    )
    if not usual or not (cookie or "HTTP_AUTHORIZATION" in environ):
        return None
    get: Any = environ.get
    return (environ.get("PATH_INFO", ""), *(get(name, "") for name in _VARIES))


def _shared(key: Key) -> Key:
    """``key``, with the parts that many requests have in common kept once in memory."""
    return tuple(
        part if name in _CREDENTIALS else intern(part)
        for name, part in zip(("PATH_INFO", *_VARIES), key, strict=True)
    )
