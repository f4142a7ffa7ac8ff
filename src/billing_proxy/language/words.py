"""Words, dates, intervals and money in the language of the page. Pure.

The source texts are Dutch. Other languages are gettext catalogues in ``translations/``; codes and
captions' keys never change with the language.
"""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .formats import Formats


class Patterns(NamedTuple):
    """How a language writes a day, and a moment within the year, in CLDR's letters.

    ``first`` is what it adds to the first of a month.

    Source: https://unicode.org/reports/tr35/tr35-dates.html#Date_Format_Patterns
    """

    day: str
    moment: str
    first: str = ""

    def on(self, day: date, pattern: str) -> str:
        """``pattern``, one of these, as it is for ``day``."""
        return (
            pattern.replace("d", f"d'{self.first}'", 1) if self.first and day.day == 1 else pattern
        )


SPOKEN = {
    "nl": Patterns("d MMMM y", "d MMMM 'om' HH:mm"),
    "en": Patterns("d MMMM y", "d MMMM 'at' HH:mm"),
    "de": Patterns("d. MMMM y", "d. MMMM 'um' HH:mm 'Uhr'"),
    "fr": Patterns("d MMMM y", "d MMMM 'à' HH:mm", first="er"),
}
"""Every language, by its BCP 47 tag; each but the first has a catalogue in ``translations/``."""

LANGUAGES = tuple(SPOKEN)
"""Their tags, the one for a reader of none of them first."""

AUTO = "auto"
"""The setting that lets each reader decide."""

DOMAIN = "billing"
TRANSLATIONS = Path(__file__).parent / "translations"


def mark(message: str) -> str:
    """``message``, unchanged: Dutch, to be translated where it is shown."""
    return message


_SINGLE_INTERVALS = {
    "day": mark("Dagelijks"),
    "week": mark("Wekelijks"),
    "month": mark("Maandelijks"),
    "year": mark("Jaarlijks"),
}

_PER_INTERVAL = {
    "day": mark("per dag"),
    "week": mark("per week"),
    "month": mark("per maand"),
    "year": mark("per jaar"),
}

# Stripe's smallest unit, and what is shown of it, where that is not two decimals; CLDR has other
# ideas of some: https://docs.stripe.com/currencies#minor-units
_WHOLE_UNITS = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
_THOUSANDTHS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
_HUNDREDTHS_WITHOUT_CENTS = frozenset(("isk", "ugx"))


class Language:
    """How to say things in one language; ``tag`` is one of ``LANGUAGES``.

    ``texts`` are a site's own words for some of the product's Dutch source texts.
    """

    def __init__(self, tag: str, texts: Mapping[str, str] | None = None) -> None:
        self.tag = tag
        self._texts = texts or {}
        self._messages = gettext.translation(DOMAIN, TRANSLATIONS, [tag], fallback=True)

    @cached_property
    def _formats(self) -> Formats:
        """Babel's part, imported by the first card: a start can do without it."""
        from .formats import Formats

        return Formats(self.tag)

    def text(self, message: str) -> str:
        """``message``, written in Dutch, in this language."""
        return self._texts.get(message) or self._messages.gettext(message)

    def plural(self, one: str, many: str, count: int) -> str:
        """``one`` or ``many``, written in Dutch, as ``count`` asks, with ``{count}`` filled in."""
        message = one if count == 1 else many
        own = self._texts.get(message)
        return (own or self._messages.ngettext(one, many, count)).format(count=count)

    def day(self, day: date) -> str:
        """A calendar day in full, such as ``12 december 2026``."""
        patterns = SPOKEN[self.tag]
        return self._formats.day(day, patterns.on(day, patterns.day))

    def month(self, day: date) -> str:
        """The month of a calendar day, such as ``december 2026``."""
        return self._formats.day(day, "MMMM y")

    def moment(self, moment: float, zone: tzinfo) -> str:
        """A moment (Unix seconds, UTC) on the clock of ``zone``: ``22 november om 14:03``."""
        local, patterns = datetime.fromtimestamp(moment, zone), SPOKEN[self.tag]
        return self._formats.moment(local, patterns.on(local, patterns.moment))

    def interval(self, interval: str, count: int) -> str | None:
        """``Maandelijks``, ``Per 3 maanden``; None for an interval nobody has heard of."""
        if interval not in _SINGLE_INTERVALS:
            return None
        if count == 1:
            return self.text(_SINGLE_INTERVALS[interval])
        return self.text("Per {period}").format(period=self._formats.period(interval, count))

    def per_interval(self, interval: str, count: int) -> str | None:
        """``per maand``, ``per 3 maanden``, to follow an amount; None for an unknown interval."""
        if interval not in _PER_INTERVAL:
            return None
        if count == 1:
            return self.text(_PER_INTERVAL[interval])
        return self.text("per {period}").format(period=self._formats.period(interval, count))

    def money(self, amount: int | Decimal, currency: str) -> str:
        """``amount`` in Stripe's smallest unit of ``currency`` (ISO 4217): ``€ 29,00``.

        Less than that unit is written out: ``€ 0,005``.
        """
        decimals = 0 if currency in _WHOLE_UNITS else 3 if currency in _THOUSANDTHS else 2
        shown = 0 if currency in _HUNDREDTHS_WITHOUT_CENTS else decimals
        value = Decimal(amount).scaleb(-decimals)
        finer = -int(value.normalize().as_tuple().exponent) if amount != int(amount) else 0
        return self._formats.money(value, currency.upper(), max(shown, finer))

    def percent(self, percent: float) -> str:
        """A percentage, with at most two decimals: ``17%``, ``12,5%``."""
        return self._formats.percent(Decimal(str(percent)) / 100)


def check_texts(texts: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a site's own words, by language and Dutch text, that could not be shown.

    Raises:
        ValueError: for a language nobody speaks here, and for braces that nothing fills in.
    """
    for tag, own in texts.items():
        if tag not in LANGUAGES:
            known = " or ".join(LANGUAGES)
            raise ValueError(f"texts is by language first, {known}, and has {tag!r}")
        for message, text in own.items():
            fields = _fields(message)
            if fields and not _fields(text) <= fields:
                raise ValueError(f"texts may only have {fields} in {text!r}")


def _fields(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {text}


def day_of(moment: int, zone: tzinfo) -> date:
    """The calendar day of a moment (Unix seconds, UTC) in ``zone``."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date()
