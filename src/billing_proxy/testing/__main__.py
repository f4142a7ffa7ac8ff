"""`python -m billing_proxy.testing [--port 12111]`: a Stripe to look at a site with.

It has a customer for each state, and prints what the site is to be started with.
"""

from __future__ import annotations

import argparse
import signal
import sys
import textwrap
import threading
from collections.abc import Sequence

from .account.account import Account
from .customers import account_with_customers
from .emulator import Emulator


def main(
    arguments: Sequence[str] | None = None,
    kind: type[Emulator] = Emulator,
    account: Account | None = None,
) -> int:
    """Answer until told to stop (0), or say why the port cannot be used (1)."""
    parser = argparse.ArgumentParser(prog=f"python -m {__package__}", description=main.__doc__)
    parser.add_argument("--port", type=int, default=12111, help="on 127.0.0.1 (default: 12111)")
    port = parser.parse_args(arguments).port
    try:
        stripe = kind(account or account_with_customers(), port=port)
    except (OSError, OverflowError) as error:
        print(f"Port {port} on 127.0.0.1 cannot be used: {error}.", file=sys.stderr)
        return 1
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with stripe:
        print(said(stripe), flush=True)
        stopped.wait()
    return 0


def said(stripe: Emulator) -> str:
    """What a site is to be started with. The key is made up and opens nothing at Stripe."""
    exports = "\n".join(f"  export {name}={value}" for name, value in stripe.settings.items())
    customers = sorted(customer["id"] for customer in stripe.account.all("customer"))
    return f"""\
An embedded Stripe on {stripe.url} (Ctrl-C stops).
Start your site, or the service, in another terminal with:

{exports}

A site that reads them by app.config.from_prefixed_env() wants FLASK_ before each name.
The service on its own also needs SECRET_KEY and BILLING_TOKEN_SECRET: any long text.
Its customers:
{textwrap.fill(", ".join(customers), 100, break_on_hyphens=False)}"""


if __name__ == "__main__":
    sys.exit(main())
