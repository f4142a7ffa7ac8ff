"""The page belongs to a company: its name, the way back, help, and its colour; or to nobody."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from billing_proxy import BillingProxy
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.pages import Element, Page
from tests.stage.tokens import mint

NAME = 'Jansen & <b>"Zoon"</b> \u202eB.V. ' + "zeer " * 30 + "lang"
COMPANY = {
    "BILLING_COMPANY": NAME,
    "BILLING_HOME_URL": "https://www.example.nl/account?a=1&b=2",
    "BILLING_CONTACT_URL": "/contact",
    "BILLING_ACCENT": "#0B6E4F",
}
IN_A_FRAME = {"Sec-Fetch-Dest": "iframe"}


def page_of(client: FlaskClient, path: str, **headers: str) -> Page:
    return Page(client.get(path, headers=headers).text)


def link(page: Page, words: str) -> Element:
    """The one link of ``page`` that says ``words``."""
    (found,) = [one for one in page.all("a") if words in one.text]
    return found


@pytest.fixture
def company(serve: Serve, anna: str, clock: Clock) -> FlaskClient:
    """Anna's browser, signed in at a company's page."""
    client = serve(**COMPANY)
    client.get(f"/billing/?token={mint(anna, clock)}")
    return client


def test_the_page_is_the_companys(company: FlaskClient) -> None:
    page = page_of(company, "/billing/")
    assert page.all("title")[0].text == f"Je abonnement – {NAME}"
    assert f"Terug naar {NAME}" in page.all("header")[0].text
    assert link(page, "Terug naar").attributes["href"] == COMPANY["BILLING_HOME_URL"]
    assert f"Neem contact op met {NAME}" in page.words
    assert link(page, "Neem contact op").attributes["href"] == "/contact"
    assert f"{NAME} bewaart je betaalgegevens niet." in page.words
    assert not page.all("b")


def test_its_colour_is_a_file_that_can_be_kept_wherever_the_card_is(company: FlaskClient) -> None:
    files = [
        file.attributes["href"]
        for path in ("/billing/", "/billing/card", "/billing/nergens")
        for file in page_of(company, path).all("link")
        if "accent" in str(file.attributes["href"])
    ]
    assert len(files) == 3
    (file,) = set(files)
    answer = company.get(str(file))
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert "--billing-accent: #0b6e4f;" in answer.text
    assert answer.cache_control.immutable
    assert company.get("/billing/static/accent-0b6e4g.css").status_code == 404


def test_without_these_settings_the_page_is_nobodys(browser: FlaskClient) -> None:
    page = page_of(browser, "/billing/")
    assert page.all("title")[0].text == "Je abonnement"
    assert not page.all("header")
    assert "Hulp nodig" not in page.words
    assert not [e for e in page.all("link") if "accent" in str(e.attributes["href"])]


@pytest.mark.parametrize("path", ["/billing/nergens", "/billing/portal?subscription=sub_x"])
def test_an_error_page_has_the_way_back_and_help(company: FlaskClient, path: str) -> None:
    page = page_of(company, path)
    assert link(page, "Terug naar").attributes["href"] == COMPANY["BILLING_HOME_URL"]
    assert link(page, "Naar je abonnement").attributes["href"] == "/billing/"
    assert link(page, "Neem contact op").attributes["href"] == "/contact"


@pytest.mark.parametrize(
    ("settings", "words", "href"),
    [
        ({}, "Naar je abonnement", "http://localhost/billing/"),
        (COMPANY, "Naar onze website", COMPANY["BILLING_HOME_URL"]),
        ({**COMPANY, "BILLING_LOGIN_URL": "/login"}, "Inloggen", "http://localhost/login"),
    ],
)
@pytest.mark.parametrize("headers", [{}, IN_A_FRAME])
def test_who_is_not_signed_in_where_the_card_would_be_gets_a_link_that_leads_on(
    serve: Serve, settings: dict[str, str], words: str, href: str, headers: dict[str, str]
) -> None:
    page = page_of(serve(**settings), "/billing/card", **headers)
    way_out = link(page, words).attributes
    assert str(way_out["href"]) in (href, href.removeprefix("http://localhost"))
    assert [base.attributes["target"] for base in page.all("base")] == ["_blank"] * bool(headers)
    assert not page.all("header")


def test_the_same_in_a_site(environ: dict[str, str], anna: str) -> None:
    site = Flask("site")
    site.config.update({name: environ[name] for name in environ if "TOKEN" not in name})
    site.config.update(COMPANY)
    BillingProxy(customer_loader=lambda request: request.args.get("who")).init_app(site)
    client = site.test_client()
    assert (
        f"{NAME} bewaart je betaalgegevens niet." in page_of(client, f"/billing/?who={anna}").words
    )
    assert link(page_of(client, "/billing/card"), "Naar onze website")
