"""Canceled, about to end, or over."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from ..account import lifecycle, schedules
from ..account.account import Account
from ..account.objects import JSON
from ..account.periods import DAY
from .made import since, subscribe

_AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def canceling_classic(account: Account, customer: str) -> None:
    """Canceled by the flag alone, as the API and the Dashboard may do."""
    when: JSON = {"cancel_at_period_end": True, "canceled_at": account.now() - 2 * DAY}
    subscribe(account, customer, billing_mode="classic", **when)


def canceling_flexible(account: Account, customer: str) -> None:
    """Canceled in the portal under flexible billing: `cancel_at` alone."""
    lifecycle.cancel(account, subscribe(account, customer))


def canceling_with_charges(account: Account, customer: str) -> None:
    """Canceled for the end of the year; the monthly item goes on until then."""
    made = subscribe(account, customer, "price_pro_month", "price_seat_year")
    lifecycle.cancel(account, made)


def canceling_at_close_of_day(account: Account, customer: str) -> None:
    """The end falls on the last second of a day in Amsterdam, which is served in full."""
    there = datetime.fromtimestamp(account.now(), _AMSTERDAM) + timedelta(days=12)
    end = datetime.combine(there, time(23, 59, 59), _AMSTERDAM)
    when: JSON = {"cancel_at": int(end.timestamp()), "canceled_at": account.now() - DAY}
    subscribe(account, customer, **when)


def fixed_term(account: Account, customer: str) -> None:
    """A schedule that cancels at its end: `cancel_at` is set, and nobody cancelled."""
    made = subscribe(account, customer)
    item = made["items"]["data"][0]
    start, end = item["current_period_start"], item["current_period_end"]
    phase = schedules.phase(start, end, [(item["price"], 1)])
    account.add_schedule(
        made["id"],
        phases=[phase],
        current_phase={"start_date": start, "end_date": end},
        end_behavior="cancel",
    )
    made.update(cancel_at=end, canceled_at=made["created"])


def canceled(account: Account, customer: str) -> None:
    """Over: the list leaves it out unless asked for all."""
    add_canceled(account, customer)


def expired(account: Account, customer: str) -> None:
    """The first payment never succeeded: not a subscription to speak of."""
    status: JSON = {"status": "incomplete_expired", "ended_at": account.now() - 2 * DAY}
    subscribe(account, customer, since(account, 3), **status)


def add_canceled(account: Account, customer: str, number: int = 1) -> JSON:
    """A subscription to Business that ended three weeks ago."""
    end = account.now() - 20 * DAY
    item = {"price": "price_business_month", "current_period_end": end}
    over: JSON = {"status": "canceled", "canceled_at": end - 9 * DAY, "ended_at": end}
    return subscribe(account, customer, item, number=number, **over)
