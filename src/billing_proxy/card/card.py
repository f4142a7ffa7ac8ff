"""``BillingCard``: what one customer sees, in words, and its JSON. Pure.

Dates are calendar days in the zone of the site; nothing here knows of HTTP or Stripe.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from .links import Link, Links, Target
from .notices import Level, Notice
from .rules import Code
from .upcoming import Kind

_IN_JSON = {"main_link": "button", "portal": "portal_url"}
"""Fields whose names in the JSON are others."""

_NOT_IN_JSON = frozenset(("plan_names", "note", "as_of_text", "language"))
"""Fields for the page alone."""

FEW_ENDED = 2
"""More ended subscriptions than these are folded away beside the one on the card."""


class CardDate(NamedTuple):
    """A calendar day under its caption; ``text`` is the day in words."""

    caption: str
    date: dt.date
    text: str


class BillingPeriod(NamedTuple):
    """How often is billed; ``interval`` is Stripe's word, None when the items differ."""

    interval: str | None
    interval_count: int | None
    label: str


class CardStatus(NamedTuple):
    """``label`` is one of the six, or None where no badge belongs."""

    code: Code
    label: str | None
    meaning: str
    stripe_status: str | None


class CardAccess(NamedTuple):
    """Whether the customer may in (None: not known), and the day until which that holds."""

    allowed: bool | None
    until: dt.date | None


class CardPrice(NamedTuple):
    """What is charged per period, in the currency's smallest unit, before discounts.

    ``unit_amount`` and ``quantity`` are None when several items are added up; the former also
    where it is less than the smallest unit. ``note`` is how ``text`` ends when something comes on
    top or goes off: ``, exclusief btw``.
    """

    amount: int
    currency: str
    unit_amount: int | None
    quantity: int | None
    text: str
    note: str = ""


class CardDiscount(NamedTuple):
    """What goes off; ``until`` is the last day. With several discounts there is only the text."""

    percent: float | None
    amount: int | None
    currency: str | None
    until: dt.date | None
    text: str


class CardPaymentMethod(NamedTuple):
    """With what is paid; ``expires`` is a month, ``2026-12``."""

    type: str
    brand: str | None
    last4: str | None
    expires: str | None
    text: str


class CardInvoice(NamedTuple):
    """What is still owed on the latest invoice; without ``url`` it cannot be paid now."""

    amount: int
    currency: str
    due_date: dt.date | None
    text: str
    url: Target | None


class CardChange(NamedTuple):
    """What is going to change, and on which day; ``plan`` is the one that there will be then."""

    code: Kind
    date: dt.date
    plan: str | None
    text: str


class CardSaving(NamedTuple):
    """What paying yearly would save in a year; ``percent`` is whole and rounded down."""

    amount: int
    currency: str
    percent: int
    text: str
    url: Target


class CardLink(NamedTuple):
    """A link to the point: the portal's flow ``code``, or ``resubscribe``."""

    code: str
    label: str
    url: Target


class OtherSubscription(NamedTuple):
    """A further subscription of the customer, in one line."""

    subscription: str | None
    plan: str
    plan_names: tuple[str, ...]
    status: CardStatus
    access: CardAccess
    price: CardPrice | None
    date: CardDate | None
    url: Target


class BillingCard(NamedTuple):
    """What one customer sees, at one moment, in one language.

    ``plan_names`` are the parts of ``plan``, which may be in scripts that run the other way.
    ``as_of`` is when Stripe was read (UTC); ``stale`` says that Stripe could not be read since
    and this is the last known state, which ``as_of_text`` puts in words.
    """

    customer: str | None
    subscription: str | None
    plan: str
    plan_names: tuple[str, ...]
    billing_period: BillingPeriod | None
    status: CardStatus
    access: CardAccess
    date: CardDate | None
    second_date: CardDate | None
    next_billing_date: dt.date | None
    price: CardPrice | None
    discount: CardDiscount | None
    payment_method: CardPaymentMethod | None
    open_invoice: CardInvoice | None
    upcoming_change: CardChange | None
    notices: tuple[Notice, ...]
    warning: str | None
    yearly_saving: CardSaving | None
    main_link: Link | None
    portal: Target | None
    links: tuple[CardLink, ...]
    other_subscriptions: tuple[OtherSubscription, ...]
    as_of: datetime
    as_of_text: str
    stale: bool
    language: str

    @property
    def dates(self) -> list[CardDate]:
        """The dates that there are, in the order of the calendar."""
        known = [date for date in (self.date, self.second_date) if date is not None]
        return sorted(known, key=lambda date: date.date)

    @property
    def asking(self) -> Notice | None:
        """The notice that comes first on the card, its link before the button: one to act on.

        A debt of the card's own subscription always is one; else the first warning with a link.
        """
        linked = [notice for notice in self.notices if notice.link]
        if self.status.code is Code.PAST_DUE and linked and linked[0] is self.notices[0]:
            return linked[0]
        return next((notice for notice in linked if notice.level is Level.WARNING), None)

    @property
    def running_others(self) -> list[OtherSubscription]:
        """The further subscriptions to show at once: all, but for ended ones of which are many."""
        folded = self.folded_others
        return [other for other in self.other_subscriptions if other not in folded]

    @property
    def folded_others(self) -> list[OtherSubscription]:
        """The further subscriptions that ended, where they are more than a few."""
        ended = [each for each in self.other_subscriptions if each.status.code is Code.CANCELED]
        return ended if len(ended) > FEW_ENDED else []

    @property
    def button(self) -> str | None:
        """The text of the button, or None where there is nothing to press."""
        return self.main_link.label if self.main_link else None

    @property
    def version(self) -> str:
        """The same text for the same content, whenever it was read."""
        body = self.to_json(Links(portal=""))
        content = {**body, "as_of": self.as_of_text if self.stale else ""}
        return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()

    def to_json(self, links: Links) -> dict[str, Any]:
        """The JSON API's object, with the absolute addresses of ``links``."""
        body: dict[str, Any] = as_json(self, links)
        return body


def as_json(value: Any, links: Links) -> Any:
    """Frozen records as what JSON knows: days and moments in ISO 8601, targets as addresses."""
    kind: Any = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is Target:
        return links.url(value)
    if kind is tuple:
        return [as_json(each, links) for each in value]
    if kind is datetime:
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind is dt.date:
        return value.isoformat()
    if isinstance(value, StrEnum):
        return str(value)
    return {
        _IN_JSON.get(name, name): as_json(getattr(value, name), links)
        for name in kind._fields
        if name not in _NOT_IN_JSON
    }


_AS_IT_IS = frozenset((str, int, float, bool, type(None)))
