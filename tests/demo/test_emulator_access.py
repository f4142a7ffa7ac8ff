"""Who may ask the emulator what, and what every answer carries."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import requests
import stripe
from stripe import StripeClient

from demo.emulator import Emulator

OWNER = "cus_owner"


def ask(emulator: Emulator, path: str, **options: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {emulator.key}", **options.pop("headers", {})}
    return requests.request(
        options.pop("method", "GET"), emulator.url + path, headers=headers, timeout=5, **options
    )


def restricted(emulator: Emulator, *permissions: str) -> StripeClient:
    key = emulator.add_key("rk_test_abcdefghijklmnop1234", permissions)
    return StripeClient(key, base_addresses={"api": emulator.url})


def test_a_live_key_is_never_taken() -> None:
    with pytest.raises(ValueError, match="no live keys"):
        Emulator(key="sk_live_abcdefghijklmnop")
    with Emulator() as emulator, pytest.raises(ValueError, match="no live keys"):
        emulator.add_key("rk_live_abcdefghijklmnop", {"invoices:read"})


def test_what_is_no_key_at_all_is_not_taken() -> None:
    with pytest.raises(ValueError, match="sk_test_ or rk_test_"):
        Emulator(key="secret")


def test_only_the_loopback_interface_is_bound() -> None:
    with pytest.raises(ValueError, match="loopback"):
        Emulator(host="192.0.2.1")


def test_a_request_without_a_key_is_told_how_to_send_one(emulator: Emulator) -> None:
    answer = requests.get(f"{emulator.url}/v1/subscriptions", timeout=5)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("You did not provide an API key.")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("credentials", ["Basic !!", "Basic", "Digest abc", "Bearer "])
def test_credentials_that_say_nothing_are_no_key(emulator: Emulator, credentials: str) -> None:
    answer = ask(emulator, "/v1/subscriptions", headers={"Authorization": credentials})
    assert answer.status_code == 401


def test_an_unknown_key_comes_back_masked(emulator: Emulator) -> None:
    headers = {"Authorization": "Bearer sk_test_somethingelseWXYZ"}
    error = ask(emulator, "/v1/subscriptions", headers=headers).json()["error"]
    assert error["message"] == "Invalid API Key provided: sk_test_*************WXYZ"
    assert "code" not in error


def test_a_key_may_come_as_the_user_of_basic_authentication(emulator: Emulator) -> None:
    user = base64.b64encode(f"{emulator.key}:".encode()).decode()
    answer = ask(emulator, "/v1/subscriptions", headers={"Authorization": f"Basic {user}"})
    assert answer.status_code == 200


def test_a_missing_permission_names_the_key_and_the_account(emulator: Emulator) -> None:
    client = restricted(emulator, "subscriptions:read")
    with pytest.raises(stripe.PermissionError) as caught:
        client.v1.products.list()
    message = str(caught.value.user_message)
    assert caught.value.http_status == 403
    assert caught.value.code is None
    assert "rk_test_" in message
    assert emulator.account.id in message
    assert "'rak_product_read'" in message


def test_a_restricted_key_may_do_what_it_may(emulator: Emulator) -> None:
    client = restricted(emulator, "subscriptions:read", "portal:write")
    assert client.v1.subscriptions.list({"customer": OWNER}).data == []
    assert client.v1.billing_portal.configurations.list().data, "write includes read"


def test_an_expansion_takes_the_permission_to_read_what_it_names(emulator: Emulator) -> None:
    client = restricted(emulator, "subscriptions:read")
    client.v1.subscriptions.list({"expand": ["data.schedule"]})
    with pytest.raises(stripe.PermissionError, match="rak_invoice_read"):
        client.v1.subscriptions.list({"expand": ["data.latest_invoice"]})


def test_an_unknown_permission_is_a_mistake_of_the_test(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="unknown permission"):
        emulator.add_key("rk_test_abcdefgh", {"subscription:read"})


def test_the_version_asked_for_is_the_version_answered(emulator: Emulator) -> None:
    default = ask(emulator, "/v1/products")
    older = ask(emulator, "/v1/products", headers={"Stripe-Version": "2025-03-31.basil"})
    wrong = ask(emulator, "/v1/products", headers={"Stripe-Version": "latest"})
    assert default.headers["Stripe-Version"] == "2026-10-28.endive"
    assert older.headers["Stripe-Version"] == "2025-03-31.basil"
    assert wrong.status_code == 400


def test_a_repeated_write_is_replayed_and_says_so(emulator: Emulator) -> None:
    headers = {"Idempotency-Key": "once"}
    data = {"customer": OWNER, "return_url": "https://site.example"}
    path = "/v1/billing_portal/sessions"
    first = ask(emulator, path, method="POST", headers=headers, data=data)
    again = ask(emulator, path, method="POST", headers=headers, data=data)
    assert first.json()["url"] == again.json()["url"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert again.headers["Idempotency-Key"] == "once"
    assert "Idempotent-Replayed" not in first.headers


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/v1/charges"), ("DELETE", "/v1/products"), ("PUT", "/v1/subscriptions")],
)
def test_what_is_not_played_is_an_unrecognized_url(
    emulator: Emulator, method: str, path: str
) -> None:
    answer = ask(emulator, path, method=method)
    assert answer.status_code == 404
    assert f"({method}: {path})" in answer.json()["error"]["message"]


def test_every_call_is_recorded_with_what_it_asked(
    emulator: Emulator, client: StripeClient
) -> None:
    client.v1.subscriptions.list({"customer": OWNER, "created": {"gte": 5}, "expand": ["data"]})
    call = emulator.requests[-1]
    assert (call.method, call.path) == ("GET", "/v1/subscriptions")
    assert call.params == {"customer": OWNER, "created": {"gte": "5"}, "expand": ["data"]}
    assert call.headers["Authorization"] == f"Bearer {emulator.key}"
    assert emulator.calls() == emulator.calls("/v1/sub") == 1
    emulator.requests.clear()
    assert emulator.calls() == 0


def test_a_visit_to_the_portal_is_no_api_call(emulator: Emulator) -> None:
    requests.get(f"{emulator.url}/p/session/none", timeout=5)
    assert emulator.calls() == 0
