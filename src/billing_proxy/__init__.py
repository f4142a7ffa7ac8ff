"""A Dutch billing page for Stripe subscriptions: stateless, read live."""

from importlib.metadata import version

__version__ = version("billing-proxy")
