"""What holds for every card, whatever Stripe sends: fields missing, nulled, of another type, and
moments anywhere in time."""

from __future__ import annotations

import copy
import json
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.card.card import BillingCard, CardDate
from billing_proxy.card.facts import Subscription, YearlyPrice
from billing_proxy.card.wanted import lasting, wants_invoice, wants_schedule
from billing_proxy.gateway.reading import (
    read_invoice,
    read_schedule,
    read_subscription,
    read_yearly_prices,
)

from .cards import card_of, json_of
from .contradictions import contradictions
from .examples import examples
from .stripe_objects import CUSTOMER, NICKNAME, NOW, list_of, paused_because

SIX = {"Actief", "Proefperiode", "Wordt opgezegd", "Opgezegd", "Achterstallig", "Gepauzeerd"}
ABOUT_THE_FUTURE = {
    "Volgende factureringsdatum",
    "Volgende betaalpoging",
    "Proefperiode eindigt op",
    "Hervat op",
}
ANY_TIME = {"Eindigt op", "Beëindigd op", "Vervaldatum factuur"}
STATUSES = [
    *("active", "trialing", "past_due", "unpaid", "incomplete", "incomplete_expired"),
    *("canceled", "paused", "suspended"),
]
YEAR = 366 * 86_400

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


def whole(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(fields)


@st.composite
def damaged(draw: st.DrawFn, good: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """What ``good`` gives with some fields, at any depth, dropped, nulled or of another type."""
    obj = copy.deepcopy(draw(good))  # the strategies share some of their objects
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2, 3]))):
        place: Any = obj
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(place[key], dict | list) and draw(st.booleans()):
                place = place[key]
                continue
            match draw(st.sampled_from(["drop", "null", "retype"])):
                case "drop":
                    del place[key]
                case "null":
                    place[key] = None
                case _:
                    place[key] = draw(junk)
            break
    return obj


