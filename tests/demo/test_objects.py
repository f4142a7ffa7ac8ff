"""The objects the emulator hands out: every field the SDK knows, and lists as Stripe makes them."""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from stripe import StripeClient

from billing_proxy.gateway.api import API_VERSION
from billing_proxy.testing.account.periods import after
from billing_proxy.testing.account.schedules import pause_schedule
from demo.emulator import Emulator

OWNER = "cus_owner"
BACK = "https://site.example/account"
of_our_version = pytest.mark.skipif(
    stripe.api_version != API_VERSION, reason="an SDK of another API version knows other fields"
)
LEFT_OUT = {
    # Only sent when asked for, when deleted, or when the price has tiers.
    "Coupon": {"applies_to", "currency_options", "deleted"},
    "Customer": {
        *("cash_balance", "deleted", "invoice_credit_balance", "sources", "subscriptions"),
        *("tax", "tax_ids"),
    },
    "Discount": {"deleted"},
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
def test_every_object_has_every_field_the_sdk_knows(
    emulator: Emulator, client: StripeClient, subscription: dict[str, Any]
) -> None:
    account = emulator.account
    account.add_schedule(subscription["id"], pause_schedules=[pause_schedule(1, 2)])
    coupon = account.add_coupon(percent_off=10)["id"]
    account.add_discount(subscription, coupon)
    paths = ["latest_invoice", "schedule", "customer", "discounts.source.coupon"]
    found: Any = client.v1.subscriptions.retrieve(subscription["id"], {"expand": paths})
    item = found["items"].data[0]
    discount = found.discounts[0]
    payment: Any = client.v1.invoices.retrieve(
        found.latest_invoice.id, {"expand": ["payments"]}
    ).payments
    session = client.v1.billing_portal.sessions.create({"customer": OWNER, "return_url": BACK})
    configurations = client.v1.billing_portal.configurations.list()
    for kind, there in (
        (stripe.Subscription, found),
        (stripe.SubscriptionItem, item),
        (stripe.Price, item.price),
        (stripe.Plan, item.plan),
        (stripe.Invoice, found.latest_invoice),
        (stripe.InvoicePayment, payment.data[0]),
        (stripe.SubscriptionSchedule, found.schedule),
        (stripe.Customer, found.customer),
        (stripe.Discount, discount),
        (stripe.Coupon, discount.source.coupon),
        (stripe.Product, client.v1.products.retrieve("prod_pro")),
        (stripe.billing_portal.Configuration, configurations.data[0]),
        (stripe.billing_portal.Session, session),
    ):
        assert fields_of(kind) == set(there.to_dict()), kind


def test_lists_are_newest_first_and_can_be_followed_both_ways(
    emulator: Emulator, client: StripeClient
) -> None:
    made = [emulator.account.add_subscription(OWNER)["id"] for _ in range(12)][::-1]
    first = client.v1.subscriptions.list({"customer": OWNER, "limit": 5})
    assert ([found.id for found in first.data], first.has_more) == (made[:5], True)
    assert [found.id for found in first.auto_paging_iter()] == made
    back = client.v1.subscriptions.list({"limit": 2, "ending_before": made[-1]})
    assert ([found.id for found in back.data], back.has_more) == (made[-3:-1], True)
    assert len(client.v1.subscriptions.list().data) == 10, "ten unless more are asked for"


def test_a_deleted_product_is_not_listed_and_an_archived_one_is(client: StripeClient) -> None:
    ids = ["prod_gone", "prod_seats", "prod_pro"]
    found = client.v1.products.list({"ids": ids})
    assert {product.id: product.active for product in found.data} == {
        "prod_seats": False,
        "prod_pro": True,
    }
    with pytest.raises(stripe.InvalidRequestError, match="No such product: 'prod_gone'"):
        client.v1.products.retrieve("prod_gone")
    price: Any = client.v1.prices.retrieve("price_gone_month", {"expand": ["product"]})
    gone = {"id": "prod_gone", "object": "product", "deleted": True}
    assert price.product.to_dict() == gone, "expanded without a name"


def test_items_invoices_and_schedules_are_listed_of_one_owner(
    emulator: Emulator, client: StripeClient, subscription: dict[str, Any]
) -> None:
    emulator.account.add_schedule(subscription["id"])
    other = emulator.account.add_customer()["id"]
    owed = emulator.account.add_subscription(other, status="past_due")
    items = client.v1.subscription_items.list({"subscription": subscription["id"]})
    invoices = client.v1.invoices.list({"customer": OWNER})
    unpaid = client.v1.invoices.list({"status": "open", "subscription": owed["id"]})
    assert [item.price.id for item in items.data] == ["price_pro_month"]
    assert [invoice.status for invoice in invoices.data] == ["paid"]
    assert [invoice.customer for invoice in unpaid.data] == [other]
    assert len(client.v1.subscription_schedules.list({"customer": OWNER}).data) == 1
    assert client.v1.subscription_schedules.list({"customer": other}).data == []


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
