"""The demo: the product, unchanged, on an embedded Stripe emulator.

`python -m demo` serves the billing page. With a Stripe key in the environment it talks to Stripe;
without one it talks to `Emulator`, a small Stripe on the loopback interface that the real SDK
reaches over real HTTP and that refuses what Stripe refuses. Tests use the same emulator.

This package imports `billing_proxy`, never the reverse, and is no part of the wheel.
"""
