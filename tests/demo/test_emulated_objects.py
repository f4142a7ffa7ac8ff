"""The objects the emulator hands out: every field the SDK knows, and lists as Stripe makes them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe
from stripe import StripeClient

from billing_proxy.gateway.api import API_VERSION
from demo.account.periods import DAY, after, before
from demo.account.schedules import pause_schedule
from demo.emulator import Emulator

OWNER = "cus_owner"
of_our_version = pytest.mark.skipif(
    stripe.api_version != API_VERSION, reason="an SDK of another API version knows other fields"
)
LEFT_OUT = {
    # Only sent when asked for, when deleted, or when the price has tiers.
    "Customer": {"cash_balance", "deleted", "invoice_credit_balance", "sources", "subscriptions"},
    "Invoice": {"confirmation_secret", "deleted", "payments"},
    "Plan": {"deleted", "tiers"},
    "Price": {"currency_options", "deleted", "tiers"},
    "Product": {"deleted", "tax_details"},
    "SubscriptionItem": {"deleted"},
}


def fields_of(kind: type[Any]) -> set[str]:
    names = {name for name in kind.__annotations__ if not name.startswith("_")}
    return names - {"OBJECT_NAME"} - LEFT_OUT.get(kind.__name__, set())


@pytest.fixture
def subscription(emulator: Emulator) -> dict[str, Any]:
    return emulator.account.add_subscription(OWNER)


@of_our_version
def test_a_subscription_has_every_field_the_sdk_knows(
    client: StripeClient, subscription: dict[str, Any]
) -> None:
    found = client.v1.subscriptions.retrieve(subscription["id"])
    item = found["items"].data[0]
    assert fields_of(stripe.Subscription) == set(found.to_dict())
    assert fields_of(stripe.SubscriptionItem) == set(item.to_dict())
    assert fields_of(stripe.Price) == set(item.price.to_dict())
    assert fields_of(stripe.Plan) == set(item.plan.to_dict())


@of_our_version
def test_what_hangs_on_a_subscription_has_every_field_the_sdk_knows(
    emulator: Emulator, client: StripeClient, subscription: dict[str, Any]
) -> None:
    emulator.account.add_schedule(subscription["id"], pause_schedules=[pause_schedule(1, 2)])
    paths = ["latest_invoice", "schedule", "customer"]
    found: Any = client.v1.subscriptions.retrieve(subscription["id"], {"expand": paths})
    product = client.v1.products.retrieve("prod_pro")
    customer = fields_of(stripe.Customer) - {"tax", "tax_ids"}
    assert fields_of(stripe.Invoice) == set(found.latest_invoice.to_dict())
    assert fields_of(stripe.SubscriptionSchedule) == set(found.schedule.to_dict())
    assert customer == set(found.customer.to_dict())
    assert fields_of(stripe.Product) == set(product.to_dict())


@of_our_version
def test_the_portal_has_every_field_the_sdk_knows(client: StripeClient) -> None:
    configuration = client.v1.billing_portal.configurations.list().data[0]
    session = client.v1.billing_portal.sessions.create(
        {"customer": OWNER, "return_url": "https://site.example"}
    )
    assert fields_of(stripe.billing_portal.Configuration) == set(configuration.to_dict())
    assert fields_of(stripe.billing_portal.Session) == set(session.to_dict())


def test_a_metered_item_has_no_quantity(emulator: Emulator, client: StripeClient) -> None:
    made = emulator.account.add_subscription(OWNER, ["price_storage_metered"])
    item = client.v1.subscriptions.retrieve(made["id"])["items"].data[0]
    assert "quantity" not in json.loads(str(item))
    assert item.price.billing_scheme == "tiered"
    assert item.price.unit_amount is None


def test_a_price_carries_a_nickname_that_no_customer_should_see(client: StripeClient) -> None:
    prices = client.v1.prices.list({"limit": 100}).data
    assert all(str(price.nickname).startswith("INTERNAL ") for price in prices)


def test_lists_are_newest_first_and_go_on_where_they_stopped(
    emulator: Emulator, client: StripeClient
) -> None:
    made = [emulator.account.add_subscription(OWNER)["id"] for _ in range(5)]
    first = client.v1.subscriptions.list({"customer": OWNER, "limit": 2})
    assert [found.id for found in first.data] == [made[4], made[3]]
    assert first.has_more is True
    assert [found.id for found in first.auto_paging_iter()] == made[::-1]


def test_a_list_can_be_read_backwards(emulator: Emulator, client: StripeClient) -> None:
    made = [emulator.account.add_subscription(OWNER)["id"] for _ in range(4)]
    page = client.v1.subscriptions.list({"customer": OWNER, "limit": 2, "ending_before": made[0]})
    assert [found.id for found in page.data] == [made[2], made[1]]
    assert page.has_more is True


def test_ten_are_listed_unless_more_are_asked_for(emulator: Emulator, client: StripeClient) -> None:
    for _ in range(12):
        emulator.account.add_subscription(OWNER)
    assert len(client.v1.subscriptions.list().data) == 10
    assert len(client.v1.subscriptions.list({"limit": 100}).data) == 12


@pytest.mark.parametrize("limit", [0, 101, -5])
def test_a_page_of_an_impossible_size_is_refused(client: StripeClient, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="This value must be") as caught:
        client.v1.subscriptions.list({"limit": limit})
    assert caught.value.param == "limit"


def test_ended_subscriptions_are_listed_only_when_asked_for(
    emulator: Emulator, client: StripeClient
) -> None:
    for status in ("active", "canceled", "incomplete_expired", "paused"):
        emulator.account.add_subscription(OWNER, status=status)

    def listed(**params: Any) -> set[str]:
        asked: Any = {"customer": OWNER, **params}
        return {found.status for found in client.v1.subscriptions.list(asked).data}

    assert listed() == {"active", "paused"}
    assert listed(status="all") == {"active", "canceled", "incomplete_expired", "paused"}
    assert listed(status="ended") == {"canceled", "incomplete_expired"}
    assert listed(status="paused") == {"paused"}


def test_subscriptions_are_filtered_by_price_and_time(
    emulator: Emulator, client: StripeClient
) -> None:
    now = emulator.account.now()
    monthly = emulator.account.add_subscription(OWNER, created=now - DAY)["id"]
    yearly = emulator.account.add_subscription(OWNER, ["price_pro_year"], created=now - 9 * DAY)[
        "id"
    ]

    def listed(**params: Any) -> list[str]:
        asked: Any = params
        return [found.id for found in client.v1.subscriptions.list(asked).data]

    assert listed(price="price_pro_year") == [yearly]
    assert listed(created={"gt": now - 2 * DAY, "lte": now}) == [monthly]
    assert listed(created=now - 9 * DAY) == [yearly]
    assert listed(current_period_end={"lt": now + 60 * DAY}) == [monthly]
    assert listed(collection_method="send_invoice") == []


def test_a_deleted_product_is_not_listed_and_an_archived_one_is(client: StripeClient) -> None:
    ids = ["prod_gone", "prod_seats", "prod_pro"]
    found = client.v1.products.list({"ids": ids})
    assert {product.id: product.active for product in found.data} == {
        "prod_seats": False,
        "prod_pro": True,
    }
    with pytest.raises(stripe.InvalidRequestError, match="No such product: 'prod_gone'"):
        client.v1.products.retrieve("prod_gone")


def test_a_deleted_product_is_expanded_without_a_name(client: StripeClient) -> None:
    price: Any = client.v1.prices.retrieve("price_gone_month", {"expand": ["product"]})
    assert json.loads(str(price.product)) == {
        "id": "prod_gone",
        "object": "product",
        "deleted": True,
    }


def test_an_expansion_goes_through_lists_and_leaves_the_stored_object_alone(
    client: StripeClient, emulator: Emulator, subscription: dict[str, Any]
) -> None:
    page: Any = client.v1.subscriptions.list({"expand": ["data.latest_invoice.customer"]})
    assert page.data[0].latest_invoice.customer.id == OWNER
    one: Any = client.v1.subscriptions.retrieve(
        subscription["id"], {"expand": ["items.data.price.product"]}
    )
    assert one["items"].data[0].price.product.name == "Pro"
    assert subscription["items"]["data"][0]["price"]["product"] == "prod_pro"
    assert emulator.account.subscriptions_of(OWNER)[0]["latest_invoice"].startswith("in_")


def test_items_invoices_and_schedules_are_listed_of_one_owner(
    emulator: Emulator, client: StripeClient, subscription: dict[str, Any]
) -> None:
    emulator.account.add_schedule(subscription["id"])
    other = emulator.account.add_customer()["id"]
    emulator.account.add_subscription(other, status="past_due")
    items = client.v1.subscription_items.list({"subscription": subscription["id"]})
    invoices = client.v1.invoices.list({"customer": OWNER})
    unpaid = client.v1.invoices.list(
        {"status": "open", "collection_method": "charge_automatically"}
    )
    assert [item.price.id for item in items.data] == ["price_pro_month"]
    assert [invoice.status for invoice in invoices.data] == ["paid"]
    assert [invoice.customer for invoice in unpaid.data] == [other]
    assert len(client.v1.subscription_schedules.list({"customer": OWNER}).data) == 1
    assert client.v1.subscription_schedules.list({"customer": other}).data == []


def test_prices_are_filtered_by_what_they_recur_on(client: StripeClient) -> None:
    def listed(**params: Any) -> set[str]:
        asked: Any = {"limit": 100, **params}
        return {price.id for price in client.v1.prices.list(asked).data}

    assert listed(product="prod_pro", recurring={"interval": "year"}) == {"price_pro_year"}
    assert listed(recurring={"usage_type": "metered"}) == {"price_storage_metered"}
    assert listed(active=False) == set()


def test_the_subscriptions_of_a_deleted_customer_end_with_it(
    emulator: Emulator, client: StripeClient, subscription: dict[str, Any]
) -> None:
    emulator.account.delete(OWNER)
    page = client.v1.subscriptions.list({"customer": OWNER, "status": "all"})
    assert [found.status for found in page.data] == ["canceled"]
    emulator.account.deleted_customers_are_missing = True
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        client.v1.subscriptions.list({"customer": OWNER})


@pytest.mark.parametrize(
    ("start", "interval", "count", "end"),
    [
        (1_769_817_600, "month", 1, 1_772_236_800),  # 31 January -> 28 February 2026
        (1_769_817_600, "month", 3, 1_777_507_200),  # 31 January -> 30 April
        (1_709_164_800, "year", 1, 1_740_700_800),  # 29 February 2024 -> 28 February 2025
        (1_769_817_600, "week", 2, 1_771_027_200),
        (1_769_817_600, "day", 10, 1_770_681_600),
    ],
)
def test_a_period_ends_on_the_same_day_or_the_last_of_the_month(
    start: int, interval: str, count: int, end: int
) -> None:
    assert after(start, interval, count) == end


def test_a_period_can_be_counted_back() -> None:
    assert before(1_772_236_800, "month") == 1_769_558_400
