"""SERVER_NAME and APPLICATION_ROOT: addresses and cookies fit where the site is mounted."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from billing_proxy import BillingProxy
from demo.emulator import Emulator
from tests.host.sites import Host, MakeSite, log_in, named_by_header, visitor
from tests.stage.pages import Page

MOUNTS = [
    pytest.param({}, "https://localhost", "", id="as it comes"),
    pytest.param({"SERVER_NAME": "mijn.voorbeeld.nl"}, "https://mijn.voorbeeld.nl", "", id="name"),
    pytest.param({"APPLICATION_ROOT": "/klant"}, "https://localhost", "/klant", id="root"),
    pytest.param(
        {"SERVER_NAME": "mijn.voorbeeld.nl:8443", "APPLICATION_ROOT": "/klant/nl"},
        "https://mijn.voorbeeld.nl:8443",
        "/klant/nl",
        id="name and root",
    ),
]


@pytest.mark.parametrize(("settings", "origin", "root"), MOUNTS)
def test_the_card_leads_to_addresses_that_exist(
    host: Host, settings: dict[str, str], origin: str, root: str
) -> None:
    client = host(**settings)
    log_in(client, "anna")
    page = Page(client.get("/account").text)
    (button,) = page.buttons
    assert str(button.attributes["href"]).startswith(f"{root}/billing/portal")
    card = page.all("section", "billing-card")[0]
    refresh = str(card.attributes["data-billing-refresh"])
    assert refresh.startswith(f"{root}/billing/card?for=")
    assert client.get(refresh.removeprefix(root)).status_code == 200
    files = [e.attributes.get("href") or e.attributes.get("src") for e in page.all("link")[1:]]
    files += [e.attributes["src"] for e in page.all("script")]
    for address in files:
        assert (address or "").startswith(f"{root}/billing/static/")
        with client.get((address or "").removeprefix(root)) as file:
            assert file.status_code == 200


def test_a_site_that_its_server_mounts_below_a_path_works_there(
    make_site: MakeSite, anna: str, emulator: Emulator
) -> None:
    app = make_site(named_by_header)
    browser = Client(DispatcherMiddleware(NotFound(), {"/klant": app}))
    page = Page(browser.get("/klant/account", headers=visitor(anna)).text)
    (button,) = page.buttons
    assert str(button.attributes["href"]).startswith("/klant/billing/portal")
    answer = browser.get("/klant/billing/portal", headers=visitor(anna))
    assert answer.status_code == 303
    assert emulator.requests[-1].params["return_url"] == "http://localhost/klant/billing/return"
    assert browser.get_cookie("billing_visit", path="/klant/") is not None


def test_two_sites_on_one_host_do_not_read_each_others_cookies(
    make_site: MakeSite, anna: str, emulator: Emulator
) -> None:
    one, other = (make_site(named_by_header, SECRET_KEY=f"key {n} of its own") for n in (1, 2))
    browser = Client(DispatcherMiddleware(NotFound(), {"/een": one, "/twee": other}))
    browser.get("/twee/billing/card", headers=visitor(anna))
    browser.get("/een/billing/portal", headers=visitor(anna))
    calls = emulator.calls("/v1/subscriptions")
    browser.get("/twee/billing/card", headers=visitor(anna))
    assert emulator.calls("/v1/subscriptions") == calls


@pytest.mark.parametrize(
    ("given", "expected"), [("/abonnement", "/abonnement/"), ("mijn/abo/", "/mijn/abo/")]
)
@pytest.mark.parametrize("where", ["setting", "constructor", "init_app"])
def test_the_prefix_may_be_chosen_in_three_places(
    emulator: Emulator, anna: str, given: str, expected: str, where: str
) -> None:
    app = Flask("site")
    app.config.update(
        SECRET_KEY="the site's own key, which signs its sessions",
        STRIPE_SECRET_KEY=emulator.key,
        STRIPE_API_BASE=emulator.url,
    )
    if where == "setting":
        app.config["BILLING_URL_PREFIX"] = given
    options: dict[str, Any] = {"url_prefix": given} if where == "constructor" else {}
    billing = BillingProxy(customer_loader=named_by_header, **options)
    billing.init_app(app, **({"url_prefix": given} if where == "init_app" else {}))
    client: FlaskClient = app.test_client()
    assert client.get(expected, headers=visitor(anna)).status_code == 200
    assert client.get("/billing/", headers=visitor(anna)).status_code == 404
