"""The demo's customers, and what the page is to show of each: the table of truth.

There is one for every status and every notice, and one for what pages like this get wrong. The
start page shows the table, tests compare the service with it, and ids are stable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from billing_proxy import NO_CUSTOMER
from billing_proxy.testing.account.account import Account
from billing_proxy.testing.catalogue import account_with_catalogue
from billing_proxy.testing.situations import (
    coming,
    debts,
    ending,
    money,
    pauses,
    running,
    several,
    trials,
)

Build = Callable[[Account, str], None]

LABELS = {
    "active": "Actief",
    "trialing": "Proefperiode",
    "canceling": "Wordt opgezegd",
    "past_due": "Achterstallig",
    "paused": "Gepauzeerd",
    "canceled": "Opgezegd",
}
"""The six badges, by `status.code`; the codes `none` and `unknown` have none."""

PLACES = {
    "plan": "plan",
    "period": "billing_period.label",
    "price": "price.text",
    "discount": "discount.text",
    "method": "payment_method.text",
    "change": "upcoming_change.code",
    "saving": "yearly_saving.text",
}
"""Where a row's further truths stand in the JSON."""

NEXT = "Volgende factureringsdatum"
ENDS = "Eindigt op"
TRIAL = "Proefperiode eindigt op"
RETRY = "Volgende betaalpoging"
DUE = "Vervaldatum factuur"
RESUMES = "Hervat op"
ENDED = "Beëindigd op"


@dataclass(frozen=True)
class Persona:
    """A customer to look at, and what the page is to show."""

    name: str
    build: Build | None
    code: str
    """`status.code` of the JSON."""
    caption: str | None
    """The caption of the date; None where there is no date."""
    description: str
    """What is special, in Dutch."""
    notices: tuple[str, ...] = ()
    """The codes of the notices, in their order."""
    shows: Mapping[str, str | None] = field(default_factory=dict)
    """What else is the point, by its place in `PLACES`; None: it must not be there.

    A text that ends in `…` is how the page's text begins.
    """
    exists: bool = True
    """Whether there is a card to show; else Stripe knows no such customer."""

    @property
    def customer(self) -> str:
        """The customer's id at Stripe; for who never paid, the word that says so."""
        return NO_CUSTOMER if self is NEVER_PAID else f"cus_demo_{self.name}"

    @property
    def label(self) -> str | None:
        """The badge; None for no badge."""
        return LABELS.get(self.code)


def _row(
    name: str,
    build: Build | None,
    code: str,
    caption: str | None,
    description: str,
    *notices: str,
    **shows: str | None,
) -> Persona:
    return Persona(name, build, code, caption, description, notices, shows)


NEVER_PAID = _row(
    "nooit_betaald", None, "none", None, "Heeft nog nooit betaald: geen klant in Stripe"
)
"""Somebody who is signed in and whom Stripe does not know."""

