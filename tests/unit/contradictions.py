"""The sentences that must not stand on one card, and what every link has to lead to."""

from __future__ import annotations

from billing_proxy.card.card import BillingCard

RENEWS, ENDS, PAUSED = "automatisch verlengd", "stopt", "op pauze"
PAIRS = (
    (RENEWS, ENDS),
    (RENEWS, PAUSED),
    (RENEWS, "ga je over naar"),
    (RENEWS, "niets af."),
    ("betaalde abonnement in", ENDS),
    ("betaalde abonnement in", "niets af."),
    ("onderweg", "niet gelukt"),
    ("onderweg", "Betaal snel"),
    ("verstreken", "Betaal die uiterlijk op"),
    ("Gratis", "Volgende factureringsdatum"),
    ("100% korting op de volgende factuur", "Volgende factureringsdatum"),
    ("intrekken", "loopt tot"),
    ("geen betaalmethode van je", "eindigend op"),
)
"""Of each pair, at most one is said of the subscription that the card shows."""

LEADS_TO = {
    "Nu betalen": "pay",
    "Facturen bekijken": None,
    "Betaalmethode toevoegen": "payment_method_update",
    "Betaalmethode bijwerken": "payment_method_update",
}
"""The flow behind each link of a notice, by what the link says."""


def contradictions(card: BillingCard) -> list[str]:
    """What a card says that is not true beside the rest of it."""
    shown = [n for n in card.notices if n.code != "other_debt"]
    texts = [card.status.meaning, *(notice.text for notice in shown)]
    for part in (card.price, card.discount, card.payment_method, card.upcoming_change):
        texts += [part.text] if part else []
    texts += [date.caption for date in card.dates]
    words = " ".join(texts).replace("\N{NO-BREAK SPACE}", " ")
    found = [f"{one} / {other}" for one, other in PAIRS if one in words and other in words]
    found += [
        f"{notice.link.label} leads to {notice.link.url.flow}"
        for notice in card.notices
        if notice.link and LEADS_TO[notice.link.label] != notice.link.url.flow
    ]
    if card.next_billing_date and card.price and card.price.amount == 0:
        found.append("a charge of nothing")
    if card.access.allowed and card.status.code in ("canceled", "none"):
        found.append("access without a subscription")
    return found
