"""Only a genuine, current token meant for this service names a customer."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.web.clock import Clock
from tests.web.tokens import TOKEN_SECRET, bearer, by_hand, mint

ANOTHER_SECRET = "another secret of well over thirty-two bytes"

NOT_CUSTOMERS = (
    None,
    "",
    123,
    True,
    1.5,
    ["cus_anna"],
    {"id": "cus_anna"},
    "cus_",
    "sub_anna",
    "anna@example.nl",
    "CUS_anna",
    " cus_anna",
    "cus_anna ",
    "cus_anna\n",
    "cus_anna\x00",
    "cus_an na",
    "cus_anna/../cus_bob",
    "cus_anna&customer=cus_bob",
    "cus_änna",
    "cus_anna,cus_bob",
    "cus_" + "a" * 500,
)
ODD_EXPIRIES = (
    None,
    "",
    "tomorrow",
    [4102444800],
    {},
    True,
    -1,
    0,
    float("nan"),
    float("-inf"),
    float("inf"),
    10**400,
    "9999999999",  # a text, where RFC 7519 section 4.1.4 has a number
)
NO_TOKENS = (
    "",
    ".",
    "..",
    "...",
    "a.b.c",
    "null",
    "undefined",
    "e30.e30.",
    "\x00",
    "ëëë.ëëë.ëëë",
    "cus_anna",
    "x" * 5000,
)


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


def test_an_audience_may_be_one_of_several(client: FlaskClient, anna: str, clock: Clock) -> None:
    assert card_status(client, mint(anna, clock, aud=["website", "billing-proxy"])) == 200


@pytest.mark.parametrize("token", NO_TOKENS)
def test_what_is_no_token_is_refused(client: FlaskClient, anna: str, token: str) -> None:
    assert client.get("/billing/", query_string={"token": token}).status_code == 401
    headers = {"Authorization": f"Bearer {token}".encode().decode("latin-1").replace("\x00", "")}
    assert client.get("/billing/subscription.json", headers=headers).status_code == 401


def test_a_token_signed_with_another_secret_is_refused(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    assert card_status(client, mint(anna, clock, key=ANOTHER_SECRET)) == 401


def test_a_token_changed_after_signing_is_refused(
    client: FlaskClient, anna: str, bob: str, clock: Clock
) -> None:
    head, _, signature = mint(anna, clock).split(".")
    _, claims, _ = mint(bob, clock).split(".")
    assert card_status(client, f"{head}.{claims}.{signature}") == 401


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", None, 0, ["HS256"]])
def test_a_token_without_a_signature_is_refused(
    client: FlaskClient, anna: str, clock: Clock, algorithm: Any
) -> None:
    claims = {"sub": anna, "aud": "billing-proxy", "exp": int(clock()) + 600}
    assert card_status(client, by_hand({"alg": algorithm}, claims, None)) == 401
    assert card_status(client, by_hand({"alg": algorithm}, claims, TOKEN_SECRET)) == 401


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_other_algorithms_with_the_same_secret_are_refused(
    client: FlaskClient, anna: str, clock: Clock, algorithm: str
) -> None:
    assert card_status(client, mint(anna, clock, algorithm=algorithm)) == 401


def test_a_token_is_good_until_it_expires(client: FlaskClient, anna: str, clock: Clock) -> None:
    token = mint(anna, clock, ttl=600)
    clock.advance(599)
    assert card_status(client, token) == 200
    clock.advance(1)
    assert card_status(client, token) == 401


@pytest.mark.parametrize("claim", ["exp", "aud", "sub"])
def test_a_token_that_lacks_a_claim_is_refused(
    client: FlaskClient, anna: str, clock: Clock, claim: str
) -> None:
    assert card_status(client, mint(anna, clock, without=(claim,))) == 401


@pytest.mark.parametrize("exp", ODD_EXPIRIES, ids=lambda exp: repr(exp)[:20])
def test_an_odd_expiry_is_refused(client: FlaskClient, anna: str, clock: Clock, exp: Any) -> None:
    assert card_status(client, mint(anna, clock, exp=exp)) == 401


@pytest.mark.parametrize(
    "audience", ["website", "", "billing-proxy ", "Billing-Proxy", None, [], ["website"], 7, {}]
)
def test_a_token_for_another_audience_is_refused(
    client: FlaskClient, anna: str, clock: Clock, audience: Any
) -> None:
    assert card_status(client, mint(anna, clock, aud=audience)) == 401


def test_a_token_that_is_not_valid_yet_is_refused(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    assert card_status(client, mint(anna, clock, nbf=int(clock()) + 3600)) == 401


@pytest.mark.parametrize("subject", NOT_CUSTOMERS, ids=repr)
def test_a_subject_that_is_no_customer_id_is_refused_without_asking_stripe(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, subject: Any
) -> None:
    assert card_status(client, mint(subject, clock)) == 401
    assert emulator.calls() == 0


@pytest.mark.parametrize("claims", [[], "cus_anna", 1, None])
def test_claims_that_are_no_object_are_refused(client: FlaskClient, anna: str, claims: Any) -> None:
    assert card_status(client, by_hand({"alg": "HS256"}, claims, TOKEN_SECRET)) == 401


@pytest.mark.parametrize("header", [[], "HS256", 1, None, {}])
def test_a_header_that_is_no_object_is_refused(
    client: FlaskClient, anna: str, clock: Clock, header: Any
) -> None:
    claims = {"sub": anna, "aud": "billing-proxy", "exp": int(clock()) + 600}
    assert card_status(client, by_hand(header, claims, TOKEN_SECRET)) == 401


@pytest.mark.parametrize("size", [5_000, 100_000])
def test_an_oversized_token_is_refused_though_its_signature_is_right(
    client: FlaskClient, anna: str, clock: Clock, size: int
) -> None:
    assert card_status(client, mint(anna, clock, padding="x" * size)) == 401


def test_a_claim_nested_very_deep_breaks_nothing(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    nested: Any = []
    for _ in range(900):
        nested = [nested]
    assert card_status(client, mint(anna, clock, nested=nested)) in (200, 401)


def test_the_audience_and_the_claim_fit_the_settings(
    serve: Serve, anna: str, bob: str, clock: Clock
) -> None:
    client = serve(BILLING_TOKEN_AUDIENCE="facturen", BILLING_TOKEN_CLAIM="stripe_customer")
    token = mint("user-17", clock, aud="facturen", stripe_customer=anna)
    answer = client.get("/billing/subscription.json", headers=bearer(token))
    assert answer.get_json()["customer"] == anna
    assert card_status(client, mint(bob, clock, stripe_customer=anna)) == 401
    assert card_status(client, mint(bob, clock, aud="facturen")) == 401


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
    assert answer.status_code in (303, 401)
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


def test_a_plain_parameter_does_not_change_whose_card_a_token_shows(
    client: FlaskClient, as_anna: dict[str, str], bob: str
) -> None:
    answer = client.get(f"/billing/subscription.json?customer={bob}&sub={bob}", headers=as_anna)
    assert answer.get_json()["customer"] == "cus_anna"


def test_another_scheme_of_authorization_is_somebody_elses(
    browser: FlaskClient, client: FlaskClient
) -> None:
    basic = {"Authorization": "Basic YW5uYTpjdXNfYW5uYQ=="}
    assert browser.get("/billing/", headers=basic).status_code == 200


def test_a_bad_token_is_not_made_good_by_a_session(
    browser: FlaskClient, anna: str, clock: Clock
) -> None:
    bad = mint(anna, clock, key=ANOTHER_SECRET)
    assert browser.get("/billing/", headers=bearer(bad)).status_code == 401
    assert browser.get("/billing/", headers={"Authorization": "Bearer"}).status_code == 401
    assert browser.get(f"/billing/?token={bad}").status_code == 401
    assert browser.get(f"/billing/card?token={bad}").status_code == 401
    assert browser.get("/billing/").status_code == 200
