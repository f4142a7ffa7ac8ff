"""`Emulator`: the emulator with pages, on which a customer can change something.

`python -m demo.emulator [--port 12111]` starts it alone, with every persona of the demo.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable

from flask import Blueprint

from billing_proxy.testing import __main__ as alone
from billing_proxy.testing import emulator
from demo.personas import populate
from demo.portal.invoice_page import InvoicePage
from demo.portal.pages import Portal


class Emulator(emulator.Emulator):
    """Stripe's API with stand-ins for its customer portal and its page of an invoice."""

    def pages(self) -> Iterable[Blueprint]:
        """The portal and the invoices."""
        return Portal(self.account).blueprint(), InvoicePage(self.account).blueprint()


if __name__ == "__main__":
    sys.exit(alone.main(kind=Emulator, account=populate()))
