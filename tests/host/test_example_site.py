"""The example site: Flask-Login, CSRFProtect, flask-talisman and Flask-Babel around the card."""

from __future__ import annotations

import pytest

from demo.emulator import Emulator
from tests.host.sites import AT_ONCE, NO_CARD_NOW, Host, csrf_token, log_in
from tests.stage.pages import Page

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


@pytest.mark.parametrize(
    ("user", "status"),
    [("anna", 200), ("daan", 200), ("chantal", 200), ("bram", 200), ("eva", 403), ("finn", 403)],
)
def test_the_gated_page_opens_for_who_pays(host: Host, user: str, status: int) -> None:
    client = host()
    log_in(client, user)
    assert client.get("/rapporten").status_code == status


def test_the_sites_own_commands_check_and_show_too(host: Host) -> None:
    runner = host().application.test_cli_runner()
    shown = runner.invoke(args=["billing", "show", "cus_demo_pro_maand"])
    assert shown.exit_code == 0
    assert "Actief" in shown.output
    assert runner.invoke(args=["billing", "check"]).exit_code == 0
