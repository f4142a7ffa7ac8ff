"""Which of several subscriptions the card shows, and how the others are listed."""

from __future__ import annotations

from itertools import combinations, permutations
from typing import Any

import pytest

from billing_proxy.card.rules import Code, choose
from billing_proxy.gateway.reading import read_subscription

from .cards import PORTAL, card_of, json_of
from .stripe_objects import NOW, at, make_item, make_subscription

JANUARY_12 = at("2027-01-12 10:00")
LAST_WEEK, NEXT_WEEK = at("2026-11-15 10:00"), at("2026-11-29 10:00")

# The first one there is stands on the card.
ORDER: list[tuple[str, list[dict[str, Any]]]] = [
    ("past_due", [{"status": "past_due"}, {"status": "past_due", "cancel_at": JANUARY_12}]),
    ("active", [{"status": "active"}, {"status": "active",
        "pause_collection": {"resumes_at": LAST_WEEK}}]),
    ("trialing", [{"status": "trialing", "trial_end": NEXT_WEEK}]),
    ("canceling", [{"status": "active", "cancel_at": JANUARY_12}, {"status": "active",
        "cancel_at_period_end": True}, {"status": "trialing", "cancel_at": JANUARY_12},
        {"status": "paused", "cancel_at": JANUARY_12}]),
    ("unpaid", [{"status": "unpaid"}, {"status": "unpaid", "cancel_at": JANUARY_12}]),
    ("paused", [{"status": "paused"}, {"status": "active",
        "pause_collection": {"resumes_at": None}}, {"status": "active",
        "pause_collection": {"resumes_at": NEXT_WEEK}}]),
    ("incomplete", [{"status": "incomplete"}, {"status": "incomplete", "cancel_at": JANUARY_12}]),
    ("unknown", [{"status": "suspended"}, {"status": None}]),
    ("canceled", [{"status": "canceled", "ended_at": LAST_WEEK}, {"status": "canceled"}]),
]  # fmt: skip

PAIRS = [
    pytest.param(
        {"id": "sub_first", **first},
        {"id": "sub_second", **second},
        id=f"{higher}-{i}-before-{lower}-{j}",
    )
    for (higher, firsts), (lower, seconds) in combinations(ORDER, 2)
    if lower != "incomplete" or higher == "unpaid"  # beside a live one, it is left out
    for i, first in enumerate(firsts)
    for j, second in enumerate(seconds)
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_more_pressing_subscription_is_shown_even_if_it_is_older(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    older = make_subscription(created=at("2024-01-01"), **first)
    newer = make_subscription(created=at("2026-11-01"), **second)
    for order in ((older, newer), (newer, older)):
        card = card_of(*order)
        assert card.subscription == "sub_first"
        assert [other.subscription for other in card.other_subscriptions] == ["sub_second"]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "past_due"},
        {"status": "active"},
        {"status": "trialing"},
        {"status": "active", "cancel_at": JANUARY_12},
        {"status": "unpaid"},
        {"status": "paused"},
        {"status": "incomplete"},
        {"status": "suspended"},
    ],
    ids=lambda fields: "-".join(map(str, fields.values())),
)  # fmt: skip
def test_a_tie_goes_to_the_newest(fields: dict[str, Any]) -> None:
    subscriptions = [
        make_subscription(id=f"sub_{year}", created=at(f"{year}-01-01"), **fields)
        for year in (2025, 2026, 2024)
    ]
    for order in permutations(subscriptions):
        card = card_of(*order)
        assert card.subscription == "sub_2026"
        assert [o.subscription for o in card.other_subscriptions] == ["sub_2025", "sub_2024"]


def test_of_ended_ones_the_one_that_ended_last_is_shown() -> None:
    long = make_subscription(
        id="sub_long", status="canceled", created=at("2020-01-01"), ended_at=at("2026-10-01")
    )
    short = make_subscription(
        id="sub_short", status="canceled", created=at("2026-01-01"), ended_at=at("2026-02-01")
    )
    for order in ((long, short), (short, long)):
        assert card_of(*order).subscription == "sub_long"


