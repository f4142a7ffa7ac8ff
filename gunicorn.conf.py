"""How gunicorn serves ``wsgi:app``; read by ``gunicorn`` from the folder it is started in."""

import gc
import os
import shutil
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

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

# The workers count together in a folder that begins empty with each start, in memory where that is
# possible. It has to be known before the first of them is there. Who sets it empties it as well.
OWN_FOLDER = "billing-metrics-"
if os.environ.get("BILLING_METRICS_TOKEN") and not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 -- mkdtemp's is safe
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=OWN_FOLDER, dir=memory)


def child_exit(server, worker):  # noqa: ARG001 -- gunicorn passes it by name
    """What was true of a worker that is gone is true no more; what it counted stays counted."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        with suppress(ImportError):  # then the workers have said so, and did not start
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(worker.pid)


def on_exit(server):  # noqa: ARG001 -- gunicorn passes it by name
    """Leave nothing behind."""
    folder = Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""))
    if folder.name.startswith(OWN_FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


def post_fork(server, worker):  # noqa: ARG001 -- gunicorn passes them by name
    """Import without looking for garbage meanwhile: next to nothing of it ever becomes any."""
    gc.disable()


def post_worker_init(worker):  # noqa: ARG001
    """Look for garbage again, but not among what was imported; and mend how gunicorn lingers."""
    gc.freeze()
    gc.enable()
    _linger_beside_the_loop()


def _linger_beside_the_loop():
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
