"""Faults on demand, and connections that behave."""

from __future__ import annotations

import http.client
import threading

import pytest
import stripe
from stripe import StripeClient

from demo.emulator import Emulator


def test_a_fault_strikes_as_often_as_asked(emulator: Emulator, client: StripeClient) -> None:
    emulator.fail("/v1/products", times=2)
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            client.v1.products.list()
        assert caught.value.http_status == 500
    assert client.v1.products.list().data


def test_a_fault_leaves_other_paths_and_methods_alone(
    emulator: Emulator, client: StripeClient
) -> None:
    emulator.fail("/v1/products", times=None)
    emulator.fail("/v1/prices", method="POST", times=None)
    assert client.v1.prices.list().data


def test_a_fault_without_end_lasts_until_it_is_cleared(
    emulator: Emulator, client: StripeClient
) -> None:
    emulator.fail(status=503, times=None)
    for _ in range(3):
        with pytest.raises(stripe.APIError):
            client.v1.products.list()
    emulator.clear_faults()
    assert client.v1.products.list().data


def test_calls_that_fail_are_counted_too(emulator: Emulator, client: StripeClient) -> None:
    emulator.fail()
    with pytest.raises(stripe.APIError):
        client.v1.products.list()
    assert emulator.calls("/v1/products") == 1


def test_too_many_requests_say_which_limit_was_met(
    emulator: Emulator, client: StripeClient
) -> None:
    emulator.fail(status=429, headers={"Retry-After": "7"})
    with pytest.raises(stripe.RateLimitError) as caught:
        client.v1.products.list()
    headers = caught.value.headers
    assert headers is not None
    assert headers["Stripe-Rate-Limited-Reason"] == "global-rate"
    assert headers["Retry-After"] == "7"
    assert caught.value.json_body["error"]["code"] == "rate_limit"


def test_a_body_may_be_no_json_at_all(emulator: Emulator, client: StripeClient) -> None:
    emulator.fail(status=200, body="<html>maintenance</html>")
    with pytest.raises(stripe.APIError, match="Invalid response body"):
        client.v1.products.list()


def test_a_dropped_connection_has_no_answer(emulator: Emulator, client: StripeClient) -> None:
    emulator.fail(drop=True)
    with pytest.raises(stripe.APIConnectionError):
        client.v1.products.list()
    assert client.v1.products.list().data


def test_a_call_that_hangs_is_let_go_when_the_faults_are_cleared(
    emulator: Emulator, client: StripeClient
) -> None:
    emulator.fail(hang=True)
    caught: list[Exception] = []

    def call() -> None:
        try:
            client.v1.products.list()
        except stripe.APIConnectionError as error:
            caught.append(error)

    caller = threading.Thread(target=call)
    caller.start()
    caller.join(0.05)
    assert caller.is_alive()
    emulator.clear_faults()
    caller.join(5)
    assert len(caught) == 1


def test_a_connection_stays_open_for_the_next_request(emulator: Emulator) -> None:
    host = emulator.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    headers = {"Authorization": f"Bearer {emulator.key}"}
    connection.request("GET", "/v1/products", headers=headers)
    connection.getresponse().read()
    socket = connection.sock
    connection.request("GET", "/v1/prices", headers=headers)
    assert connection.getresponse().status == 200
    assert connection.sock is socket
    connection.close()


def test_a_stopped_emulator_answers_nobody_not_even_on_an_open_connection() -> None:
    with Emulator() as emulator:
        client = StripeClient(emulator.key, base_addresses={"api": emulator.url})
        client.v1.products.list()
    with pytest.raises(stripe.APIConnectionError):
        client.v1.products.list()


def test_every_call_takes_the_latency_at_the_least() -> None:
    with Emulator(latency=3600) as emulator:
        client = StripeClient(emulator.key, base_addresses={"api": emulator.url})
        caller = threading.Thread(target=client.v1.products.list)
        caller.start()
        caller.join(0.05)
        assert caller.is_alive()
        emulator.clear_faults()
        caller.join(5)
        assert not caller.is_alive()
