"""The rule table: the facts of a subscription in, what the card says about it out. Pure.

The rules stand in the order in which they are tried; the first that fits wins. A moment (Unix
seconds, UTC) that has passed never gets a caption about the future; the one exception is
``Caption.ENDS``, since an end that Stripe has yet to process is still an end.

Source: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from .facts import Invoice, Subscription
from .pricing import costs_nothing
from .upcoming import Change, prevents, upcoming_change
from .wanted import DEBTS, lasting


class Code(StrEnum):
    """What a subscription comes down to. The values are stable: they stand in the JSON."""

    ACTIVE = "active"
    TRIALING = "trialing"
    CANCELING = "canceling"
    CANCELED = "canceled"
    PAST_DUE = "past_due"
    PAUSED = "paused"
    UNKNOWN = "unknown"
    NONE = "none"


class Caption(StrEnum):
    """What a date on the card is about."""

    NEXT_BILLING = "next_billing"
    NEXT_ATTEMPT = "next_attempt"
    INVOICE_DUE = "invoice_due"
    TRIAL_ENDS = "trial_ends"
    RESUMES = "resumes"
    ENDS = "ends"
    ENDED = "ended"


class Action(StrEnum):
    """What the card's button offers."""

    UPDATE = "update"
    MANAGE = "manage"
    CHOOSE = "choose"


class Dated(NamedTuple):
    """A moment (Unix seconds, UTC) and what it is about."""

    caption: Caption
    moment: int


class Decision(NamedTuple):
    """What the card says about one subscription, still without words.

    ``next_billing`` (Unix seconds, UTC) is filled only when something is really charged then.
    ``coming`` is what changes first, and ``allowed`` whether the customer may in (None: unknown).
    """

    code: Code
    action: Action
    date: Dated | None = None
    second_date: Dated | None = None
    next_billing: int | None = None
    coming: Change | None = None
    allowed: bool | None = None


PRECEDENCE = (
    "past_due", "active", "trialing", "canceling", "unpaid", "paused", "incomplete", "unknown",
    "canceled",
)  # fmt: skip
"""Which of several subscriptions the card shows: the first of these that there is."""

_CHANGING = (Code.ACTIVE, Code.TRIALING, Code.CANCELING, Code.PAUSED, Code.PAST_DUE)
_RUNNING = (Code.ACTIVE, Code.TRIALING, Code.CANCELING)


def decide(sub: Subscription, now: float) -> Decision:
    """What to say about ``sub`` at the moment ``now`` (Unix seconds, UTC). Never raises."""
    decision = _by_status(sub, now)
    coming = upcoming_change(sub, now) if decision.code in _CHANGING else None
    return decision._replace(coming=coming, allowed=_allowed(sub, decision, now))


def choose(
    subscriptions: Iterable[Subscription], now: float, customer: str | None = None
) -> list[tuple[Subscription, Decision]]:
    """Every subscription to speak of, with its decision, the one to show first.

    Ties go to one that costs something, then to the newest, of ended ones to the one that ended
    last; the order of the input does not matter.
    """
    decided = [(sub, decide(sub, now)) for sub in lasting(subscriptions, customer)]
    if len(decided) > 1:
        decided.sort(key=lambda pair: _sort_key(*pair))
    return decided


def without_subscription() -> Decision:
    """What is said of a customer who has none."""
    return Decision(Code.NONE, Action.CHOOSE, allowed=False)


def may_lapse(sub: Subscription) -> bool:
    """Whether a trial is certain not to be charged at its end, for want of a payment method."""
    lapses = sub.missing_payment_method in ("cancel", "pause")
    return lapses and lacks_method_in_trial(sub)


def lacks_method_in_trial(sub: Subscription) -> bool:
    """Whether ``sub`` is on trial without anything that could be charged automatically."""
    automatic = sub.collection_method != "send_invoice"
    return sub.status == "trialing" and automatic and sub.lacks_payment_method


def _by_status(sub: Subscription, now: float) -> Decision:
    match sub.status:
        case "canceled":
            return _canceled(sub, now)
        case "past_due" | "unpaid" | "incomplete":
            return _debt(sub, now)
        case "active" | "trialing" | "paused" if sub.ends:
            return _canceling(sub, now)
        case "paused":
            return _paused(sub, now)
        case "trialing":
            return _trialing(sub, now)
        case "active" if sub.collection_paused_at(now):
            return _collection_paused(sub)
        case "active":
            return _active(sub, now)
        case _:
            return Decision(Code.UNKNOWN, Action.UPDATE)


