"""Billing periods: Unix seconds in, Unix seconds out, calendar arithmetic in UTC.

Source: https://docs.stripe.com/billing/subscriptions/billing-cycle (a period that begins on the
31st ends on the last day of a shorter month).
"""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

DAY = 86_400
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}


def after(start: int, interval: str, count: int = 1) -> int:
    """The end of a period of `count` times `interval` that starts at `start` (Unix seconds)."""
    begin = datetime.fromtimestamp(start, UTC)
    if interval in _DAYS:
        return int((begin + timedelta(days=_DAYS[interval] * count)).timestamp())
    return int(_months_later(begin, _MONTHS[interval] * count).timestamp())


def before(end: int, interval: str, count: int = 1) -> int:
    """The start of a period of `count` times `interval` that ends at `end` (Unix seconds)."""
    return after(end, interval, -count)


def _months_later(moment: datetime, months: int) -> datetime:
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)
