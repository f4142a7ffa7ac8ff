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
from tests.stage.pages import Page

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
