"""Who may ask the emulator what, what every answer carries, and what goes wrong on demand."""

from __future__ import annotations

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


@pytest.mark.parametrize("key", ["sk_live_abcdefghijklmnop", "rk_live_abcdefghijklmnop", "secret"])
def test_only_a_test_key_on_the_loopback_interface_is_taken(emulator: Emulator, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Emulator(key=key)
    with pytest.raises(ValueError, match="key"):
        emulator.add_key(key, {"invoices:read"})
    with pytest.raises(ValueError, match="unknown permission"):
        emulator.add_key("rk_test_abcdefgh", {"subscription:read"})
    with pytest.raises(ValueError, match="loopback"):
        Emulator(host="192.0.2.1")


@pytest.mark.parametrize("credentials", ["Basic !!", "Basic", "Digest abc", "Bearer "])
def test_credentials_that_say_nothing_are_no_key(emulator: Emulator, credentials: str) -> None:
    answer = ask(emulator, "/v1/subscriptions", headers={"Authorization": credentials})
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith("You did not provide an API key.")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_missing_permission_names_the_key_and_the_account(emulator: Emulator) -> None:
    key = emulator.add_key("rk_test_abcdefghijklmnop1234", ["subscriptions:read", "portal:write"])
    client = StripeClient(key, base_addresses={"api": emulator.url})
    assert client.v1.subscriptions.list({"customer": OWNER}).data == []
    assert client.v1.billing_portal.configurations.list().data, "write includes read"
    with pytest.raises(stripe.PermissionError) as caught:
        client.v1.products.list()
    assert (caught.value.http_status, caught.value.code) == (403, None)
    for word in ("rk_test_", emulator.account.id, "'rak_product_read'"):
        assert word in str(caught.value.user_message)


def test_every_call_is_recorded_with_what_it_asked_and_a_visit_to_the_portal_is_none(
    emulator: Emulator, client: StripeClient
) -> None:
    requests.get(f"{emulator.url}/p/session/none", timeout=5)
    client.v1.subscriptions.list({"customer": OWNER, "created": {"gte": 5}, "expand": ["data"]})
    call = emulator.requests[-1]
    assert (call.method, call.path) == ("GET", "/v1/subscriptions")
    assert call.params == {"customer": OWNER, "created": {"gte": "5"}, "expand": ["data"]}
    assert emulator.calls() == emulator.calls("/v1/sub") == 1


def test_a_fault_strikes_as_often_as_asked_or_until_it_is_cleared(
    emulator: Emulator, client: StripeClient
) -> None:
    emulator.fail("/v1/prices", method="POST", times=None)
    for times in (1, None):
        emulator.fail("/v1/products", times=times, status=429, headers={"Retry-After": "7"})
        with pytest.raises(stripe.RateLimitError) as caught:
            client.v1.products.list()
        headers: Any = caught.value.headers
        assert headers["Stripe-Rate-Limited-Reason"] == "global-rate"
        assert headers["Retry-After"] == "7"
        if times is None:
            emulator.clear_faults()
        assert client.v1.products.list().data
    assert client.v1.prices.list().data