moments = st.one_of(
    st.integers(NOW - YEAR, NOW + YEAR),
    st.integers(NOW - 3, NOW + 3),
    st.sampled_from([0, 1, -1, NOW, 2**31, 2**63, 253_370_764_799, 253_370_764_800, 10**30]),
)
maybe = st.none() | moments
ids = st.sampled_from(["id_a", "id_b", "id_c"])
recurring = whole(
    interval=st.sampled_from(["day", "week", "month", "year", "fortnight"]),
    interval_count=st.sampled_from([1, 1, 2, 3, 12, 0, -1, 10**9]),
    usage_type=st.sampled_from(["licensed", "licensed", "metered"]),
)
prices = whole(
    id=ids,
    product=ids | st.sampled_from([{"id": "id_a", "deleted": True}, {"id": "id_b", "name": "B"}]),
    recurring=recurring,
    nickname=st.just(NICKNAME),
    unit_amount=st.integers(0, 10**6),
    currency=st.sampled_from(["eur", "eur", "usd", "jpy", "kwd", "EUR", "xxx"]),
    billing_scheme=st.sampled_from(["per_unit", "per_unit", "tiered"]),
    tax_behavior=st.sampled_from(["inclusive", "exclusive", "unspecified"]),
    active=st.booleans(),
)
items = whole(
    price=prices,
    current_period_end=moments,
    billed_until=maybe,
    quantity=st.integers(0, 9),
    discounts=st.sampled_from([[], ["di_1"]]),
)
discounts = whole(
    end=maybe,
    source=whole(
        coupon=whole(
            percent_off=st.sampled_from([None, 10, 12.5, 100]),
            amount_off=st.sampled_from([None, 1, 10**7]),
            currency=st.sampled_from(["eur", "usd"]),
            duration=st.sampled_from(["once", "repeating", "forever"]),
        )
    ),
)
methods = whole(
    type=st.sampled_from(["card", "sepa_debit", "ideal", "hologram"]),
    card=whole(
        brand=st.sampled_from(["visa", "x"]),
        last4=st.just("4242"),
        exp_month=st.integers(1, 12),
        exp_year=st.integers(2026, 2028),
    ),
)
customers = whole(
    id=st.just(CUSTOMER),
    invoice_settings=whole(default_payment_method=st.none() | methods),
    discount=st.none() | discounts,
    preferred_locales=st.lists(st.sampled_from(["nl", "de-DE"]), max_size=2),
)
subscriptions = whole(
    id=ids,
    status=st.sampled_from(STATUSES),
    created=moments,
    cancel_at=maybe,
    cancel_at_period_end=st.booleans(),
    canceled_at=maybe,
    ended_at=maybe,
    trial_end=maybe,
    collection_method=st.sampled_from(["charge_automatically", "send_invoice"]),
    pause_collection=st.none() | whole(behavior=st.just("void"), resumes_at=maybe),
    status_details=st.none() | st.builds(paused_because, st.text(max_size=5)),
    items=st.builds(lambda found: list_of(*found), st.lists(items, min_size=1, max_size=3)),
    latest_invoice=ids,
    schedule=st.none() | ids,
    automatic_tax=whole(enabled=st.booleans()),
    currency=st.sampled_from(["eur", "eur", "usd", None]),
    discounts=st.lists(ids | discounts, max_size=2),
    default_payment_method=st.none() | ids | methods,
    customer=st.sampled_from([CUSTOMER]) | customers,
    trial_settings=whole(
        end_behavior=whole(
            missing_payment_method=st.sampled_from(["cancel", "pause", "create_invoice", "x"])
        )
    ),
    pending_update=st.none() | whole(expires_at=maybe),
    next_pending_invoice_item_invoice=maybe,
)
invoices = whole(
    status=st.sampled_from(["open", "open", "paid", "void"]),
    amount_remaining=st.integers(0, 5000),
    currency=st.just("eur"),
    hosted_invoice_url=st.sampled_from(["https://a.example/i/1", "http://x.example", None]),
    next_payment_attempt=maybe,
    due_date=maybe,
    payments=st.sampled_from(
        [list_of(), list_of({"payment": {"payment_intent": {"status": "processing"}}})]
    ),
)
schedules = whole(
    status=st.sampled_from(["active", "released"]),
    phases=st.lists(
        whole(
            start_date=moments,
            items=st.lists(whole(price=prices, quantity=st.integers(0, 3)), max_size=2),
        ),
        max_size=2,
    ),
    pause_schedules=st.lists(
        whole(pause=whole(pause_at=maybe), resume=whole(resume_at=maybe)), max_size=2
    ),
)
nows = st.floats(NOW - 5, NOW + 5) | st.integers(1, 2 * NOW)
zones = st.sampled_from(["Europe/Amsterdam", "UTC", "Pacific/Kiritimati", "Pacific/Niue"])


@st.composite
def read(draw: st.DrawFn) -> Subscription:
    """A subscription, now and then with its invoice or schedule read."""
    sub = read_subscription(draw(damaged(subscriptions)))
    if draw(st.booleans()):
        sub = sub._replace(latest_invoice=read_invoice(draw(damaged(invoices))))
    if draw(st.booleans()):
        sub = sub._replace(schedule=read_schedule(draw(damaged(schedules))))
    return sub


several = st.lists(read(), max_size=3)
thorough = examples(60)


def dates(card: BillingCard) -> list[CardDate]:
    found = [card.date, card.second_date, *(other.date for other in card.other_subscriptions)]
    return [date for date in found if date is not None]


def today(now: float, zone: str) -> str:
    return datetime.fromtimestamp(now, ZoneInfo(zone)).date().isoformat()