def _allowed(sub: Subscription, decision: Decision, now: float) -> bool | None:
    """Whether the customer may in.

    Sources: https://docs.stripe.com/billing/subscriptions/overview,
    https://docs.stripe.com/billing/subscriptions/pause-payment
    """
    if decision.code is Code.UNKNOWN:
        return None
    if sub.status not in ("active", "trialing", "past_due"):
        return False
    pause = sub.pause_collection
    if pause is not None and pause.behavior == "void" and sub.collection_paused_at(now):
        return False
    return sub.end is None or sub.end > now


def _canceled(sub: Subscription, now: float) -> Decision:
    ended = sub.ended_at if sub.ended_at is not None else sub.canceled_at
    date = Dated(Caption.ENDED, ended) if ended is not None and ended <= now else None
    return Decision(Code.CANCELED, Action.MANAGE, date)


def _debt(sub: Subscription, now: float) -> Decision:
    if sub.ends:
        return Decision(Code.PAST_DUE, Action.MANAGE, _ending(sub))
    return Decision(Code.PAST_DUE, Action.UPDATE, _debt_date(sub, now))


def _debt_date(sub: Subscription, now: float) -> Dated | None:
    invoice = sub.latest_invoice
    if sub.status != "past_due" or not isinstance(invoice, Invoice):
        return None
    if sub.collection_method == "send_invoice":
        # A due date says nothing of the future: it is shown as it is, also when it has passed.
        return Dated(Caption.INVOICE_DUE, invoice.due_date) if invoice.due_date else None
    attempt = None if invoice.processing else invoice.next_payment_attempt
    return _ahead(Caption.NEXT_ATTEMPT, attempt, now)


def _canceling(sub: Subscription, now: float) -> Decision:
    second = _charge_before_end(sub, now)
    return Decision(
        Code.CANCELING,
        Action.MANAGE,
        date=_ending(sub),
        second_date=second,
        next_billing=second.moment if second else None,
    )


def _charge_before_end(sub: Subscription, now: float) -> Dated | None:
    """The date on which something is still charged although the end is near, if there is one."""
    charge = _charge(sub, now)
    return charge if charge and sub.end is not None and charge.moment < sub.end else None


def _charge(sub: Subscription, now: float) -> Dated | None:
    """When something is certain to be charged next."""
    if sub.status == "trialing" and not may_lapse(sub):
        charge = _ahead(Caption.TRIAL_ENDS, sub.trial_end, now)
    elif sub.status == "active":
        charge = _ahead(Caption.NEXT_BILLING, sub.next_billing, now)
    else:
        return None
    if charge is None or sub.collection_paused_at(charge.moment):
        return None
    if costs_nothing(sub, charge.moment) or prevents(upcoming_change(sub, now), charge.moment):
        return None
    return charge


def _paused(sub: Subscription, now: float) -> Decision:
    # A paused item's period end is the moment of the pause; only the schedule knows what follows.
    resumes = [
        pause.resume_at
        for pause in sub.plan.pauses
        if pause.resume_at is not None and pause.resume_at > now and (pause.pause_at or 0) <= now
    ]
    date = Dated(Caption.RESUMES, min(resumes)) if resumes else None
    return Decision(Code.PAUSED, Action.UPDATE, date)


def _trialing(sub: Subscription, now: float) -> Decision:
    date, charge = _ahead(Caption.TRIAL_ENDS, sub.trial_end, now), _charge(sub, now)
    return Decision(
        Code.TRIALING, Action.UPDATE, date, next_billing=charge.moment if charge else None
    )


def _collection_paused(sub: Subscription) -> Decision:
    resumes_at = sub.pause_collection.resumes_at if sub.pause_collection else None
    date = Dated(Caption.RESUMES, resumes_at) if resumes_at is not None else None
    return Decision(Code.PAUSED, Action.UPDATE, date)


def _active(sub: Subscription, now: float) -> Decision:
    date = _charge(sub, now)
    return Decision(Code.ACTIVE, Action.UPDATE, date, next_billing=date.moment if date else None)


def _ending(sub: Subscription) -> Dated | None:
    return Dated(Caption.ENDS, sub.end) if sub.end is not None else None


def _ahead(caption: Caption, moment: int | None, now: float) -> Dated | None:
    return Dated(caption, moment) if moment is not None and moment > now else None


def _sort_key(sub: Subscription, decision: Decision) -> tuple[int, int, bool, int, int, str, str]:
    rank = PRECEDENCE.index(sub.status if sub.status in DEBTS else decision.code)
    tier, free = rank, sub.is_free
    if decision.code in _RUNNING:  # among those that run, what is paid for comes first
        tier = PRECEDENCE.index("canceling") if free else PRECEDENCE.index("active")
    ended = (sub.ended_at or sub.canceled_at or 0) if decision.code is Code.CANCELED else 0
    return (tier, rank, free, -ended, -sub.created, sub.id or "", repr(sub))
