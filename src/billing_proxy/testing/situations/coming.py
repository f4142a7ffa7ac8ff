"""A change is scheduled: of plan, period, quantity or price, a pause, or a start."""

from __future__ import annotations

from ..account import lifecycle, periods
from ..account.account import Account
from ..account.objects import JSON
from ..account.periods import DAY
from ..account.schedules import pause_schedule, phase
from .made import since, subscribe


def downgrade(account: Account, customer: str) -> None:
    """A cheaper plan, chosen in the portal, from the end of the period on."""
    _change(account, customer, "price_pro_month", "price_basic_month")


def shorter_period(account: Account, customer: str) -> None:
    """From per year to per month, at the end of the year."""
    _change(account, customer, "price_pro_year", "price_pro_month")


def fewer(account: Account, customer: str) -> None:
    """Fewer of the same from the end of the period on."""
    made = subscribe(account, customer, {"price": "price_seat_month", "quantity": 12})
    _scheduled(account, made, "price_seat_month", 8)


def other_price(account: Account, customer: str) -> None:
    """The same plan costs more from the end of the period on."""
    made = subscribe(account, customer, "price_basic_month_2019")
    _scheduled(account, made, "price_basic_month", 1)


def pause(account: Account, customer: str) -> None:
    """A pause before the renewal, which will therefore not come."""
    made = subscribe(account, customer, since(account, 5))
    now = account.now()
    entry = pause_schedule(now + 10 * DAY, now + 70 * DAY, "scheduled")
    account.add_schedule(made["id"], pause_schedules=[entry])


def start(account: Account, customer: str) -> None:
    """A subscription that has yet to start exists only as a schedule."""
    begin = account.now() + 9 * DAY
    price = account["price", "price_pro_month"]
    account.add_schedule(
        None, customer=customer, phases=[phase(begin, periods.after(begin, "month"), [(price, 1)])]
    )


def _change(account: Account, customer: str, now: str, later: str) -> None:
    made = subscribe(account, customer, now)
    lifecycle.change_price(account, made, account["price", later], waits=True)


def _scheduled(account: Account, made: JSON, price: str, quantity: int) -> None:
    item = made["items"]["data"][0]
    begin, end = item["current_period_start"], item["current_period_end"]
    account.add_schedule(
        made["id"],
        phases=[
            phase(begin, end, [(item["price"], item["quantity"])]),
            phase(end, periods.after(end, "month"), [(account["price", price], quantity)]),
        ],
        current_phase={"start_date": begin, "end_date": end},
    )
