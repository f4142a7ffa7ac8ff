"""How gunicorn serves ``wsgi:app``; read by ``gunicorn`` from the folder it is started in."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from gunicorn import util

# A platform that sets PORT routes to the machine from outside; by hand, loopback is enough.
bind = f"0.0.0.0:{os.environ['PORT']}" if "PORT" in os.environ else "127.0.0.1:8000"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = int(os.environ.get("GUNICORN_THREADS", "32"))

# Longer than BILLING_STRIPE_TIMEOUT may be, and shorter than the router in front should wait.
timeout = 30
graceful_timeout = 30
keepalive = 75

# The request line holds tokens, so there is no access log; the service writes its own lines.
accesslog = None

# BILLING_TRUSTED_PROXIES alone says which X-Forwarded-* headers to believe.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
control_socket_disable = True


def post_worker_init(worker):  # noqa: ARG001 -- gunicorn passes it by name
    """Linger over closed connections beside the worker's loop, not in it.

    gthread (26 and 27) waits up to two seconds, in the one loop that serves all connections, for a
    client that does not hang up after its answer: five of those would hold up everybody else for
    ten seconds.
    """
    linger = getattr(util, "close_graceful", None)
    if linger is None:
        return
    lingering = ThreadPoolExecutor(8, thread_name_prefix="linger")

    def close(sock):
        with suppress(OSError):
            sock.shutdown(socket.SHUT_WR)  # the client sees the end at once
        lingering.submit(linger, sock, timeout=0.2)

    util.close_graceful = close
