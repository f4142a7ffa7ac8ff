"""A link with a token signs a browser in: a cookie, and the clean address."""

from __future__ import annotations

from http.cookies import Morsel, SimpleCookie

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.tokens import mint


def cookie_of(answer: TestResponse) -> Morsel[str]:
    """The one cookie that ``answer`` sets."""
    (line,) = answer.headers.getlist("Set-Cookie")
    (morsel,) = SimpleCookie(line).values()
    return morsel


def test_a_link_signs_in_and_leads_to_the_clean_address(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock
) -> None:
    answer = client.get(f"/billing/?token={mint(anna, clock)}")
    assert answer.status_code == 303
    assert answer.location == "/billing/"
    assert emulator.calls() == 0
    page = client.get(answer.location)
    assert page.status_code == 200
    assert "Pro" in page.text


def test_the_answer_to_a_link_is_kept_nowhere_and_told_to_nobody(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    token = mint(anna, clock)
    answer = client.get(f"/billing/?token={token}")
    assert answer.cache_control.no_store
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert token not in answer.text + str(answer.headers)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    cookie = cookie_of(client.get(f"/billing/?token={mint(anna, clock)}"))
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"].startswith("/billing")
    assert not cookie["domain"]


def test_the_cookie_is_secure_over_https_only(client: FlaskClient, anna: str, clock: Clock) -> None:
    link = f"/billing/?token={mint(anna, clock)}"
    assert cookie_of(client.get(link, base_url="https://localhost"))["secure"]
    assert not cookie_of(client.get(link, base_url="http://localhost"))["secure"]


def test_the_session_lasts_an_hour_unless_the_settings_say_otherwise(
    serve: Serve, anna: str, clock: Clock
) -> None:
    usual, short = serve(), serve(BILLING_SESSION_TTL="120")
    link = f"/billing/?token={mint(anna, clock)}"
    assert cookie_of(usual.get(link))["max-age"] == "3600"
    assert cookie_of(short.get(link))["max-age"] == "120"
    clock.advance(119)
    assert short.get("/billing/").status_code == 200
    clock.advance(1)
    assert short.get("/billing/").status_code == 401
    clock.advance(3479)
    assert usual.get("/billing/").status_code == 200
    clock.advance(1)
    assert usual.get("/billing/").status_code == 401


def test_a_session_is_good_on_every_worker(serve: Serve, browser: FlaskClient, anna: str) -> None:
    cookie = browser.get_cookie("billing_session", path="/billing")
    assert cookie is not None
    worker = serve()
    worker.set_cookie("billing_session", cookie.value, path="/billing")
    assert worker.get("/billing/").status_code == 200


def test_a_second_link_signs_in_as_the_second_customer(
    browser: FlaskClient, bob: str, clock: Clock
) -> None:
    assert "Pro" in browser.get("/billing/").text
    browser.get(f"/billing/?token={mint(bob, clock)}")
    page = browser.get("/billing/").text
    assert "Business" in page
    assert "Pro<" not in page


def test_an_expired_link_signs_nobody_in(client: FlaskClient, anna: str, clock: Clock) -> None:
    link = f"/billing/?token={mint(anna, clock, ttl=60)}"
    clock.advance(61)
    answer = client.get(link)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert client.get("/billing/").status_code == 401


def test_a_program_with_a_token_gets_no_cookie(
    client: FlaskClient, as_anna: dict[str, str]
) -> None:
    for path in ("/billing/subscription.json", "/billing/card", "/billing/"):
        assert "Set-Cookie" not in client.get(path, headers=as_anna).headers


def test_the_root_leads_to_the_page_and_takes_a_token_along(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    assert client.get("/").location == "/billing/"
    token = mint(anna, clock)
    answer = client.get(f"/?token={token}&next=//evil.example")
    assert answer.location == f"/billing/?token={token}"
    assert answer.cache_control.no_store


LOGIN = "https://www.example.nl/inloggen"


@pytest.mark.parametrize("path", ["/billing/", "/billing/portal"])
def test_a_browser_nobody_knows_is_sent_to_the_sites_own_sign_in(serve: Serve, path: str) -> None:
    answer = serve(BILLING_LOGIN_URL=LOGIN).get(path, headers={"Accept": "text/html"})
    assert answer.status_code in (302, 303)
    assert answer.location == LOGIN


def test_a_browser_with_an_expired_link_or_session_is_sent_there_too(
    serve: Serve, anna: str, clock: Clock
) -> None:
    client = serve(BILLING_LOGIN_URL=LOGIN)
    link = f"/billing/?token={mint(anna, clock)}"
    client.get(link)
    clock.advance(3601)
    assert client.get("/billing/").location == LOGIN
    assert client.get(link).location == LOGIN


def test_a_program_nobody_knows_is_told_so(serve: Serve) -> None:
    client = serve(BILLING_LOGIN_URL=LOGIN)
    for path in ("/billing/", "/billing/subscription.json"):
        answer = client.get(path, headers={"Accept": "application/json"})
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
