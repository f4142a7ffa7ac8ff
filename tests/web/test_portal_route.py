"""The button: a portal session made at the click, for a person, in Dutch, and never kept."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from billing_proxy.gateway.gateway import FLOWS
from billing_proxy.testing.catalogue import CONFIGURATION
from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.pages import Page
from tests.stage.tokens import mint

SESSIONS = "/v1/billing_portal/sessions"


def sessions_sent(emulator: Emulator) -> list[dict[str, object]]:
    """The parameters of every portal session that was asked for."""
    return [call.params for call in emulator.requests if call.path == SESSIONS]


def switch_off(emulator: Emulator, feature: str) -> None:
    """Switch a feature off in the portal's settings, as one can in the Dashboard."""
    features = emulator.account["billing_portal.configuration", CONFIGURATION]["features"]
    changed = {**features, feature: {**features[feature], "enabled": False}}
    emulator.account.update(CONFIGURATION, features=changed)


def sign_in(client: FlaskClient, customer: str, clock: Clock) -> FlaskClient:
    client.get(f"/billing/?token={mint(customer, clock)}")
    return client


def test_the_click_makes_a_session_and_goes_there(browser: FlaskClient, emulator: Emulator) -> None:
    answer = browser.get("/billing/portal")
    assert answer.status_code == 303
    assert answer.location.startswith(f"{emulator.url}/p/session/")
    assert emulator.calls() == 1


def test_the_session_is_the_customers_in_dutch_and_returns_to_the_service(
    browser: FlaskClient, emulator: Emulator
) -> None:
    browser.get("/billing/portal")
    assert sessions_sent(emulator) == [
        {
            "customer": "cus_anna",
            "locale": "nl",
            "return_url": "http://localhost/billing/return",
        }
    ]


def test_every_click_makes_a_session_of_its_own_that_no_cache_keeps(
    browser: FlaskClient, emulator: Emulator
) -> None:
    first, second = browser.get("/billing/portal"), browser.get("/billing/portal")
    assert first.location != second.location
    assert emulator.calls(SESSIONS) == 2
    assert first.cache_control.no_store
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert "ETag" not in first.headers


def test_the_portals_address_is_in_no_log(
    browser: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        location = browser.get("/billing/portal").location
    secret = location.rpartition("/")[2]
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith("urllib3")]
    assert secret not in "\n".join(ours)


def test_the_chosen_portal_configuration_is_used(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock
) -> None:
    emulator.account.add_configuration("bpc_of_our_own")
    client = sign_in(serve(STRIPE_PORTAL_CONFIGURATION="bpc_of_our_own"), anna, clock)
    assert client.get("/billing/portal").status_code == 303
    assert sessions_sent(emulator)[0]["configuration"] == "bpc_of_our_own"


def test_the_way_back_is_where_the_customer_came_from(
    browser: FlaskClient, anna: str, emulator: Emulator, clock: Clock
) -> None:
    browser.get(f"/billing/?token={mint(anna, clock)}", base_url="https://abo.example.nl")
    browser.get("/billing/portal", base_url="https://abo.example.nl")
    sent = sessions_sent(emulator)
    assert sent[0]["return_url"] == "https://abo.example.nl/billing/return"


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_leads_deep_into_the_portal_and_comes_back_by_itself(
    browser: FlaskClient, emulator: Emulator, flow: str
) -> None:
    (item,) = emulator.account["subscription", "sub_anna"]["items"]["data"]
    confirmed = [{"id": item["id"], "price": "price_pro_year", "quantity": "1"}]
    about = {
        "payment_method_update": {},
        "customer_update": {},
        "subscription_update_confirm": {flow: {"subscription": "sub_anna", "items": confirmed}},
    }.get(flow, {flow: {"subscription": "sub_anna"}})
    back = {"type": "redirect", "redirect": {"return_url": "http://localhost/billing/return"}}
    assert browser.get(f"/billing/portal?flow={flow}").status_code == 303
    sent = sessions_sent(emulator)[0]["flow_data"]
    assert sent == {"type": flow, "after_completion": back, **about}


