"""A moment as sentences need it: in words, and seen from today, in the zone of the site. Pure."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from datetime import tzinfo

from ..language.words import Language, day_of, mark

_DAY_BEGINS = mark("tot {day}")
_WHOLE_DAY = mark("tot en met {day}")


@dataclass(frozen=True, slots=True)
class Calendar:
    """``now`` is in Unix seconds, like every moment here; days are those of ``zone``."""

    now: float
    zone: tzinfo
    language: Language

    def day(self, moment: int) -> dt.date:
        """The calendar day of ``moment``."""
        return day_of(moment, self.zone)

    def words(self, moment: int) -> str:
        """The calendar day of ``moment``, in words."""
        return self.language.day(self.day(moment))

    def days_left(self, moment: int) -> int:
        """How many calendar days ``moment`` lies ahead: 0 is today."""
        return (self.day(moment) - self.today).days

    def is_past(self, moment: int | None) -> bool:
        """Whether ``moment`` has come."""
        return moment is not None and moment <= self.now

    def until(self, moment: int) -> str:
        """``tot {day}``; of a moment that closes its day, that day is still whole."""
        closes = self.day(moment) != self.day(moment + 60)
        words = _WHOLE_DAY if closes else _DAY_BEGINS
        return self.language.text(words).format(day=self.words(moment))

    @property
    def today(self) -> dt.date:
        """The calendar day of now."""
        return day_of(int(self.now), self.zone)
