"""The words on the card: labels, captions, what a status means, warnings and buttons. Pure."""

from __future__ import annotations

from .language import Language
from .status import Action, Caption, Code, Decision, Warning
from .subscription import Subscription

LABELS = {
    Code.ACTIVE: "Actief",
    Code.TRIALING: "Proefperiode",
    Code.CANCELING: "Wordt opgezegd",
    Code.CANCELED: "Opgezegd",
    Code.PAST_DUE: "Achterstallig",
    Code.PAUSED: "Gepauzeerd",
}

CAPTIONS = {
    Caption.NEXT_BILLING: "Volgende factureringsdatum",
    Caption.NEXT_ATTEMPT: "Volgende betaalpoging",
    Caption.INVOICE_DUE: "Vervaldatum factuur",
    Caption.TRIAL_ENDS: "Proefperiode eindigt op",
    Caption.RESUMES: "Hervat op",
    Caption.ENDS: "Eindigt op",
    Caption.ENDED: "Beëindigd op",
}

BUTTONS = {
    Action.UPDATE: "Abonnement bijwerken",
    Action.MANAGE: "Abonnement beheren",
    Action.CHOOSE: "Abonnement kiezen",
}

WARNINGS = {
    Warning.PAYMENT_FAILED: (
        "De laatste betaling is niet gelukt. Werk je betaalmethode bij, "
        "zodat je abonnement kan doorlopen."
    ),
    Warning.INVOICE_OPEN: (
        "Er staat nog een factuur open. Betaal die, zodat je abonnement kan doorlopen."
    ),
    Warning.INVOICES_UNPAID: (
        "Er staan nog facturen open. Werk je betaalmethode bij en betaal ze in het klantportaal."
    ),
    Warning.FIRST_PAYMENT_OPEN: (
        "De eerste betaling is nog niet gelukt. Rond die af, dan gaat je abonnement in."
    ),
    Warning.PAUSED_PAYMENT_FAILED: (
        "De pauze komt door een mislukte betaling. Werk je betaalmethode bij om verder te gaan."
    ),
    Warning.PAUSED_WITHOUT_PAYMENT_METHOD: (
        "Er is nog geen betaalmethode bekend. Voeg er een toe om verder te gaan."
    ),
}

NAMELESS_PLAN = "Abonnement"
NAMELESS_PART = "overig"
MIXED_INTERVALS = "Gemengd"

_CANCELED = "Je abonnement is beëindigd. Je facturen vind je nog in het klantportaal."
_UNKNOWN = (
    "De status van je abonnement kunnen we hier nu niet tonen. In het klantportaal zie je alles."
)
_NONE = "Je hebt op dit moment geen abonnement."


def meaning(
    decision: Decision, sub: Subscription | None, when: str | None, now: float, lang: Language
) -> str:
    """One sentence or two on what the status means for the customer.

    ``when`` is the decision's date in words, None where it has none.
    """
    match decision.code:
        case Code.ACTIVE:
            return lang.text("Je abonnement loopt en wordt automatisch verlengd.")
        case Code.TRIALING:
            return _trialing(when, lang)
        case Code.CANCELING:
            return _canceling(decision, sub, when, now, lang)
        case Code.PAUSED:
            return _paused(when, lang)
        case Code.PAST_DUE:
            return _past_due(decision, lang)
        case Code.CANCELED:
            return lang.text(_CANCELED)
        case Code.UNKNOWN:
            return lang.text(_UNKNOWN)
        case Code.NONE:
            return lang.text(_NONE)


def _trialing(when: str | None, lang: Language) -> str:
    if when is None:
        return lang.text("Je zit in de proefperiode. Daarna gaat je betaalde abonnement in.")
    return lang.text(
        "Je probeert het abonnement uit tot {day}. Daarna gaat je betaalde abonnement in."
    ).format(day=when)


def _canceling(
    decision: Decision, sub: Subscription | None, when: str | None, now: float, lang: Language
) -> str:
    if when is None or decision.date is None:
        return lang.text(
            "Je abonnement is opgezegd en stopt binnenkort. "
            "Zolang het loopt, kun je de opzegging nog intrekken."
        )
    if decision.date.moment <= now:
        return lang.text("Je abonnement is opgezegd. We verwerken nu dat het stopt.")
    if sub is not None and sub.status == "paused":
        return lang.text(
            "Je abonnement is gepauzeerd en stopt op {day}. "
            "Tot die dag kun je de opzegging nog intrekken."
        ).format(day=when)
    return lang.text(
        "Je abonnement is opgezegd. Tot {day} blijft alles werken, "
        "en tot die dag kun je de opzegging nog intrekken."
    ).format(day=when)


def _paused(when: str | None, lang: Language) -> str:
    if when is None:
        return lang.text("Je abonnement staat op pauze. Zolang dat zo is, schrijven we niets af.")
    return lang.text(
        "Je abonnement staat op pauze tot {day}. Zolang dat zo is, schrijven we niets af."
    ).format(day=when)


def _past_due(decision: Decision, lang: Language) -> str:
    match decision.warning:
        case Warning.INVOICE_OPEN:
            return lang.text("De betaaltermijn van een factuur is verstreken.")
        case Warning.INVOICES_UNPAID:
            return lang.text(
                "Eerdere betalingen zijn niet gelukt. We proberen ze niet vanzelf opnieuw."
            )
        case Warning.FIRST_PAYMENT_OPEN:
            return lang.text("Je abonnement is aangevraagd, maar nog niet ingegaan.")
        case _:
            return lang.text("Er staat een betaling voor je abonnement open.")
