"""`Emulator`: the embedded Stripe with pages, on which a customer can change something.

`python -m demo.emulator [--port 12111]` starts it alone, to try a site without Stripe. It has the
catalogue and every persona of the demo, and prints what the site is to be started with.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Iterable, Sequence

from flask import Blueprint

from billing_proxy.testing import emulator
from demo.personas import PERSONAS, populate
from demo.portal.invoice_page import InvoicePage
from demo.portal.pages import Portal


class Emulator(emulator.Emulator):
    """Stripe's API with stand-ins for its customer portal and its page of an invoice."""

    def pages(self) -> Iterable[Blueprint]:
        """The portal and the invoices."""
        return Portal(self.account).blueprint(), InvoicePage(self.account).blueprint()


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer until told to stop (0), or say why the port cannot be used (1)."""
    parser = argparse.ArgumentParser(prog="python -m demo.emulator", description=main.__doc__)
    parser.add_argument("--port", type=int, default=12111, help="on 127.0.0.1 (default: 12111)")
    port = parser.parse_args(arguments).port
    try:
        stripe = Emulator(populate(), port=port)
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
    return f"""\
An embedded Stripe with {len(PERSONAS)} customers, on {stripe.url} (Ctrl-C stops).
Start your site, or the service, in another terminal with:

  export STRIPE_SECRET_KEY={stripe.key}
  export STRIPE_API_BASE={stripe.url}

The service on its own also needs SECRET_KEY and BILLING_TOKEN_SECRET: any long text.
Customers to try: {", ".join(persona.customer for persona in PERSONAS[:3])}
All of them: demo/personas.py"""


if __name__ == "__main__":
    sys.exit(main())
