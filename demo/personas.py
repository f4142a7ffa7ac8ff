"""The demo's customers: one per status, and the ones that pages like this get wrong.

`label` is the badge that the page is to show (None: no badge); ids are stable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo import situations
from demo.account.account import Account


@dataclass(frozen=True)
class Persona:
    """A customer to look at: what is special (in Dutch), and the badge the page is to show."""

    customer: str
    label: str | None
    description: str
    build: Callable[[Account, str], None] | None
    exists: bool = True
    """Whether Stripe knows this customer."""


PERSONAS = (
    Persona("cus_demo_pro_maand", "Actief", "Pro per maand: alles in orde", situations.pro),
    Persona("cus_demo_business_jaar", "Actief", "Business per jaar", situations.business),
    Persona("cus_demo_gratis", "Actief", "Free: een abonnement van € 0", situations.free),
    Persona("cus_demo_kwartaal", "Actief", "Pro per 3 maanden", situations.quarter),
    Persona(
        "cus_demo_team",
        "Actief",
        "Pro met 12 extra gebruikers (van een gearchiveerd product)",
        situations.team,
    ),
    Persona(
        "cus_demo_verbruik",
        "Actief",
        "Business met opslag naar gebruik (staffelprijs)",
        situations.metered,
    ),
    Persona(
        "cus_demo_gemengd",
        "Actief",
        "Pro per maand, extra gebruikers per jaar: gemengde periode",
        situations.mixed,
    ),
    Persona(
        "cus_demo_vooruit_betaald", "Actief", "Al betaald tot na deze periode", situations.prebilled
    ),
    Persona(
        "cus_demo_product_weg",
        "Actief",
        "Het product is in Stripe verwijderd",
        situations.product_gone,
    ),
    Persona(
        "cus_demo_na_proef",
        "Actief",
        "Proefperiode is voorbij, de proefdatum staat er nog",
        situations.after_trial,
    ),
    Persona("cus_demo_ingetrokken", "Actief", "Opzegging weer ingetrokken", situations.renewed),
    Persona(
        "cus_demo_meerdere",
        "Actief",
        "Drie abonnementen: één loopt, één beëindigd, één gepauzeerd",
        situations.several,
    ),
    Persona("cus_demo_proef", "Proefperiode", "Proefperiode, nog negen dagen", situations.trial),
    Persona(
        "cus_demo_proef_opgezegd",
        "Wordt opgezegd",
        "Proefperiode die niet doorloopt",
        situations.trial_canceled,
    ),
    Persona(
        "cus_demo_opzegging_klassiek",
        "Wordt opgezegd",
        "Opgezegd met alleen de vlag (klassiek)",
        situations.canceling_classic,
    ),
    Persona(
        "cus_demo_opzegging_flexibel",
        "Wordt opgezegd",
        "Opgezegd in het portaal: alleen een einddatum",
        situations.canceling_flexible,
    ),
    Persona(
        "cus_demo_opzegging_met_betaling",
        "Wordt opgezegd",
        "Opgezegd, vóór het einde nog betalingen",
        situations.canceling_with_charges,
    ),
    Persona(
        "cus_demo_incasso_mislukt",
        "Achterstallig",
        "Betaling mislukt, nieuwe poging volgt",
        situations.past_due,
    ),
    Persona(
        "cus_demo_factuur_te_laat",
        "Achterstallig",
        "Factuur over de vervaldatum",
        situations.invoice_overdue,
    ),
    Persona(
        "cus_demo_achterstallig_opgezegd",
        "Achterstallig",
        "Betaling mislukt en ook opgezegd",
        situations.past_due_canceling,
    ),
    Persona(
        "cus_demo_onbetaald",
        "Achterstallig",
        "Onbetaald: Stripe probeert het niet meer",
        situations.unpaid,
    ),
    Persona(
        "cus_demo_onvolledig",
        "Achterstallig",
        "De eerste betaling is nog niet gelukt",
        situations.incomplete,
    ),
    Persona(
        "cus_demo_pauze_na_proef",
        "Gepauzeerd",
        "Proef voorbij zonder betaalmethode",
        situations.paused_after_trial,
    ),
    Persona(
        "cus_demo_pauze_na_mislukking",
        "Gepauzeerd",
        "Gepauzeerd na de laatste mislukte betaling",
        situations.paused_for_payment,
    ),
    Persona(
        "cus_demo_pauze", "Gepauzeerd", "Op verzoek gepauzeerd, zonder einddatum", situations.paused
    ),
    Persona(
        "cus_demo_pauze_tot",
        "Gepauzeerd",
        "Op verzoek gepauzeerd, hervat over drie weken",
        situations.paused_until,
    ),
    Persona(
        "cus_demo_innen_gepauzeerd",
        "Gepauzeerd",
        "Loopt door, maar er wordt even niet geïnd",
        situations.collection_paused,
    ),
    Persona("cus_demo_opgezegd", "Opgezegd", "Beëindigd abonnement", situations.canceled),
    Persona("cus_demo_geen", None, "Klant zonder abonnement", None),
    Persona(
        "cus_demo_verlopen",
        None,
        "Alleen een eerste betaling die nooit gelukt is",
        situations.expired,
    ),
    Persona(
        "cus_demo_vreemde_status",
        None,
        "Een status die deze versie niet kent",
        situations.unknown_status,
    ),
    Persona(
        "cus_demo_onbekend",
        None,
        "Klant die niet in Stripe bestaat: een foutpagina",
        None,
        exists=False,
    ),
)
"""Every persona, in the order of the start page."""


def populate(account: Account) -> Account:
    """Add every persona to an account that has the catalogue."""
    for persona in PERSONAS:
        if persona.exists:
            name = persona.customer.removeprefix("cus_demo_").replace("_", " ").title()
            account.add_customer(persona.customer, name=f"Demo {name}")
        if persona.build:
            persona.build(account, persona.customer)
    return account
