"""The demo's front door: every persona, what it should show, and a link to sign in as it.

The line that tells visitors of the product's own page that this is a demo is the partial
`templates/billing/_banner.html`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jwt
from jinja2 import Environment, FileSystemLoader

from demo.personas import LABELS, PERSONAS, Persona

TOKEN_LASTS = 3600
"""Seconds that the links on the page are good for; each view mints new ones."""

_NOTICES = {
    "card_expires": "De kaart verloopt",
    "debt_while_ending": "Nog te betalen voor het einde",
    "first_payment_open": "Eerste betaling afmaken",
    "invoice_open": "Factuur staat open",
    "invoices_unpaid": "Facturen niet betaald",
    "other_debt": "Ander abonnement niet betaald",
    "paused_payment_failed": "Gepauzeerd: betaling mislukt",
    "paused_without_payment_method": "Gepauzeerd: geen betaalmethode",
    "payment_failed": "Betaling mislukt",
    "payment_processing": "Betaling is onderweg",
    "trial_without_payment_method": "Proef zonder betaalmethode",
    "update_pending": "Wijziging wacht op betaling",
}
"""The notices of the truth table, each in a few words."""
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True
)


@dataclass(frozen=True)
class Link:
    """A persona with a customer token of its own, and what it should show."""

    persona: Persona
    token: str

    @property
    def notices(self) -> list[str]:
        """The notices that the page is to show, in words."""
        return [_NOTICES[code] for code in self.persona.notices]

    @property
    def facts(self) -> list[str]:
        """The texts that are the point of this persona."""
        shows = self.persona.shows
        return [text for place, text in shows.items() if text and place != "change"]


@dataclass(frozen=True)
class Group:
    """The personas that should get the same badge; `label` is None for no badge."""

    label: str | None
    badge: str
    links: tuple[Link, ...]


def customer_token(customer: str, secret: str, now: float) -> str:
    """A token that signs a browser in as `customer`, good for an hour from `now` (Unix s)."""
    claims = {"sub": customer, "aud": "billing-proxy", "exp": int(now) + TOKEN_LASTS}
    return jwt.encode(claims, secret, "HS256")


def start_page(*, secret: str, page: str, base_url: str, now: float) -> str:
    """The start page in Dutch; `page` is the product's path, such as `/billing/`."""
    links = [Link(persona, customer_token(persona.customer, secret, now)) for persona in PERSONAS]
    groups = [
        Group(label, badge, tuple(link for link in links if link.persona.label == label))
        for badge, label in [*LABELS.items(), ("none", None)]
    ]
    example = groups[0].links[0].token
    template = _PAGES.get_template("demo/start.html")
    return template.render(
        language="nl", groups=groups, page=page, base_url=base_url.rstrip("/"), example=example
    )
