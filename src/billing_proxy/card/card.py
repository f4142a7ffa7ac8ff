"""``BillingCard``: the four facts, the sentence, the warning and the button, in words. Pure.

Dates are calendar days in the zone of the site; nothing here knows of HTTP or Stripe.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .pricing import Amount, Saving
from .rules import Action, Code


@dataclass(frozen=True, slots=True)
class CardDate:
    """A calendar day under its caption; ``text`` is the day in words."""

    caption: str
    date: dt.date
    text: str

    def to_json(self) -> dict[str, Any]:
        """``{"caption", "date" (ISO 8601), "text"}``."""
        return {"caption": self.caption, "date": self.date.isoformat(), "text": self.text}


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """How often is billed; ``interval`` is Stripe's word, None when the items differ."""

    interval: str | None
    interval_count: int | None
    label: str

    def to_json(self) -> dict[str, Any]:
        """``{"interval", "interval_count", "label"}``."""
        return {
            "interval": self.interval,
            "interval_count": self.interval_count,
            "label": self.label,
        }


@dataclass(frozen=True, slots=True)
class CardStatus:
    """``label`` is one of the six, or None where no badge belongs."""

    code: Code
    label: str | None
    meaning: str
    stripe_status: str | None

    def to_json(self) -> dict[str, Any]:
        """``{"code", "label", "meaning", "stripe_status"}``."""
        return {
            "code": self.code.value,
            "label": self.label,
            "meaning": self.meaning,
            "stripe_status": self.stripe_status,
        }


@dataclass(frozen=True, slots=True)
class CardPrice:
    """What is charged per period, before what ``text`` says is excluded."""

    amount: Amount
    text: str

    def to_json(self) -> dict[str, Any]:
        """``{"amount", "currency", "unit_amount", "quantity", "text"}``, in minor units."""
        return {
            "amount": self.amount.amount,
            "currency": self.amount.currency,
            "unit_amount": self.amount.unit_amount,
            "quantity": self.amount.quantity,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class CardSaving:
    """What paying yearly would save in a year."""

    saving: Saving
    text: str

    def to_json(self) -> dict[str, Any]:
        """``{"amount" (minor units), "currency", "percent" (whole, rounded down), "text"}``."""
        return {
            "amount": self.saving.amount,
            "currency": self.saving.currency,
            "percent": self.saving.percent,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class OtherSubscription:
    """A further subscription of the customer, in one line."""

    subscription: str | None
    plan: str
    status: CardStatus
    date: CardDate | None

    def to_json(self) -> dict[str, Any]:
        """``{"subscription", "plan", "status", "date"}``."""
        return {
            "subscription": self.subscription,
            "plan": self.plan,
            "status": self.status.to_json(),
            "date": self.date.to_json() if self.date else None,
        }


@dataclass(frozen=True, slots=True)
class BillingCard:
    """What one customer sees, at one moment, in one language.

    ``as_of`` is when Stripe was read (UTC); ``stale`` says that Stripe could not be read since
    and this is the last known state, which ``as_of_text`` puts in words. ``button`` is the text of
    the button and ``action`` what it does; both are None where there is nothing to press.
    """

    customer: str
    subscription: str | None
    plan: str
    billing_period: BillingPeriod | None
    status: CardStatus
    date: CardDate | None
    second_date: CardDate | None
    next_billing_date: dt.date | None
    price: CardPrice | None
    yearly_saving: CardSaving | None
    warning: str | None
    action: Action | None
    button: str | None
    other_subscriptions: tuple[OtherSubscription, ...]
    as_of: datetime
    as_of_text: str
    stale: bool
    language: str

    @property
    def version(self) -> str:
        """The same text for the same content, whenever it was read."""
        content = {**self.to_json(portal_url=""), "as_of": self.as_of_text if self.stale else ""}
        return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()

    def to_json(self, *, portal_url: str, upgrade_url: str | None = None) -> dict[str, Any]:
        """The JSON API's object; both URLs are absolute."""
        url = upgrade_url if self.action is Action.CHOOSE else portal_url
        return {
            "customer": self.customer,
            "subscription": self.subscription,
            "plan": self.plan,
            "billing_period": self.billing_period.to_json() if self.billing_period else None,
            "status": self.status.to_json(),
            "date": self.date.to_json() if self.date else None,
            "second_date": self.second_date.to_json() if self.second_date else None,
            "next_billing_date": self.next_billing_date and self.next_billing_date.isoformat(),
            "price": self.price.to_json() if self.price else None,
            "yearly_saving": self.yearly_saving.to_json() if self.yearly_saving else None,
            "warning": self.warning,
            "button": {"label": self.button, "url": url} if self.button else None,
            "portal_url": portal_url,
            "other_subscriptions": [other.to_json() for other in self.other_subscriptions],
            "as_of": self.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "stale": self.stale,
        }
