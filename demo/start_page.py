"""The demo's front door: every persona, the badge it should get, and a link to sign in as it.

The line that tells visitors of the product's own page that this is a demo is the partial
`templates/billing/_banner.html`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jwt
from jinja2 import Environment, FileSystemLoader

from demo.personas import PERSONAS, Persona

TOKEN_LASTS = 3600
"""Seconds that the links on the page are good for; each view mints new ones."""

_GROUPS = {
    "Actief": "active",
    "Proefperiode": "trialing",
    "Wordt opgezegd": "canceling",
    "Achterstallig": "past_due",
    "Gepauzeerd": "paused",
    "Opgezegd": "canceled",
    None: "none",
}
_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True
)


@dataclass(frozen=True)
class Link:
    """A persona with a customer token of its own."""

    persona: Persona
    token: str


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
    groups = [
        Group(
            label,
            badge,
            tuple(
                Link(persona, customer_token(persona.customer, secret, now))
                for persona in PERSONAS
                if persona.label == label
            ),
        )
        for label, badge in _GROUPS.items()
    ]
    example = groups[0].links[0].token
    template = _PAGES.get_template("demo/start.html")
    return template.render(
        language="nl", groups=groups, page=page, base_url=base_url.rstrip("/"), example=example
    )
