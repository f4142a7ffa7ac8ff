"""Several services, one cache: what one of them knows, all know; what one forgets, all forget."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from billing_proxy.app import create_app
from demo.emulator import Emulator
from tests.conftest import ANNA, Serve
from tests.fleet.conftest import Fleet
from tests.stage.clock import Clock
from tests.stage.redis_process import Server
from tests.stage.tokens import bearer, mint
from tests.web.test_webhook_route import SECRET, event, signed

JSON = "/billing/subscription.json"
LIVE = {"Cache-Control": "no-cache"}


@pytest.fixture
def clock() -> Clock:
    """The real time, standing still: Stripe's SDK looks at its own watch for a signature's age."""
    return Clock(time.time())


def card(client: FlaskClient, headers: dict[str, str]) -> Any:
    answer = client.get(JSON, headers=headers)
    assert answer.status_code == 200
    return answer.json


def status(client: FlaskClient, headers: dict[str, str]) -> str:
    return str(card(client, headers)["status"]["code"])


def tell(client: FlaskClient, clock: Clock, kind: str, **object_: Any) -> None:
    """Send an event of this kind; the next reading is then later than it."""
    more = {"data": {"object": object_}} if object_ else {}
    body = json.dumps(event(kind, **more)).encode()
    headers = {"Stripe-Signature": signed(body, clock())}
    assert client.post("/billing/webhook", data=body, headers=headers).status_code == 204
    clock.advance(0.001)


def test_card_and_product_are_read_once_for_all_in_their_time(
    fleet: Fleet, emulator: Emulator, as_anna: dict[str, str], clock: Clock
) -> None:
    services = fleet(3)
    for _ in range(60):
        cards = [card(service, as_anna) for service in services]
        assert cards[1:] == cards[:1] * 2
        clock.advance(3)
    assert emulator.calls("/v1/subscriptions") == 6  # 180 seconds, 30 seconds each
    assert emulator.calls("/v1/products") + emulator.calls("/v1/prices") == 1


def test_what_one_reads_live_or_hears_of_is_new_for_all(
    fleet: Fleet, emulator: Emulator, as_anna: dict[str, str], clock: Clock
) -> None:
    first, second, third = services = fleet(3, STRIPE_WEBHOOK_SECRET=SECRET)
    known = [card(service, as_anna) for service in services]
    clock.advance(5)
    emulator.account.update("sub_anna", status="past_due")
    assert status(first, {**as_anna, **LIVE}) == status(second, as_anna) == "past_due"
    clock.advance(1)
    assert status(third, {**as_anna, **LIVE}) == "past_due"
    assert emulator.calls("/v1/subscriptions") == 2  # one in two seconds is live enough
    emulator.account.update("sub_anna", status="active")
    tell(first, clock, "customer.subscription.updated")
    assert [status(service, as_anna) for service in services] == ["active"] * 3
    assert emulator.calls("/v1/subscriptions") == 3
    clock.advance(31)
    emulator.fail(status=500, times=None, headers={"Stripe-Should-Retry": "false"})
    assert [card(service, as_anna)["stale"] for service in services] == [True] * 3
    assert {card(service, as_anna)["plan"] for service in services} == {known[0]["plan"]}
    tell(second, clock, "customer.deleted", id=ANNA, object="customer", deleted=True)
    assert [service.get(JSON, headers=as_anna).status_code for service in services] == [503] * 3


def test_a_renamed_product_has_its_new_name_everywhere(
    fleet: Fleet, emulator: Emulator, as_anna: dict[str, str], clock: Clock
) -> None:
    services = fleet(3, STRIPE_WEBHOOK_SECRET=SECRET)
    assert [card(service, as_anna)["plan"] for service in services] == ["Pro"] * 3
    emulator.account.update("prod_pro", name="Pro Plus")
    tell(services[0], clock, "product.updated", id="prod_pro", object="product")
    clock.advance(31)
    assert [card(service, as_anna)["plan"] for service in services] == ["Pro Plus"] * 3


def test_the_read_budget_is_that_of_all_together(
    fleet: Fleet, emulator: Emulator, clock: Clock
) -> None:
    services = fleet(4, BILLING_STRIPE_MAX_RATE="0.1")
    codes = []
    for number, service in enumerate(services * 3):
        customer = f"cus_cold{number}"
        emulator.account.add_customer(customer)
        codes.append(service.get(JSON, headers=bearer(mint(customer, clock))).status_code)
    assert codes == [200] + [503] * 11
    assert emulator.calls() == 1
    assert services[3].get("/readyz").json["status"] == "warn"


def test_another_account_and_another_customer_have_other_cards(
    fleet: Fleet, emulator: Emulator, as_anna: dict[str, str], as_bob: dict[str, str]
) -> None:
    other = emulator.add_key("sk_test_of_another_account")
    for service in fleet(2) + fleet(1, STRIPE_SECRET_KEY=other):
        assert card(service, as_anna)["customer"] == "cus_anna"
        assert card(service, as_bob)["customer"] == "cus_bob"
    assert emulator.calls("/v1/subscriptions") == 4


def test_what_is_kept_is_what_is_on_the_card(
    fleet: Fleet, server: Server, emulator: Emulator, environ: dict[str, str], clock: Clock
) -> None:
    service = fleet(1)[0]
    emulator.account.add_customer("cus_c", name="Cato Smit", email="cato@example.nl", phone="0612")
    emulator.account.add_payment_method("cus_c")
    emulator.account.add_subscription(
        "cus_c", id="sub_c", status="past_due", description="inner note", metadata={"vip": "yes"}
    )
    token = mint("cus_c", clock)
    assert status(service, bearer(token)) == "past_due"
    service.get("/billing/portal", headers=bearer(token))
    kept = server.everything().decode()
    assert "sub_c" in kept
    assert "Pro" in kept
    secrets = {token, emulator.key, environ["SECRET_KEY"], environ["BILLING_TOKEN_SECRET"]}
    personal = {"Cato", "cato@", "0612", "inner note", "vip", "http", "req_", "pm_"}
    assert {word for word in secrets | personal if word in kept} == set()


@pytest.mark.parametrize(("ahead", "reads"), [(1.5, 1), (3600, 2)])
def test_a_clock_that_is_a_little_ahead_costs_no_reading(
    serve: Serve, server: Server, emulator: Emulator, environ: dict[str, str],
    as_anna: dict[str, str], clock: Clock, ahead: float, reads: int,
) -> None:  # fmt: skip
    settings = {**environ, "BILLING_CACHE_URL": server.url}
    fast = create_app(settings, clock=lambda: clock() + ahead).test_client()
    card(fast, bearer(mint(ANNA, lambda: clock() + ahead)))
    for _ in range(3):
        card(serve(BILLING_CACHE_URL=server.url), as_anna)
    assert emulator.calls("/v1/subscriptions") == reads
