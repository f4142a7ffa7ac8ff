"""HTTP to Stripe that keeps to a deadline, however slowly the other side answers.

A socket's own timeout starts anew with every byte, so a body that drips keeps a reader for ever.
Here every single read from the socket gets what is left of one deadline. ``deadline()`` sets it
for the calls made inside it, on this thread; moments are those of ``time.monotonic``.

One session, and so one pool of connections, serves all threads: a new thread costs no handshake.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.sessions import merge_setting
from requests.structures import CaseInsensitiveDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def deadline(moment: float) -> Iterator[None]:
    """Let no read inside this block go on past ``moment``; the earlier of nested ones holds."""
    outer = _deadline.get()
    token = _deadline.set(moment if outer is None else min(moment, outer))
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining() -> float | None:
    """Seconds left of the deadline, negative when it has passed, None outside of one."""
    moment = _deadline.get()
    return None if moment is None else moment - time.monotonic()


def session(base_url: str, *, connections: int) -> requests.Session:
    """A session for ``base_url``, to be shared between threads, keeping ``connections`` open.

    Of the environment only the proxy settings count: a ``.netrc`` must not replace the key.
    """
    adapter = _DeadlineAdapter(pool_connections=4, pool_maxsize=connections, pool_block=False)
    shared = _Session()
    shared.mount("https://", adapter)
    shared.mount("http://", adapter)
    shared.proxies.update(requests.utils.get_environ_proxies(base_url))
    shared.trust_env = False
    return shared


class _Session(requests.Session):
    """Sends what the SDK has put together as it is: an address and a body that are encoded already.

    To take them apart and encode them once more is half of what a request costs otherwise, and no
    cookie is sent back, so that no call knows of another.
    """

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = request.method, request.url
        prepared.headers = merge_setting(  # type: ignore[no-untyped-call]
            request.headers, self.headers, CaseInsensitiveDict
        )
        if request.data:
            prepared.body = request.data
            prepared.headers["Content-Length"] = str(len(request.data))
        prepared._cookies = RequestsCookieJar()  # type: ignore[attr-defined]  # for a redirect
        return prepared


class _DeadlineReader(io.RawIOBase):
    """Reads a socket in the time that is left."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = remaining()
        if left is not None:
            if left <= 0:
                raise TimeoutError("the deadline has passed")
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineSocket:
    """What ``http.client`` needs of a socket to read a response from it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_DeadlineReader(self._sock))


def _response(sock: socket.socket, *args: Any, **kwargs: Any) -> http.client.HTTPResponse:
    return http.client.HTTPResponse(_DeadlineSocket(sock), *args, **kwargs)  # type: ignore[arg-type]


class _Connection(HTTPConnection):
    response_class = staticmethod(_response)  # type: ignore[assignment]


class _SecureConnection(HTTPSConnection):
    response_class = staticmethod(_response)  # type: ignore[assignment]


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}


class _DeadlineAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
