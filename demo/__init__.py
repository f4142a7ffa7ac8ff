"""The demo: the product, unchanged, on an embedded Stripe emulator.

`python -m demo` serves the billing page. With a Stripe key in the environment it talks to Stripe;
without one it talks to `Emulator`, a small Stripe on the loopback interface that the real SDK
reaches over real HTTP and that refuses what Stripe refuses. Tests use the same emulator.

| room | what |
|---|---|
| `account/` | Stripe's objects in memory, and what changes them; knows nothing of HTTP |
| `api/` | Stripe's API over an account |
| `portal/` | Stripe's pages over an account: the customer portal, the invoice that can be paid |
| `emulator/` | both on one port of the loopback interface: `python -m demo.emulator` |

Imports point down this way: `emulator > api | portal > catalogue > account`. What the company
sells is the `catalogue`; `situations` and `personas` are its customers.

This package imports `billing_proxy`, never the reverse, and is no part of the wheel.
"""
