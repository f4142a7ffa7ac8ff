"""A Dutch billing page for Stripe subscriptions: stateless, read live."""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    from .identity.customers import NO_CUSTOMER

__version__ = version("billing-proxy")

__all__ = [
    "NO_CUSTOMER",
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

_HOMES = {
    "BillingCard": "card.card",
    "BillingProxy": "extension",
    "Code": "card.rules",
    "NO_CUSTOMER": "identity.customers",
}


def __getattr__(name: str) -> object:
    """What is asked for, imported then (PEP 562): gunicorn loads no app before it has workers."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES.get(name, 'errors')}", __name__), name)