# fmt: off
PERSONAS = (
    _row("pro_maand", running.pro, "active", NEXT, "Pro per maand: alles in orde",
         plan="Pro", period="Maandelijks", price="€ 29,00 per maand", discount=None, change=None),
    _row("business_jaar", running.business, "active", NEXT, "Business per jaar",
         period="Jaarlijks", price="€ 990,00 per jaar", saving=None),
    _row("kwartaal", running.quarter, "active", NEXT, "Pro per 3 maanden", period="Per 3 maanden"),
    _row("team", running.team, "active", NEXT,
         "Pro met 12 extra gebruikers (van een gearchiveerd product)",
         plan="Pro + Extra gebruikers"),
    _row("lege_regel", running.no_seats, "active", NEXT,
         "Pro met 0 extra gebruikers: dat is gewoon Pro", plan="Pro"),
    _row("verbruik", running.metered, "active", NEXT,
         "Business met opslag naar gebruik (staffelprijs)", price=None),
    _row("gemengd", running.mixed, "active", NEXT,
         "Pro per maand, extra gebruikers per jaar: gemengde periode",
         period="Gemengd", price=None),
    _row("week", running.week, "active", NEXT, "Per 7 dagen en per week: wekelijks",
         period="Wekelijks"),
    _row("twee_jaar", running.two_years, "active", NEXT,
         "Per 24 maanden en per 2 jaar: even lang", period="Per 2 jaar"),
    _row("vooruit_betaald", running.prebilled, "active", NEXT, "Al betaald tot na deze periode"),
    _row("product_weg", running.product_gone, "active", NEXT,
         "Het product is in Stripe verwijderd", plan="Abonnement"),
    _row("gearchiveerd", running.archived, "active", NEXT,
         "Een plan dat niet meer te koop is: geen jaarkorting beloven", saving=None),
    _row("rechts_naar_links", running.two_directions, "active", NEXT,
         "Namen in het Hebreeuws en het Arabisch"),
    _row("na_proef", running.after_trial, "active", NEXT,
         "Proefperiode is voorbij, de proefdatum staat er nog"),
    _row("ingetrokken", running.renewed, "active", NEXT, "Opzegging weer ingetrokken"),
    _row("incasso", running.by_debit, "active", NEXT, "Betaalt met SEPA-incasso",
         method="SEPA-incasso…"),
    _row("eigen_kaart", running.by_method_of_its_own, "active", NEXT,
         "Het abonnement heeft een eigen kaart", method="Mastercard eindigend op 4444…"),
    _row("vreemde_betaalwijze", running.by_unknown_method, "active", NEXT,
         "Een betaalmethode die deze versie niet kent"),
    _row("op_factuur", running.by_invoice, "active", NEXT, "Betaalt op factuur, alles is betaald",
         method="Op factuur"),
    _row("factuur_open", debts.invoice_open, "active", NEXT,
         "Betaalt op factuur, nog negen dagen de tijd", "invoice_open"),
    _row("kaart_verloopt", running.card_expires_soon, "active", NEXT,
         "De kaart verloopt vóór de volgende betaling", "card_expires"),
    _row("kaart_verloopt_later", running.card_expires_later, "active", NEXT,
         "De kaart verloopt vóór de volgende betaling, maar dat duurt nog", "card_expires"),
    _row("wijziging_wacht", debts.update_pending, "active", NEXT,
         "Een wijziging die wacht op de betaling", "update_pending"),
    _row("overstap", coming.downgrade, "active", NEXT, "Gaat straks over naar Basic",
         change="plan", saving=None),
    _row("periode_wijzigt", coming.shorter_period, "active", NEXT,
         "Gaat straks van per jaar naar per maand", change="period"),
    _row("aantal_wijzigt", coming.fewer, "active", NEXT, "Straks 8 in plaats van 12 gebruikers",
         change="quantity"),
    _row("prijs_wijzigt", coming.other_price, "active", NEXT, "Hetzelfde plan wordt duurder",
         change="price"),
    _row("pauze_gepland", coming.pause, "active", None,
         "Pauze gepland vóór de verlenging: er komt geen betaling", change="pause", saving=None),
    _row("gratis", money.free, "active", None, "Free: een abonnement van € 0", price="Gratis"),
    _row("nul_stuks", money.nothing_of_it, "active", None, "Een betaald plan, maar 0 stuks",
         price="Gratis"),
    _row("korting_procent", money.percent_off, "active", NEXT, "10% korting, drie maanden lang",
         discount="10% korting…", saving=None),
    _row("korting_bedrag", money.amount_off, "active", NEXT,
         "€ 10 korting per factuur: per jaar is duurder",
         discount="€ 10,00 korting per factuur", saving=None),
    _row("korting_alles", money.all_off, "active", None, "100% korting, voor altijd",
         discount="100% korting…"),
    _row("korting_regel", money.off_one_item, "active", NEXT, "Korting op één onderdeel"),
    _row("korting_klant", money.off_for_customer, "active", NEXT, "Korting op de hele klant"),
    _row("vijftig_kortingen", money.fifty_discounts, "active", NEXT, "Vijftig kortingen tegelijk"),
    _row("andere_munt", money.other_currency, "active", NEXT,
         "Een prijs in dollars, betaald in euro: geen bedrag", price=None),
    _row("dinar", money.dinar, "active", NEXT, "Een munt met centen, die anderen vaak weglaten",
         price="RSD 1.499,50 per maand"),
    _row("btw_erbij", money.tax_on_top, "active", NEXT, "De btw komt er nog bij",
         price="€ 29,00 per maand, exclusief btw"),
    _row("btw_verlegd", money.tax_shifted, "active", NEXT, "Btw verlegd: er komt niets bij",
         price="€ 29,00 per maand"),
    _row("btw_onbekend", money.tax_not_computed, "active", NEXT,
         "Exclusieve prijs, maar er wordt geen btw berekend", price="€ 29,00 per maand"),
    _row("meerdere", several.several, "active", NEXT,
         "Drie abonnementen: één loopt, één beëindigd, één gepauzeerd", plan="Pro"),
    _row("veel_beeindigd", several.many_ended, "active", NEXT,
         "Eén loopt, vier zijn beëindigd: die zijn ingeklapt"),
    _row("schuld_ernaast", several.debt_beside, "active", NEXT,
         "Eén loopt, een ander is niet betaald", "other_debt", plan="Business"),
    _row("afgebroken_afrekenen", several.abandoned_checkout, "active", NEXT,
         "Eén loopt, een bestelling is niet afgemaakt: die telt niet"),

    _row("proef", trials.trial, "trialing", TRIAL, "Proefperiode, nog negen dagen"),
    _row("proef_stopt", trials.trial_that_stops, "trialing", TRIAL,
         "Geen betaalmethode: de proef stopt over vijf dagen", "trial_without_payment_method"),
    _row("proef_pauzeert", trials.trial_that_pauses, "trialing", TRIAL,
         "Geen betaalmethode: de proef pauzeert straks", "trial_without_payment_method"),
    _row("proef_met_factuur", trials.trial_that_sends_an_invoice, "trialing", TRIAL,
         "Geen betaalmethode: er komt een factuur", "trial_without_payment_method"),
    _row("gratis_naast_proef", several.free_beside_trial, "trialing", TRIAL,
         "Een gratis plan en een betaald plan op proef: het betaalde telt", plan="Pro"),

    _row("proef_opgezegd", trials.trial_canceled, "canceling", ENDS,
         "Proefperiode die niet doorloopt", price=None, saving=None),
    _row("opzegging_klassiek", ending.canceling_classic, "canceling", ENDS,
         "Opgezegd met alleen de vlag (klassiek)"),
    _row("opzegging_flexibel", ending.canceling_flexible, "canceling", ENDS,
         "Opgezegd in het portaal: alleen een einddatum"),
    _row("opzegging_met_betaling", ending.canceling_with_charges, "canceling", ENDS,
         "Opgezegd, vóór het einde nog betalingen"),
    _row("einde_van_de_dag", ending.canceling_at_close_of_day, "canceling", ENDS,
         "Eindigt in de laatste seconde van een dag: tot en met"),
    _row("vaste_termijn", ending.fixed_term, "canceling", ENDS,
         "Een vaste termijn: niemand heeft opgezegd"),

    _row("incasso_mislukt", debts.past_due, "past_due", RETRY,
         "Betaling mislukt, nieuwe poging volgt", "payment_failed"),
    _row("incasso_onderweg", debts.debit_processing, "past_due", None,
         "Een nieuwe incasso is onderweg: niet nog eens betalen", "payment_processing"),
    _row("factuur_te_laat", debts.invoice_overdue, "past_due", DUE,
         "Factuur over de vervaldatum", "invoice_open"),
    _row("factuur_op_tijd", debts.invoice_not_yet_due, "past_due", DUE,
         "Achterstallig, maar deze factuur is nog niet vervallen", "invoice_open"),
    _row("achterstallig_opgezegd", debts.past_due_canceling, "past_due", ENDS,
         "Betaling mislukt en ook opgezegd", "debt_while_ending"),
    _row("onbetaald", debts.unpaid, "past_due", None,
         "Onbetaald: Stripe probeert het niet meer", "invoices_unpaid"),
    _row("onvolledig", debts.incomplete, "past_due", None,
         "De eerste betaling is nog niet gelukt", "first_payment_open"),

    _row("pauze_na_proef", pauses.paused_after_trial, "paused", None,
         "Proef voorbij zonder betaalmethode", "paused_without_payment_method"),
    _row("pauze_na_mislukking", pauses.paused_for_payment, "paused", None,
         "Gepauzeerd na de laatste mislukte betaling", "paused_payment_failed"),
    _row("pauze", pauses.paused, "paused", None, "Op verzoek gepauzeerd, zonder einddatum"),
    _row("pauze_tot", pauses.paused_until, "paused", RESUMES,
         "Op verzoek gepauzeerd, hervat over drie weken"),
    _row("innen_gepauzeerd", pauses.collection_paused, "paused", RESUMES,
         "Er wordt even niets geïnd en niets geleverd", saving=None),
    _row("innen_uitgesteld", pauses.collection_paused_with_service, "paused", RESUMES,
         "Er wordt even niets geïnd, de dienst loopt door"),

    _row("opgezegd", ending.canceled, "canceled", ENDED, "Beëindigd abonnement"),

    NEVER_PAID,
    _row("geen", None, "none", None, "Klant zonder abonnement"),
    _row("begint_later", coming.start, "none", None, "Een abonnement dat nog moet beginnen"),
    _row("verlopen", ending.expired, "none", None,
         "Alleen een eerste betaling die nooit gelukt is"),
    _row("vreemde_status", running.unknown_status, "unknown", None,
         "Een status die deze versie niet kent"),
    Persona("onbekend", None, "none", None, "Klant die niet in Stripe bestaat: een foutpagina",
            exists=False),
)
# fmt: on
"""Every persona, in the order of the start page."""


def populate(account: Account | None = None) -> Account:
    """Add every persona to an account that has the catalogue, by default to a new one."""
    account = account or account_with_catalogue()
    for persona in PERSONAS:
        if persona.exists and persona is not NEVER_PAID:
            account.add_customer(persona.customer)
        if persona.build:
            persona.build(account, persona.customer)
    return account
