"""A small threaded HTTP/1.1 server on the loopback interface, with connections that stay open.

Werkzeug's own development server closes every connection and waits for stray bytes first; the
SDK keeps its connection to Stripe, so the emulator keeps it too.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from io import BytesIO
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.test import run_wsgi_app

_POLL_SECONDS = 0.02
_BACKLOG = 128


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: LoopbackServer

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with contextlib.suppress(ConnectionError):
            super().finish()

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        length = int(self.headers.get("Content-Length") or 0)
        environ["wsgi.input"] = BytesIO(self.rfile.read(length))
        try:
            parts, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        except ConnectionError:
            self.close_connection = True
            return
        body = b"".join(parts)
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


class LoopbackServer(ThreadedWSGIServer):
    """Serves a WSGI application from a thread of its own until it is closed."""

    def __init__(self, app: Any, host: str, port: int) -> None:
        """Binds at once; port 0 takes any free one.

        Raises ValueError unless `host` is loopback, OSError when the port is taken, and
        OverflowError when there is no such port. (Bound here, as Werkzeug would end the process.)
        """
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the emulator listens on the loopback interface only, not on {host}")
        self.open: set[socket.socket] = set()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((host, port))
            listening.listen(_BACKLOG)
            super().__init__(host, port, app, _Handler, fd=listening.fileno())
        self._thread = threading.Thread(
            target=self.serve_forever, args=(_POLL_SECONDS,), name="emulator", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop, and close the connections that are still open."""
        self.shutdown()
        self._thread.join()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
