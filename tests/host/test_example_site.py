"""The example site: Flask-Login, CSRFProtect, flask-talisman and Flask-Babel around the card."""

from __future__ import annotations

import pytest

from demo.emulator import Emulator
from tests.host.sites import AT_ONCE, NO_CARD_NOW, Host, csrf_token, log_in
from tests.web.pages import Page

STATUS_BY_USER = {
    "anna": "Actief",
    "bram": "Achterstallig",
    "chantal": "Wordt opgezegd",
    "daan": "Proefperiode",
}


@pytest.mark.parametrize(("user", "label"), STATUS_BY_USER.items())
def test_the_account_page_shows_the_card_of_who_is_logged_in(
    host: Host, user: str, label: str
) -> None:
    client = host()
    assert log_in(client, user).location == "/account"
    page = Page(client.get("/account").text)
    assert page.facts["Abonnementsstatus"] == label
    assert list(page.facts)[:3] == ["Huidig plan", "Factureringsperiode", "Abonnementsstatus"]


def test_the_card_stands_in_the_layout_of_the_site(host: Host) -> None:
    client = host()
    log_in(client, "anna")
    html = client.get("/account").text
    assert html.count("<html") == html.count("<body") == html.count("<main") == 1
    assert html.index('class="brand"') < html.index('class="billing-card"') < html.index("</main>")
    assert "Anna de Vries, bij Ploegrooster sinds 3 april 2023." in html
    (button,) = Page(html).buttons
    assert str(button.attributes["href"]).startswith("/billing/portal")
    assert button.attributes["target"] == "_blank"


def test_who_is_not_logged_in_gets_the_sites_login_page_and_no_card(
    host: Host, emulator: Emulator
) -> None:
    client = host()
    assert client.get("/account").location.startswith("/inloggen")
    assert "billing-card" not in client.get("/", follow_redirects=True).text
    for path in ("/billing/", "/billing/card", "/billing/subscription.json", "/billing/portal"):
        answer = client.get(path)
        assert answer.status_code == 401
        assert "Huidig plan" not in answer.text
    assert emulator.calls() == 0


def test_a_browser_that_is_not_logged_in_may_be_sent_to_the_sites_login(host: Host) -> None:
    client = host(BILLING_LOGIN_URL="/inloggen")
    answer = client.get("/billing/")
    assert (answer.status_code, answer.location) == (303, "/inloggen")
    assert client.get("/billing/subscription.json").status_code == 401


def test_the_next_to_log_in_on_the_same_machine_sees_his_own_card(host: Host) -> None:
    client = host()
    log_in(client, "anna")
    html = client.get("/account").text
    assert Page(html).facts["Abonnementsstatus"] == "Actief"
    data = {"csrf_token": csrf_token(html)}
    client.post("/uitloggen", data=data, headers={"Referer": "https://localhost/account"})
    assert client.get("/billing/card").status_code == 401
    log_in(client, "bram")
    assert Page(client.get("/account").text).facts["Abonnementsstatus"] == "Achterstallig"
    assert client.get("/billing/subscription.json").get_json()["status"]["code"] == "past_due"


def test_a_user_without_a_stripe_customer_has_an_account_page_all_the_same(
    host: Host, emulator: Emulator
) -> None:
    client = host()
    log_in(client, "finn")
    answer = client.get("/account")
    assert answer.status_code == 200
    assert "Finn de Boer" in answer.text
    assert "billing-card" not in answer.text
    assert emulator.calls() == 0


def test_a_customer_without_a_subscription_is_told_where_to_choose_one(host: Host) -> None:
    client = host(BILLING_UPGRADE_URL="/#prijzen")
    log_in(client, "eva")
    page = Page(client.get("/account").text)
    assert page.facts == {"Huidig plan": "Free"}
    (button,) = page.buttons
    assert button.attributes["href"] == "https://localhost/#prijzen"


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503},
        {"status": 429},
        {"status": 401},
        {"drop": True},
        {"status": 200, "body": "<html>not what was asked for</html>"},
    ],
    ids=str,
)
def test_an_outage_of_stripe_never_takes_a_page_of_the_site_down(
    host: Host, emulator: Emulator, fault: dict[str, object]
) -> None:
    client = host()
    log_in(client, "anna")
    emulator.fail(times=None, headers=AT_ONCE, **fault)  # type: ignore[arg-type]
    answer = client.get("/account")
    assert answer.status_code == 200
    assert "Anna de Vries" in answer.text
    assert NO_CARD_NOW in Page(answer.text).words
    assert "geen abonnement" not in answer.text


