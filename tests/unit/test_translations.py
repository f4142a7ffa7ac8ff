"""Every text of the product can be read in every language that it speaks."""

from __future__ import annotations

import ast
import gettext
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from billing_proxy.language.words import DOMAIN, LANGUAGES, TRANSLATIONS, Language

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "billing_proxy"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"t": None, "text": None, "mark": None, "plural": (1, 2)}
SOURCE, *TRANSLATED = LANGUAGES
NEVER = {
    "nl": r";|\bdeze dienst\b|\b[Uu]w?\b",  # B1 and je
    "de": r";|\b[Dd](u|ir|ich|ein\w*)\b",  # Sie
    "fr": r";|\b(tu|toi|tes?|ton|ta)\b|(?<!\u202f)[?!:»]|«(?!\u202f)",  # vous, narrow spaces
}


def written() -> set[str]:
    """The Dutch texts as they stand in the code and the templates; of a plural, the first."""
    found = extract_from_dir(PACKAGE, METHODS, keywords=KEYWORDS)
    texts = (message for _, _, message, _, _ in found)
    return {text[0] if isinstance(text, tuple) else text for text in texts}


def called() -> set[str]:
    """The texts of the calls in the code, in f-strings too: Babel sees none there before 3.12."""
    trees = [ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [c for c in calls if ast.unparse(c.func).rpartition(".")[2] in KEYWORDS and c.args]
    texts = [c.args[0].value for c in named if isinstance(c.args[0], ast.Constant)]
    return {text for text in texts if isinstance(text, str)}


def catalogue(tag: str) -> dict[str, tuple[str, ...]]:
    """Each Dutch text of a catalogue with its translations: one, or one for each plural."""
    with (TRANSLATIONS / tag / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        messages = [message for message in read_po(file, abort_invalid=True) if message.id]
    assert not [message.id for message in messages if message.fuzzy]
    return {
        message.id[0] if message.pluralizable else message.id: tuple(message.string)
        if message.pluralizable
        else (message.string,)
        for message in messages
    }


def test_the_element_for_other_sites_says_what_the_catalogues_say() -> None:
    script = (PACKAGE / "web" / "static" / "billing-card.js").read_text("utf-8")
    found = re.findall(r"^ +(\w\w): (\[.*\]),$", script, re.MULTILINE)
    words = {tag: json.loads(said) for tag, said in found}
    assert words == {tag: [*map(Language(tag).text, words[SOURCE])] for tag in words}


def test_dutch_is_what_the_texts_are_written_in() -> None:
    assert SOURCE == "nl"
    assert Language(SOURCE).text("Je abonnement") == "Je abonnement"


def test_a_language_has_a_catalogue_and_a_catalogue_is_of_a_language() -> None:
    assert sorted(p.name for p in TRANSLATIONS.iterdir() if p.is_dir()) == sorted(TRANSLATED)


def test_no_text_hides_from_who_collects_them() -> None:
    assert called() <= written()


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_catalogue_has_each_text_once_and_no_other(tag: str) -> None:
    assert set(catalogue(tag)) == written()


@pytest.mark.parametrize("tag", TRANSLATED)
def test_no_translation_is_empty_or_lacks_a_place_to_fill_in(tag: str) -> None:
    for source, translations in catalogue(tag).items():
        for translation in translations:
            assert translation.strip()
            assert set(re.findall(r"{\w+}", translation)) == set(re.findall(r"{\w+}", source))


@pytest.mark.parametrize("tag", LANGUAGES)
def test_the_reader_is_addressed_in_one_way_and_in_short_sentences(tag: str) -> None:
    texts = written() if tag == SOURCE else {t for ts in catalogue(tag).values() for t in ts}
    assert [text for text in texts if re.search(NEVER.get(tag, ";"), text)] == []


@pytest.mark.parametrize("tag", TRANSLATED)
def test_the_compiled_catalogue_says_what_the_written_one_does(tag: str) -> None:
    compiled = gettext.translation(DOMAIN, TRANSLATIONS, [tag])
    for source, translations in catalogue(tag).items():
        if len(translations) == 1:
            assert compiled.gettext(source) == translations[0]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """What ``make messages`` works with, in a folder of its own."""
    for name in ("Makefile", "babel.cfg"):
        shutil.copy(ROOT / name, tmp_path)
    unneeded = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "src" / "billing_proxy", ignore=unneeded)
    return tmp_path


def make_messages(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the target as it stands, with the tools of this environment."""
    tools = f"BIN={Path(sys.executable).parent}"
    command = ["make", "--old-file=.venv/test.stamp", "messages", tools]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_an_edited_text_arrives_and_no_translation_is_guessed(copy: Path) -> None:
    package = copy / "src" / "billing_proxy"
    catalogues = package / "language" / "translations"
    before = (catalogues / "en" / "LC_MESSAGES" / "billing.po").read_text("utf-8")
    edit(package / "language" / "words.py", 'mark("Wekelijks")', 'mark("Wekelijks!")')
    edit(catalogues / "en" / "LC_MESSAGES" / "billing.po", '"Monthly"', '"Every month"')
    done = make_messages(copy)
    assert done.returncode == 0, done.stderr
    compiled = gettext.translation(DOMAIN, catalogues, ["en"])
    assert compiled.gettext("Maandelijks") == "Every month"
    assert compiled.gettext("Wekelijks!") == "Wekelijks!"  # like "Wekelijks", but untranslated
    after = (catalogues / "en" / "LC_MESSAGES" / "billing.po").read_text("utf-8")
    assert after.partition("\n\n")[0] == before.partition("\n\n")[0]  # the header
    assert "fuzzy" not in after
    said = re.search(r"(\d+) of (\d+) messages", done.stdout + done.stderr)
    assert said is not None
    assert int(said[2]) - int(said[1]) == 1


def test_what_is_wrong_with_a_catalogue_is_told(copy: Path) -> None:
    path = copy / "src/billing_proxy/language/translations/en/LC_MESSAGES/billing.po"
    edit(path, 'msgstr "Monthly"', "nonsense")
    told = make_messages(copy)
    assert "'nonsense'" in told.stdout + told.stderr
    path.write_bytes(b'msgid "caf\xe9"\n')
    assert make_messages(copy).returncode != 0
