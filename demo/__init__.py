"""The demo: the product, unchanged, on an embedded Stripe emulator.

`python -m demo` serves the billing page. With a Stripe key in the environment it talks to Stripe;
without one it talks to the emulator of `billing_proxy.testing`, which gets here what a visitor
needs to look around: `portal/`, stand-ins for Stripe's pages; `personas`, a customer for every
situation; and a start page.

This package imports `billing_proxy`, never the reverse, and is no part of the wheel.
"""
