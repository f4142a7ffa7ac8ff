"""How dates, periods and amounts are written in a language. Pure; all of Babel is here.

Source: https://cldr.unicode.org/
"""

from __future__ import annotations

import math
from copy import copy
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import NumberPattern
from babel.units import format_unit


class Formats:
    """The formats of the language ``tag`` (BCP 47)."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._locale = Locale.parse(tag)

    def day(self, day: date, pattern: str) -> str:
        """A calendar day, as CLDR's ``pattern`` says."""
        return _day(day, pattern, self._tag)

    def moment(self, moment: datetime, pattern: str) -> str:
        """``moment`` in its own zone, to the minute, as CLDR's ``pattern`` says."""
        return _moment(moment.replace(second=0, microsecond=0, tzinfo=None), pattern, self._tag)

    def money(self, value: Decimal, currency: str, decimals: int) -> str:
        """``value`` in ``currency`` (ISO 4217, capitals): ``€ 29,00``."""
        return _money(value, currency, decimals, self._tag)

    def percent(self, share: Decimal) -> str:
        """A share of one, with at most two decimals where it has any: ``17%``, ``12,5%``."""
        return _percent(share, self._tag)

    def period(self, interval: str, count: int) -> str:
        """``3 maanden``; ``interval`` is ``day``, ``week``, ``month`` or ``year``."""
        if interval == "day":  # Babel has no Dutch plural for this unit, but does for durations
            days = timedelta(days=count)
            return format_timedelta(days, "day", threshold=math.inf, locale=self._locale)
        return format_unit(count, f"duration-{interval}", locale=self._locale)


# There are few days and few prices, and Babel takes longer over one than reading it from Stripe's
# answer does.


@lru_cache(maxsize=4096)
def _day(day: date, pattern: str, tag: str) -> str:
    return format_date(day, pattern, locale=tag)


@lru_cache(maxsize=64)
def _moment(clock: datetime, pattern: str, tag: str) -> str:
    """``clock`` has no zone: equal moments of two zones are one key, and not one text."""
    return format_datetime(clock, pattern, locale=tag)


@lru_cache(maxsize=1024)
def _percent(share: Decimal, tag: str) -> str:
    locale = Locale.parse(tag)
    pattern: NumberPattern = copy(locale.percent_formats[None])
    pattern.frac_prec = (0, 2)
    return str(pattern.apply(share, locale))


@lru_cache(maxsize=4096)
def _money(value: Decimal, currency: str, decimals: int, tag: str) -> str:
    locale = Locale.parse(tag)
    pattern: NumberPattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (decimals, decimals)
    return str(pattern.apply(value, locale, currency=currency, currency_digits=False))
