"""Words, dates and intervals in the language of the page. Pure, and all of Babel is here.

The source texts of the product are Dutch.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.units import format_unit

LANGUAGES = ("nl",)

_SINGLE_INTERVALS = {
    "day": "Dagelijks",
    "week": "Wekelijks",
    "month": "Maandelijks",
    "year": "Jaarlijks",
}


class Language:
    """How to say things in one language; ``tag`` is its BCP 47 tag, such as ``nl``.

    The tag is one of ``LANGUAGES``; Stripe's portal takes the same one as its ``locale``.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._locale = Locale.parse(tag)

    def text(self, message: str) -> str:
        """``message``, written in Dutch, in this language."""
        return message

    def day(self, day: date) -> str:
        """A calendar day in full, such as ``12 december 2026``."""
        return format_date(day, "d MMMM y", locale=self._locale)

    def moment(self, moment: float, zone: tzinfo) -> str:
        """A moment (Unix seconds, UTC) on the clock of ``zone``: ``22 november om 14:03``."""
        local = datetime.fromtimestamp(moment, zone)
        return format_datetime(local, "d MMMM 'om' HH:mm", tzinfo=zone, locale=self._locale)

    def interval(self, interval: str, count: int) -> str | None:
        """``Maandelijks``, ``Per 3 maanden``; None for an interval nobody has heard of."""
        if interval not in _SINGLE_INTERVALS:
            return None
        if count == 1:
            return _SINGLE_INTERVALS[interval]
        return f"Per {format_unit(count, f'duration-{interval}', locale=self._locale)}"


@lru_cache
def language(tag: str) -> Language:
    """The one ``Language`` of ``tag``."""
    return Language(tag)


def day_of(moment: int, zone: tzinfo) -> date:
    """The calendar day of a moment (Unix seconds, UTC) in ``zone``."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date()
