"""``BillingCard``: the four facts, the sentence, the warning and the button, in words. Pure.

Dates are calendar days in the zone that was asked for; nothing here knows of HTTP or Stripe.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from . import wording
from .language import Language, day_of
from .status import Action, Code, Dated, Decision, choose
from .subscription import Item, Subscription


@dataclass(frozen=True, slots=True)
class Billing:
    """Everything read from Stripe about one customer.

    ``product_names`` has the names that are known; a deleted or unreadable product is not in it.
    """

    customer: str
    subscriptions: tuple[Subscription, ...] = ()
    product_names: Mapping[str, str] = field(default_factory=dict)


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
    warning: str | None
    action: Action | None
    button: str | None
    other_subscriptions: tuple[OtherSubscription, ...]
    as_of: datetime
    as_of_text: str
    stale: bool
    language: str

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
            "warning": self.warning,
            "button": {"label": self.button, "url": url} if self.button else None,
            "portal_url": portal_url,
            "other_subscriptions": [other.to_json() for other in self.other_subscriptions],
            "as_of": self.as_of.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "stale": self.stale,
        }


@dataclass(frozen=True, slots=True)
class CardBuilder:
    """Puts facts into words: where the site's own choices meet the rules.

    ``zone`` decides which calendar day a moment falls on; ``free_plan`` is the plan of a customer
    without a subscription; ``can_choose`` says that there is a page to choose one.
    """

    zone: tzinfo
    language: Language
    free_plan: str
    can_choose: bool = False

    def build(self, billing: Billing, *, now: float, as_of: float, stale: bool) -> BillingCard:
        """The card at ``now`` from what Stripe said at ``as_of`` (both Unix seconds, UTC)."""
        decided = choose(billing.subscriptions, now)
        sub, decision = decided[0] if decided else (None, self._without_subscription())
        return BillingCard(
            customer=billing.customer,
            subscription=sub.id if sub else None,
            plan=self._plan(sub, billing.product_names) if sub else self.free_plan,
            billing_period=self._billing_period(sub.items) if sub else None,
            status=self._status(sub, decision, now),
            date=self._date(decision.date),
            second_date=self._date(decision.second_date),
            next_billing_date=self._day(decision.next_billing),
            warning=self._warning(decision),
            action=self._action(decision),
            button=self._button(decision),
            other_subscriptions=tuple(
                OtherSubscription(
                    subscription=other.id,
                    plan=self._plan(other, billing.product_names),
                    status=self._status(other, other_decision, now),
                    date=self._date(other_decision.date),
                )
                for other, other_decision in decided[1:]
            ),
            as_of=datetime.fromtimestamp(as_of, UTC),
            as_of_text=self.language.moment(as_of, self.zone),
            stale=stale,
            language=self.language.tag,
        )

    def _without_subscription(self) -> Decision:
        return Decision(Code.NONE, Action.CHOOSE)

    def _status(self, sub: Subscription | None, decision: Decision, now: float) -> CardStatus:
        label = wording.LABELS.get(decision.code)
        dated = self._date(decision.date)
        return CardStatus(
            code=decision.code,
            label=self.language.text(label) if label else None,
            meaning=wording.meaning(
                decision, sub, dated.text if dated else None, now, self.language
            ),
            stripe_status=sub.status if sub else None,
        )

    def _plan(self, sub: Subscription, names: Mapping[str, str]) -> str:
        """Product names, never ``price.nickname``: Stripe keeps that one from customers."""
        licensed = [item for item in sub.items if not item.metered] or list(sub.items)
        products = list(dict.fromkeys(item.product for item in licensed))
        known = [names[product] for product in products if product is not None and product in names]
        if not known:
            return self.language.text(wording.NAMELESS_PLAN)
        if len(known) < len(products):
            known.append(self.language.text(wording.NAMELESS_PART))
        return " + ".join(known)

    def _billing_period(self, items: tuple[Item, ...]) -> BillingPeriod | None:
        intervals = {_interval(item) for item in items if item.interval is not None}
        if len(intervals) > 1:
            return BillingPeriod(None, None, self.language.text(wording.MIXED_INTERVALS))
        for interval, count in intervals:
            label = self.language.interval(interval, count)
            return BillingPeriod(interval, count, label) if label else None
        return None

    def _date(self, dated: Dated | None) -> CardDate | None:
        if dated is None:
            return None
        day = day_of(dated.moment, self.zone)
        caption = self.language.text(wording.CAPTIONS[dated.caption])
        return CardDate(caption, day, self.language.day(day))

    def _day(self, moment: int | None) -> dt.date | None:
        return day_of(moment, self.zone) if moment is not None else None

    def _warning(self, decision: Decision) -> str | None:
        if decision.warning is None:
            return None
        return self.language.text(wording.WARNINGS[decision.warning])

    def _action(self, decision: Decision) -> Action | None:
        offered = decision.action is not Action.CHOOSE or self.can_choose
        return decision.action if offered else None

    def _button(self, decision: Decision) -> str | None:
        action = self._action(decision)
        return self.language.text(wording.BUTTONS[action]) if action else None


def _interval(item: Item) -> tuple[str, int]:
    """Twelve months are a year, whichever way the price was entered."""
    if item.interval == "month" and item.interval_count == 12:
        return ("year", 1)
    return (item.interval or "", item.interval_count)
