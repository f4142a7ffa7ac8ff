"""What is going to change: the next phase of a schedule, or its next pause. Pure.

Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from .facts import Item, PausePeriod, Phase, Subscription


class Kind(StrEnum):
    """What changes. The values are stable: they stand in the JSON."""

    PLAN = "plan"
    PERIOD = "period"
    QUANTITY = "quantity"
    PRICE = "price"
    PAUSE = "pause"


class Change(NamedTuple):
    """What changes at ``moment``: the ``items`` from then on, or a pause until ``resumes_at``."""

    kind: Kind
    moment: int
    items: tuple[Item, ...] = ()
    resumes_at: int | None = None


def upcoming_change(sub: Subscription, now: float) -> Change | None:
    """The first thing that is going to change while ``sub`` runs, if it is known."""
    found = [_phase_change(sub, phase) for phase in sub.plan.phases if phase.start_date > now]
    if sub.status != "paused":
        found += [_pause(pause, now) for pause in sub.plan.pauses]
    changes = [change for change in found if change is not None]
    first = min(changes, key=lambda change: (change.moment, change.kind), default=None)
    if first is None or (sub.end is not None and first.moment >= sub.end):
        return None
    return first


def prevents(change: Change | None, moment: int) -> bool:
    """Whether ``change`` comes before what would be charged at ``moment``, and undoes it."""
    if change is None or change.moment > moment:
        return False
    if change.kind is Kind.PAUSE:
        return change.resumes_at is None or change.resumes_at > moment
    return bool(change.items) and all(item.is_free for item in change.items)


def _pause(pause: PausePeriod, now: float) -> Change | None:
    if pause.pause_at is None or pause.pause_at <= now:
        return None
    later = pause.resume_at if (pause.resume_at or 0) > pause.pause_at else None
    return Change(Kind.PAUSE, pause.pause_at, resumes_at=later)


def _phase_change(sub: Subscription, phase: Phase) -> Change | None:
    """How ``phase`` differs from what is now; None where that is not known, or it does not."""
    now, then = sub.counted_items, tuple(item for item in phase.items if item.quantity)
    if not then or any(item.price is None for item in (*now, *then)):
        return None
    if {item.price for item in now} == {item.price for item in then}:
        same = _quantities(now) == _quantities(then)
        return None if same else Change(Kind.QUANTITY, phase.start_date, then)
    if any(item.product is None for item in (*now, *then)):
        return None
    kind = Kind.PRICE
    if {item.product for item in now} != {item.product for item in then}:
        kind = Kind.PLAN
    elif {item.period for item in now} != {item.period for item in then}:
        kind = Kind.PERIOD
    return Change(kind, phase.start_date, then)


def _quantities(items: tuple[Item, ...]) -> list[tuple[str, int]]:
    return sorted((item.price or "", item.quantity) for item in items)
