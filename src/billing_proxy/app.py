"""The standalone service: ``create_app()``, to be served by ``gunicorn wsgi:app``."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping

from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface
from werkzeug.exceptions import BadRequest as RefusedByFramework
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from .cli.refusal import read_settings
from .config.settings import unknown_settings
from .extension import BillingProxy
from .web import probes
from .web.access_log import AccessLog
from .web.compiled_templates import keep_compiled_templates
from .web.http_rules import NEVER_STORED, is_addressable
from .web.log_writer import LineFormatter, LogWriter
from .web.response_cache import KnownRequest, ResponseCache
from .web.responses import address, secure
from .web.views import Views

log = logging.getLogger(__name__)

_WITHOUT_ADDRESSES = ("healthz", "readyz", "metrics")

THREADS = 256
"""Requests that the web server answers at the same time, unless ``GUNICORN_THREADS`` says else."""


def create_app(
    environ: Mapping[str, str] | None = None,
    *,
    clock: Callable[[], float] = time.time,
    timer: Callable[[], float] = time.monotonic,
) -> Flask:
    """The service with the settings of ``environ``, by default those of the process.

    Raises:
        ConfigError: with every problem of the settings at once; nothing starts half-configured.
    """
    environ = os.environ if environ is None else environ
    config = read_settings(environ, standalone=True)
    writer = _log_to_stderr()
    for hint in unknown_settings(environ):
        log.warning("%s", hint)
    app = Flask("billing_proxy", static_folder=None)
    app.session_interface = _NoSession()
    app.config["SECRET_KEY"] = config.secret_key
    app.config["TRUSTED_HOSTS"] = config.trusted_hosts or None
    keep_compiled_templates(app)
    access_log = AccessLog(writer.later if writer else None)
    access_log.install(app)
    threads = int(environ.get("GUNICORN_THREADS") or THREADS)
    state = BillingProxy(clock=clock, timer=timer).install(
        app, config, standalone=True, max_waiting=threads * 3 // 4
    )
    views = Views(state)
    app.before_request(lambda: None if _has_address() else views.refuse_address())
    app.register_error_handler(HTTPException, views.handle_http_error)
    app.add_url_rule("/healthz", "healthz", probes.live)
    app.add_url_rule("/readyz", "readyz", lambda: probes.ready(state))
    app.add_url_rule("/metrics", "metrics", lambda: probes.metrics(state, request))
    if config.url_prefix:
        app.add_url_rule("/", "home", _home)
    app.after_request(
        lambda response: secure(response, config) if not request.blueprint else response
    )
    if config.page_cache_bytes and config.cache_ttl:
        cache = ResponseCache(
            app.wsgi_app,
            state.service,
            maxsize=config.page_cache_bytes,
            ttl=config.cache_ttl,
            access_log=access_log,
            clock=clock,
            observer=state.observer,
        )
        app.after_request(cache.store)
        app.request_class = KnownRequest
        app.wsgi_app = cache  # type: ignore[method-assign]
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops, x_prefix=hops
        )
    return app


class _NoSession(SessionInterface):
    """Flask's own session, which the service has no use for, is not read from each request."""

    def open_session(self, app: Flask, request: Request) -> None:  # noqa: ARG002 -- Flask's names
        return None


def _has_address() -> bool:
    """Whether ``Host`` and prefix of this request can stand in an absolute address.

    What only machines ask has none, so a container may be asked for its health by a name that is
    no host name.
    """
    if request.endpoint in _WITHOUT_ADDRESSES and "HTTP_HOST" in request.environ:
        return True
    try:
        host = request.host
    except RefusedByFramework:  # it is none of TRUSTED_HOSTS
        host = ""
    return is_addressable(
        host=host,
        prefix=request.root_path,
        has_host="HTTP_HOST" in request.environ,
        protocol=request.environ.get("SERVER_PROTOCOL", ""),
    )


def _home() -> Response:
    response = Response(status=302)
    token = request.args.get("token")  # nothing else of the query may reach the address
    response.headers["Location"] = address("page", external=False, token=token)
    response.headers["Cache-Control"] = NEVER_STORED
    return response


def _log_to_stderr() -> LogWriter | None:
    """Let the package's log lines out, unless the process has set up logging itself."""
    logger = logging.getLogger("billing_proxy")
    writer = next((it for it in logger.handlers if isinstance(it, LogWriter)), None)
    if writer or logger.handlers or logging.getLogger().handlers:
        return writer
    writer = LogWriter(sys.stderr)
    writer.setFormatter(LineFormatter())
    logger.addHandler(writer)
    logger.setLevel(logging.INFO)
    return writer
