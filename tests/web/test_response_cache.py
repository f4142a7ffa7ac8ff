"""An answer may be given again from memory only where making it anew would give the same."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from billing_proxy.cache.breaker import THRESHOLD
from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock, moment
from tests.stage.tokens import bearer, mint

JSON = "/billing/subscription.json"
LONG = {"BILLING_CACHE_TTL": "3600"}
CHANGING = {"Age", "Cache-Status", "Server-Timing", "X-Request-Id", "Date"}


@pytest.mark.parametrize("path", [JSON, "/billing/", "/billing/card"])
def test_the_second_answer_is_the_first_one_again(
    client: FlaskClient, as_anna: dict[str, str], path: str
) -> None:
    first, second, third = (client.get(path, headers=as_anna) for _ in range(3))
    assert first.data == second.data == third.data
    for answer in (second, third):
        assert answer.status_code == 200
        assert {n: v for n, v in answer.headers if n not in CHANGING} == {
            n: v for n, v in first.headers if n not in CHANGING
        }
    assert third.headers["Cache-Status"].startswith("billing-proxy; hit; ttl=")
    assert third.headers["X-Request-Id"] != second.headers["X-Request-Id"]


@pytest.mark.parametrize("known", ["{etag}", '"other", {etag}', "W/{etag}", "*"])
def test_a_client_that_has_it_already_gets_no_body(
    client: FlaskClient, as_anna: dict[str, str], known: str
) -> None:
    client.get(JSON, headers=as_anna)
    etag = client.get(JSON, headers=as_anna).headers["ETag"]
    answer = client.get(JSON, headers={**as_anna, "If-None-Match": known.format(etag=etag)})
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert "Content-Type" not in answer.headers


def test_each_customer_gets_an_own_answer(
    client: FlaskClient, as_anna: dict[str, str], as_bob: dict[str, str]
) -> None:
    for _ in range(3):
        assert client.get(JSON, headers=as_anna).get_json()["subscription"] == "sub_anna"
        assert client.get(JSON, headers=as_bob).get_json()["subscription"] == "sub_bob"
        assert client.get(JSON).status_code == 401


def test_a_token_that_has_expired_opens_nothing_any_more(
    serve: Serve, clock: Clock, anna: str
) -> None:
    client, headers = serve(**LONG), bearer(mint(anna, clock, ttl=30))
    assert [client.get(JSON, headers=headers).status_code for _ in range(2)] == [200, 200]
    clock.advance(30)
    assert client.get(JSON, headers=headers).status_code == 401


def test_a_session_that_has_expired_opens_nothing_any_more(
    serve: Serve, clock: Clock, anna: str
) -> None:
    client = serve(**LONG, BILLING_SESSION_TTL="60")
    client.get(f"/billing/?token={mint(anna, clock)}")
    cookie = client.get_cookie("billing_session", path="/billing")
    assert cookie is not None
    headers = {"Cookie": f"billing_session={cookie.value}"}
    fresh = client.application.test_client(use_cookies=False)
    assert [fresh.get("/billing/", headers=headers).status_code for _ in range(2)] == [200, 200]
    clock.advance(60)
    assert fresh.get("/billing/", headers=headers).status_code == 401


def test_a_date_that_passes_is_dropped_although_the_card_is_fresh(
    serve: Serve, emulator: Emulator, clock: Clock
) -> None:
    emulator.account.add_customer("cus_soon")
    item = {"price": "price_pro_month", "current_period_end": moment("2076-11-22 11:00:40")}
    emulator.account.add_subscription("cus_soon", [item])
    client = serve(**LONG)
    headers = bearer(mint("cus_soon", clock))
    for _ in range(2):
        assert client.get(JSON, headers=headers).get_json()["next_billing_date"] == "2076-11-22"
    clock.advance(40)
    answer = client.get(JSON, headers=headers).get_json()
    assert (answer["date"], answer["next_billing_date"]) == (None, None)


def test_a_change_read_by_another_request_shows_in_all(
    serve: Serve, emulator: Emulator, clock: Clock, as_anna: dict[str, str]
) -> None:
    client = serve()
    for _ in range(2):
        client.get(JSON, headers=as_anna)
    emulator.account.update("sub_anna", cancel_at=moment("2076-12-12 11:00:00"))
    clock.advance(3)
    client.get(JSON, headers={**as_anna, "Cache-Control": "no-cache"})
    assert client.get(JSON, headers=as_anna).get_json()["status"]["code"] == "canceling"


@pytest.mark.parametrize("path", [JSON, "/billing/"])
def test_in_an_outage_the_last_known_card_is_given_again_as_such(
    client: FlaskClient, emulator: Emulator, clock: Clock, as_anna: dict[str, str], path: str
) -> None:
    fresh = client.get(path, headers=as_anna)
    emulator.fail(times=None, headers={"Stripe-Should-Retry": "false"})
    for number in range(THRESHOLD):
        client.get(JSON, headers=bearer(mint(f"cus_stranger{number}", clock)))
    clock.advance(31)
    emulator.requests.clear()
    first, second, third = (client.get(path, headers=as_anna) for _ in range(3))
    assert first.data == second.data == third.data != fresh.data
    for answer in (first, second, third):
        assert answer.headers["Cache-Status"] == "billing-proxy; hit; ttl=-1; detail=stale-if-error"
        assert answer.headers["Age"] == "31"
    assert emulator.calls() == 0


def test_what_differs_by_the_request_is_kept_apart(
    client: FlaskClient, as_anna: dict[str, str]
) -> None:
    for _ in range(2):
        as_json = client.get("/billing/", headers={**as_anna, "Accept": "application/json"})
        as_html = client.get("/billing/", headers={**as_anna, "Accept": "text/html"})
        elsewhere = client.get(JSON, headers={**as_anna, "Host": "other.example"})
        secure = client.get(JSON, headers=as_anna, base_url="https://localhost")
        assert as_json.is_json
        assert as_html.mimetype == "text/html"
        assert elsewhere.get_json()["portal_url"].startswith("http://other.example/")
        assert secure.get_json()["portal_url"].startswith("https://localhost/")


def test_it_can_be_switched_off(serve: Serve, emulator: Emulator, as_anna: dict[str, str]) -> None:
    client = serve(BILLING_PAGE_CACHE_BYTES="0")
    assert [client.get(JSON, headers=as_anna).status_code for _ in range(3)] == [200] * 3
    assert emulator.calls("/v1/subscriptions") == 1


def test_the_pass_in_it_is_never_older_than_a_minute(
    serve: Serve, clock: Clock, as_anna: dict[str, str]
) -> None:
    client = serve(**LONG)
    links = []
    for _ in range(3):
        links.append(client.get(JSON, headers=as_anna).get_json()["portal_url"])
        clock.advance(60)
    assert len(set(links)) == 3


def test_each_language_is_kept_apart(serve: Serve, as_anna: dict[str, str]) -> None:
    client = serve(BILLING_LOCALE="auto")
    for _ in range(2):
        for tag, label in (("nl", "Actief"), ("en", "Active")):
            answer = client.get(JSON, headers={**as_anna, "Accept-Language": tag})
            assert answer.get_json()["status"]["label"] == label
