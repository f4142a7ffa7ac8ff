"""The rule table: the facts of a subscription in, what the card says about it out. Pure.

The rules stand in the order in which they are tried; the first that fits wins. A moment (Unix
seconds, UTC) that has passed never gets a caption about the future; the one exception is
``Caption.ENDS``, since an end that Stripe has yet to process is still an end.

Source: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from .facts import Invoice, Subscription


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


class Notice(StrEnum):
    """What the customer has to know or to do; the values are stable."""

    PAYMENT_FAILED = "payment_failed"
    INVOICE_OPEN = "invoice_open"
    INVOICES_UNPAID = "invoices_unpaid"
    FIRST_PAYMENT_OPEN = "first_payment_open"
    PAUSED_PAYMENT_FAILED = "paused_payment_failed"
    PAUSED_WITHOUT_PAYMENT_METHOD = "paused_without_payment_method"


class Action(StrEnum):
    """What the card's button offers."""

    UPDATE = "update"
    MANAGE = "manage"
    CHOOSE = "choose"


@dataclass(frozen=True, slots=True)
class Dated:
    """A moment (Unix seconds, UTC) and what it is about."""

    caption: Caption
    moment: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What the card says about one subscription, still without words.

    ``next_billing`` (Unix seconds, UTC) is filled only when something is really charged then.
    """

    code: Code
    action: Action
    date: Dated | None = None
    second_date: Dated | None = None
    next_billing: int | None = None
    warning: Notice | None = None


PRECEDENCE = (
    "past_due", "active", "trialing", "canceling", "unpaid", "paused", "incomplete", "unknown",
    "canceled",
)  # fmt: skip
"""Which of several subscriptions the card shows: the first of these that there is."""

_DEBTS = ("past_due", "unpaid", "incomplete")

_PAUSE_WARNINGS = {
    "trial_end_without_payment_method": Notice.PAUSED_WITHOUT_PAYMENT_METHOD,
    "first_payment_failure": Notice.PAUSED_PAYMENT_FAILED,
    "final_payment_failure": Notice.PAUSED_PAYMENT_FAILED,
}


def decide(sub: Subscription, now: float) -> Decision:
    """What to say about ``sub`` at the moment ``now`` (Unix seconds, UTC). Never raises."""
    match sub.status:
        case "canceled":
            return _canceled(sub)
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


def choose(
    subscriptions: Iterable[Subscription], now: float
) -> list[tuple[Subscription, Decision]]:
    """Every subscription the customer has or had, with its decision, the one to show first.

    A first payment that never came (``incomplete_expired``) leaves no subscription behind.
    Ties go to the newest, of ended ones to the one that ended last; the order of the input
    does not matter.
    """
    decided = [(s, decide(s, now)) for s in subscriptions if s.status != "incomplete_expired"]
    if len(decided) > 1:
        decided.sort(key=lambda pair: _sort_key(*pair))
    return decided


def _canceled(sub: Subscription) -> Decision:
    ended = sub.ended_at if sub.ended_at is not None else sub.canceled_at
    date = Dated(Caption.ENDED, ended) if ended is not None else None
    return Decision(Code.CANCELED, Action.MANAGE, date)


def _debt(sub: Subscription, now: float) -> Decision:
    warning = {
        "unpaid": Notice.INVOICES_UNPAID,
        "incomplete": Notice.FIRST_PAYMENT_OPEN,
    }.get(sub.status or "", Notice.PAYMENT_FAILED)
    if sub.status == "past_due" and sub.collection_method == "send_invoice":
        warning = Notice.INVOICE_OPEN
    if sub.ends:
        return Decision(Code.PAST_DUE, Action.MANAGE, _ending(sub), warning=warning)
    return Decision(Code.PAST_DUE, Action.UPDATE, _debt_date(sub, now), warning=warning)


def _debt_date(sub: Subscription, now: float) -> Dated | None:
    invoice = sub.latest_invoice
    if sub.status != "past_due" or not isinstance(invoice, Invoice):
        return None
    if sub.collection_method == "send_invoice":
        # Overdue is what past_due means here, so a due date in the past is shown as it is.
        return Dated(Caption.INVOICE_DUE, invoice.due_date) if invoice.due_date else None
    return _ahead(Caption.NEXT_ATTEMPT, invoice.next_payment_attempt, now)


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
    if sub.status == "trialing":
        charge = _ahead(Caption.TRIAL_ENDS, sub.trial_end, now)
    elif sub.status == "active":
        charge = _ahead(Caption.NEXT_BILLING, sub.next_billing, now)
    else:
        return None
    if charge is None or sub.collection_paused_at(charge.moment):
        return None
    return charge if sub.end is not None and charge.moment < sub.end else None


def _paused(sub: Subscription, now: float) -> Decision:
    # A paused item's period end is the moment of the pause; only the schedule knows what follows.
    periods = sub.schedule if isinstance(sub.schedule, tuple) else ()
    resumes = [
        p.resume_at
        for p in periods
        if p.resume_at is not None and p.resume_at > now and (p.pause_at or 0) <= now
    ]
    date = Dated(Caption.RESUMES, min(resumes)) if resumes else None
    warning = _PAUSE_WARNINGS.get(sub.pause_reason or "")
    return Decision(Code.PAUSED, Action.UPDATE, date, warning=warning)


def _trialing(sub: Subscription, now: float) -> Decision:
    date = _ahead(Caption.TRIAL_ENDS, sub.trial_end, now)
    charged = date is not None and not sub.collection_paused_at(date.moment)
    next_billing = date.moment if date and charged else None
    return Decision(Code.TRIALING, Action.UPDATE, date, next_billing=next_billing)


def _collection_paused(sub: Subscription) -> Decision:
    resumes_at = sub.pause_collection.resumes_at if sub.pause_collection else None
    date = Dated(Caption.RESUMES, resumes_at) if resumes_at is not None else None
    return Decision(Code.PAUSED, Action.UPDATE, date)


def _active(sub: Subscription, now: float) -> Decision:
    date = _ahead(Caption.NEXT_BILLING, sub.next_billing, now)
    return Decision(Code.ACTIVE, Action.UPDATE, date, next_billing=date.moment if date else None)


def _ending(sub: Subscription) -> Dated | None:
    return Dated(Caption.ENDS, sub.end) if sub.end is not None else None


def _ahead(caption: Caption, moment: int | None, now: float) -> Dated | None:
    return Dated(caption, moment) if moment is not None and moment > now else None


def _sort_key(sub: Subscription, decision: Decision) -> tuple[int, int, int, str, str]:
    rank = sub.status if sub.status in _DEBTS else decision.code
    ended = (sub.ended_at or sub.canceled_at or 0) if decision.code is Code.CANCELED else 0
    return (PRECEDENCE.index(str(rank)), -ended, -sub.created, sub.id or "", repr(sub))
