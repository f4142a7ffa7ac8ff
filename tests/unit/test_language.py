"""Dates, intervals and money in words."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.language.choice import Choice, negotiate
from billing_proxy.language.words import AUTO, LANGUAGES, Language, check_texts, day_of

from .examples import examples
from .stripe_objects import at

DUTCH, ENGLISH = Language("nl"), Language("en")
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NO_BREAK = "\N{NO-BREAK SPACE}"

MONTHS = "januari februari maart april mei juni juli augustus september oktober november december"


def test_a_day_is_written_out_as_the_language_does() -> None:
    for number, name in enumerate(MONTHS.split(), 1):
        assert DUTCH.day(dt.date(2026, number, 1)) == f"1 {name} 2026"
    assert DUTCH.month(dt.date(2026, 12, 31)) == "december 2026"
    written = {"en": "1 December 2026", "de": "1. Dezember 2026", "fr": "1er décembre 2026"}
    assert {tag: Language(tag).day(dt.date(2026, 12, 1)) for tag in written} == written


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        ("2026-11-22 13:03", "22 november om 14:03"),
        ("2026-07-01 22:00", "2 juli om 00:00"),
        ("2026-12-31 23:30", "1 januari om 00:30"),
        ("2026-03-29 00:59", "29 maart om 01:59"),
        ("2026-03-29 01:00", "29 maart om 03:00"),
        ("2026-10-25 00:30", "25 oktober om 02:30"),
        ("2026-10-25 01:30", "25 oktober om 02:30"),
    ],
)
def test_a_moment_is_read_from_the_clock_on_the_wall(moment: str, text: str) -> None:
    assert DUTCH.moment(at(moment), AMSTERDAM) == text
    assert DUTCH.moment(at(moment) + 0.999, AMSTERDAM) == text
    assert DUTCH.moment(at(moment), dt.UTC) != text


def test_a_moment_is_written_as_the_language_does() -> None:
    moment = at("2026-11-22 13:03")
    written = {
        "en": "22 November at 14:03",
        "de": "22. November um 14:03 Uhr",
        "fr": "22 novembre à 14:03",
    }
    assert {tag: Language(tag).moment(moment, AMSTERDAM) for tag in written} == written


@pytest.mark.parametrize(
    ("interval", "count", "label", "per"),
    [
        ("day", 1, "Dagelijks", "per dag"),
        ("week", 1, "Wekelijks", "per week"),
        ("month", 1, "Maandelijks", "per maand"),
        ("year", 1, "Jaarlijks", "per jaar"),
        ("month", 3, "Per 3 maanden", "per 3 maanden"),
        ("year", 2, "Per 2 jaar", "per 2 jaar"),
        ("day", 400, "Per 400 dagen", "per 400 dagen"),
        ("week", 6, "Per 6 weken", "per 6 weken"),
    ],
)
def test_an_interval_has_words(interval: str, count: int, label: str, per: str) -> None:
    assert DUTCH.interval(interval, count) == label
    assert DUTCH.per_interval(interval, count) == per


def test_an_interval_nobody_has_heard_of_has_no_words() -> None:
    for interval in ("fortnight", "", "MONTH"):
        for count in (1, 3):
            assert DUTCH.interval(interval, count) is None
            assert DUTCH.per_interval(interval, count) is None


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (2900, "eur", "€ 29,00"),
        (123456789, "eur", "€ 1.234.567,89"),
        (0, "eur", "€ 0,00"),
        (5, "eur", "€ 0,05"),
        (2900, "gbp", "£ 29,00"),
    ],
)
def test_money_is_written_as_the_dutch_do(amount: int, currency: str, text: str) -> None:
    assert DUTCH.money(amount, currency).replace(NO_BREAK, " ") == text


@pytest.mark.parametrize(
    ("currencies", "text"),
    [
        ("afn all lak lbp mmk rsd sos std yer huf eur", "1.499,50"),  # none of CLDR's has decimals
        ("jpy krw clp vnd xof", "149.950"),
        ("kwd bhd tnd", "149,950"),
        ("isk ugx", "1.500"),  # counted in hundredths, and there are no cents
    ],
)
def test_an_amount_has_stripes_decimals_whatever_cldr_has(currencies: str, text: str) -> None:
    for currency in currencies.split():
        amount = DUTCH.money(149950, currency)
        assert amount.partition(NO_BREAK)[2] == text, amount


def test_a_percentage_has_decimals_only_where_it_needs_them() -> None:
    assert [DUTCH.percent(percent) for percent in (0, 7, 100, 12.5, 33.333, 0.1)] == [
        *("0%", "7%", "100%", "12,5%", "33,33%", "0,1%"),
    ]
    assert ENGLISH.percent(12.5) == "12.5%"


def test_one_and_many_are_told_apart() -> None:
    one, many = "Nog {count} dag.", "Nog {count} dagen."
    told = [DUTCH.plural(one, many, count) for count in (0, 1, 2)]
    assert told == ["Nog 0 dagen.", "Nog 1 dag.", "Nog 2 dagen."]


def test_a_site_may_have_words_of_its_own() -> None:
    own = Language("nl", {"Actief": "Loopt", "Nog {count} dagen.": "{count} dagen te gaan."})
    assert own.text("Actief") == "Loopt"
    assert own.text("Opgezegd") == "Opgezegd"
    assert own.plural("Nog {count} dag.", "Nog {count} dagen.", 3) == "3 dagen te gaan."
    assert own.plural("Nog {count} dag.", "Nog {count} dagen.", 1) == "Nog 1 dag."


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"nl": {"Actief": "Loopt"}, "en": {"Actief": "Running"}},
        {"nl": {"Nog {count} dagen.": "Binnenkort.", "Korting {nu}!": "{nu}"}},
        {"nl": {"Tot {day} alles.": "{day} is het zover"}},
    ],
)
def test_words_that_can_be_shown_are_taken(texts: dict[str, dict[str, str]]) -> None:
    check_texts(texts)


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"sv": {"Actief": "Actif"}}, "sv"),
        ({"Actief": {}}, "Actief"),
        ({"nl": {"Nog {count} dagen.": "Nog {days} dagen."}}, "days"),
        ({"nl": {"Nog {count} dagen.": "Nog {count dagen."}}, "count"),
        ({"en": {"Tot {day} alles.": "Until {day} {hour}"}}, "hour"),
    ],
)
def test_words_that_could_not_be_shown_are_refused_at_the_start(
    texts: dict[str, dict[str, str]], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        check_texts(texts)


@pytest.mark.parametrize(
    ("wanted", "tag"),
    [
        ([], None),
        (["EN"], "en"),
        (["NL-be"], "nl"),
        (["En-us", "nl"], "en"),
        (["sv", "fr-CA", "nl"], "fr"),
        (["en_GB"], "en"),
        (["de_DE.UTF-8"], "de"),
        (["zh-Hant-TW", "de-CH-1996"], "de"),
        (["pl", "pt", "dutch", "*", "", "-", "nl;q=1"], None),
        (["x" * 500, "\x00", "en_US_POSIX_x"], "en"),
        (["nl" + "-a" * 9_999], "nl"),
    ],
)
def test_the_first_language_that_is_spoken_is_found_by_its_tag(
    wanted: list[str], tag: str | None
) -> None:
    assert negotiate(wanted) == tag


@examples(150)
@given(st.lists(st.text(max_size=12) | st.text(alphabet="enlENL-_*;q=0.", max_size=8), max_size=5))
def test_no_wish_is_too_odd_to_get_a_language(wanted: list[str]) -> None:
    assert Choice(AUTO, tuple(wanted), tuple(wanted)).tag(wanted) in LANGUAGES


@pytest.mark.parametrize(
    ("setting", "site", "customer", "browser", "tag"),
    [
        (AUTO, "fr", "de", "en", "fr"),
        (AUTO, "pt", "de", "en", "de"),
        (AUTO, None, "de", "en", "de"),
        (AUTO, "", "pt", "en", "en"),
        (AUTO, None, "", "pt", "nl"),
        ("de", "fr", "en", "en", "fr"),
        ("de", "pt", "en", "en", "de"),
        ("de", None, "en", "en", "de"),
    ],
)
def test_the_site_goes_before_the_setting_and_with_auto_the_customer_before_the_browser(
    setting: str, site: str | None, customer: str, browser: str, tag: str
) -> None:
    assert Choice(setting, browser=(browser,)).led_by(site).tag([customer]) == tag


@examples(150)
@given(
    st.integers(1, 253_370_764_799),
    st.sampled_from(["Europe/Amsterdam", "Pacific/Kiritimati", "Pacific/Niue", "UTC"]),
)
def test_every_moment_has_a_day_within_a_day_of_utcs(moment: int, zone: str) -> None:
    day = day_of(moment, ZoneInfo(zone))
    utc = (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=moment)).date()  # noqa: DTZ001
    assert abs((day - utc).days) <= 1
    if zone == "UTC":
        assert day == utc
