"""`python -m demo [--port 8000]`: the billing page on this machine, in one command.

With `STRIPE_SECRET_KEY` in the environment it is the real thing, on Stripe. Without, it is a demo
on the embedded emulator, with a customer for every situation and nothing to set up.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from demo.emulator import Emulator
from demo.personas import PERSONAS, populate

_ROOT = Path(__file__).resolve().parent.parent
_HOST = "127.0.0.1"
_NOT_IN_THE_DEMO = (
    "BILLING_LOGIN_URL",
    "BILLING_RETURN_URL",
    "BILLING_TOKEN_AUDIENCE",
    "BILLING_TOKEN_CLAIM",
    "BILLING_TOKEN_JWKS_URL",
    "STRIPE_PORTAL_CONFIGURATION",
    "STRIPE_WEBHOOK_SECRET",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; returns the server's exit code, 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=main.__doc__)
    parser.add_argument("--port", type=int, default=8000, help="on 127.0.0.1 (default: 8000)")
    port = parser.parse_args(arguments).port
    if problem := _not_free(port):
        print(f"Port {port} on {_HOST} cannot be used: {problem}.", file=sys.stderr)
        print("Stop what is there, or choose another: python -m demo --port 8001", file=sys.stderr)
        return 1
    if os.environ.get("STRIPE_SECRET_KEY"):
        return _on_stripe(port)
    return _on_emulator(port)


def _on_stripe(port: int) -> int:
    settings = dict(os.environ)
    wanted = ["SECRET_KEY"]
    if not settings.get("BILLING_TOKEN_JWKS_URL"):
        wanted.append("BILLING_TOKEN_SECRET")
    made = {name: secrets.token_urlsafe(48) for name in wanted if not settings.get(name)}
    print(f"Billing page on http://{_HOST}:{port}/billing/ (Stripe; Ctrl-C stops)", flush=True)
    if made:
        print(f"Made up for this run, and not shown: {', '.join(made)}.")
        print("For a sign-in link set BILLING_TOKEN_SECRET yourself, then, in another terminal:")
        print("  billing-proxy token cus_…", flush=True)
    return _serve("wsgi:app", port, {**settings, **made})


def _on_emulator(port: int) -> int:
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_IN_THE_DEMO}
    start = f"http://{_HOST}:{port}/"
    with Emulator(populate()) as emulator:
        print(
            f"Demo on {start} – {len(PERSONAS)} customers on an embedded Stripe emulator "
            "(no key, nothing is charged; Ctrl-C stops)",
            flush=True,
        )
        settings = {
            **kept,
            "STRIPE_SECRET_KEY": emulator.key,
            "STRIPE_API_BASE": emulator.url,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "BILLING_TOKEN_SECRET": secrets.token_urlsafe(48),
            "BILLING_UPGRADE_URL": start,
        }
        return _serve("demo.wsgi:app", port, settings)


def _serve(application: str, port: int, settings: Mapping[str, str]) -> int:
    """Run gunicorn on `application`, hand signals on to it, return its exit code."""
    command = [sys.executable, "-m", "gunicorn", application]
    command += ["--config", "gunicorn.conf.py", "--bind", f"{_HOST}:{port}"]
    child = subprocess.Popen(command, env=dict(settings), cwd=_ROOT)

    def hand_on(number: int, _: FrameType | None) -> None:
        child.send_signal(signal.SIGTERM if number == signal.SIGHUP else number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, hand_on)
    return child.wait()


def _not_free(port: int) -> str | None:
    """Why `port` cannot be bound, in words; None when it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OverflowError:
            return "there is no such port"
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None


if __name__ == "__main__":
    sys.exit(main())
