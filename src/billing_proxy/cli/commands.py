"""``check``, ``show`` and ``token``: as ``billing-proxy …``, and in a site as ``flask billing …``.

Exit codes: 0 all is well, 1 something is wrong (said on standard error), 2 wrong usage.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from urllib.parse import urljoin

import click
from flask import current_app
from flask.cli import AppGroup

from ..card.card import BillingCard
from ..card.links import Links
from ..config.settings import unknown_settings
from ..errors import BillingError
from ..gateway.calls import link_to_a_new_key
from ..identity.customers import is_customer_id
from ..identity.tokens import mint_token
from ..language.choice import Choice
from ..web.responses import link
from ..web.state import BillingState, state_of
from .check import Level, diagnose

LOCAL = "http://127.0.0.1:8000"

commands = AppGroup("billing", help="The billing page: check it, show a card, sign in.")


@commands.command()
def check() -> None:
    """Check the settings, the key with its permissions and the portal. For deploys: exits 1 on a
    problem."""
    state = _state()
    server = state.cache_server
    cache_answers = server.probe() if server else None
    hints = unknown_settings(os.environ if state.standalone else current_app.config)
    findings = diagnose(state.config, state.gateway, hints=hints, cache_answers=cache_answers)
    for finding in findings:
        click.echo(f"{finding.level.value:8} {finding.text}")
    click.echo(f"\nThis page makes a key with exactly these permissions:\n  {link_to_a_new_key()}")
    if any(finding.level is Level.PROBLEM for finding in findings):
        raise SystemExit(1)


@commands.command()
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True, help="As the JSON API answers it.")
def show(customer: str, as_json: bool) -> None:
    """Show the card of CUSTOMER (cus_…), read from Stripe now."""
    state = _state()
    if not is_customer_id(customer):
        raise click.BadParameter("a Stripe customer id begins with cus_", param_hint="CUSTOMER")
    try:
        card = state.service.card(customer, choice=Choice(state.config.locale)).card
    except BillingError as error:
        raise click.ClickException(f"{error.title}: {error.reason}") from None
    if as_json:
        body = card.to_json(_links(state))
        click.echo(json.dumps(body, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(card, state.languages[card.language].text)))


@commands.command()
@click.argument("customer")
@click.option(
    "--ttl", default=600, show_default=True, type=click.IntRange(1, 86_400), help="Seconds."
)
@click.option("--base-url", default=LOCAL, show_default=True, help="Where the service runs.")
def token(customer: str, ttl: int, base_url: str) -> None:
    """Print a customer token for CUSTOMER (cus_…), and the link that signs in with it."""
    state = _state()
    try:
        minted = mint_token(state.config, customer, ttl=ttl, now=time.time())
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    click.echo(minted)
    click.echo(link(state.config, base_url, f"/?token={minted}"))


def _state() -> BillingState:
    return state_of(current_app)


def _links(state: BillingState) -> Links:
    """The addresses of a service on this machine."""
    upgrade = state.config.upgrade_url
    portal = link(state.config, LOCAL, "/portal")
    return Links(portal, upgrade=urljoin(LOCAL, upgrade) if upgrade else None)


def _lines(card: BillingCard, t: Callable[[str], str]) -> list[str]:
    facts = [(t("Huidig plan"), card.plan)]
    if card.billing_period:
        facts.append((t("Factureringsperiode"), card.billing_period.label))
    if card.status.label:
        facts.append((t("Abonnementsstatus"), card.status.label))
    facts += [(dated.caption, dated.text) for dated in (card.date, card.second_date) if dated]
    width = max(len(caption) for caption, _ in facts)
    lines = [f"{caption:{width}}  {value}" for caption, value in facts]
    lines += ["", card.status.meaning, *([card.warning] if card.warning else [])]
    for other in card.other_subscriptions:
        date = f", {other.date.caption} {other.date.text}" if other.date else ""
        lines.append(f"+ {other.plan}: {other.status.label or '–'}{date}")
    return lines
