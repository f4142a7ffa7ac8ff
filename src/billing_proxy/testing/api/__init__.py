"""Stripe's API over an account: keys, parameters, refusals, lists, expansion, faults."""
