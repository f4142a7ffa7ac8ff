"""Turns away requests whose ``Host`` or path prefix could not stand in an absolute address.

Before Flask, since nothing after it can build an address for them. Sources: RFC 9112 section 3.2,
RFC 3986 section 3.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..errors import BadRequest
from . import access_log
from .responses import problem

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[[0-9A-Fa-f:.]{{2,45}}\])(?::(\d{{1,5}}))?")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")


class FrontDoor:
    """Wraps a WSGI application; answers 400 itself where the request cannot be addressed."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host, prefix = environ.get("HTTP_HOST"), environ.get("SCRIPT_NAME", "")
        if (host is None or _is_host(host)) and _PREFIX.fullmatch(prefix.rstrip("/")):
            return self._app(environ, start_response)
        error = BadRequest()
        answer = problem(error.status, error.title, error.detail)
        answer.headers["Cache-Control"] = "no-store"
        request_id = access_log.request_id_of(environ)
        answer.headers[access_log.HEADER] = request_id
        access_log.write(
            method=access_log.method_of(environ),
            route="-",
            status=error.status,
            seconds=0.0,
            cache="-",
            request_id=request_id,
        )
        return answer(environ, start_response)


def _is_host(host: str) -> bool:
    found = _HOST.fullmatch(host) if len(host) <= 260 else None
    return found is not None and int(found[1] or 0) < 65_536
