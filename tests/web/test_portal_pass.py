"""Links in an answer to a token carry a pass: one customer, the portal route, ten minutes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.pages import Page
from tests.stage.tokens import bearer, mint


def pass_of(url: str) -> str:
    """The pass in a portal link; what else is in the query is no business of anybody's."""
    query = parse_qs(urlsplit(url).query)
    assert set(query) <= {"pass", "flow"}
    return query["pass"][0]


@pytest.fixture
def link(client: FlaskClient, as_anna: dict[str, str]) -> str:
    """The portal link in Anna's JSON."""
    body = client.get("/billing/subscription.json", headers=as_anna).get_json()
    assert body["button"]["url"] == body["portal_url"]
    url: str = body["portal_url"]
    return url


def test_the_link_out_of_json_opens_the_portal_in_a_browser_without_cookies(
    serve: Serve, emulator: Emulator, link: str
) -> None:
    answer = serve().get(link)
    assert answer.status_code == 303
    assert answer.location.startswith(f"{emulator.url}/p/session/")
    assert emulator.requests[-1].params["customer"] == "cus_anna"


def test_the_links_of_the_fragment_and_of_a_token_page_carry_a_pass_too(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock
) -> None:
    token = mint(anna, clock)
    answers = (
        serve().get(f"/billing/card?token={token}"),
        serve().get("/billing/card", headers=bearer(token)),
        serve().get("/billing/", headers=bearer(token)),
    )
    for answer in answers:
        for link in Page(answer.text).portal_links:
            url = str(link.attributes["href"])
            assert url.startswith("http://localhost/billing/portal?")
            assert pass_of(url)
            assert serve().get(url).status_code == 303


def test_the_page_of_a_signed_in_browser_needs_no_pass(browser: FlaskClient) -> None:
    (button,) = Page(browser.get("/billing/").text).buttons
    assert "pass=" not in str(button.attributes["href"])
    assert browser.get(str(button.attributes["href"])).status_code == 303


@pytest.mark.parametrize("path", ["", "card", "subscription.json"])
def test_a_pass_opens_nothing_but_the_portal(
    serve: Serve, emulator: Emulator, link: str, path: str
) -> None:
    before = emulator.calls()
    sealed = pass_of(link)
    client = serve()
    assert client.get(f"/billing/{path}?pass={sealed}").status_code == 401
    assert client.get(f"/billing/{path}?token={sealed}").status_code == 401
    assert client.get(f"/billing/{path}", headers=bearer(sealed)).status_code == 401
    assert emulator.calls() == before


def test_a_pass_works_for_ten_minutes(serve: Serve, link: str, clock: Clock) -> None:
    clock.advance(599)
    assert serve().get(link).status_code == 303
    clock.advance(2)
    assert serve().get(link).status_code == 401


def test_a_pass_outlives_the_token_it_came_with_but_not_by_renewal(
    serve: Serve, client: FlaskClient, anna: str, clock: Clock
) -> None:
    headers = bearer(mint(anna, clock, ttl=30))
    link = client.get("/billing/subscription.json", headers=headers).get_json()["portal_url"]
    clock.advance(31)
    assert client.get("/billing/subscription.json", headers=headers).status_code == 401
    assert serve().get(link).status_code == 303


def test_a_pass_is_for_its_customer_whoever_is_signed_in(
    serve: Serve, emulator: Emulator, link: str, bob: str, clock: Clock
) -> None:
    client = serve()
    client.get(f"/billing/?token={mint(bob, clock)}")
    client.get(link)
    assert emulator.requests[-1].params["customer"] == "cus_anna"
