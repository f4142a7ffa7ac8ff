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


def create(client: StripeClient, **params: Any) -> Any:
    asked: Any = {"customer": OWNER, "return_url": BACK, **params}
    return client.v1.billing_portal.sessions.create(asked)


def flow(kind: str, subscription: str | None = None, **fields: Any) -> dict[str, Any]:
    about = {kind: {"subscription": subscription}} if subscription else {}
    return {"flow_data": {"type": kind, **about, **fields}}


def switch_off(emulator: Emulator, feature: str) -> None:
    account = emulator.account
    configuration = account["billing_portal.configuration", "bpc_demo_standaard"]
    configuration["features"][feature]["enabled"] = False


def test_a_session_is_a_link_on_the_emulator_itself(
    emulator: Emulator, client: StripeClient
) -> None:
    session = create(client, locale="nl")
    assert session.url.startswith(f"{emulator.url}/p/session/test_")
    assert session.id.startswith("bps_")
    assert (session.locale, session.return_url, session.flow) == ("nl", BACK, None)
    assert session.configuration == "bpc_demo_standaard"
    assert session.livemode is False


def test_two_sessions_never_share_a_link(client: StripeClient) -> None:
    assert create(client).url != create(client).url


def test_without_saved_settings_no_session_is_made(
    emulator: Emulator, client: StripeClient
) -> None:
    emulator.account.update("bpc_demo_standaard", is_default=False)
    with pytest.raises(stripe.InvalidRequestError, match="test mode default configuration"):
        create(client)
    assert create(client, configuration="bpc_demo_standaard").url


def test_without_a_way_back_no_session_is_made(emulator: Emulator, client: StripeClient) -> None:
    asked: Any = {"customer": OWNER}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.billing_portal.sessions.create(asked)
    assert caught.value.param == "return_url"
    emulator.account.update("bpc_demo_standaard", default_return_url="https://site.example/home")
    session = client.v1.billing_portal.sessions.create(asked)
    assert session.return_url == "https://site.example/home"


def test_a_way_back_must_be_an_address(client: StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(client, return_url="/billing/")
    assert caught.value.code == "url_invalid"


@pytest.mark.parametrize(
    ("feature", "word"), [("subscription_cancel", "canceled"), ("subscription_update", "updated")]
)
def test_a_flow_that_is_switched_off_is_refused(
    emulator: Emulator, client: StripeClient, feature: str, word: str
) -> None:
    made = emulator.account.add_subscription(OWNER)
    assert create(client, **flow(feature, made["id"])).flow.type == feature
    switch_off(emulator, feature)
    with pytest.raises(stripe.InvalidRequestError, match=f"cannot be {word}"):
        create(client, **flow(feature, made["id"]))


def test_the_flow_for_a_payment_method_can_be_switched_off_too(
    emulator: Emulator, client: StripeClient
) -> None:
    assert create(client, **flow("payment_method_update")).flow.type == "payment_method_update"
    switch_off(emulator, "payment_method_update")
    with pytest.raises(stripe.InvalidRequestError, match="is disabled"):
        create(client, **flow("payment_method_update"))


@pytest.mark.parametrize("signal", [{"cancel_at": 1_800_000_000}, {"cancel_at_period_end": True}])
def test_what_is_already_canceled_has_no_cancel_flow(
    emulator: Emulator, client: StripeClient, signal: dict[str, Any]
) -> None:
    made = emulator.account.add_subscription(OWNER, **signal)
    with pytest.raises(stripe.InvalidRequestError, match="already set to be canceled"):
        create(client, **flow("subscription_cancel", made["id"]))


def test_a_subscription_of_someone_else_has_no_flow(
    emulator: Emulator, client: StripeClient
) -> None:
    other = emulator.account.add_customer()["id"]
    made = emulator.account.add_subscription(other)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(client, **flow("subscription_cancel", made["id"]))
    assert caught.value.code == "resource_missing"


def test_an_ended_subscription_and_one_with_several_items_have_no_update_flow(
    emulator: Emulator, client: StripeClient
) -> None:
    ended = emulator.account.add_subscription(OWNER, status="canceled")
    several = emulator.account.add_subscription(OWNER, ["price_pro_month", "price_seat_month"])
    for made in (ended, several):
        with pytest.raises(stripe.InvalidRequestError):
            create(client, **flow("subscription_update", made["id"]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"flow_data": {"type": "subscription_cancel"}},
        {"flow_data": {"type": "subscription_take_back"}},
        {"flow_data": {"subscription_cancel": {"subscription": "sub_1"}}},
        {"flow_data": {"type": "payment_method_update", "color": "red"}},
        {"flow_data": "payment_method_update"},
        {"locale": "dutch"},
        {"customer": ""},
        {"theme": "dark"},
    ],
)
def test_parameters_that_stripe_does_not_take_are_refused(
    client: StripeClient, wrong: dict[str, Any]
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        create(client, **wrong)
    assert caught.value.http_status == 400


def test_a_link_that_nobody_opened_is_dead_after_five_minutes(
    clock: Any, visit: Callable[..., Any]
) -> None:
    visitor = visit(locale="nl")
    clock.now += 300
    answer = visitor.see()
    assert answer.status_code == 410
    assert "Deze link werkt niet meer" in answer.text


def test_a_link_that_was_opened_lasts_an_hour(clock: Any, visit: Callable[..., Any]) -> None:
    visitor = visit()
    clock.now += 299
    assert visitor.see().status_code == 200
    clock.now += 3599
    assert visitor.see().status_code == 200
    clock.now += 1
    assert visitor.see().status_code == 410
    assert visitor.do("update_payment_method", method="visa").status_code == 410


def test_a_link_that_was_never_made_is_not_found(emulator: Emulator) -> None:
    answer = requests.get(f"{emulator.url}/p/session/test_guess", timeout=5)
    assert answer.status_code == 404
    assert "This link no longer works" in answer.text
