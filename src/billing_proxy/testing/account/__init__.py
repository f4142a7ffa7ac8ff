"""The emulated account: Stripe's objects, kept in memory, and what changes them.

Knows nothing of HTTP.
"""