def test_a_stripe_that_hangs_holds_a_page_of_the_site_no_longer_than_the_setting_says(
    host: Host, emulator: Emulator
) -> None:
    client = host(BILLING_STRIPE_TIMEOUT=0.2)
    log_in(client, "anna")
    emulator.fail(times=None, hang=True)
    answer = client.get("/account")
    assert answer.status_code == 200
    assert NO_CARD_NOW in Page(answer.text).words


def test_during_an_outage_the_last_known_card_says_from_when_it_is(
    host: Host, emulator: Emulator
) -> None:
    client = host(BILLING_CACHE_TTL=0)
    log_in(client, "anna")
    client.get("/account")
    emulator.fail(times=None, headers=AT_ONCE)
    page = Page(client.get("/account").text)
    assert page.facts["Abonnementsstatus"] == "Actief"
    assert "Dit is de stand van" in page.words


def test_the_button_leads_to_a_portal_session_of_who_is_logged_in(
    host: Host, emulator: Emulator
) -> None:
    client = host()
    log_in(client, "anna")
    (button,) = Page(client.get("/account").text).buttons
    answer = client.get(button.attributes["href"] or "")
    assert answer.status_code == 303
    assert answer.location.startswith(f"{emulator.url}/p/session/")
    assert emulator.requests[-1].params == {
        "customer": "cus_demo_pro_maand",
        "locale": "nl",
        "return_url": "https://localhost/billing/return",
    }


def test_the_card_in_the_site_is_read_live_once_the_visitor_is_back_from_the_portal(
    host: Host, emulator: Emulator
) -> None:
    client = host(BILLING_RETURN_URL="/account")
    log_in(client, "anna")
    client.get("/account")
    client.get("/account")
    assert emulator.calls("/v1/subscriptions") == 1
    client.get("/billing/portal")
    (subscription,) = emulator.account.subscriptions_of("cus_demo_pro_maand")
    end = subscription["items"]["data"][0]["current_period_end"]
    emulator.account.update(subscription["id"], cancel_at=end)
    answer = client.get("/billing/return")
    assert (answer.status_code, answer.location) == (303, "/account")
    assert Page(client.get("/account").text).facts["Abonnementsstatus"] == "Wordt opgezegd"


@pytest.mark.parametrize(
    ("user", "status"),
    [("anna", 200), ("daan", 200), ("chantal", 200), ("bram", 403), ("eva", 403), ("finn", 403)],
)
def test_the_gated_page_opens_for_who_pays(host: Host, user: str, status: int) -> None:
    client = host()
    log_in(client, user)
    assert client.get("/rapporten").status_code == status


def test_the_gated_page_stays_open_during_an_outage(
    host: Host, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    client = host()
    log_in(client, "anna")
    emulator.fail(times=None, headers=AT_ONCE)
    assert client.get("/rapporten").status_code == 200
    assert "let in without a look at the subscription" in caplog.text


def test_the_card_and_the_gate_of_one_page_cost_one_reading(host: Host, emulator: Emulator) -> None:
    client = host()
    log_in(client, "anna")
    client.get("/rapporten")
    client.get("/account")
    assert emulator.calls("/v1/subscriptions") == 1


def test_the_sites_own_commands_check_and_show_too(host: Host) -> None:
    runner = host().application.test_cli_runner()
    shown = runner.invoke(args=["billing", "show", "cus_demo_pro_maand"])
    assert shown.exit_code == 0
    assert "Actief" in shown.output
    assert runner.invoke(args=["billing", "check"]).exit_code == 0
