"""Every text of the product can be read in every language that it speaks."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from billing_proxy.language.words import DOMAIN, LANGUAGES, TRANSLATIONS, Language

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "billing_proxy"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"t": None, "text": None, "mark": None, "plural": (1, 2)}
SOURCE, *TRANSLATED = LANGUAGES


def written() -> set[str]:
    """The Dutch texts as they stand in the code and the templates; of a plural, the first."""
    found = extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS)
    texts = (message for _, _, message, _, _ in found)
    return {text[0] if isinstance(text, tuple) else text for text in texts}


def catalogue(tag: str) -> dict[str, tuple[str, ...]]:
    """Each Dutch text of a catalogue with its translations: one, or one for each plural."""
    with (TRANSLATIONS / tag / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    return {
        message.id[0] if message.pluralizable else message.id: tuple(message.string)
        if message.pluralizable
        else (message.string,)
        for message in messages
    }


def test_dutch_is_what_the_texts_are_written_in() -> None:
    assert SOURCE == "nl"
    assert Language(SOURCE).text("Je abonnement") == "Je abonnement"


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_catalogue_has_each_text_once_and_no_other(tag: str) -> None:
    assert set(catalogue(tag)) == written()


@pytest.mark.parametrize("tag", TRANSLATED)
def test_no_translation_is_empty_or_lacks_a_place_to_fill_in(tag: str) -> None:
    for source, translations in catalogue(tag).items():
        for translation in translations:
            assert translation.strip()
            assert set(re.findall(r"{\w+}", translation)) == set(re.findall(r"{\w+}", source))


@pytest.mark.parametrize("tag", TRANSLATED)
def test_the_compiled_catalogue_says_what_the_written_one_does(tag: str) -> None:
    compiled = gettext.translation(DOMAIN, TRANSLATIONS, [tag])
    for source, translations in catalogue(tag).items():
        if len(translations) == 1:
            assert compiled.gettext(source) == translations[0]
