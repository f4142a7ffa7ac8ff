"""Flask-WTF's CSRFProtect around the billing page: Stripe's events pass, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask_wtf import CSRFProtect

from billing_proxy import BillingProxy
from demo.emulator import Emulator
from tests.host.sites import (
    WEBHOOK_SECRET,
    Host,
    MakeSite,
    csrf_token,
    event,
    log_in,
    named_by_header,
    send_event,
    visitor,
)

MakeProtected = Callable[..., Flask]


@pytest.fixture
def make_protected(make_site: MakeSite) -> MakeProtected:
    """Make a site whose CSRF protection was set up ``first`` or after its billing page."""

    def make(*, first: bool, prefix: str = "/billing") -> Flask:
        csrf = CSRFProtect()
        app = make_site(
            named_by_header,
            prepare=csrf.init_app if first else lambda _: None,
            STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
            BILLING_URL_PREFIX=prefix,
        )
        if not first:
            csrf.init_app(app)
        app.add_url_rule("/order", "order", lambda: "ordered", methods=["POST"])
        return app

    return make


@pytest.mark.parametrize("first", [True, False], ids=["csrf first", "billing first"])
def test_stripes_events_pass_in_either_order(
    make_protected: MakeProtected, emulator: Emulator, anna: str, first: bool
) -> None:
    client = make_protected(first=first).test_client()
    client.get("/account", headers=visitor(anna))
    client.get("/account", headers=visitor(anna))
    assert emulator.calls("/v1/subscriptions") == 1
    assert send_event(client, event(anna)).status_code == 204
    client.get("/account", headers=visitor(anna))
    assert emulator.calls("/v1/subscriptions") == 2


@pytest.mark.parametrize("first", [True, False], ids=["csrf first", "billing first"])
def test_stripes_event_may_be_the_first_request_of_all(
    make_protected: MakeProtected, first: bool
) -> None:
    client = make_protected(first=first).test_client()
    assert send_event(client, event("cus_anybody")).status_code == 204


@pytest.mark.parametrize("first", [True, False], ids=["csrf first", "billing first"])
def test_the_sites_own_posts_still_need_their_token(
    make_protected: MakeProtected, first: bool
) -> None:
    client = make_protected(first=first).test_client()
    assert client.post("/order").status_code == 400
    assert send_event(client, event("cus_anybody")).status_code == 204
    assert client.post("/order").status_code == 400
    assert client.post("/order", data={"csrf_token": "forged"}).status_code == 400


def test_events_pass_below_another_prefix_too(make_protected: MakeProtected) -> None:
    client = make_protected(first=True, prefix="/mijn/abonnement").test_client()
    answer = send_event(client, event("cus_anybody"), "/mijn/abonnement/webhook")
    assert answer.status_code == 204


@pytest.mark.parametrize("first", [True, False], ids=["csrf first", "billing first"])
def test_an_event_with_a_bad_signature_is_refused_all_the_same(
    make_protected: MakeProtected, first: bool
) -> None:
    client = make_protected(first=first).test_client()
    for headers in ({}, {"Stripe-Signature": "t=1,v1=forged"}):
        answer = client.post("/billing/webhook", data=event("cus_anybody"), headers=headers)
        assert answer.status_code == 400
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("first", [True, False], ids=["csrf first", "billing first"])
def test_no_other_route_of_the_billing_page_takes_a_post(
    make_protected: MakeProtected, anna: str, emulator: Emulator, first: bool
) -> None:
    client = make_protected(first=first).test_client()
    for path in ("", "card", "portal", "return", "subscription.json"):
        assert client.post(f"/billing/{path}", headers=visitor(anna)).status_code == 405
    assert emulator.calls() == 0


def test_a_protection_of_each_of_two_sites_lets_only_its_own_events_pass(
    make_site: MakeSite, anna: str
) -> None:
    """One ``CSRFProtect`` and one ``BillingProxy`` may serve several apps."""
    csrf = CSRFProtect()
    with_webhook = make_site(
        named_by_header, prepare=csrf.init_app, STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET
    )
    without = make_site(named_by_header, prepare=csrf.init_app)
    assert send_event(with_webhook.test_client(), event(anna)).status_code == 204
    assert send_event(without.test_client(), event(anna)).status_code == 404


def test_the_example_takes_events_and_refuses_forged_forms(host: Host) -> None:
    client = host(STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET)
    assert send_event(client, event("cus_demo_pro_maand")).status_code == 204
    log_in(client, "anna")
    here = {"Referer": "https://localhost/account"}
    assert client.post("/uitloggen", headers=here).status_code == 400
    assert client.get("/billing/card").status_code == 200
    data = {"csrf_token": csrf_token(client.get("/account").text)}
    assert client.post("/uitloggen", data=data, headers=here).status_code == 302
    assert client.get("/billing/card").status_code == 401


def test_a_site_without_csrf_protection_takes_events_as_well(make_site: MakeSite) -> None:
    app = make_site(named_by_header, STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET)
    assert send_event(app.test_client(), event("cus_anybody")).status_code == 204


def test_another_extension_under_the_same_name_breaks_nothing(make_site: MakeSite) -> None:
    def prepare(app: Flask) -> None:
        app.extensions["csrf"] = object()

    app = make_site(named_by_header, prepare=prepare, STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET)
    assert send_event(app.test_client(), event("cus_anybody")).status_code == 204


def test_a_webhook_that_is_not_turned_on_is_not_found(make_site: MakeSite) -> None:
    app = make_site(named_by_header, prepare=CSRFProtect().init_app)
    assert send_event(app.test_client(), event("cus_anybody")).status_code == 404


def test_a_site_that_checks_tokens_in_its_own_hook_can_let_events_pass(
    make_site: MakeSite,
) -> None:
    """``WTF_CSRF_CHECK_DEFAULT`` off, and ``protect(apply_exemptions=True)`` by hand."""
    csrf = CSRFProtect()

    def prepare(app: Flask) -> None:
        app.config["WTF_CSRF_CHECK_DEFAULT"] = False
        csrf.init_app(app)
        app.before_request(lambda: csrf.protect(apply_exemptions=True))

    app = make_site(named_by_header, prepare=prepare, STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET)
    app.add_url_rule("/order", "order", lambda: "ordered", methods=["POST"])
    client = app.test_client()
    assert send_event(client, event("cus_anybody")).status_code == 204
    assert client.post("/order").status_code == 400


def test_the_constructor_with_an_app_lets_events_pass_too(emulator: Emulator) -> None:
    app = Flask("site")
    app.config.update(
        SECRET_KEY="the site's own key, which signs its sessions",
        STRIPE_SECRET_KEY=emulator.key,
        STRIPE_API_BASE=emulator.url,
        STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
    )
    BillingProxy(app, customer_loader=named_by_header)
    CSRFProtect(app)
    assert send_event(app.test_client(), event("cus_anybody")).status_code == 204
