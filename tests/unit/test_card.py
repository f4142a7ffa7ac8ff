"""The card's plan, billing period and dates in words, and its JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from billing_proxy.card.facts import Subscription, YearlyPrice

from .cards import NAMES, PORTAL, card_of, json_of
from .stripe_objects import CUSTOMER, NICKNAME, NOW, at, make_invoice, make_item, make_subscription
from .truth_table import owing, sub, without_method


def with_items(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return make_subscription(items=list(items), **fields)


class TestPlan:
    def test_the_plan_is_the_products_name(self) -> None:
        assert card_of(make_subscription()).plan == "Pro"

    def test_several_licensed_items_are_joined(self) -> None:
        plan = card_of(with_items(make_item(), make_item(product="prod_seats"))).plan
        assert plan == "Pro + Extra gebruikers"

    def test_two_prices_of_one_product_are_one_plan(self) -> None:
        assert card_of(with_items(make_item(), make_item(interval="year"))).plan == "Pro"

    def test_metered_items_are_left_out_of_the_name(self) -> None:
        usage = make_item(product="prod_usage", usage_type="metered")
        assert card_of(with_items(usage, make_item())).plan == "Pro"

    def test_a_subscription_to_usage_alone_is_named_after_it(self) -> None:
        usage = make_item(product="prod_usage", usage_type="metered")
        assert card_of(with_items(usage)).plan == "Verbruik"

    @pytest.mark.parametrize(
        "product", [None, "prod_gone", {"id": "prod_gone", "deleted": True}, 7, ""]
    )
    def test_an_unknown_or_deleted_product_gets_a_neutral_text(self, product: Any) -> None:
        plan = card_of(with_items(make_item(product=product))).plan
        assert plan == "Abonnement"

    def test_no_items_get_the_same_neutral_text(self) -> None:
        assert card_of(with_items()).plan == "Abonnement"

    def test_of_two_products_the_unknown_one_does_not_hide_the_other(self) -> None:
        plan = card_of(with_items(make_item(product="prod_gone"), make_item())).plan
        assert plan.startswith("Pro + ")
        assert "prod_gone" not in plan

    @pytest.mark.parametrize("names", [NAMES, {}], ids=["named", "nameless"])
    def test_neither_nickname_nor_id_is_ever_shown(self, names: dict[str, str]) -> None:
        subscriptions = [make_subscription(), make_subscription(id="sub_2", created=1)]
        body = json.dumps(json_of(card_of(*subscriptions, names=names)))
        for internal in (NICKNAME, "prod_", "price_", "si_"):
            assert internal not in body


PERIODS = [
    ("day", 1, "Dagelijks"),
    ("week", 1, "Wekelijks"),
    ("month", 1, "Maandelijks"),
    ("year", 1, "Jaarlijks"),
    ("day", 2, "Per 2 dagen"),
    ("day", 90, "Per 90 dagen"),
    ("week", 2, "Per 2 weken"),
    ("week", 52, "Per 52 weken"),
    ("month", 2, "Per 2 maanden"),
    ("month", 3, "Per 3 maanden"),
    ("month", 6, "Per 6 maanden"),
    ("month", 11, "Per 11 maanden"),
    ("month", 13, "Per 13 maanden"),
    ("year", 2, "Per 2 jaar"),
    ("year", 3, "Per 3 jaar"),
]  # fmt: skip


class TestBillingPeriod:
    @pytest.mark.parametrize(("interval", "count", "label"), PERIODS)
    def test_every_interval_has_its_words(self, interval: str, count: int, label: str) -> None:
        subscription = with_items(make_item(interval=interval, interval_count=count))
        assert json_of(card_of(subscription))["billing_period"] == {
            "interval": interval,
            "interval_count": count,
            "label": label,
        }

    @pytest.mark.parametrize(
        ("odd", "plain", "label"),
        [
            (("month", 12), ("year", 1), "Jaarlijks"),
            (("month", 24), ("year", 2), "Per 2 jaar"),
            (("day", 7), ("week", 1), "Wekelijks"),
            (("day", 28), ("week", 4), "Per 4 weken"),
        ],
    )
    def test_equal_periods_are_the_same(
        self, odd: tuple[str, int], plain: tuple[str, int], label: str
    ) -> None:
        items = [make_item(interval=i, interval_count=n) for i, n in (odd, plain)]
        period = json_of(card_of(with_items(*items)))["billing_period"]
        interval, count = plain
        assert period == {"interval": interval, "interval_count": count, "label": label}

    @pytest.mark.parametrize(
        ("first", "second"),
        [(("month", 1), ("year", 1)), (("month", 1), ("month", 3))],
    )
    def test_differing_intervals_are_mixed(
        self, first: tuple[str, int], second: tuple[str, int]
    ) -> None:
        items = [make_item(interval=i, interval_count=n) for i, n in (first, second)]
        period = json_of(card_of(with_items(*items)))["billing_period"]
        assert period == {"interval": None, "interval_count": None, "label": "Gemengd"}

    def test_the_same_interval_twice_is_not_mixed(self) -> None:
        items = [make_item(), make_item(product="prod_usage", usage_type="metered")]
        period = card_of(with_items(*items)).billing_period
        assert period is not None
        assert period.label == "Maandelijks"

    @pytest.mark.parametrize("interval", ["fortnight", None, 7, "", "MONTH"])
    def test_an_interval_nobody_has_heard_of_is_left_out(self, interval: Any) -> None:
        assert card_of(with_items(make_item(interval=interval))).billing_period is None

    def test_no_items_have_no_period(self) -> None:
        assert card_of(with_items()).billing_period is None


DAYS = [
    ("2026-03-28 22:59:59", "2026-03-28"),
    ("2026-03-28 23:00:00", "2026-03-29"),
    ("2026-03-29 00:59:59", "2026-03-29"),
    ("2026-03-29 01:00:00", "2026-03-29"),
    ("2026-03-29 21:59:59", "2026-03-29"),
    ("2026-03-29 22:00:00", "2026-03-30"),
    ("2026-06-30 21:59:59", "2026-06-30"),
    ("2026-06-30 22:00:00", "2026-07-01"),
    ("2026-10-24 21:59:59", "2026-10-24"),
    ("2026-10-24 22:00:00", "2026-10-25"),
    ("2026-10-25 00:59:59", "2026-10-25"),
    ("2026-10-25 01:00:00", "2026-10-25"),
    ("2026-10-25 22:59:59", "2026-10-25"),
    ("2026-10-25 23:00:00", "2026-10-26"),
    ("2026-12-31 22:59:59", "2026-12-31"),
    ("2026-12-31 23:00:00", "2027-01-01"),
    ("2026-12-31 23:30:00", "2027-01-01"),
    ("2028-02-28 23:00:00", "2028-02-29"),
]  # fmt: skip


class TestDates:
    @pytest.mark.parametrize(("moment", "day"), DAYS)
    def test_a_date_is_the_calendar_day_in_amsterdam(self, moment: str, day: str) -> None:
        subscription = with_items(make_item(current_period_end=at(moment)))
        card = card_of(subscription, now=at("2026-01-01"))
        assert card.date is not None
        assert card.date.date.isoformat() == day
        assert card.next_billing_date == card.date.date

    @pytest.mark.parametrize(
        ("zone", "day"),
        [
            ("UTC", "2026-12-31"),
            ("America/New_York", "2026-12-31"),
            ("Pacific/Kiritimati", "2027-01-01"),
            ("Asia/Kathmandu", "2027-01-01"),
        ],
    )
    def test_another_zone_has_other_days(self, zone: str, day: str) -> None:
        subscription = with_items(make_item(current_period_end=at("2026-12-31 23:30")))
        card = card_of(subscription, zone=zone)
        assert card.date is not None
        assert card.date.date.isoformat() == day

    def test_the_last_moment_there_is_still_has_a_day(self) -> None:
        card = card_of(make_subscription(cancel_at=at("9998-12-31T23:59:59")))
        assert card.date is not None
        assert card.date.text == "1 januari 9999"

    def test_a_later_moment_of_today_is_still_ahead(self) -> None:
        card = card_of(with_items(make_item(current_period_end=NOW + 60)))
        assert card.date is not None
        assert card.date.text == "22 november 2026"


NULL = (
    "price", "discount", "payment_method", "open_invoice", "upcoming_change", "warning",
    "yearly_saving",
)  # fmt: skip
LINKS = {
    "payment_method_update": "Betaalmethode wijzigen",
    "subscription_update": "Plan of periode wijzigen",
    "subscription_cancel": "Abonnement opzeggen",
    "customer_update": "Factuurgegevens wijzigen",
}


class TestJson:
    def test_the_json_has_the_fields_of_the_contract(self) -> None:
        body = json_of(card_of(make_subscription()))
        assert body["status"].pop("meaning")
        assert body == {
            "customer": CUSTOMER,
            "subscription": "sub_1Pgc6rB7WZ01zgkWNy0Cn5nw",
            "plan": "Pro",
            "billing_period": {"interval": "month", "interval_count": 1, "label": "Maandelijks"},
            "status": {"code": "active", "label": "Actief", "stripe_status": "active"},
            "date": {
                "caption": "Volgende factureringsdatum",
                "date": "2026-12-12",
                "text": "12 december 2026",
            },
            "second_date": None,
            "next_billing_date": "2026-12-12",
            "access": {"allowed": True, "until": None},
            **dict.fromkeys(NULL),
            "notices": [],
            "links": [
                {"code": code, "label": label, "url": f"{PORTAL}?flow={code}"}
                for code, label in LINKS.items()
            ],
            "button": {"label": "Abonnement bijwerken", "url": PORTAL},
            "portal_url": PORTAL,
            "other_subscriptions": [],
            "as_of": "2026-11-22T11:00:00Z",
            "stale": False,
        }

    def test_without_a_subscription_the_same_fields_are_there(self) -> None:
        with_one, without = json_of(card_of(make_subscription())), json_of(card_of())
        assert set(with_one) == set(without)
        empty = {name for name, value in without.items() if value is None}
        contract = {
            *("subscription", "billing_period", "date", "second_date"),
            *("next_billing_date", "button", *NULL),
        }
        assert empty == contract
        assert without["status"]["label"] is None
        assert without["portal_url"] == PORTAL

    def test_the_second_date_looks_like_the_first(self) -> None:
        body = json_of(card_of(make_subscription(cancel_at=at("2027-01-12 10:00"))))
        assert body["second_date"] == {
            "caption": "Volgende factureringsdatum",
            "date": "2026-12-12",
            "text": "12 december 2026",
        }
        assert body["next_billing_date"] == "2026-12-12"

    def test_stripes_own_status_is_passed_on(self) -> None:
        for status in ("active", "unpaid", "suspended", None):
            body = json_of(card_of(make_subscription(status=status)))
            assert body["status"]["stripe_status"] == status

    def test_a_card_knows_when_it_was_read_and_whether_it_is_stale(self) -> None:
        card = card_of(make_subscription(), as_of=at("2026-11-22 10:03:04") + 0.9, stale=True)
        body = json_of(card)
        assert (body["as_of"], body["stale"]) == ("2026-11-22T10:03:04Z", True)
        assert card.as_of_text == "22 november om 11:03"

    def test_the_price_and_what_a_year_would_save_are_in_the_json(self) -> None:
        offers = {"prod_pro": (YearlyPrice(29000, "eur", None),)}
        subscription = with_items(make_item(unit_amount=2900, quantity=2))
        body = json_of(card_of(subscription, yearly_prices=offers))
        assert body["price"].pop("text")
        assert body["price"] == {
            "amount": 5800,
            "currency": "eur",
            "unit_amount": 2900,
            "quantity": 2,
        }
        assert body["yearly_saving"].pop("text")
        assert body["yearly_saving"] == {
            "amount": 11600,
            "currency": "eur",
            "percent": 16,
            "url": f"{PORTAL}?flow=subscription_update_confirm",
        }

    def test_the_warning_is_in_the_json(self) -> None:
        assert json_of(card_of(make_subscription(status="past_due")))["warning"]


class TestVersion:
    def test_the_same_content_is_the_same_version_whenever_it_was_read(self) -> None:
        first = card_of(make_subscription(), as_of=NOW)
        second = card_of(make_subscription(), as_of=NOW + 5)
        assert first.version == second.version

    @pytest.mark.parametrize(
        "fields", [{"status": "past_due"}, {"cancel_at": at("2027-01-12")}, {"id": "sub_2"}]
    )
    def test_other_content_is_another_version(self, fields: dict[str, Any]) -> None:
        assert card_of(make_subscription()).version != card_of(make_subscription(**fields)).version

    def test_a_stale_card_has_a_version_for_each_moment_it_names(self) -> None:
        subscription = make_subscription()
        fresh = card_of(subscription)
        stale = [card_of(subscription, as_of=NOW + s, stale=True) for s in (0, 1, 61)]
        assert stale[0].version == stale[1].version != stale[2].version
        assert fresh.version not in {card.version for card in stale}


LATER = NOW + 30 * 86400
BY_INVOICE = {"collection_method": "send_invoice", "latest_invoice": make_invoice(due_date=LATER)}


@pytest.mark.parametrize(
    ("subscriptions", "code"),
    [
        ([sub()], None),
        ([owing()], "payment_failed"),
        ([owing("unpaid", cancel_at=LATER)], "debt_while_ending"),
        ([sub(), owing("unpaid", id="sub_2", created=1)], "other_debt"),
        ([sub(**BY_INVOICE)], None),
        ([sub(**BY_INVOICE, status="past_due")], "invoice_open"),
        ([without_method("cancel", trial_end=LATER)], None),
        ([without_method("cancel")], "trial_without_payment_method"),
    ],
)
def test_what_asks_for_something_comes_first(
    subscriptions: list[Subscription], code: str | None
) -> None:
    asking = card_of(*subscriptions).asking
    assert (asking.code if asking else None) == code
