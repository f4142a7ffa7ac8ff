"""How gunicorn serves the service: ``gunicorn -c python:billing_proxy.serving wsgi:app``.

Whoever starts gunicorn in a checkout gets the same by ``gunicorn.conf.py``. Nothing of the app is
imported here, so that a reload (SIGHUP) starts workers with the code that is there by then.

Source: https://gunicorn.org/reference/settings/
"""

from __future__ import annotations

import gc
import os
import re
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker

WRONG_SETTINGS = 3
"""The exit code, as gunicorn's own for workers that do not boot."""


def _count(name: str, default: int) -> int:
    """A number of at least one, out of the environment."""
    text = os.environ.get(name) or str(default)
    if not re.fullmatch("0*[1-9][0-9]{0,4}", text):
        sys.stderr.write(f"{name} is no number of at least 1.\n")
        sys.exit(WRONG_SETTINGS)
    return int(text)


def _descriptors() -> int:
    """How many files and connections this process may have open, at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536
    return max(soft, most if hard == resource.RLIM_INFINITY else min(hard, most))


# A platform that sets PORT routes to the machine from outside; by hand, loopback is enough.
bind = f"0.0.0.0:{os.environ['PORT']}" if "PORT" in os.environ else "127.0.0.1:8000"

# One process, since the cache is in the process: two of them read each card twice, and forget
# separately. BILLING_CACHE_URL makes several whole again.
workers = _count("WEB_CONCURRENCY", 1)
worker_class = "billing_proxy.serving.worker.PatientWorker"
threads = _count("GUNICORN_THREADS", 256)

# Clients that are silent, or wait between two requests, cost a descriptor and no thread.
worker_connections = max(threads + 64, min(4096, _descriptors() - 512))

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

OWN_FOLDER = "billing-metrics-"


def on_starting(server: Arbiter) -> None:  # noqa: ARG001 -- gunicorn's hook
    """Say what is wrong with the settings once, and prepare what the workers share."""
    if _in_a_child(_check_settings) == WRONG_SETTINGS:
        sys.exit(WRONG_SETTINGS)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(OSError, ValueError):  # a sandbox may forbid it; the worker copes with fewer
        resource.setrlimit(resource.RLIMIT_NOFILE, (_descriptors(), hard))
    # The workers count together in a folder that begins empty with each start, in memory where that
    # is possible. Who sets it empties it as well.
    if os.environ.get("BILLING_METRICS_TOKEN") and not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 -- mkdtemp's
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix=OWN_FOLDER, dir=memory)


def post_fork(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001
    """Import without looking for garbage meanwhile: next to nothing of it ever becomes any."""
    gc.disable()
    os.environ["GUNICORN_THREADS"] = str(worker.cfg.threads)  # wherever that was said


def post_worker_init(worker: Worker) -> None:  # noqa: ARG001
    """Look for garbage again, but not among what was imported."""
    gc.freeze()
    gc.enable()


def child_exit(server: Arbiter, worker: Worker) -> None:  # noqa: ARG001
    """What was true of a worker that is gone is true no more; what it counted stays counted."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        with suppress(ImportError):  # then the workers have said so, and did not start
            from prometheus_client.multiprocess import mark_process_dead

            mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Arbiter) -> None:  # noqa: ARG001
    """Leave nothing behind."""
    folder = Path(os.environ.get("PROMETHEUS_MULTIPROC_DIR", ""))
    if folder.name.startswith(OWN_FOLDER):
        shutil.rmtree(folder, ignore_errors=True)


def _check_settings() -> int:
    from ..cli.refusal import SettingsRefused, read_settings

    try:
        read_settings(os.environ, standalone=True)
    except SettingsRefused as refused:
        refused.show()
        return WRONG_SETTINGS
    return 0


def _in_a_child(task: Callable[[], int]) -> int:
    """The exit code of ``task`` in a process of its own, whose imports end with it."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = task()
            sys.stderr.flush()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
