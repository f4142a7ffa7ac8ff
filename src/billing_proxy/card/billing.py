"""What is known of one customer: the subscriptions, and what their products are called and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .facts import Subscription
from .pricing import YearlyPrice


@dataclass(frozen=True, slots=True)
class Billing:
    """Everything read from Stripe about one customer.

    ``product_names`` and ``yearly_prices`` have what is known, by product id; a deleted or
    unreadable product is not in them. ``request_id`` is Stripe's, for the log.
    """

    customer: str
    subscriptions: tuple[Subscription, ...] = ()
    product_names: Mapping[str, str] = field(default_factory=dict)
    yearly_prices: Mapping[str, tuple[YearlyPrice, ...]] = field(default_factory=dict)
    request_id: str | None = None
