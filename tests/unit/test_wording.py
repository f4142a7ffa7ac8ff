"""The sentences on the card: each state has one, in both languages, with the right day in it."""

from __future__ import annotations

from typing import Any

import pytest

from billing_proxy.card import wording
from billing_proxy.card.facts import YearlyPrice
from billing_proxy.card.rules import Action, Caption, Code
from billing_proxy.language.words import Language

from .cards import card_of, with_invoice, with_pauses
from .stripe_objects import NOW, at, make_item, make_subscription

DUTCH, ENGLISH = Language("nl"), Language("en")
JANUARY_12 = at("2027-01-12 10:00")

TAX = {"inclusive": False, "percentage": 21}

SIX = {"Actief", "Proefperiode", "Wordt opgezegd", "Opgezegd", "Achterstallig", "Gepauzeerd"}


def meaning(*subscriptions: Any, **options: Any) -> str:
    return card_of(*subscriptions, **options).status.meaning


def test_there_are_six_labels_and_no_seventh() -> None:
    assert set(wording.LABELS.values()) == SIX
    assert set(Code) - set(wording.LABELS) == {Code.UNKNOWN, Code.NONE}


def test_every_caption_and_button_has_its_words() -> None:
    assert set(wording.CAPTIONS) == set(Caption)
    assert set(wording.BUTTONS) == set(Action)


SENTENCES = {
    "active": make_subscription(),
    "trialing": make_subscription(status="trialing", trial_end=at("2026-11-29")),
    "trialing-without-date": make_subscription(status="trialing"),
    "canceling": make_subscription(cancel_at=JANUARY_12),
    "canceling-without-date": make_subscription(cancel_at_period_end=True, items=[]),
    "canceling-in-the-past": make_subscription(cancel_at=at("2026-11-21")),
    "canceling-while-paused": make_subscription(status="paused", cancel_at=JANUARY_12),
    "canceled": make_subscription(status="canceled", ended_at=at("2026-10-01")),
    "paused": make_subscription(status="paused"),
    "paused-until": with_pauses(make_subscription(status="paused"), (1, JANUARY_12)),
    "past-due": make_subscription(status="past_due"),
    "past-due-invoice": with_invoice(
        make_subscription(status="past_due", collection_method="send_invoice")
    ),
    "unpaid": make_subscription(status="unpaid"),
    "incomplete": make_subscription(status="incomplete"),
    "unknown": make_subscription(status="suspended"),
}


@pytest.mark.parametrize("subscription", SENTENCES.values(), ids=SENTENCES)
def test_every_state_has_a_sentence_of_its_own(subscription: Any) -> None:
    sentence = meaning(subscription)
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert not set("{}%") & set(sentence)
    others = [meaning(other) for other in SENTENCES.values() if other is not subscription]
    assert sentence not in [*others, meaning()]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("canceling", "12 januari 2027"),
        ("canceling-while-paused", "12 januari 2027"),
        ("paused-until", "12 januari 2027"),
    ],
)
def test_a_sentence_about_a_day_names_it(name: str, day: str) -> None:
    assert day in meaning(SENTENCES[name])


def test_a_cancellation_can_be_taken_back_until_it_takes_effect() -> None:
    assert "intrekken" in meaning(SENTENCES["canceling"])
    assert "intrekken" not in meaning(SENTENCES["canceling-in-the-past"])


@pytest.mark.parametrize(
    ("trial_end", "words"),
    [
        ("2026-11-22 22:30", "Vandaag"),  # half an hour before midnight in Amsterdam
        ("2026-11-22 23:30", "nog 1 dag."),
        ("2026-11-24 10:00", "nog 2 dagen."),
        ("2026-12-22 10:00", "nog 30 dagen."),
    ],
)
def test_a_trial_counts_its_calendar_days(trial_end: str, words: str) -> None:
    subscription = make_subscription(status="trialing", trial_end=at(trial_end))
    assert words in meaning(subscription)


def test_only_a_running_subscription_is_said_to_renew() -> None:
    renewing = [name for name, sub in SENTENCES.items() if "verlengd" in meaning(sub)]
    assert renewing == ["active"]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"unit_amount": 2900}, "€ 29,00 per maand"),
        ({"unit_amount": 500, "quantity": 12}, "€ 60,00 per maand (12 × € 5,00)"),
        ({"unit_amount": 2900, "tax_rates": [TAX]}, "€ 29,00 per maand, exclusief btw"),
        ({"unit_amount": 2900, "discounts": ["di_1"]}, "€ 29,00 per maand, exclusief korting"),
        (
            {"unit_amount": 2900, "tax_rates": [TAX], "discounts": ["di_1"]},
            "€ 29,00 per maand, exclusief btw en korting",
        ),
        ({"unit_amount": 29000, "interval": "year"}, "€ 290,00 per jaar"),
        ({"unit_amount": 8700, "interval_count": 3}, "€ 87,00 per 3 maanden"),
        ({"unit_amount": 0}, "Gratis"),
    ],
)
def test_the_price_is_told_with_what_it_leaves_out(fields: dict[str, Any], text: str) -> None:
    card = card_of(make_subscription(items=[make_item(**fields)]))
    assert card.price is not None
    assert card.price.text.replace("\N{NO-BREAK SPACE}", " ") == text
    assert card.price.note == "".join(text.partition(", exclusief")[1:])


def test_a_price_for_an_interval_nobody_has_heard_of_is_left_out() -> None:
    for count in (1, 2):
        item = make_item(unit_amount=2900, interval="fortnight", interval_count=count)
        assert card_of(make_subscription(items=[item])).price is None


def test_what_paying_yearly_saves_is_told() -> None:
    offers = {"prod_pro": (YearlyPrice(29000, "eur", None),)}
    subscription = make_subscription(items=[make_item(unit_amount=2900)])
    card = card_of(subscription, yearly_prices=offers)
    assert card.yearly_saving is not None
    text = card.yearly_saving.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "€ 58,00 per jaar (16%)" in text
    assert card_of(
        subscription, yearly_prices={"prod_seats": offers["prod_pro"]}
    ).yearly_saving is (None)


def test_what_has_ended_has_no_price_any_more() -> None:
    items = [make_item(unit_amount=2900)]
    assert card_of(make_subscription(status="canceled", items=items)).price is None


@pytest.mark.parametrize("subscription", [*SENTENCES.values(), None], ids=[*SENTENCES, "none"])
def test_every_sentence_is_there_in_english_too(subscription: Any) -> None:
    subscriptions = () if subscription is None else (subscription,)
    dutch = meaning(*subscriptions, now=NOW)
    english = meaning(*subscriptions, now=NOW, language="en")
    assert english != dutch
    assert not set("{}%") & set(english)
