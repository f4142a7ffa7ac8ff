"""Setting the billing page up: once per app, in any order, and clear words when it goes wrong."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask

from billing_proxy import BillingProxy, ConfigError
from demo.emulator import Emulator
from tests.host.sites import named_by_header, visitor
from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint

SECRETS = ("a secret of the first site, long enough", "a secret of the second site, long enough")


@pytest.fixture
def app(emulator: Emulator) -> Flask:
    """An app with settings, and no billing page yet."""
    app = Flask("site")
    app.config.update(
        SECRET_KEY="the site's own key, which signs its sessions",
        STRIPE_SECRET_KEY=emulator.key,
        STRIPE_API_BASE=emulator.url,
    )
    return app


def test_a_second_billing_page_in_one_app_is_refused(app: Flask, anna: str) -> None:
    billing = BillingProxy(app, customer_loader=named_by_header)
    for again in (billing, BillingProxy(customer_loader=named_by_header)):
        with pytest.raises(RuntimeError, match="already") as refused:
            again.init_app(app)
        assert "BillingProxy.init_app once" in str(refused.value)
    assert app.test_client().get("/billing/", headers=visitor(anna)).status_code == 200


def test_a_site_may_have_a_blueprint_of_its_own_called_billing(app: Flask, anna: str) -> None:
    own = Blueprint("billing", __name__, url_prefix="/facturen")
    own.add_url_rule("/", "index", lambda: "the site's own invoices")
    app.register_blueprint(own)
    BillingProxy(app, customer_loader=named_by_header)
    client = app.test_client()
    assert client.get("/facturen/").text == "the site's own invoices"
    assert client.get("/billing/", headers=visitor(anna)).status_code == 200


def test_all_problems_of_the_settings_are_told_at_once_and_nothing_is_registered() -> None:
    app = Flask("site")
    app.config.update(BILLING_CACHE_TTL="soon", BILLING_LOCALE="sv", STRIPE_SECRET_KEY="pk_test_1")
    with pytest.raises(ConfigError) as refused:
        BillingProxy(app)
    for name in ("SECRET_KEY", "STRIPE_SECRET_KEY", "BILLING_CACHE_TTL", "BILLING_LOCALE"):
        assert any(problem.startswith(name) for problem in refused.value.problems)
    assert "billing" not in {rule.endpoint.partition(".")[0] for rule in app.url_map.iter_rules()}


def test_several_apps_in_one_process_share_nothing(clock: Clock) -> None:
    """The same customer id at two Stripe accounts: each app shows its own."""
    accounts = [
        Emulator(clock=clock, key="sk_test_of_the_first_account"),
        Emulator(clock=clock, key="sk_test_of_the_second_account"),
    ]
    with accounts[0], accounts[1]:
        clients = []
        for stripe, price, secret in zip(
            accounts, ("price_pro_month", "price_business_year"), SECRETS, strict=True
        ):
            stripe.account.add_customer("cus_same")
            stripe.account.add_subscription("cus_same", [price])
            app = Flask("site")
            app.config.update(
                SECRET_KEY=secret,
                BILLING_TOKEN_SECRET=secret,
                STRIPE_SECRET_KEY=stripe.key,
                STRIPE_API_BASE=stripe.url,
            )
            BillingProxy(app, customer_loader=lambda _: "cus_same", clock=clock)
            clients.append(app.test_client())
        first, second = clients
        plans = [c.get("/billing/subscription.json").get_json()["plan"] for c in clients]
        assert plans == ["Pro", "Business"]
        assert [stripe.calls("/v1/subscriptions") for stripe in accounts] == [1, 1]

        for stripe, client in zip(accounts, clients, strict=True):
            assert client.get("/billing/portal").location.startswith(stripe.url)

        token = bearer(mint("cus_same", clock, key=SECRETS[0]))
        assert first.get("/billing/card", headers=token).status_code == 200
        assert second.get("/billing/card", headers=token).status_code == 401

        link = first.get("/billing/subscription.json", headers=token).get_json()["portal_url"]
        query = link.partition("?")[2]
        assert first.get(f"/billing/portal?{query}").status_code == 303
        assert second.get(f"/billing/portal?{query}").status_code == 401

        accounts[0].fail(times=None, headers={"Stripe-Should-Retry": "false"})
        clock.advance(60)
        assert first.get("/billing/subscription.json").get_json()["stale"] is True
        assert second.get("/billing/subscription.json").get_json()["stale"] is False
        assert second.get("/billing/readyz").get_json()["status"] == "pass"
