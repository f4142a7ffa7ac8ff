"""What a card costs at Stripe, where the account's checkout shares the budget."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demo.emulator import Emulator
from demo.personas import populate
from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint

READ_ALL = ("subscriptions:read", "products:read", "prices:read", "invoices:read", "portal:write")

COSTS = {
    "cus_demo_pro_maand": 1,
    "cus_demo_business_jaar": 1,
    "cus_demo_kwartaal": 1,
    "cus_demo_team": 1,
    "cus_demo_gemengd": 1,
    "cus_demo_meerdere": 1,
    "cus_demo_proef": 1,
    "cus_demo_opzegging_klassiek": 1,
    "cus_demo_opzegging_flexibel": 1,
    "cus_demo_innen_gepauzeerd": 1,
    "cus_demo_opgezegd": 1,
    "cus_demo_geen": 1,
    "cus_demo_onbekend": 1,
    "cus_demo_product_weg": 1,
    "cus_demo_vreemde_status": 1,
    "cus_demo_pauze": 1,
    # An unpaid invoice or a pause schedule must be looked up: one more.
    "cus_demo_incasso_mislukt": 2,
    "cus_demo_factuur_te_laat": 2,
    "cus_demo_onbetaald": 2,
    "cus_demo_onvolledig": 2,
    "cus_demo_achterstallig_opgezegd": 2,
    "cus_demo_pauze_tot": 2,
}


def read(client: FlaskClient, customer: str, clock: Clock) -> TestResponse:
    """The JSON card of ``customer``."""
    return client.get("/billing/subscription.json", headers=bearer(mint(customer, clock)))


def cost(emulator: Emulator, client: FlaskClient, customer: str, clock: Clock) -> int:
    """How many calls to Stripe the next reading of a card takes."""
    before = emulator.calls()
    read(client, customer, clock)
    return emulator.calls() - before


def test_a_cold_card_costs_two_calls_while_the_catalogue_is_cold_and_a_warm_one_none(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock
) -> None:
    assert cost(emulator, client, anna, clock) == 2
    assert cost(emulator, client, anna, clock) == 0


def test_products_are_shared_so_that_the_next_customer_costs_one_call(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock
) -> None:
    emulator.account.add_customer("cus_carla")
    emulator.account.add_subscription("cus_carla", ["price_pro_month"])
    cost(emulator, client, anna, clock)
    assert cost(emulator, client, "cus_carla", clock) == 1


@pytest.mark.parametrize(("customer", "calls"), COSTS.items())
def test_with_a_warm_catalogue_a_cold_card_costs_what_the_contract_says(
    client: FlaskClient, emulator: Emulator, clock: Clock, customer: str, calls: int
) -> None:
    populate(emulator.account)
    everything = [
        f"price_{name}"
        for name in ("pro_month", "business_month", "seat_year", "gone_month", "free_month")
    ]
    emulator.account.add_customer("cus_everything")
    for price in everything:
        emulator.account.add_subscription("cus_everything", [price])
        read(client, "cus_everything", clock)
        clock.advance(31)
    assert cost(emulator, client, customer, clock) == calls
    assert cost(emulator, client, customer, clock) == 0


def test_no_subscription_and_unknown_customer_are_cached_like_any_answer(
    client: FlaskClient, emulator: Emulator, clock: Clock
) -> None:
    emulator.account.add_customer("cus_new")
    assert [cost(emulator, client, "cus_new", clock) for _ in range(3)] == [1, 0, 0]
    assert [cost(emulator, client, "cus_nobody", clock) for _ in range(3)] == [1, 0, 0]
    assert read(client, "cus_nobody", clock).status_code == 404
    clock.advance(31)
    assert cost(emulator, client, "cus_nobody", clock) == 1


def test_neither_search_nor_deep_expansion_nor_an_address_is_ever_used(
    client: FlaskClient, emulator: Emulator, clock: Clock
) -> None:
    populate(emulator.account)
    for customer in COSTS:
        read(client, customer, clock)
    for call in emulator.requests:
        assert "search" not in call.path
        assert "email" not in call.params
        assert all(path.count(".") <= 3 for path in call.params.get("expand", []))
        assert call.method == "GET"


def at_once(calls: int, ask: list[FlaskClient], customer: str, clock: Clock) -> list[TestResponse]:
    """The answers to that many requests that set off together."""
    start = threading.Barrier(calls)

    def one(client: FlaskClient) -> TestResponse:
        start.wait(5)
        return read(client, customer, clock)

    with ThreadPoolExecutor(calls) as pool:
        return list(pool.map(one, ask))


def test_many_requests_at_once_for_one_customer_make_one_call(
    client: FlaskClient, emulator: Emulator, anna: str, bob: str, clock: Clock
) -> None:
    read(client, anna, clock)
    clock.advance(31)
    emulator.latency = 0.4
    before = emulator.calls()
    browsers = [client.application.test_client() for _ in range(10)]
    answers = at_once(10, browsers, anna, clock)
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.get_json()["customer"] for answer in answers} == {"cus_anna"}
    assert emulator.calls() - before == 1


def test_a_products_new_name_shows_after_an_hour(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock
) -> None:
    assert read(client, anna, clock).get_json()["plan"] == "Pro"
    emulator.account.update("prod_pro", name="Pro Plus")
    for seconds, plan in ((3599, "Pro"), (31, "Pro Plus")):
        clock.advance(seconds)
        assert read(client, anna, clock).get_json()["plan"] == plan
