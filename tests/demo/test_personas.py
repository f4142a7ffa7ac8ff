"""The personas: each is in the situation that it says it is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import stripe
from stripe import StripeClient

from demo.catalogue import account_with_catalogue
from demo.emulator import Emulator
from demo.personas import PERSONAS, Persona, populate

NOW = 1_795_345_200
LABELS = {"Actief", "Proefperiode", "Wordt opgezegd", "Achterstallig", "Gepauzeerd", "Opgezegd"}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(populate(account_with_catalogue(lambda: NOW))) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> StripeClient:
    return StripeClient(emulator.key, base_addresses={"api": emulator.url})


def subscriptions(client: StripeClient, name: str) -> list[Any]:
    asked: Any = {
        "customer": f"cus_demo_{name}",
        "status": "all",
        "expand": ["data.latest_invoice", "data.schedule"],
    }
    return client.v1.subscriptions.list(asked).data


def ends(subscription: Any) -> list[int]:
    return [item.current_period_end for item in subscription["items"].data]


def test_every_status_and_every_label_has_a_persona(client: StripeClient) -> None:
    statuses = {
        found.status
        for persona in PERSONAS
        if persona.exists
        for found in subscriptions(client, persona.customer.removeprefix("cus_demo_"))
    }
    assert statuses > {
        *("active", "canceled", "incomplete", "incomplete_expired"),
        *("past_due", "paused", "trialing", "unpaid"),
    }
    assert {persona.label for persona in PERSONAS} == LABELS | {None}


def test_no_two_personas_are_the_same() -> None:
    for what in ("customer", "description"):
        counted = Counter(getattr(persona, what) for persona in PERSONAS)
        assert counted.most_common(1)[0][1] == 1


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.customer)
def test_every_subscription_belongs_to_its_persona_and_points_at_what_is_there(
    emulator: Emulator, persona: Persona
) -> None:
    for found in emulator.account.subscriptions_of(persona.customer):
        assert found["id"].startswith(persona.customer.replace("cus_", "sub_"))
        assert found["created"] <= NOW
        assert emulator.account.get("invoice", found["latest_invoice"])
        for item in found["items"]["data"]:
            assert item["current_period_start"] < item["current_period_end"]
            assert emulator.account.get("price", item["price"]["id"])


@pytest.mark.parametrize(
    "name",
    [
        persona.customer.removeprefix("cus_demo_")
        for persona in PERSONAS
        if persona.label == "Actief"
    ],
)
def test_who_is_active_has_a_running_subscription_that_goes_on(
    client: StripeClient, name: str
) -> None:
    running = [found for found in subscriptions(client, name) if found.status == "active"]
    assert len(running) == 1
    assert running[0].cancel_at is None
    assert running[0].cancel_at_period_end is False
    assert running[0].pause_collection is None
    assert min(ends(running[0])) > NOW


def test_who_cancels_the_classic_way_has_the_flag_alone(client: StripeClient) -> None:
    (found,) = subscriptions(client, "opzegging_klassiek")
    assert (found.cancel_at, found.cancel_at_period_end) == (None, True)
    assert found.billing_mode.type == "classic"


def test_who_cancels_the_flexible_way_has_an_end_alone(client: StripeClient) -> None:
    (found,) = subscriptions(client, "opzegging_flexibel")
    assert (found.cancel_at, found.cancel_at_period_end) == (ends(found)[0], False)


def test_who_cancels_for_the_end_of_the_year_still_pays_by_the_month(client: StripeClient) -> None:
    (found,) = subscriptions(client, "opzegging_met_betaling")
    assert NOW < min(ends(found)) < found.cancel_at == max(ends(found))


def test_who_cancels_a_trial_ends_with_it(client: StripeClient) -> None:
    (found,) = subscriptions(client, "proef_opgezegd")
    assert found.status == "trialing"
    assert found.cancel_at == found.trial_end == ends(found)[0]


def test_who_owes_has_an_open_invoice_and_perhaps_a_retry(client: StripeClient) -> None:
    (retry,) = subscriptions(client, "incasso_mislukt")
    (unpaid,) = subscriptions(client, "onbetaald")
    (by_invoice,) = subscriptions(client, "factuur_te_laat")
    assert retry.latest_invoice.next_payment_attempt > NOW
    assert unpaid.latest_invoice.next_payment_attempt is None
    assert by_invoice.collection_method == "send_invoice"
    assert by_invoice.latest_invoice.due_date < NOW
    for found in (retry, unpaid, by_invoice):
        assert found.latest_invoice.status == "open"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pauze", "pause_requested"),
        ("pauze_tot", "pause_requested"),
        ("pauze_na_proef", "trial_end_without_payment_method"),
        ("pauze_na_mislukking", "final_payment_failure"),
    ],
)
def test_who_is_paused_has_a_reason_and_a_period_in_the_past(
    client: StripeClient, name: str, reason: str
) -> None:
    (found,) = subscriptions(client, name)
    assert found.status_details.paused.subscription.type == reason
    assert ends(found)[0] < NOW


def test_a_resume_date_stands_on_the_schedule_only(client: StripeClient) -> None:
    (until,) = subscriptions(client, "pauze_tot")
    (open_end,) = subscriptions(client, "pauze")
    assert until.schedule.pause_schedules[0].resume.resume_at > NOW
    assert open_end.schedule is None


def test_paused_collection_leaves_the_status_active(client: StripeClient) -> None:
    (found,) = subscriptions(client, "innen_gepauzeerd")
    assert found.status == "active"
    assert found.pause_collection.resumes_at > NOW


def test_the_tricky_items_are_what_they_say(client: StripeClient) -> None:
    (quarter,) = subscriptions(client, "kwartaal")
    (team,) = subscriptions(client, "team")
    (mixed,) = subscriptions(client, "gemengd")
    (prebilled,) = subscriptions(client, "vooruit_betaald")
    (metered,) = subscriptions(client, "verbruik")
    assert quarter["items"].data[0].price.recurring.interval_count == 3
    assert team["items"].data[1].quantity == 12
    assert len({item.price.recurring.interval for item in mixed["items"].data}) == 2
    assert prebilled["items"].data[0].billed_until > ends(prebilled)[0]
    assert metered["items"].data[1].price.recurring.usage_type == "metered"


def test_a_deleted_product_has_no_name_to_read(client: StripeClient) -> None:
    (found,) = subscriptions(client, "product_weg")
    product = found["items"].data[0].price.product
    assert client.v1.products.list({"ids": [product]}).data == []


def test_several_subscriptions_are_there_at_once(client: StripeClient) -> None:
    statuses = [found.status for found in subscriptions(client, "meerdere")]
    assert sorted(statuses) == ["active", "canceled", "paused"]


def test_who_has_no_subscription_has_none_to_speak_of(client: StripeClient) -> None:
    assert subscriptions(client, "geen") == []
    assert [found.status for found in subscriptions(client, "verlopen")] == ["incomplete_expired"]


def test_one_persona_is_no_customer_at_all(client: StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        subscriptions(client, "onbekend")
