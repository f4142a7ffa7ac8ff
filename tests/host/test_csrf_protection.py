"""Flask-WTF's CSRFProtect around the billing page: Stripe's events pass, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask_wtf import CSRFProtect

from demo.emulator import Emulator
from tests.host.sites import (
    WEBHOOK_SECRET,
    MakeSite,
    event,
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
