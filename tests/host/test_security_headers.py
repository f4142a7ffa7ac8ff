"""flask-talisman with its default policy: the card works on the site's pages, and the headers of
the billing page's own routes stay what its settings say."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_talisman import Talisman

from demo.emulator import Emulator
from tests.host.sites import Host, MakeSite, log_in, named_by_header, policy, visitor
from tests.web.clock import Clock
from tests.web.pages import Page
from tests.web.tokens import TOKEN_SECRET, mint

OWN_ROUTES = ("", "card", "subscription.json", "portal", "return", "readyz")
SITE = "https://www.voorbeeld.nl"


@pytest.fixture
def anna_at_host(host: Host) -> FlaskClient:
    """Anna's browser, logged in at the example site."""
    client = host()
    log_in(client, "anna")
    return client


@pytest.fixture(params=["talisman first", "billing first"])
def make_strict(make_site: MakeSite, request: pytest.FixtureRequest) -> Any:
    """Make a site with flask-talisman as it comes, set up before or after the billing page."""

    def make(**settings: Any) -> FlaskClient:
        talisman = Talisman()
        first = request.param == "talisman first"
        settings = {"PREFERRED_URL_SCHEME": "https", **settings}
        prepare = talisman.init_app if first else lambda _: None
        app: Flask = make_site(named_by_header, prepare=prepare, **settings)
        if not first:
            talisman.init_app(app)
        return app.test_client()

    return make


def test_the_policy_of_the_site_lets_the_stylesheet_and_the_script_of_the_card_through(
    anna_at_host: FlaskClient,
) -> None:
    answer = anna_at_host.get("/account")
    assert policy(answer.headers)["default-src"] == ["'self'"]
    page = Page(answer.text)
    styles = [e.attributes["href"] for e in page.all("link")]
    scripts = [e.attributes["src"] for e in page.all("script")]
    for address, mimetype in [(styles[-1], "text/css"), (scripts[-1], "text/javascript")]:
        assert (address or "").startswith("/billing/static/billing.")
        with anna_at_host.get(address or "") as file:
            assert (file.status_code, file.mimetype) == (200, mimetype)
            assert file.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("user", ["anna", "bram", "chantal", "daan", "eva"])
def test_the_card_has_nothing_inline_that_the_policy_would_stop(host: Host, user: str) -> None:
    client = host()
    log_in(client, user)
    page = Page(client.get("/account").text)
    for element in page.elements:
        assert not [name for name in element.attributes if name.startswith("on")]
        assert "style" not in element.attributes
        assert element.name not in ("style", "object", "embed", "iframe", "base")
    assert all(element.attributes.get("src") and not element.text for element in page.all("script"))


def test_the_portal_opens_under_the_policy_and_marks_the_browser_securely(
    anna_at_host: FlaskClient, emulator: Emulator
) -> None:
    answer = anna_at_host.get("/billing/portal")
    assert answer.status_code == 303
    assert answer.location.startswith(f"{emulator.url}/p/session/")
    assert answer.cache_control.no_store
    cookie = anna_at_host.get_cookie("billing_visit")
    assert cookie is not None
    assert (cookie.secure, cookie.http_only, cookie.same_site) == (True, True, "Lax")


def test_plain_http_is_sent_to_https_before_anything_is_answered(
    host: Host, emulator: Emulator
) -> None:
    for path in ("/account", "/billing/", "/billing/portal", "/billing/subscription.json"):
        answer = host().get(path, base_url="http://localhost")
        assert (answer.status_code, answer.location) == (302, f"https://localhost{path}")
    assert emulator.calls() == 0


def test_the_sites_own_pages_keep_the_sites_own_headers(anna_at_host: FlaskClient) -> None:
    for path in ("/", "/account", "/rapporten", "/static/site.css", "/not-there"):
        with anna_at_host.get(path) as answer:
            assert policy(answer.headers) == {"default-src": ["'self'"], "object-src": ["'none'"]}
            assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("path", OWN_ROUTES)
def test_the_billing_routes_stay_closed_to_every_frame(
    make_strict: Any, anna: str, path: str
) -> None:
    answer = make_strict().get(f"/billing/{path}", headers=visitor(anna))
    assert answer.status_code < 400
    assert policy(answer.headers)["frame-ancestors"] == ["'none'"]
    assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", OWN_ROUTES)
def test_the_billing_routes_keep_the_policy_that_fits_them(
    make_site: MakeSite, make_strict: Any, anna: str, path: str
) -> None:
    address, headers = f"/billing/{path}", visitor(anna)
    alone = make_site(named_by_header).test_client().get(address, headers=headers)
    among = make_strict().get(address, headers=headers)
    assert policy(among.headers) == policy(alone.headers)
    for name in ("Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options"):
        assert among.headers.getlist(name) == alone.headers.getlist(name)
    assert among.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize("dest", ["iframe", "empty"])
def test_the_card_may_be_framed_by_whom_the_settings_name(
    make_strict: Any, anna: str, clock: Clock, dest: str
) -> None:
    client = make_strict(BILLING_FRAME_ANCESTORS=SITE, BILLING_TOKEN_SECRET=TOKEN_SECRET)
    address = f"/billing/card?token={mint(anna, clock)}"
    answer = client.get(address, headers={"Sec-Fetch-Dest": dest})
    assert answer.status_code == 200
    assert policy(answer.headers)["frame-ancestors"] == [SITE]
    assert "X-Frame-Options" not in answer.headers


def test_an_error_in_the_frame_may_be_framed_by_the_same(make_strict: Any) -> None:
    client = make_strict(BILLING_FRAME_ANCESTORS=SITE, BILLING_TOKEN_SECRET=TOKEN_SECRET)
    answer = client.get("/billing/card?token=forged", headers={"Sec-Fetch-Dest": "iframe"})
    assert answer.status_code == 401
    assert policy(answer.headers)["frame-ancestors"] == [SITE]
    assert "X-Frame-Options" not in answer.headers


def test_only_the_card_may_be_framed_whatever_the_settings_say(make_strict: Any, anna: str) -> None:
    client = make_strict(BILLING_FRAME_ANCESTORS=SITE)
    for path in ("", "subscription.json", "portal", "return"):
        answer = client.get(f"/billing/{path}", headers=visitor(anna))
        assert policy(answer.headers)["frame-ancestors"] == ["'none'"]
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_policy_that_the_site_sets_by_hand_does_not_reach_the_billing_routes(
    make_site: MakeSite, anna: str
) -> None:
    app = make_site(named_by_header, BILLING_FRAME_ANCESTORS=SITE)

    @app.after_request
    def harden(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = "default-src 'self'"
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response

    client = app.test_client()
    card = client.get("/billing/card", headers=visitor(anna))
    assert policy(card.headers)["frame-ancestors"] == [SITE]
    assert "X-Frame-Options" not in card.headers
    assert policy(client.get("/account").headers) == {"default-src": ["'self'"]}
