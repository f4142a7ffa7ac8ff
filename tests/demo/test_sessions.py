"""Portal sessions: what Stripe refuses, and how long a link is good for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe
from stripe import StripeClient

from demo.emulator import Emulator

OWNER = "cus_owner"
BACK = "https://site.example/account"
CONFIRM = "subscription_update_confirm"
FLOWS = {
    "customer_update": "customer update feature",
    "payment_method_update": "payment method update feature",
    "subscription_cancel": "cannot be canceled because the subscription cancel feature",
    "subscription_pause": "cannot be paused because the subscription pause feature",
    "subscription_update": "cannot be updated because the subscription update feature",
    CONFIRM: "cannot be updated because the subscription update feature",
}
"""Every flow, and how Stripe refuses it when it is switched off."""


def create(client: StripeClient, **params: Any) -> Any:
    asked: Any = {"customer": OWNER, "return_url": BACK, **params}
    return client.v1.billing_portal.sessions.create(asked)


def flow(kind: str, subscription: dict[str, Any], **item: Any) -> dict[str, Any]:
    """The parameters of a flow about `subscription`; `item` for the one to be confirmed."""
    about: dict[str, Any] = {"subscription": subscription["id"]}
    if kind == CONFIRM:
        own = subscription["items"]["data"][0]["id"]
        about["items"] = [{"id": own, "price": "price_pro_year", **item}]
    named = {kind: about} if kind.startswith("subscription") else {}
    return {"flow_data": {"type": kind, **named}}


def test_a_session_is_a_link_of_its_own_on_the_emulator(
    emulator: Emulator, client: StripeClient
) -> None:
    session = create(client, locale="nl")
    assert session.url.startswith(f"{emulator.url}/p/session/test_")
    assert (session.locale, session.return_url, session.flow) == ("nl", BACK, None)
    assert session.configuration == "bpc_demo_standaard"
    assert create(client).url != session.url


def test_without_saved_settings_no_session_is_made(
    emulator: Emulator, client: StripeClient
) -> None:
    emulator.account.update("bpc_demo_standaard", is_default=False)
    with pytest.raises(stripe.InvalidRequestError, match="test mode default configuration"):
        create(client)
    assert create(client, configuration="bpc_demo_standaard").url


@pytest.mark.parametrize("kind", FLOWS)
def test_a_flow_is_made_unless_it_is_switched_off(
    emulator: Emulator, client: StripeClient, kind: str
) -> None:
    made = emulator.account.add_subscription(OWNER)
    assert create(client, **flow(kind, made)).flow.type == kind
    features = emulator.account["billing_portal.configuration", "bpc_demo_standaard"]["features"]
    features[kind.removesuffix("_confirm")]["enabled"] = False
    with pytest.raises(stripe.InvalidRequestError, match=FLOWS[kind]):
        create(client, **flow(kind, made))


@pytest.mark.parametrize(
    ("kind", "prices", "fields", "reason"),
    [
        ("subscription_cancel", 1, {"cancel_at": 1_800_000_000}, "already set to be canceled"),
        ("subscription_cancel", 1, {"cancel_at_period_end": True}, "already set to be canceled"),
        ("subscription_pause", 1, {"status": "paused"}, "current state"),
        ("subscription_pause", 1, {"collection_method": "send_invoice"}, "current state"),
        ("subscription_update", 1, {"status": "canceled"}, "is canceled"),
        ("subscription_update", 2, {}, "multiple items"),
        ("subscription_update", 1, {"schedule": "sub_sched_1"}, "managed by the schedule"),
        (CONFIRM, 2, {}, "multiple items"),
    ],
)
def test_a_flow_that_does_not_fit_the_subscription_is_refused(
    emulator: Emulator, client: StripeClient, kind: str, prices: int, fields: Any, reason: str
) -> None:
    wanted = ["price_pro_month", "price_seat_month"][:prices]
    made = emulator.account.add_subscription(OWNER, wanted, **fields)
    with pytest.raises(stripe.InvalidRequestError, match=reason) as caught:
        create(client, **flow(kind, made))
    assert caught.value.param == f"flow_data[{kind}][subscription]"


@pytest.mark.parametrize(
    ("item", "times", "reason"),
    [
        ({"price": "price_classic_year"}, 1, "is not included in"),
        ({"price": "price_none"}, 1, "No such price"),
        ({"id": "si_of_another"}, 1, "No such subscription_item"),
        ({}, 2, "Exactly one item"),
    ],
)
def test_one_item_is_confirmed_to_a_price_that_the_configuration_has(
    emulator: Emulator, client: StripeClient, item: dict[str, str], times: int, reason: str
) -> None:
    asked = flow(CONFIRM, emulator.account.add_subscription(OWNER), **item)
    asked["flow_data"][CONFIRM]["items"] *= times
    with pytest.raises(stripe.InvalidRequestError, match=reason):
        create(client, **asked)


@pytest.mark.parametrize("kind", [kind for kind in FLOWS if kind.startswith("subscription")])
def test_a_subscription_of_someone_else_has_no_flow(
    emulator: Emulator, client: StripeClient, kind: str
) -> None:
    made = emulator.account.add_subscription(emulator.account.add_customer()["id"])
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(client, **flow(kind, made))
    assert caught.value.code == "resource_missing"


@pytest.mark.parametrize(
    "wrong",
    [
        {"flow_data": {"type": "subscription_take_back"}},
        {"flow_data": {"subscription_cancel": {"subscription": "sub_1"}}},
        {"flow_data": {"type": "payment_method_update", "color": "red"}},
        {"flow_data": {"type": "customer_update", "after_completion": {"type": "redirect"}}},
        {"flow_data": "payment_method_update"},
        {"return_url": "/billing/"},
        {"theme": "dark"},
    ],
)
def test_parameters_that_stripe_does_not_take_are_refused(
    client: StripeClient, wrong: dict[str, Any]
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(client, **wrong)
    assert caught.value.http_status == 400


def test_a_link_is_good_for_five_minutes_and_for_an_hour_once_it_was_opened(
    clock: Any, visit: Callable[..., Any]
) -> None:
    opened, left = visit(), visit(locale="nl")
    clock.now += 299
    assert opened.see().status_code == 200
    clock.now += 1
    assert left.see().status_code == 410
    assert "Deze link werkt niet meer" in left.see().text
    clock.now += 3598
    assert opened.see().status_code == 200
    clock.now += 1
    assert opened.see().status_code == 410
    assert opened.do("update_payment_method", method="visa").status_code == 410
    answer = requests.get(opened.url.replace("test_", "test_x"), timeout=5)
    assert answer.status_code == 404, "a link that was never made"
    assert "This link no longer works" in answer.text
