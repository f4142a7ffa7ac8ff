"""From facts to words: where the rules meet the site's own choices. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from ..language.words import Language, day_of
from . import wording
from .card import (
    BillingCard,
    BillingPeriod,
    CardDate,
    CardPrice,
    CardSaving,
    CardStatus,
    OtherSubscription,
)
from .facts import Billing, Item, Subscription, YearlyPrice, only_product
from .links import PORTAL, UPGRADE, Link
from .pricing import amount_of, yearly_saving
from .rules import Action, Code, Dated, Decision, choose


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
            price=self._price(sub),
            yearly_saving=self._yearly_saving(sub, billing.yearly_prices),
            warning=self._warning(decision),
            main_link=self._main_link(decision),
            portal=PORTAL if billing.customer is not None else None,
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
        return CardStatus(
            code=decision.code,
            label=self.language.text(label) if label else None,
            meaning=wording.meaning(decision, sub, self._moment(decision.date, now), self.language),
            stripe_status=sub.status if sub else None,
        )

    def _moment(self, dated: Dated | None, now: float) -> wording.Moment:
        if dated is None:
            return wording.Moment()
        day, today = day_of(dated.moment, self.zone), day_of(int(now), self.zone)
        return wording.Moment(
            self.language.day(day), days_left=(day - today).days, passed=dated.moment <= now
        )

    def _price(self, sub: Subscription | None) -> CardPrice | None:
        amount = amount_of(sub) if sub and sub.status != "canceled" else None
        text = wording.price(amount, self.language) if amount else None
        if amount is None or text is None:
            return None
        return CardPrice(amount.amount, amount.currency, amount.unit_amount, amount.quantity, text)

    def _yearly_saving(
        self, sub: Subscription | None, prices: Mapping[str, tuple[YearlyPrice, ...]]
    ) -> CardSaving | None:
        product = only_product(sub) if sub else None
        if sub is None or product is None:
            return None
        saving = yearly_saving(sub, prices.get(product, ()))
        if saving is None:
            return None
        text = wording.saving(saving, self.language)
        return CardSaving(saving.amount, saving.currency, saving.percent, text)

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
        intervals = {item.interval_in_use for item in items if item.interval is not None}
        if len(intervals) > 1:
            return BillingPeriod(None, None, self.language.text(wording.MIXED_INTERVALS))
        for interval, count in intervals:
            label = self.language.interval(interval or "", count)
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

    def _main_link(self, decision: Decision) -> Link | None:
        chooses = decision.action is Action.CHOOSE
        if chooses and not self.can_choose:
            return None
        label = self.language.text(wording.BUTTONS[decision.action])
        return Link(label, UPGRADE if chooses else PORTAL)
