"""The card on a site that is not a Flask site: in a frame, by fetch, by a server that asks."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.host.sites import MakeSite, named_by_header, policy, visitor
from tests.web.clock import Clock
from tests.web.pages import Page
from tests.web.tokens import TOKEN_SECRET, bearer, mint

SITE = "https://www.voorbeeld.nl"


@pytest.fixture
def client(make_site: MakeSite) -> FlaskClient:
    """A stranger's browser at a site that lets another frame its card."""
    app = make_site(
        named_by_header, BILLING_TOKEN_SECRET=TOKEN_SECRET, BILLING_FRAME_ANCESTORS=SITE
    )
    return app.test_client()


def framed(client: FlaskClient, token: str, dest: str = "iframe", **headers: str) -> str:
    address = f"/billing/card?token={token}"
    return client.get(address, headers={"Sec-Fetch-Dest": dest, **headers}).text


@pytest.mark.parametrize("dest", ["iframe", "frame"])
def test_a_frame_gets_a_document_with_a_stylesheet_of_its_own(
    client: FlaskClient, anna: str, clock: Clock, dest: str
) -> None:
    html = framed(client, mint(anna, clock), dest)
    assert html.lstrip().startswith("<!doctype html>")
    page = Page(html)
    assert page.facts["Huidig plan"] == "Pro"
    assert len(page.all("html")) == len(page.all("body")) == len(page.all("main")) == 1
    assert page.all("html")[0].attributes["lang"] == "nl"
    (style,) = [e for e in page.all("link") if e.attributes["rel"] == "stylesheet"]
    with client.get(style.attributes["href"] or "") as file:
        assert file.mimetype == "text/css"


@pytest.mark.parametrize("dest", ["empty", ""])
def test_whoever_fetches_gets_a_fragment(
    client: FlaskClient, anna: str, clock: Clock, dest: str
) -> None:
    html = framed(client, mint(anna, clock), dest)
    assert "<html" not in html
    assert "<body" not in html
    assert Page(html).facts["Huidig plan"] == "Pro"


def test_a_server_that_asks_with_a_bearer_token_gets_a_fragment_with_absolute_addresses(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    answer = client.get("/billing/card", headers=bearer(mint(anna, clock)))
    page = Page(answer.text)
    assert not page.all("html")
    for link in page.all("link"):
        assert (link.attributes["href"] or "").startswith("http://localhost/billing/static/")
    (button,) = page.buttons
    assert (button.attributes["href"] or "").startswith("http://localhost/billing/portal?pass=")
    assert not page.all("script")


@pytest.mark.parametrize("dest", ["iframe", "empty"])
def test_only_the_site_that_the_settings_name_may_frame_the_card(
    client: FlaskClient, anna: str, clock: Clock, dest: str
) -> None:
    address = f"/billing/card?token={mint(anna, clock)}"
    answer = client.get(address, headers={"Sec-Fetch-Dest": dest})
    assert policy(answer.headers)["frame-ancestors"] == [SITE]
    assert "X-Frame-Options" not in answer.headers
    page = client.get("/billing/", headers=visitor(anna))
    assert policy(page.headers)["frame-ancestors"] == ["'none'"]
    assert page.headers["X-Frame-Options"] == "DENY"


def test_unless_the_settings_name_a_site_nobody_may_frame_the_card(
    make_site: MakeSite, anna: str, clock: Clock
) -> None:
    client = make_site(BILLING_TOKEN_SECRET=TOKEN_SECRET).test_client()
    answer = client.get(f"/billing/card?token={mint(anna, clock)}")
    assert policy(answer.headers)["frame-ancestors"] == ["'none'"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_button_in_the_frame_opens_the_portal_in_a_tab_without_any_cookie(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    (button,) = Page(framed(client, mint(anna, clock))).buttons
    assert button.attributes["target"] == "_blank"
    assert button.attributes["rel"] == "noopener"
    address = (button.attributes["href"] or "").removeprefix("http://localhost")
    stranger = client.application.test_client()
    headers = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
    assert stranger.get(address, headers=headers).status_code == 303
    for path in ("", "card", "subscription.json"):
        answer = stranger.get(f"/billing/{path}?{address.partition('?')[2]}")
        assert answer.status_code == 401


def test_the_token_in_the_frame_goes_before_the_login_of_the_browser(
    client: FlaskClient, anna: str, bob: str, clock: Clock
) -> None:
    html = framed(client, mint(anna, clock), **visitor(bob))
    assert Page(html).facts["Huidig plan"] == "Pro"


@pytest.mark.parametrize("dest", ["iframe", "empty"])
def test_a_token_that_has_expired_is_a_sentence_in_the_same_shape(
    client: FlaskClient, anna: str, clock: Clock, dest: str
) -> None:
    address = f"/billing/card?token={mint(anna, clock, ttl=-60)}"
    answer = client.get(address, headers={"Sec-Fetch-Dest": dest, **visitor(anna)})
    assert answer.status_code == 401
    assert ("<html" in answer.text) is (dest == "iframe")
    assert "Je link of sessie is verlopen" in Page(answer.text).words
    assert "Huidig plan" not in answer.text


def test_a_frame_sets_no_cookie(client: FlaskClient, anna: str, clock: Clock) -> None:
    answer = client.get(f"/billing/card?token={mint(anna, clock)}")
    assert "Set-Cookie" not in answer.headers


def test_a_site_of_ones_own_may_fetch_the_card_by_the_login(client: FlaskClient, anna: str) -> None:
    """As htmx does: from a page of the same site, with the browser's own session."""
    headers = visitor(anna, **{"Sec-Fetch-Dest": "empty", "HX-Request": "true"})
    page = Page(client.get("/billing/card", headers=headers).text)
    assert page.facts["Huidig plan"] == "Pro"
    (button,) = page.buttons
    assert str(button.attributes["href"]).startswith("/billing/portal")


@pytest.mark.parametrize("own", [True, False])
def test_the_sentence_in_the_place_of_a_card_is_dressed_like_one(
    client: FlaskClient, own: bool
) -> None:
    """It may be the first of ours on the page, so it brings the stylesheet along."""
    html = client.get("/account" if own else "/billing/card").text
    assert "Je bent niet ingelogd" in Page(html).words
    assert [e for e in Page(html).all("link") if e.attributes["rel"] == "stylesheet"]
