"""The page of an invoice: who pays there has paid, and the subscription follows."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from stripe import StripeClient

from billing_proxy.testing.account.periods import DAY
from billing_proxy.testing.account.subscriptions import pending_update
from demo.emulator import Emulator

OWNER = "cus_owner"


@pytest.fixture
def pay(client: StripeClient) -> Any:
    """Pay an invoice on the page that the API names; the page that is shown after it."""

    def submit(invoice: dict[str, Any], method: str = "ideal") -> requests.Response:
        url = client.v1.invoices.retrieve(invoice["id"]).hosted_invoice_url
        return requests.post(str(url), data={"method": method}, timeout=5)

    return submit


@pytest.mark.parametrize("status", ["past_due", "unpaid", "incomplete"])
@pytest.mark.parametrize("collection", ["charge_automatically", "send_invoice"])
def test_a_debt_is_paid_and_the_subscription_active(
    emulator: Emulator, client: StripeClient, pay: Any, status: str, collection: str
) -> None:
    made = emulator.account.add_subscription(OWNER, status=status, collection_method=collection)
    older = emulator.account["invoice", made["latest_invoice"]]
    newer = emulator.account.add_invoice(OWNER, made["id"], "requires_action")
    page = pay(older)
    assert "Deze factuur is betaald" in page.text
    assert client.v1.subscriptions.retrieve(made["id"]).status == status, "one more is open"
    pay(newer)
    assert client.v1.subscriptions.retrieve(made["id"]).status == "active"
    found = client.v1.invoices.retrieve(newer["id"])
    assert (found.status, found.amount_remaining) == ("paid", 0)


def test_a_debit_is_under_way_for_days_and_cannot_be_paid_twice(
    emulator: Emulator, client: StripeClient, pay: Any
) -> None:
    made = emulator.account.add_subscription(OWNER, status="past_due")
    invoice = emulator.account["invoice", made["latest_invoice"]]
    assert "Je betaling is onderweg" in pay(invoice, "sepa_debit").text
    assert emulator.account.payment_of(invoice)["status"] == "processing"
    assert client.v1.subscriptions.retrieve(made["id"]).status == "past_due"
    assert pay(invoice).status_code == 409
    assert invoice["status"] == "open"


def test_a_change_that_waited_takes_place(
    emulator: Emulator, client: StripeClient, pay: Any
) -> None:
    account = emulator.account
    made = account.add_subscription(OWNER)
    wanted = account.item(made["id"], "price_business_month")
    made["pending_update"] = pending_update([wanted], account.now() + DAY)
    pay(account.add_invoice(OWNER, made["id"], "requires_action", amount=7000))
    found = client.v1.subscriptions.retrieve(made["id"])
    assert found["items"].data[0].price.id == "price_business_month"
    assert found.pending_update is None


def test_the_page_shows_what_is_asked_and_nothing_of_the_customer(emulator: Emulator) -> None:
    account = emulator.account
    made = account.add_invoice(OWNER, amount=129_000, due_date=account.now())
    page = requests.get(emulator.url + made["hosted_invoice_url"], timeout=5)
    for text in ("€ 1.290,00", "Betaal uiterlijk op 22 november 2076.", "Voorbeeld B.V.", "iDEAL"):
        assert text in page.text
    assert page.headers["Cache-Control"] == "no-store"
    account.update(made["id"], status="void")
    page = requests.get(emulator.url + made["hosted_invoice_url"], timeout=5)
    assert "hoef je niet meer te betalen" in page.text
    assert "<form" not in page.text


def test_a_guessed_address_finds_no_invoice(emulator: Emulator) -> None:
    assert requests.get(f"{emulator.url}/i/test_guess", timeout=5).status_code == 404
    answer = requests.post(f"{emulator.url}/i/test_guess", data={"method": "card"}, timeout=5)
    assert answer.status_code == 409
