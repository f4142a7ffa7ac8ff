"""The response cache: the bytes of a page or of JSON, sent again to the same client unchanged.

A WSGI layer around the standalone service. A response is stored under everything in the request
that it depends on, the credential included: ``KnownRequest`` tells the views of nothing else. It is
sent again only while the very card it was made from is fresh (or, if that was a last known one,
while it stands in and Stripe is not asked), the credential holds, and no date on it has passed.
Whatever is unusual (a query, another method, ``no-cache``, a visit to the portal) goes on to Flask.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from cachetools import LRUCache
from flask import Request, Response, g, request
from werkzeug.datastructures import EnvironHeaders

from ..loader import Outcome
from ..metrics.observer import SILENT, Observer
from ..service import BillingService
from .access_log import REQUEST_ID, AccessLog, request_id_of
from .http_rules import cache_headers, is_unchanged
from .visitor import VISIT_COOKIE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "billing_proxy.response_cache_key"

Key: TypeAlias = tuple[str, ...]
Headers: TypeAlias = tuple[tuple[str, str], ...]

_VARIES = (
    "PATH_INFO", "SCRIPT_NAME", "wsgi.url_scheme", "HTTP_HOST", "HTTP_AUTHORIZATION", "HTTP_COOKIE",
    "HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_SEC_FETCH_DEST", "HTTP_SEC_FETCH_MODE",
    "HTTP_SEC_PURPOSE", "HTTP_PURPOSE",
)  # fmt: skip
"""What an answer may depend on. A view that needs another header sees it once it stands here."""

_MADE_ANEW = ("HTTP_IF_NONE_MATCH", "HTTP_X_REQUEST_ID")
"""What they change of an answer is decided for each request, also where it comes from here."""

_ABSENT = ("",) * len(_VARIES)

_CREDENTIALS = ("HTTP_AUTHORIZATION", "HTTP_COOKIE")

_PER_REQUEST = frozenset(
    ("Age", "Cache-Status", "Server-Timing", "Content-Length", "Date", "ETag", REQUEST_ID)
)

_OF_CONTENT = frozenset(("Content-Type", "Content-Language"))

_OVERHEAD = 1650
"""Bytes, roughly, that a response takes in memory besides the text of its body and its key."""

_SHARED = 1024
"""Parts of keys, such as an ``Accept``, that are kept once for all the responses that have them."""


class KnownRequest(Request):
    """What views are told of a request: where its answer may be stored, no more than is in the key.

    The environment is left as it is, for what stands around the views, such as tracing.
    """

    def __init__(self, environ: WSGIEnvironment, *args: Any, **kwargs: Any) -> None:
        super().__init__(environ, *args, **kwargs)
        if KEY in environ:
            known = {n: environ[n] for n in (*_VARIES, *_MADE_ANEW) if n in environ}
            self.headers = EnvironHeaders(known)
            self.remote_addr = None


class Source(NamedTuple):
    """What a view made a response from; ``stale`` is a last known card. Moments: Unix seconds."""

    customer: str
    read_at: float
    valid_until: float
    stale: bool


class CachedResponse(NamedTuple):
    """A response and what it was made from; ``size`` is in bytes.

    ``headers`` are those that other responses have too, ``of_content`` those that a 304 lacks; most
    responses share the tuples.
    """

    source: Source
    route: str
    etag: str
    headers: Headers
    of_content: Headers
    body: bytes
    size: int


class ResponseCache:
    """Wraps the WSGI application of a standalone service.

    Args:
        app: what answers when nothing is stored.
        service: knows whether a card is still the fresh one.
        maxsize: bytes of responses to store.
        ttl: seconds a card stays fresh.
        access_log: has the line of every response that is sent again.
        clock: the time in Unix seconds.
        observer: hears of every response that is sent again.
    """

    def __init__(
        self,
        app: WSGIApplication,
        service: BillingService,
        *,
        maxsize: int,
        ttl: float,
        access_log: AccessLog,
        clock: Callable[[], float],
        observer: Observer = SILENT,
    ) -> None:
        self._observer = observer
        self._app = app
        self._service = service
        self._ttl = ttl
        self._access_log = access_log
        self._clock = clock
        self._lock = threading.Lock()
        self._stored: LRUCache[Key, CachedResponse] = LRUCache(
            maxsize, getsizeof=lambda it: it.size
        )
        self._headers: LRUCache[Headers, Headers] = LRUCache(64)
        self._parts: LRUCache[str, str] = LRUCache(_SHARED)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        key = _key(environ)
        if key is None:
            return self._app(environ, start_response)
        try:
            with self._lock:
                cached = self._stored[key]
        except KeyError:
            pass
        else:
            if self._holds(cached.source):
                return self._send(cached, environ, start_response)
        environ[KEY] = key
        return self._app(environ, start_response)

    def store(self, response: Response) -> Response:
        """After a request: store its response, if it is a card that may be given again."""
        key, source = request.environ.get(KEY), g.get("billing_source", None)
        if key is None or source is None or response.status_code not in (200, 304):
            return response
        body = response.get_data()
        size = len(body) + sum(map(len, key)) + _OVERHEAD
        kept = [pair for pair in response.headers if pair[0] not in _PER_REQUEST]
        of_content = tuple(pair for pair in kept if pair[0] in _OF_CONTENT)
        headers = tuple(pair for pair in kept if pair[0] not in _OF_CONTENT)
        with self._lock:
            if size <= self._stored.maxsize:
                self._stored[self._shared(key)] = CachedResponse(
                    source=source,
                    route=request.url_rule.rule if request.url_rule else "-",
                    etag=response.headers.get("ETag", ""),
                    headers=self._headers.setdefault(headers, headers),
                    of_content=self._headers.setdefault(of_content, of_content),
                    body=body,
                    size=size,
                )
        return response

    def _holds(self, source: Source) -> bool:
        still = self._service.stands_in if source.stale else self._service.is_fresh
        return self._clock() < source.valid_until and still(source.customer, source.read_at)

    def _send(
        self, cached: CachedResponse, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        started = time.perf_counter()
        request_id = request_id_of(environ)
        outcome = Outcome.STALE if cached.source.stale else Outcome.HIT
        age = self._clock() - cached.source.read_at
        unchanged = is_unchanged(environ.get("HTTP_IF_NONE_MATCH", ""), cached.etag)
        headers = [
            *cached.headers,
            ("ETag", cached.etag),
            *cache_headers(outcome, int(age), int(self._ttl - age)),
            (REQUEST_ID, request_id),
        ]
        if not unchanged:
            headers += [*cached.of_content, ("Content-Length", str(len(cached.body)))]
        self._observer.card_answered(outcome, 304 if unchanged else 200)
        self._access_log.write(
            method="GET",
            route=cached.route,
            status=304 if unchanged else 200,
            seconds=time.perf_counter() - started,
            cache=outcome,
            request_id=request_id,
        )
        start_response("304 NOT MODIFIED" if unchanged else "200 OK", headers)
        return [] if unchanged else [cached.body]

    def _shared(self, key: Key) -> Key:
        """``key``, with the parts that many requests have in common kept once in memory.

        In a cache with a limit, since clients make the parts up: ``sys.intern`` of CPython 3.12
        before 3.12.6 never gives a text back (https://github.com/python/cpython/issues/113993).
        """
        return tuple(
            part if name in _CREDENTIALS else self._parts.setdefault(part, part)
            for name, part in zip(_VARIES, key, strict=True)
        )


def _key(environ: WSGIEnvironment) -> Key | None:
    cookie = environ.get("HTTP_COOKIE", "")
    usual = (
        environ["REQUEST_METHOD"] == "GET"
        and not environ.get("QUERY_STRING")
        and VISIT_COOKIE not in cookie
        and "HTTP_CACHE_CONTROL" not in environ
        and "HTTP_HOST" in environ
    )
    if not usual or not (cookie or "HTTP_AUTHORIZATION" in environ):
        return None
    get: Any = environ.get
    return tuple(map(get, _VARIES, _ABSENT))