def test_two_that_ended_together_are_a_tie_for_the_newest() -> None:
    ended = at("2026-10-01")
    old = make_subscription(id="sub_old", status="canceled", created=1, ended_at=ended)
    new = make_subscription(id="sub_new", status="canceled", created=2, ended_at=ended)
    assert card_of(old, new).subscription == card_of(new, old).subscription == "sub_new"


def test_when_nothing_tells_them_apart_the_choice_is_still_always_the_same() -> None:
    one, two = make_subscription(id="sub_1"), make_subscription(id="sub_2")
    assert card_of(one, two) == card_of(two, one)
    nameless = [make_subscription(id=None, items=[make_item(product=p)]) for p in ("a", "b")]
    assert card_of(*nameless) == card_of(*reversed(nameless))


def test_a_first_payment_that_never_came_is_not_even_listed() -> None:
    never = make_subscription(id="sub_never", status="incomplete_expired", created=NOW)
    card = card_of(never, make_subscription(id="sub_old", status="canceled"))
    assert card.subscription == "sub_old"
    assert card.other_subscriptions == ()


def test_running_beats_a_newer_failed_attempt_and_an_ended_one() -> None:
    card = card_of(
        make_subscription(id="sub_failed", status="incomplete", created=NOW),
        make_subscription(id="sub_ended", status="canceled", created=NOW),
        make_subscription(id="sub_running", created=1),
    )
    assert card.subscription == "sub_running"
    assert [o.subscription for o in card.other_subscriptions] == ["sub_ended"]


def test_each_other_subscription_has_its_plan_badge_and_date() -> None:
    card = card_of(
        make_subscription(id="sub_pro"),
        make_subscription(
            id="sub_seats",
            created=1,
            cancel_at=JANUARY_12,
            items=[make_item(product="prod_seats")],
        ),
        make_subscription(id="sub_odd", created=2, status="suspended", items=[]),
    )
    ending, odd = json_of(card)["other_subscriptions"]
    meaning = ending["status"].pop("meaning")
    assert "12 januari 2027" in meaning
    assert ending == {
        "subscription": "sub_seats",
        "plan": "Extra gebruikers",
        "status": {"code": "canceling", "label": "Wordt opgezegd", "stripe_status": "active"},
        "access": {"allowed": True, "until": "2027-01-12"},
        "price": None,
        "date": {"caption": "Eindigt op", "date": "2027-01-12", "text": "12 januari 2027"},
        "url": f"{PORTAL}?subscription=sub_seats",
    }
    assert odd["status"]["label"] is None
    assert odd["date"] is None
    assert odd["plan"]


def test_a_choice_keeps_every_subscription_with_its_decision() -> None:
    statuses = ["canceled", "active", "incomplete_expired", "suspended", "past_due"]
    read = [read_subscription(make_subscription(status=status)) for status in statuses]
    chosen = choose(iter(read), NOW)
    assert [decision.code for _, decision in chosen] == [
        Code.PAST_DUE,
        Code.ACTIVE,
        Code.UNKNOWN,
        Code.CANCELED,
    ]
    assert [sub.status for sub, _ in chosen] == ["past_due", "active", "suspended", "canceled"]
    assert choose([], NOW) == []


def test_a_free_one_never_stands_before_one_that_is_paid_for() -> None:
    free = make_subscription(id="sub_free", items=[make_item(unit_amount=0)])
    for fields in (
        {"status": "active"},
        {"status": "trialing", "trial_end": NEXT_WEEK},
        {"status": "active", "cancel_at": JANUARY_12},
    ):
        paid = make_subscription(id="sub_paid", items=[make_item(unit_amount=500)], **fields)
        assert card_of(free, paid).subscription == "sub_paid"


@pytest.mark.parametrize(("ended", "folded"), [(2, 0), (3, 3)])
def test_ended_ones_are_folded_away_where_they_are_many(ended: int, folded: int) -> None:
    running = [make_subscription(id=f"sub_{number}") for number in range(2)]
    over = [make_subscription(id=f"sub_old_{n}", status="canceled") for n in range(ended)]
    card = card_of(*running, *over)
    assert len(card.folded_others) == folded
    shown = {*card.running_others, *card.folded_others}
    assert shown == set(card.other_subscriptions)
    assert len(shown) == ended + 1
