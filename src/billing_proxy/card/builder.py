"""From facts to words: where the rules meet the site's own choices. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import NamedTuple
from unicodedata import bidirectional

from ..language.words import Language
from . import card, wording
from .calendar import Calendar
from .facts import Billing, Item, Subscription
from .links import PORTAL, UPGRADE, Link, Target
from .meaning import meaning
from .notices import Level, is_under_way, notices, owes
from .pricing import amount_of, amount_of_items, discounts_at, yearly_saving
from .rules import Action, Code, Dated, Decision, choose, without_subscription
from .upcoming import Change
from .wanted import only_product

MOST_DISCOUNTS = 3
"""More of them are not told one by one; the price then says that it is before discounts."""

_CHANGEABLE = (Code.ACTIVE, Code.TRIALING)
_CANCELABLE = (Code.ACTIVE, Code.TRIALING, Code.PAUSED, Code.PAST_DUE)


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

    def build(self, billing: Billing, *, now: float, as_of: float, stale: bool) -> card.BillingCard:
        """The card at ``now`` from what Stripe said at ``as_of`` (both Unix seconds, UTC)."""
        calendar = Calendar(now, self.zone, self.language)
        words = _Words(calendar, billing.product_names)
        decided = choose(billing.subscriptions, now, billing.customer)
        found = notices(decided, calendar, words.plan_in_sentence)
        sub, decision = decided[0] if decided else (None, without_subscription())
        names = words.plan_names(sub.items) if sub else (self.free_plan,)
        portal = PORTAL if billing.customer is not None else None
        return card.BillingCard(
            customer=billing.customer,
            subscription=sub.id if sub else None,
            plan=" + ".join(names),
            plan_names=names,
            billing_period=words.billing_period(sub.counted_items) if sub else None,
            status=words.status(sub, decision),
            access=words.access(sub, decision),
            date=words.date(decision.date),
            second_date=words.date(decision.second_date),
            next_billing_date=words.day(decision.next_billing),
            price=words.price(sub, decision) if sub else None,
            discount=words.discount(sub) if sub else None,
            payment_method=words.payment_method(sub) if sub else None,
            open_invoice=words.open_invoice(sub) if sub else None,
            upcoming_change=words.change(sub, decision.coming) if sub else None,
            notices=found,
            warning=next((n.text for n in found if n.level is Level.WARNING), None),
            yearly_saving=words.saving(sub, billing) if sub else None,
            main_link=self._main_link(decision, portal),
            portal=portal,
            links=self._links(sub, decision) if sub else (),
            other_subscriptions=tuple(words.other(*each) for each in decided[1:]),
            as_of=datetime.fromtimestamp(as_of, UTC),
            as_of_text=self.language.moment(as_of, self.zone),
            stale=stale,
            language=self.language.tag,
        )

    def _main_link(self, decision: Decision, portal: Target | None) -> Link | None:
        target = portal
        if decision.action is Action.CHOOSE:
            target = UPGRADE if self.can_choose else None
        label = self.language.text(wording.BUTTONS[decision.action])
        return Link(label, target) if target else None

    def _links(self, sub: Subscription, decision: Decision) -> tuple[card.CardLink, ...]:
        """What this customer can do now, each behind its own link."""
        code, found = decision.code, []
        if code is Code.UNKNOWN:
            return ()
        if code is not Code.CANCELED and sub.collection_method != "send_invoice":
            found.append("payment_method_update")
        if code in _CHANGEABLE and _can_be_changed(sub):
            found.append("subscription_update")
        if code in _CANCELABLE and not sub.ends and sub.status != "incomplete":
            found.append("subscription_cancel")
        found.append("customer_update")
        text = self.language.text
        links = [card.CardLink(flow, text(wording.FLOWS[flow]), Target(flow)) for flow in found]
        if code is Code.CANCELED and self.can_choose:
            links.insert(0, card.CardLink("resubscribe", text(wording.RESUBSCRIBE), UPGRADE))
        return tuple(links)


def _can_be_changed(sub: Subscription) -> bool:
    """Whether the portal offers another plan.

    Source: https://docs.stripe.com/customer-management/configure-portal
    """
    single = len(sub.items) == 1 and not sub.items[0].metered
    return single and sub.collection_method != "send_invoice" and not sub.pending_update


class _Words(NamedTuple):
    """The parts of a card, at one moment and in one language."""

    calendar: Calendar
    names: Mapping[str, str]

    @property
    def _language(self) -> Language:
        return self.calendar.language

    def status(self, sub: Subscription | None, decision: Decision) -> card.CardStatus:
        label = wording.LABELS.get(decision.code)
        return card.CardStatus(
            code=decision.code,
            label=self._language.text(label) if label else None,
            meaning=meaning(sub, decision, self.calendar),
            stripe_status=sub.status if sub else None,
        )

    def access(self, sub: Subscription | None, decision: Decision) -> card.CardAccess:
        end = sub.end if sub and decision.allowed else None
        return card.CardAccess(decision.allowed, self.day(end))

    def day(self, moment: int | None) -> dt.date | None:
        return self.calendar.day(moment) if moment is not None else None

    def date(self, dated: Dated | None) -> card.CardDate | None:
        if dated is None:
            return None
        caption = self._language.text(wording.CAPTIONS[dated.caption])
        day = self.calendar.day(dated.moment)
        return card.CardDate(caption, day, self.calendar.words(dated.moment))

    def plan_names(self, items: tuple[Item, ...]) -> tuple[str, ...]:
        """Product names, never ``price.nickname``: Stripe keeps that one from customers."""
        counted = [item for item in items if item.quantity] or items
        licensed = [item for item in counted if not item.metered] or counted
        named: dict[str | None, str | None] = {}
        for item in licensed:
            named.setdefault(item.product, self.names.get(item.product or "") or item.product_name)
        known = [name for name in named.values() if name]
        if not known:
            return (self._language.text(wording.NAMELESS_PLAN),)
        rest = [self._language.text(wording.NAMELESS_PART)] if len(known) < len(named) else []
        return (*known, *rest)

    def plan_in_sentence(self, sub: Subscription) -> str:
        return " + ".join(_isolated(name) for name in self.plan_names(sub.items))

    def billing_period(self, items: tuple[Item, ...]) -> card.BillingPeriod | None:
        periods = {item.period for item in items if item.interval is not None}
        if len(periods) > 1:
            return card.BillingPeriod(None, None, self._language.text(wording.MIXED_INTERVALS))
        for interval, count in periods:
            label = self._language.interval(interval or "", count)
            return card.BillingPeriod(interval, count, label) if label else None
        return None

    def price(self, sub: Subscription, decision: Decision) -> card.CardPrice | None:
        """None where nothing is going to be paid any more."""
        over = decision.code is Code.CANCELED
        lapses = sub.status == "trialing" and sub.ends and decision.second_date is None
        amount = None if over or lapses else amount_of(sub)
        if amount is None:
            return None
        untold = len(discounts_at(sub, self.calendar.now)) > MOST_DISCOUNTS
        before_discount = sub.more_discounts or untold
        text = wording.price(amount, self._language, before_discount=before_discount)
        note = wording.price_note(amount, self._language, before_discount=before_discount)
        unit = None if isinstance(amount.unit_amount, Decimal) else amount.unit_amount
        if text is None:
            return None
        return card.CardPrice(amount.amount, amount.currency, unit, amount.quantity, text, note)

    def discount(self, sub: Subscription) -> card.CardDiscount | None:
        found = discounts_at(sub, self.calendar.now)
        if not 0 < len(found) <= MOST_DISCOUNTS or sub.status == "canceled":
            return None
        last_days = [self.day(d.end - 1) if d.end is not None else None for d in found]
        texts = [
            wording.discount(d, self._language.day(day) if day else None, self._language)
            for d, day in zip(found, last_days, strict=True)
        ]
        if len(found) > 1:
            return card.CardDiscount(None, None, None, None, ", ".join(texts))
        one = found[0]
        return card.CardDiscount(
            one.percent_off, one.amount_off, one.currency, last_days[0], texts[0]
        )

    def payment_method(self, sub: Subscription) -> card.CardPaymentMethod | None:
        if sub.status == "canceled":
            return None
        if sub.collection_method == "send_invoice":
            text = self._language.text(wording.BY_INVOICE)
            return card.CardPaymentMethod("send_invoice", None, None, None, text)
        method = sub.payment_method
        known = wording.payment_method(method, self._language) if method else None
        if method is None or known is None:
            return None
        dated = method.exp_month and method.exp_year
        expires = f"{method.exp_year}-{method.exp_month:02}" if dated else None
        return card.CardPaymentMethod(method.type, method.brand, method.last4, expires, known)

    def open_invoice(self, sub: Subscription) -> card.CardInvoice | None:
        invoice = sub.open_invoice
        if invoice is None or invoice.amount_remaining is None or invoice.currency is None:
            return None
        payable = invoice.payable and not is_under_way(sub)
        return card.CardInvoice(
            amount=invoice.amount_remaining,
            currency=invoice.currency,
            due_date=self.day(invoice.due_date),
            text=self._language.money(invoice.amount_remaining, invoice.currency),
            url=Target("pay") if payable else None,
        )

    def change(self, sub: Subscription, coming: Change | None) -> card.CardChange | None:
        if coming is None:
            return None
        names = self.plan_names(coming.items) if coming.items else ()
        known = names != (self._language.text(wording.NAMELESS_PLAN),)
        plan = " + ".join(names) if names and known else None
        isolated = " + ".join(map(_isolated, names)) if plan else None
        amount = amount_of_items(sub, coming.items) if coming.items else None
        text = wording.change(coming, isolated, amount, self.calendar)
        return card.CardChange(coming.kind, self.calendar.day(coming.moment), plan, text)

    def saving(self, sub: Subscription, billing: Billing) -> card.CardSaving | None:
        prices = billing.yearly_prices.get(only_product(sub) or "", ())
        saving = yearly_saving(sub, prices)
        if saving is None:
            return None
        return card.CardSaving(
            amount=saving.amount,
            currency=saving.currency,
            percent=saving.percent,
            text=wording.saving(saving, self._language),
            url=Target("subscription_update_confirm"),
        )

    def other(self, sub: Subscription, decision: Decision) -> card.OtherSubscription:
        names = self.plan_names(sub.items)
        flow = None
        if owes(sub):
            flow = "pay"
        elif decision.code in _CHANGEABLE and _can_be_changed(sub):
            flow = "subscription_update"
        return card.OtherSubscription(
            subscription=sub.id,
            plan=" + ".join(names),
            plan_names=names,
            status=self.status(sub, decision),
            access=self.access(sub, decision),
            price=self.price(sub, decision),
            date=self.date(decision.date),
            url=Target(flow, sub.id),
        )


def _isolated(name: str) -> str:
    """``name``, so that one in a script from right to left does not turn the sentence around.

    Source: https://www.w3.org/International/questions/qa-bidi-unicode-controls
    """
    turns = any(bidirectional(char) in ("R", "AL") for char in name)
    return f"\u2068{name}\u2069" if turns else name
