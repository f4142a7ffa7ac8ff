"""A Dutch billing page for Stripe subscriptions: stateless, read live."""

from .card import BillingCard
from .errors import (
    BillingError,
    ConfigError,
    CustomerNotFound,
    StripeMisconfigured,
    StripeUnavailable,
)
from .extension import BillingProxy
from .status import Code
from .version import __version__

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