@thorough
@given(several, nows, zones)
def test_every_customer_has_a_card_in_whole_sentences(
    subs: list[Subscription], now: float, zone: str
) -> None:
    card = card_of(*subs, now=now, zone=zone, names={"id_a": "Pro"})
    for status in (card.status, *(other.status for other in card.other_subscriptions)):
        assert status.label in SIX or (status.label is None and status.code in ("unknown", "none"))
        assert status.meaning
        assert not set("{}") & set(status.meaning)
    assert card.plan
    assert contradictions(card) == []
    assert card.billing_period is None or card.billing_period.label.isprintable()
    assert all(date.caption in ABOUT_THE_FUTURE | ANY_TIME for date in dates(card))
    match card.status.label:
        case "Achterstallig":
            assert card.notices
        case "Opgezegd" | "Wordt opgezegd":
            assert card.button == "Abonnement beheren"
        case "Actief" | "Proefperiode" | "Gepauzeerd":
            assert card.button == "Abonnement bijwerken"


@thorough
@given(several, nows, zones)
def test_no_date_in_the_past_stands_under_a_caption_about_the_future(
    subs: list[Subscription], now: float, zone: str
) -> None:
    card = card_of(*subs, now=now, zone=zone)
    for date in dates(card):
        if date.caption in ABOUT_THE_FUTURE:
            assert date.date.isoformat() >= today(now, zone)
    if card.next_billing_date:
        assert card.next_billing_date.isoformat() >= today(now, zone)


@thorough
@given(read(), nows)
def test_a_next_billing_date_is_a_charge_that_will_really_be_made(
    sub: Subscription, now: float
) -> None:
    card = card_of(sub, now=now)
    if card.next_billing_date is None:
        assert card.second_date is None
        assert card.status.label != "Actief" or card.date is None
        return
    assert sub.status in ("active", "trialing")
    assert not sub.is_free
    assert not any(d.percent_off == 100 and d.end is None for d in sub.discounts)
    assert sub.pause_collection is None or sub.pause_collection.resumes_at is not None
    assert card.status.label in {"Actief", "Proefperiode", "Wordt opgezegd"}
    charge = card.second_date if card.status.label == "Wordt opgezegd" else card.date
    assert charge is not None
    assert charge.date == card.next_billing_date
    assert charge.caption in ("Volgende factureringsdatum", "Proefperiode eindigt op")
    if card.second_date is not None:
        assert card.date is not None
        assert card.second_date.date <= card.date.date


@thorough
@given(st.data(), nows)
def test_the_order_in_which_stripe_sends_them_does_not_matter(
    data: st.DataObject, now: float
) -> None:
    subs = data.draw(several)
    card = card_of(*subs, now=now)
    assert card == card_of(*data.draw(st.permutations(subs)), now=now)
    shown = [card.subscription, *(other.subscription for other in card.other_subscriptions)]
    left = [sub.id for sub in lasting(subs, None)]
    assert sorted(map(str, shown)) == sorted(map(str, left or [None]))


@thorough
@given(several, nows, zones)
def test_a_card_says_the_same_until_one_of_its_moments_or_midnight(
    subs: list[Subscription], now: float, zone: str
) -> None:
    today = datetime.fromtimestamp(now, ZoneInfo(zone)).date()
    midnight = datetime.combine(today + timedelta(days=1), time(), ZoneInfo(zone)).timestamp()
    next_change = min([midnight, *(m for sub in subs for m in sub.moments() if m > now)])
    just_before = max(now, next_change - 0.25)
    assert card_of(*subs, now=now, zone=zone) == card_of(*subs, now=just_before, zone=zone)


@thorough
@given(several, nows, st.lists(damaged(prices), max_size=2))
def test_the_json_is_json_and_the_version_its_fingerprint(
    subs: list[Subscription], now: float, yearly: list[dict[str, Any]]
) -> None:
    offers: tuple[YearlyPrice, ...] = read_yearly_prices(yearly)
    card = card_of(*subs, now=now, yearly_prices={"id_a": offers, "id_b": offers})
    body = json_of(card, upgrade_url="https://site.example/plans")
    text = json.dumps(body, allow_nan=False)
    assert json.loads(text) == body
    assert NICKNAME not in text
    assert len(card.version) == 16


@thorough
@given(read())
def test_a_detail_is_asked_for_only_where_it_can_be_read(sub: Subscription) -> None:
    assert wants_invoice(sub) in (None, sub.latest_invoice)
    assert wants_schedule(sub) in (None, sub.schedule)
