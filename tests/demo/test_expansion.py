"""Expansion: what comes along, and the permission that each object takes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stripe
from stripe import StripeClient

from billing_proxy.testing.account.customers import PERSONAL
from billing_proxy.testing.account.schedules import phase
from demo.emulator import Emulator

OWNER = "cus_owner"
IN_THE_LIST = {
    "data.default_payment_method": "payment_method",
    "data.customer": "customer",
    "data.customer.invoice_settings.default_payment_method": "payment_method",
    "data.discounts.source.coupon": "coupon",
    "data.latest_invoice": "invoice",
}
"""What a card may want with its list, and the name of the permission that it takes."""


@pytest.fixture
def subscription(emulator: Emulator) -> dict[str, Any]:
    account = emulator.account
    method = account.add_payment_method(OWNER, "sepa_debit", last4="0043")
    made = account.add_subscription(OWNER, default_payment_method=method["id"])
    account.add_discount(made, account.add_coupon("co_ten", percent_off=10)["id"])
    return made


def listed(client: StripeClient, *paths: str) -> Any:
    asked: Any = {"customer": OWNER, "expand": list(paths)}
    return client.v1.subscriptions.list(asked).data[0]


def restricted(emulator: Emulator, *permissions: str) -> StripeClient:
    key = emulator.add_key("rk_test_abcdefghijklmnop1234", permissions)
    return StripeClient(key, base_addresses={"api": emulator.url})


def test_a_card_can_have_all_of_it_with_its_list(
    client: StripeClient, subscription: dict[str, Any]
) -> None:
    found = listed(client, *IN_THE_LIST)
    assert found.default_payment_method.sepa_debit.last4 == "0043"
    assert found.customer.invoice_settings.default_payment_method.card.last4 == "4242"
    assert found.discounts[0].source.coupon.percent_off == 10
    assert found.latest_invoice.status == "paid"
    plain = listed(client)
    ids = (plain.default_payment_method, plain.customer, plain.discounts[0], plain.latest_invoice)
    assert [id.partition("_")[0] for id in ids] == ["pm", "cus", "di", "in"], "unless asked for"


@pytest.mark.parametrize("path", IN_THE_LIST)
def test_each_object_takes_the_permission_to_read_it(
    emulator: Emulator, subscription: dict[str, Any], path: str
) -> None:
    name = IN_THE_LIST[path]
    others = {f"{other}s:read" for other in IN_THE_LIST.values() if other != name}
    client = restricted(emulator, "subscriptions:read", *others)
    assert listed(client).id == subscription["id"]
    with pytest.raises(stripe.PermissionError) as caught:
        listed(client, path)
    assert caught.value.http_status == 403
    assert str(caught.value.user_message).endswith(
        f"Having the 'rak_{name}_read' permission would allow this request to continue."
    )
    owner = "customers:read" if ".customer." in path else "subscriptions:read"
    assert listed(restricted(emulator, "subscriptions:read", owner, f"{name}s:read"), path)


def test_a_schedule_brings_the_products_of_its_phases(
    emulator: Emulator, client: StripeClient, subscription: dict[str, Any]
) -> None:
    price = emulator.account["price", "price_basic_month"]
    made = emulator.account.add_schedule(subscription["id"], phases=[phase(1, 2, [(price, 3)])])
    path = "phases.items.price.product"
    found: Any = client.v1.subscription_schedules.retrieve(made["id"], {"expand": [path]})
    item = found.phases[0]["items"][0]
    assert (item.price.product.name, item.quantity) == ("Basic", 3)
    with pytest.raises(stripe.PermissionError, match="rak_p"):
        restricted(emulator, "subscriptions:read").v1.subscription_schedules.retrieve(
            made["id"], {"expand": [path]}
        )


@pytest.mark.parametrize("status", ["processing", "requires_action", "requires_payment_method"])
def test_an_invoice_tells_where_its_payment_stands(
    emulator: Emulator, client: StripeClient, subscription: dict[str, Any], status: str
) -> None:
    made = emulator.account.add_invoice(OWNER, subscription["id"], status)
    path = "payments.data.payment.payment_intent"
    found: Any = client.v1.invoices.retrieve(made["id"], {"expand": [path]})
    assert found.payments.data[0].payment.payment_intent.status == status
    assert "payments" not in client.v1.invoices.retrieve(made["id"])


def test_some_fields_are_sent_only_when_they_are_asked_for(client: StripeClient) -> None:
    price: Any = client.v1.prices.retrieve("price_dollar", {"expand": ["currency_options"]})
    assert price.currency == "usd"
    assert price.currency_options["eur"].unit_amount == 2900
    assert "currency_options" not in client.v1.prices.retrieve("price_dollar")
    path = "data.features.subscription_update.products"
    page: Any = client.v1.billing_portal.configurations.list({"expand": [path]})
    products = page.data[0].features.subscription_update.products
    assert "price_pro_year" in [price for product in products for price in product.prices]


def test_a_customer_and_an_item_can_have_a_discount_of_their_own(
    emulator: Emulator, client: StripeClient, subscription: dict[str, Any]
) -> None:
    account = emulator.account
    account.add_discount(account["customer", OWNER], "co_ten", end=5)
    account.add_discount(subscription["items"]["data"][0], "co_ten")
    owner: Any = client.v1.customers.retrieve(OWNER, {"expand": ["discount.source.coupon"]})
    assert (owner.discount.end, owner.discount.source.coupon.percent_off) == (5, 10)
    assert listed(client, "data.items.data.discounts")["items"].data[0].discounts[0].object


def test_personal_data_comes_along_as_it_does_at_stripe(
    client: StripeClient, subscription: dict[str, Any]
) -> None:
    answer = json.dumps(listed(client, *IN_THE_LIST).to_dict(), ensure_ascii=False, default=str)
    assert [word for word in PERSONAL if word not in answer] == []
    assert "INTERNAL co_ten" in answer, "the name of a coupon is not for customers either"
