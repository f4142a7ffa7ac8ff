"""The card on a site that is not a Flask site: in a frame, by fetch, by a server that asks."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.host.sites import MakeSite, named_by_header, visitor
from tests.stage.clock import Clock
from tests.stage.pages import Page
from tests.stage.tokens import TOKEN_SECRET, mint

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