class TestPay:
    """``flow=pay``: Stripe's page of the open invoice, read at the click."""

    @pytest.fixture
    def debt(self, anna: str, emulator: Emulator) -> str:
        """The address of that page, for a second subscription of Anna's."""
        item = {"price": "price_business_month"}
        emulator.account.add_subscription(anna, [item], id="sub_debt", status="past_due", created=1)
        invoice = emulator.account["subscription", "sub_debt"]["latest_invoice"]
        return emulator.url + str(emulator.account["invoice", invoice]["hosted_invoice_url"])

    @pytest.mark.parametrize("query", ["flow=pay", "flow=pay&subscription=sub_debt"])
    def test_it_leads_to_the_open_invoice(
        self, browser: FlaskClient, emulator: Emulator, debt: str, query: str
    ) -> None:
        answer = browser.get(f"/billing/portal?{query}")
        assert (answer.status_code, answer.location) == (303, debt)
        assert answer.headers["Cache-Control"] == "no-store"
        assert sessions_sent(emulator) == []

    @pytest.mark.parametrize("query", ["flow=pay&subscription=sub_anna", "flow=pay"])
    def test_where_nothing_is_open_the_portal_opens(
        self, browser: FlaskClient, emulator: Emulator, query: str
    ) -> None:
        answer = browser.get(f"/billing/portal?{query}")
        assert answer.location.startswith(f"{emulator.url}/p/session/")

    @pytest.mark.usefixtures("debt")
    def test_a_key_that_may_not_read_invoices_opens_the_portal(
        self, serve: Serve, emulator: Emulator, clock: Clock
    ) -> None:
        key = emulator.add_key("rk_test_few", ["subscriptions:read", "portal:write"])
        client = sign_in(serve(STRIPE_SECRET_KEY=key), "cus_anna", clock)
        answer = client.get("/billing/portal?flow=pay")
        assert answer.location.startswith(f"{emulator.url}/p/session/")


@pytest.mark.parametrize("flow", ["pay", "subscription_cancel", ""])
@pytest.mark.parametrize("other", ["sub_bob", "sub_nobody", "in_1", "", "../x"])
def test_a_subscription_that_is_not_the_customers_own_is_not_found_and_not_asked_for(
    browser: FlaskClient, emulator: Emulator, bob: str, flow: str, other: str
) -> None:
    browser.get("/billing/")
    before = emulator.calls()
    answer = browser.get("/billing/portal", query_string={"flow": flow, "subscription": other})
    assert answer.status_code == 404
    assert emulator.calls() == before


@pytest.mark.parametrize(
    "flow", ["payment_method_update", "subscription_update", "subscription_cancel"]
)
def test_a_flow_that_is_switched_off_opens_the_plain_portal(
    browser: FlaskClient, emulator: Emulator, flow: str
) -> None:
    switch_off(emulator, flow)
    answer = browser.get(f"/billing/portal?flow={flow}")
    assert answer.status_code == 303
    assert answer.location.startswith(f"{emulator.url}/p/session/")
    refused, plain = sessions_sent(emulator)
    assert "flow_data" in refused
    assert "flow_data" not in plain


def test_nobody_gets_a_portal_without_signing_in(client: FlaskClient, emulator: Emulator) -> None:
    assert client.get("/billing/portal").status_code == 401
    assert emulator.calls() == 0


def test_a_program_may_open_the_portal_with_its_token(
    client: FlaskClient, as_anna: dict[str, str], emulator: Emulator
) -> None:
    assert client.get("/billing/portal", headers=as_anna).status_code == 303


def test_a_portal_without_settings_is_a_mistake_of_the_operator(
    browser: FlaskClient, emulator: Emulator
) -> None:
    emulator.account.update(CONFIGURATION, is_default=False)
    for query in ("", "?flow=subscription_cancel"):
        answer = browser.get(f"/billing/portal{query}")
        assert answer.status_code == 502
        assert "Set-Cookie" not in answer.headers


def test_a_customer_unknown_to_stripe_has_no_portal(client: FlaskClient, clock: Clock) -> None:
    assert sign_in(client, "cus_nobody", clock).get("/billing/portal").status_code == 404


def test_while_stripe_fails_the_portal_says_when_to_try_again(
    browser: FlaskClient, emulator: Emulator
) -> None:
    browser.get("/billing/")
    emulator.fail(times=None, headers={"Stripe-Should-Retry": "false"})
    answer = browser.get("/billing/portal")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_the_way_back_leads_to_the_page(browser: FlaskClient, emulator: Emulator) -> None:
    answer = browser.get("/billing/return")
    assert answer.status_code == 303
    assert answer.location == "/billing/"
    assert answer.cache_control.no_store
    assert emulator.calls() == 0


def test_the_way_back_of_who_has_no_page_here_is_a_word_that_all_is_done(
    client: FlaskClient, as_anna: dict[str, str]
) -> None:
    portal = client.get("/billing/subscription.json", headers=as_anna).get_json()["portal_url"]
    assert client.get(portal).status_code == 303
    answer = client.get("/billing/return")
    assert answer.status_code == 200
    assert "Je kunt dit tabblad sluiten." in Page(answer.text).words
    assert answer.cache_control.no_store


def test_the_way_back_leads_to_the_site_where_the_settings_say_so(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock
) -> None:
    client = sign_in(serve(BILLING_RETURN_URL="https://www.example.nl/account"), anna, clock)
    assert client.get("/billing/return").location == "https://www.example.nl/account"
    client.get("/billing/portal")
    assert sessions_sent(emulator)[0]["return_url"] == "http://localhost/billing/return"


@pytest.mark.parametrize("name", ["to", "next", "return_url", "url"])
def test_the_way_back_cannot_be_bent(browser: FlaskClient, name: str) -> None:
    answer = browser.get("/billing/return", query_string={name: "https://evil.example/"})
    assert answer.location == "/billing/"
