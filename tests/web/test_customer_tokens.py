"""Only a genuine, current token meant for this service names a customer."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.stage.clock import Clock
from tests.stage.tokens import NO_TOKENS, NOT_CUSTOMERS, bearer, mint


def card_status(client: FlaskClient, token: str) -> int:
    """The HTTP status that a program with ``token`` gets for its card."""
    return client.get("/billing/subscription.json", headers=bearer(token)).status_code


def test_a_right_token_shows_the_card_of_its_customer(
    client: FlaskClient, anna: str, bob: str, clock: Clock
) -> None:
    for customer in (anna, bob):
        answer = client.get("/billing/subscription.json", headers=bearer(mint(customer, clock)))
        assert answer.get_json()["customer"] == customer


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_is_read_as_http_wants_it(
    client: FlaskClient, anna: str, clock: Clock, scheme: str
) -> None:
    headers = {"Authorization": f"{scheme} {mint(anna, clock)}"}
    assert client.get("/billing/subscription.json", headers=headers).status_code == 200


@pytest.mark.parametrize("token", NO_TOKENS, ids=lambda text: text[:9])
def test_what_is_no_token_is_refused(client: FlaskClient, anna: str, token: str) -> None:
    assert client.get("/billing/", query_string={"token": token}).status_code == 401
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1").replace("\x00", "")}
    assert client.get("/billing/subscription.json", headers=headers).status_code == 401


def test_a_token_is_good_until_it_expires(client: FlaskClient, anna: str, clock: Clock) -> None:
    token = mint(anna, clock, ttl=600)
    clock.advance(599)
    assert card_status(client, token) == 200
    clock.advance(1)
    assert card_status(client, token) == 401


@pytest.mark.parametrize("subject", NOT_CUSTOMERS, ids=repr)
def test_a_subject_that_is_no_customer_id_is_refused_without_asking_stripe(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, subject: Any
) -> None:
    assert card_status(client, mint(subject, clock)) == 401
    assert emulator.calls() == 0


def test_two_tokens_in_a_link_are_one_too_many(
    client: FlaskClient, anna: str, bob: str, clock: Clock
) -> None:
    first, second = mint(anna, clock), mint(bob, clock)
    for path in ("/billing/", "/billing/card"):
        assert client.get(f"{path}?token={first}&token={second}").status_code == 401
        assert client.get(f"{path}?token={first}&token={first}").status_code == 401


def test_two_authorization_headers_are_one_too_many(
    client: FlaskClient, anna: str, bob: str, clock: Clock
) -> None:
    headers = [("Authorization", f"Bearer {mint(customer, clock)}") for customer in (anna, bob)]
    assert client.get("/billing/subscription.json", headers=headers).status_code == 401


def test_a_token_in_the_query_beside_one_in_the_header_is_one_too_many(
    client: FlaskClient, as_anna: dict[str, str], bob: str, clock: Clock
) -> None:
    assert client.get(f"/billing/card?token={mint(bob, clock)}", headers=as_anna).status_code == 401
    assert client.get("/billing/card?token=forged", headers=as_anna).status_code == 401


@pytest.mark.parametrize("path", ["subscription.json", "portal", "return"])
def test_a_token_in_the_query_counts_nowhere_but_on_the_page_and_the_card(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, path: str
) -> None:
    answer = client.get(f"/billing/{path}?token={mint(anna, clock)}")
    assert "Huidig plan" not in answer.text
    assert emulator.calls() == 0
    assert "billing_session" not in str(answer.headers)


@pytest.mark.parametrize(
    "query", ["customer=cus_anna", "sub=cus_anna", "email=anna@example.nl", "id=cus_anna"]
)
@pytest.mark.parametrize("path", ["", "subscription.json", "card", "portal"])
def test_a_plain_parameter_never_says_who_is_asking(
    client: FlaskClient, emulator: Emulator, anna: str, path: str, query: str
) -> None:
    assert client.get(f"/billing/{path}?{query}").status_code == 401
    assert emulator.calls() == 0


@pytest.mark.parametrize("name", ["X-Customer", "X-Customer-Id", "X-Forwarded-User", "From"])
def test_a_plain_header_never_says_who_is_asking(client: FlaskClient, anna: str, name: str) -> None:
    assert client.get("/billing/subscription.json", headers={name: anna}).status_code == 401


def test_another_scheme_of_authorization_is_somebody_elses(
    browser: FlaskClient, client: FlaskClient
) -> None:
    basic = {"Authorization": "Basic YW5uYTpjdXNfYW5uYQ=="}
    assert browser.get("/billing/", headers=basic).status_code == 200


def test_a_bad_token_is_not_made_good_by_a_session(
    browser: FlaskClient, anna: str, clock: Clock
) -> None:
    bad = mint(anna, clock, key="another made-up secret of 32 bytes or more")
    assert browser.get("/billing/", headers=bearer(bad)).status_code == 401
    assert browser.get("/billing/", headers={"Authorization": "Bearer"}).status_code == 401
    assert browser.get(f"/billing/?token={bad}").status_code == 401
    assert browser.get(f"/billing/card?token={bad}").status_code == 401
    assert browser.get("/billing/").status_code == 200
