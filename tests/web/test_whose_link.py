"""One browser, several customers: whose card, whose links, and who has never paid."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from billing_proxy import NO_CUSTOMER, BillingProxy
from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.pages import Page
from tests.stage.tokens import bearer, mint

HTTPS = "https://localhost"
SIGN_IN = "/billing/?token="


def button_of(client: FlaskClient, path: str = "/billing/") -> str:
    (button,) = Page(client.get(path).text).buttons
    return str(button.attributes["href"])


def test_over_https_no_other_host_can_plant_the_session(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    """RFC 6265bis, section 4.1.3.2: the prefix holds with Secure, Path=/ and no Domain."""
    (line,) = client.get(SIGN_IN + mint(anna, clock), base_url=HTTPS).headers.getlist("Set-Cookie")
    name, *attributes = line.split("; ")
    assert name.startswith("__Host-billing_session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
    assert "Domain" not in line
    assert client.get("/billing/", base_url=HTTPS).status_code == 200


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_two_differing_sessions_are_nobody_and_the_same_one_twice_is_one(
    serve: Serve, anna: str, bob: str, clock: Clock, scheme: str
) -> None:
    base = f"{scheme}://localhost"
    cookies = []
    for customer in (anna, bob):
        answer = serve().get(SIGN_IN + mint(customer, clock), base_url=base)
        cookies.append(answer.headers["Set-Cookie"].split(";")[0])
    client = serve().application.test_client(use_cookies=False)
    for pair in (cookies, cookies[::-1]):
        both = {"Cookie": "; ".join(pair)}
        for path in ("/billing/", "/billing/subscription.json", "/billing/card", "/billing/portal"):
            assert client.get(path, base_url=base, headers=both).status_code == 401
    twice = {"Cookie": f"{cookies[0]}; {cookies[0]}"}
    assert client.get("/billing/", base_url=base, headers=twice).status_code == 200


def test_over_https_a_planted_cookie_without_the_prefix_counts_for_nothing(
    client: FlaskClient, anna: str, bob: str, clock: Clock
) -> None:
    planted = client.get(SIGN_IN + mint(bob, clock)).headers["Set-Cookie"].split(";")[0]
    sender = client.application.test_client(use_cookies=False)
    assert sender.get("/billing/", headers={"Cookie": planted}).status_code == 200
    assert sender.get("/billing/", base_url=HTTPS, headers={"Cookie": planted}).status_code == 401


@pytest.mark.parametrize("path", ["/billing/", "/billing/card"])
def test_the_links_of_an_earlier_page_open_nothing_once_somebody_else_is_signed_in(
    browser: FlaskClient, emulator: Emulator, bob: str, clock: Clock, path: str
) -> None:
    hers = button_of(browser, path)
    assert button_of(browser, path) == hers  # a page keeps its ETag
    assert browser.get(hers).status_code == 303
    browser.get(SIGN_IN + mint(bob, clock, name="Bob & Zonen B.V."))
    sessions = emulator.calls("POST /v1/billing_portal/sessions")
    answer = browser.get(hers)
    assert answer.status_code == 403
    page = Page(answer.text)
    assert "Je bent intussen ingelogd als een andere klant." in page.words
    assert "Hier zie je nu het abonnement van Bob & Zonen B.V." in page.words
    (link,) = page.all("a")
    assert "Business" in browser.get(str(link.attributes["href"])).text
    assert emulator.calls("POST /v1/billing_portal/sessions") == sessions
    for plain in ("/billing/portal", button_of(browser, path)):
        assert browser.get(plain).status_code == 303


def test_an_old_tab_that_reads_its_card_anew_does_not_turn_into_anothers(
    browser: FlaskClient, bob: str, clock: Clock
) -> None:
    (card,) = Page(browser.get("/billing/").text).all("section", "billing-card")
    refresh = str(card.attributes["data-billing-refresh"])
    assert "Pro" in browser.get(refresh).text
    browser.get(SIGN_IN + mint(bob, clock))
    answer = browser.get(refresh)
    assert answer.status_code == 403
    assert "Business" not in answer.text


@pytest.mark.parametrize("made_up", ["x", "é", "0" * 16, "cus_anna"])
def test_a_made_up_mark_opens_nothing(browser: FlaskClient, made_up: str) -> None:
    assert browser.get("/billing/portal", query_string={"for": made_up}).status_code == 403


def test_the_name_in_a_token_stands_over_the_card_in_the_session_too(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    token = mint(anna, clock, name="  Voorbeeld <b> \n B.V." + "x" * 200)
    over_the_card = "Abonnement van Voorbeeld <b> B.V." + "x" * 82 + " "
    assert over_the_card in Page(client.get("/billing/", headers=bearer(token)).text).words
    client.get(SIGN_IN + token)
    assert over_the_card in Page(client.get("/billing/").text).words


def test_an_expired_link_just_works_in_a_browser_that_is_signed_in_as_its_customer(
    client: FlaskClient, anna: str, bob: str, clock: Clock
) -> None:
    link, his = (SIGN_IN + mint(customer, clock, ttl=60) for customer in (anna, bob))
    client.get(link)
    clock.advance(3000)
    answer = client.get(link)
    assert (answer.status_code, answer.location) == (303, "/billing/")
    assert "Set-Cookie" not in answer.headers
    assert client.get(his).status_code == 401
    clock.advance(700)
    answer = client.get(link)
    assert answer.status_code == 401
    assert "verlopen" in Page(answer.text).words


def who_never_paid(serve: Serve, clock: Clock) -> FlaskClient:
    client = serve(BILLING_FREE_PLAN="Gratis", BILLING_UPGRADE_URL="/plannen")
    client.get(SIGN_IN + mint("none", clock))
    return client


def site_of_who_never_paid(serve: Serve, clock: Clock) -> FlaskClient:
    app = Flask("site")
    app.config.update(STRIPE_SECRET_KEY="rk_test_1", SECRET_KEY="the site's own key")
    app.config.update(BILLING_FREE_PLAN="Gratis", BILLING_UPGRADE_URL="/plannen")
    BillingProxy(app, customer_loader=lambda _: NO_CUSTOMER, clock=clock)
    return app.test_client()


@pytest.mark.parametrize("start", [who_never_paid, site_of_who_never_paid])
def test_who_has_never_paid_has_a_card_and_no_portal_and_costs_no_call(
    serve: Serve,
    emulator: Emulator,
    clock: Clock,
    start: Callable[[Serve, Clock], FlaskClient],
) -> None:
    client = start(serve, clock)
    for path in ("/billing/", "/billing/card"):
        page = Page(client.get(path).text)
        assert page.facts == {"Huidig plan": "Gratis"}
        assert [a.attributes["href"] for a in page.all("a", "billing-button")] == [
            "http://localhost/plannen"
        ]
        assert not page.portal_links
    body = client.get("/billing/subscription.json").get_json()
    assert (body["customer"], body["portal_url"], body["status"]["code"]) == (None, None, "none")
    answer = client.get("/billing/portal")
    assert answer.status_code == 404
    assert "Je hebt nog geen betaald abonnement" in Page(answer.text).words
    assert emulator.calls() == 0


def test_a_port_that_no_browser_reaches_is_in_no_link(
    serve: Serve, emulator: Emulator, as_anna: dict[str, str]
) -> None:
    client = serve(BILLING_TRUSTED_PROXIES="1")
    behind = {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "80", **as_anna}
    body = client.get("/billing/subscription.json", headers=behind).get_json()
    assert body["portal_url"].startswith("https://localhost/billing/portal?")
    assert client.get("/billing/portal", headers=behind).status_code == 303
    sent = emulator.requests[-1].params["return_url"]
    assert sent == "https://localhost/billing/return"
