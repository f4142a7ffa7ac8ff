"""Words, dates, intervals and money in the language of the page. Pure; all of Babel is here.

The source texts are Dutch. Other languages are gettext catalogues in ``translations/``; codes and
captions' keys never change with the language.
"""

from __future__ import annotations

import gettext
import math
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from string import Formatter

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_percent
from babel.units import format_unit

from .messages import mark

LANGUAGES = ("nl", "en")
"""BCP 47 tags; Stripe's portal takes the same ones as its ``locale``."""

AUTO = "auto"
"""The setting that lets ``Accept-Language`` decide."""

DOMAIN = "billing"
TRANSLATIONS = Path(__file__).parent / "translations"


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

# Where Stripe's smallest unit is not a hundredth. ISK and UGX have no cents, and Stripe counts
# them in hundredths all the same: https://docs.stripe.com/currencies#minor-units
_WHOLE_UNITS = frozenset(
    "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split()  # noqa: SIM905
)
_THOUSANDTHS = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))


class Language:
    """How to say things in one language; ``tag`` is one of ``LANGUAGES``.

    ``texts`` are a site's own words for some of the product's Dutch source texts.
    """

    def __init__(self, tag: str, texts: Mapping[str, str] | None = None) -> None:
        self.tag = tag
        self._texts = texts or {}
        self._locale = Locale.parse(tag)
        self._messages = gettext.translation(DOMAIN, TRANSLATIONS, [tag], fallback=True)

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
        return format_date(day, "d MMMM y", locale=self._locale)

    def moment(self, moment: float, zone: tzinfo) -> str:
        """A moment (Unix seconds, UTC) on the clock of ``zone``: ``22 november om 14:03``."""
        local = datetime.fromtimestamp(moment, zone)
        pattern = self.text("d MMMM 'om' HH:mm")
        return format_datetime(local, pattern, tzinfo=zone, locale=self._locale)

    def interval(self, interval: str, count: int) -> str | None:
        """``Maandelijks``, ``Per 3 maanden``; None for an interval nobody has heard of."""
        if interval not in _SINGLE_INTERVALS:
            return None
        if count == 1:
            return self.text(_SINGLE_INTERVALS[interval])
        return self.text("Per {period}").format(period=self._period(interval, count))

    def per_interval(self, interval: str, count: int) -> str | None:
        """``per maand``, ``per 3 maanden``, to follow an amount; None for an unknown interval."""
        if interval not in _PER_INTERVAL:
            return None
        if count == 1:
            return self.text(_PER_INTERVAL[interval])
        return self.text("per {period}").format(period=self._period(interval, count))

    def money(self, amount: int, currency: str) -> str:
        """``amount`` in Stripe's smallest unit of ``currency`` (ISO 4217): ``€ 29,00``."""
        digits = 0 if currency in _WHOLE_UNITS else 3 if currency in _THOUSANDTHS else 2
        value = Decimal(amount).scaleb(-digits)
        return format_currency(value, currency.upper(), locale=self._locale)

    def percent(self, percent: int) -> str:
        """A whole percentage: ``17%``."""
        return format_percent(percent / 100, locale=self._locale)

    def _period(self, interval: str, count: int) -> str:
        if interval == "day":  # Babel has no Dutch plural for this unit, but does for durations
            days = timedelta(days=count)
            return format_timedelta(days, "day", threshold=math.inf, locale=self._locale)
        return format_unit(count, f"duration-{interval}", locale=self._locale)


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


def negotiate(accepted: Iterable[str]) -> str:
    """The tag for a reader who accepts these language tags, the most wanted first; else Dutch."""
    try:
        wanted = [tag.lower() for tag in accepted]  # RFC 4647: tags do not differ by case
        return negotiate_locale(wanted, LANGUAGES, sep="-") or LANGUAGES[0]
    except (UnknownLocaleError, ValueError):
        return LANGUAGES[0]


def day_of(moment: int, zone: tzinfo) -> date:
    """The calendar day of a moment (Unix seconds, UTC) in ``zone``."""
    return datetime.fromtimestamp(moment, UTC).astimezone(zone).date()
