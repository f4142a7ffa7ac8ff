"""From Stripe's objects to the card, the short way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from billing_proxy.card.builder import CardBuilder
from billing_proxy.card.card import BillingCard
from billing_proxy.card.facts import Billing, Subscription, YearlyPrice
from billing_proxy.card.links import Links
from billing_proxy.gateway.reading import read_invoice, read_schedule, read_subscription
from billing_proxy.language.words import Language

from .stripe_objects import CUSTOMER, NOW, make_invoice, make_schedule

NAMES = {"prod_pro": "Pro", "prod_seats": "Extra gebruikers", "prod_usage": "Verbruik"}
PORTAL = "https://site.example/billing/portal"


def with_invoice(subscription: Mapping[str, Any], **fields: Any) -> Subscription:
    """``subscription`` with its latest invoice read."""
    invoice = read_invoice(make_invoice(**fields))
    return read_subscription(subscription)._replace(latest_invoice=invoice)


def with_pauses(
    subscription: Mapping[str, Any], *pauses: tuple[int | None, int | None]
) -> Subscription:
    """``subscription`` with its schedule read."""
    return read_subscription(subscription)._replace(schedule=read_schedule(make_schedule(*pauses)))


def card_of(
    *subscriptions: Mapping[str, Any] | Subscription,
    now: float = NOW,
    names: Mapping[str, str] = NAMES,
    zone: str = "Europe/Amsterdam",
    free_plan: str = "Free",
    can_choose: bool = False,
    as_of: float = NOW,
    stale: bool = False,
    language: str = "nl",
    yearly_prices: Mapping[str, tuple[YearlyPrice, ...]] | None = None,
) -> BillingCard:
    """The card of a customer with these subscriptions, as Stripe sends them or already read."""
    read = tuple(s if isinstance(s, Subscription) else read_subscription(s) for s in subscriptions)
    builder = CardBuilder(
        zone=ZoneInfo(zone), language=Language(language), free_plan=free_plan, can_choose=can_choose
    )
    billing = Billing(
        customer=CUSTOMER,
        subscriptions=read,
        product_names=names,
        yearly_prices=yearly_prices or {},
    )
    return builder.build(billing, now=now, as_of=as_of, stale=stale)


def json_of(card: BillingCard, *, upgrade_url: str | None = None) -> dict[str, Any]:
    return card.to_json(Links(PORTAL, upgrade=upgrade_url))
