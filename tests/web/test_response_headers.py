"""The headers: private, asked again each time, and closed to scripts, frames and referrers."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock, moment
from tests.stage.tokens import bearer, mint

CARDS = ("/billing/", "/billing/card", "/billing/subscription.json")
OTHERS = ("/billing/return", "/billing/portal", "/billing/nothing", "/billing/?token=x", "/x")


def policy(client: FlaskClient, path: str, **headers: str) -> dict[str, str]:
    """The directives of the Content-Security-Policy at ``path``."""
    header = client.get(path, headers=headers).headers["Content-Security-Policy"]
    parts = (part.strip().partition(" ") for part in header.split(";"))
    return {name: value for name, _, value in parts}


@pytest.mark.parametrize("path", CARDS)
def test_who_has_the_card_already_is_told_so(browser: FlaskClient, path: str) -> None:
    first = browser.get(path)
    again = browser.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.cache_control.private


@pytest.mark.parametrize("path", CARDS)
def test_a_changed_card_has_another_tag(
    browser: FlaskClient, emulator: Emulator, clock: Clock, path: str
) -> None:
    tag = browser.get(path).headers["ETag"]
    emulator.account.update("sub_anna", cancel_at=moment("2076-12-12 11:00:00"))
    clock.advance(31)
    answer = browser.get(path, headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert "Abonnement beheren" in answer.text


@pytest.mark.parametrize("path", CARDS)
def test_one_customers_tag_never_confirms_anothers_card(
    client: FlaskClient, as_anna: dict[str, str], as_bob: dict[str, str], path: str
) -> None:
    tag = client.get(path, headers=as_anna).headers["ETag"]
    answer = client.get(path, headers={**as_bob, "If-None-Match": tag})
    assert answer.status_code == 200
    assert "Business" in answer.text


@pytest.mark.parametrize("path", [*CARDS, *OTHERS])
def test_every_answer_is_closed_to_strangers(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path)
    assert answer.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    directives = policy(browser, path)
    assert directives["default-src"] in ("'none'", "'self'")
    assert directives["frame-ancestors"] == "'none'"
    assert directives["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "*" not in answer.headers["Content-Security-Policy"]


def test_only_the_fragment_may_be_framed_and_only_by_those_named(
    serve: Serve, anna: str, clock: Clock
) -> None:
    client = serve(BILLING_FRAME_ANCESTORS="'self' https://www.example.nl")
    headers = bearer(mint(anna, clock))
    named = "'self' https://www.example.nl"
    assert policy(client, "/billing/card", **headers)["frame-ancestors"] == named
    assert "X-Frame-Options" not in client.get("/billing/card", headers=headers).headers
    for path in ("/billing/", "/billing/subscription.json", "/billing/portal", "/billing/return"):
        assert policy(client, path, **headers)["frame-ancestors"] == "'none'"


def test_nobody_may_frame_the_fragment_unless_the_settings_say_so(browser: FlaskClient) -> None:
    assert policy(browser, "/billing/card")["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", CARDS)
def test_no_page_of_another_origin_may_read_a_card(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_stylesheet_is_there_and_kept_for_good_at_this_versions_address_alone(
    browser: FlaskClient,
) -> None:
    page = browser.get("/billing/").text
    (address,) = [part.split('"')[0] for part in page.split('rel="stylesheet" href="')[1:]]
    with browser.get(address) as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "text/css"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.cache_control.immutable
    for other in ("", "?v=", "?v=0.0.1"):
        with browser.get(address.partition("?")[0] + other) as answer:
            assert answer.status_code == 200
            assert answer.headers["Cache-Control"] == "no-cache"
