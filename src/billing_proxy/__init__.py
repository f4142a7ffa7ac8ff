"""A Dutch billing page for Stripe subscriptions: stateless, read live."""

from importlib.metadata import version

from .card.card import BillingCard
from .card.rules import Code
from .errors import (
    BillingError,
    ConfigError,
    CustomerNotFound,
    StripeMisconfigured,
    StripeUnavailable,
)
from .extension import BillingProxy

__version__ = version("billing-proxy")

__all__ = [
    "BillingCard",
    "BillingError",
    "BillingProxy",
    "Code",
    "ConfigError",
    "CustomerNotFound",
    "StripeMisconfigured",
    "StripeUnavailable",
    "__version__",
]
