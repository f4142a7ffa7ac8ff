"""The words on the card: labels, captions, what a status means, warnings and buttons. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ..language.words import Language, mark
from .facts import Subscription
from .pricing import Amount, Saving
from .rules import Action, Caption, Code, Decision, Notice

LABELS = {
    Code.ACTIVE: mark("Actief"),
    Code.TRIALING: mark("Proefperiode"),
    Code.CANCELING: mark("Wordt opgezegd"),
    Code.CANCELED: mark("Opgezegd"),
    Code.PAST_DUE: mark("Achterstallig"),
    Code.PAUSED: mark("Gepauzeerd"),
}

CAPTIONS = {
    Caption.NEXT_BILLING: mark("Volgende factureringsdatum"),
    Caption.NEXT_ATTEMPT: mark("Volgende betaalpoging"),
    Caption.INVOICE_DUE: mark("Vervaldatum factuur"),
    Caption.TRIAL_ENDS: mark("Proefperiode eindigt op"),
    Caption.RESUMES: mark("Hervat op"),
    Caption.ENDS: mark("Eindigt op"),
    Caption.ENDED: mark("Beëindigd op"),
}

BUTTONS = {
    Action.UPDATE: mark("Abonnement bijwerken"),
    Action.MANAGE: mark("Abonnement beheren"),
    Action.CHOOSE: mark("Abonnement kiezen"),
}

WARNINGS = {
    Notice.PAYMENT_FAILED: mark(
        "De laatste betaling is niet gelukt. Werk je betaalmethode bij, "
        "zodat je abonnement kan doorlopen."
    ),
    Notice.INVOICE_OPEN: mark(
        "Er staat nog een factuur open. Betaal die, zodat je abonnement kan doorlopen."
    ),
    Notice.INVOICES_UNPAID: mark(
        "Er staan nog facturen open. Werk je betaalmethode bij en betaal ze in het klantportaal."
    ),
    Notice.FIRST_PAYMENT_OPEN: mark(
        "De eerste betaling is nog niet gelukt. Rond die af, dan gaat je abonnement in."
    ),
    Notice.PAUSED_PAYMENT_FAILED: mark(
        "De pauze komt door een mislukte betaling. Werk je betaalmethode bij om verder te gaan."
    ),
    Notice.PAUSED_WITHOUT_PAYMENT_METHOD: mark(
        "Er is nog geen betaalmethode bekend. Voeg er een toe om verder te gaan."
    ),
}

NAMELESS_PLAN = mark("Abonnement")
NAMELESS_PART = mark("overig")
MIXED_INTERVALS = mark("Gemengd")


@dataclass(frozen=True, slots=True)
class Moment:
    """A decision's date as a sentence needs it: in words, and seen from today."""

    text: str | None = None
    days_left: int = 0
    passed: bool = False


def meaning(decision: Decision, sub: Subscription | None, when: Moment, lang: Language) -> str:
    """One sentence or two on what the status means for the customer."""
    match decision.code:
        case Code.ACTIVE:
            return lang.text("Je abonnement loopt en wordt automatisch verlengd.")
        case Code.TRIALING:
            return _trialing(when, lang)
        case Code.CANCELING:
            return _canceling(sub, when, lang)
        case Code.PAUSED:
            return _paused(when, lang)
        case Code.PAST_DUE:
            return _past_due(decision, lang)
        case Code.CANCELED:
            return lang.text(
                "Je abonnement is beëindigd. Je facturen vind je nog in het klantportaal."
            )
        case Code.UNKNOWN:
            return lang.text(
                "De status van je abonnement kunnen we hier nu niet tonen. "
                "In het klantportaal zie je alles."
            )
        case Code.NONE:
            return lang.text("Je hebt op dit moment geen abonnement.")


def price(amount: Amount, lang: Language) -> str | None:
    """What is paid per period: ``€ 60,00 per maand (12 × € 5,00), exclusief btw``."""
    per = lang.per_interval(amount.interval, amount.interval_count)
    if per is None:
        return None
    text = f"{lang.money(amount.amount, amount.currency)} {per}"
    if amount.unit_amount is not None and amount.quantity is not None and amount.quantity > 1:
        text += f" ({amount.quantity} × {lang.money(amount.unit_amount, amount.currency)})"
    if amount.excludes_tax and amount.excludes_discount:
        return text + lang.text(", exclusief btw en korting")
    if amount.excludes_tax:
        return text + lang.text(", exclusief btw")
    return text + (lang.text(", exclusief korting") if amount.excludes_discount else "")


def saving(saving: Saving, lang: Language) -> str:
    """What paying yearly saves."""
    return lang.text("Betaal je per jaar, dan bespaar je {amount} per jaar ({percent}).").format(
        amount=lang.money(saving.amount, saving.currency), percent=lang.percent(saving.percent)
    )


def _trialing(when: Moment, lang: Language) -> str:
    if when.text is None:
        return lang.text("Je zit in de proefperiode. Daarna gaat je betaalde abonnement in.")
    if when.days_left <= 0:
        left = lang.text("Vandaag is de laatste dag van je proefperiode.")
    else:
        left = lang.plural(
            "Je proefperiode duurt nog {count} dag.",
            "Je proefperiode duurt nog {count} dagen.",
            when.days_left,
        )
    then = lang.text("Daarna gaat je betaalde abonnement in.")
    return f"{left} {then}"


def _canceling(sub: Subscription | None, when: Moment, lang: Language) -> str:
    if when.text is None:
        return lang.text(
            "Je abonnement is opgezegd en stopt binnenkort. "
            "Zolang het loopt, kun je de opzegging nog intrekken."
        )
    if when.passed:
        return lang.text("Je abonnement is opgezegd. We verwerken nu dat het stopt.")
    if sub is not None and sub.status == "paused":
        return lang.text(
            "Je abonnement is gepauzeerd en stopt op {day}. "
            "Tot die dag kun je de opzegging nog intrekken."
        ).format(day=when.text)
    return lang.text(
        "Je abonnement is opgezegd. Tot {day} blijft alles werken, "
        "en tot die dag kun je de opzegging nog intrekken."
    ).format(day=when.text)


def _paused(when: Moment, lang: Language) -> str:
    if when.text is None:
        return lang.text("Je abonnement staat op pauze. Zolang dat zo is, schrijven we niets af.")
    return lang.text(
        "Je abonnement staat op pauze. Op {day} gaat het verder; tot dan schrijven we niets af."
    ).format(day=when.text)


def _past_due(decision: Decision, lang: Language) -> str:
    match decision.warning:
        case Notice.INVOICE_OPEN:
            return lang.text("De betaaltermijn van een factuur is verstreken.")
        case Notice.INVOICES_UNPAID:
            return lang.text(
                "Eerdere betalingen zijn niet gelukt. We proberen ze niet vanzelf opnieuw."
            )
        case Notice.FIRST_PAYMENT_OPEN:
            return lang.text("Je abonnement is aangevraagd, maar nog niet ingegaan.")
        case _:
            return lang.text("Er staat een betaling voor je abonnement open.")
