"""How dates, periods and amounts are written in a language. Pure; all of Babel is here.

Source: https://cldr.unicode.org/
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_percent
from babel.units import format_unit


class Formats:
    """The formats of the language ``tag`` (BCP 47)."""

    def __init__(self, tag: str) -> None:
        self._locale = Locale.parse(tag)

    def day(self, day: date) -> str:
        """A calendar day in full, such as ``12 december 2026``."""
        return format_date(day, "d MMMM y", locale=self._locale)

    def moment(self, moment: datetime, pattern: str) -> str:
        """``moment`` in its own zone, as CLDR's ``pattern`` says."""
        return format_datetime(moment, pattern, tzinfo=moment.tzinfo, locale=self._locale)

    def money(self, value: Decimal, currency: str) -> str:
        """``value`` in ``currency`` (ISO 4217, capitals): ``€ 29,00``."""
        return format_currency(value, currency, locale=self._locale)

    def percent(self, share: float) -> str:
        """A share of one, in whole percents: ``17%``."""
        return format_percent(share, locale=self._locale)

    def period(self, interval: str, count: int) -> str:
        """``3 maanden``; ``interval`` is ``day``, ``week``, ``month`` or ``year``."""
        if interval == "day":  # Babel has no Dutch plural for this unit, but does for durations
            days = timedelta(days=count)
            return format_timedelta(days, "day", threshold=math.inf, locale=self._locale)
        return format_unit(count, f"duration-{interval}", locale=self._locale)


def negotiate(accepted: Iterable[str], offered: Sequence[str]) -> str | None:
    """The one of ``offered`` that a reader of these tags, the most wanted first, reads best."""
    try:
        wanted = [tag.lower() for tag in accepted]  # RFC 4647: tags do not differ by case
        return negotiate_locale(wanted, offered, sep="-")
    except (UnknownLocaleError, ValueError):
        return None
