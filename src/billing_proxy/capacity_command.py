"""``billing-proxy capacity``: will Stripe's limits do for a site, and what to set. Needs no app."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import click

from . import setting_values as parse
from .capacity import MONTH, Setup, Site
from .capacity_plan import MOST_CUSTOMERS, Limits, Plan, make_plan
from .capacity_text import lines
from .config import SETTINGS

SANDBOX_ACCOUNT = 25.0
"""Reads per second of an account in a sandbox."""


Parser = Callable[[str], float]


def _option(name: str, default: float | None, parser: Parser, text: str) -> Callable[..., Any]:
    """A number in a range; click's own ranges let one pass that is none (``nan``)."""

    def convert(_: click.Context, __: click.Parameter, value: Any) -> float | None:
        try:
            return None if value is None else parser(str(value))
        except ValueError as problem:
            raise click.BadParameter(str(problem)) from None

    shown = default is not None
    return click.option(
        name,
        default=default,
        show_default=shown,
        type=str,
        metavar="N",
        callback=convert,
        help=text,
    )


PEAK_FACTOR = 10.0

PERCENT = parse.number(0, 100)


@click.command()
@_option("--customers", 10_000, parse.whole(1, MOST_CUSTOMERS), "Customers that may look.")
@_option("--views", 4, parse.number(0, 1_000_000), "Views of the card per customer …")
@click.option(
    "--per",
    type=click.Choice(["month", "day"]),
    default="month",
    show_default=True,
    help="… in 30 days or in one.",
)
@_option(
    "--peak-factor",
    None,
    parse.number(1, 10_000),
    f"Views at the peak, over the average's.  [default: {PEAK_FACTOR:g}]",
)
@_option("--peak-views", None, parse.number(0, 1e12), "Or: views per second at the peak, of all.")
@_option("--peak-minutes", 60, parse.number(0, 43_200), "How long the peak lasts.")
@_option("--views-per-visit", 2, parse.whole(1, 1000), "Views that one visit makes …")
@_option("--view-gap", 20, parse.number(0, 86_400), "… and the seconds between two of them.")
@_option("--portal", 10, PERCENT, "Percent of visits that open the portal.")
@_option("--details", 5, PERCENT, "Percent of cards with an unpaid invoice or a pause.")
@_option("--zipf", 0, parse.number(0, 3), "How unequal customers are; 0: alike, the worst case.")
@_option("--products", 10, parse.whole(0, 1_000_000), "Products that are sold.")
@_option("--transactions", None, parse.number(0, 1e12), "In 30 days.  [default: one per customer]")
@_option("--machines", 1, parse.whole(1, 100_000), "Machines that serve.")
@_option("--processes", 2, parse.whole(1, 1000), "Worker processes on each.")
@click.option("--shared", is_flag=True, help="One cache for all of them (BILLING_CACHE_URL).")
@_option("--ttl", SETTINGS["BILLING_CACHE_TTL"], parse.number(0, 86_400), "BILLING_CACHE_TTL.")
@_option(
    "--max-rate",
    None,
    parse.number(0.1, 10_000),
    "BILLING_STRIPE_MAX_RATE.  [default: our share, over the processes]",
)
@_option(
    "--stale-if-error",
    SETTINGS["BILLING_STALE_IF_ERROR"],
    parse.number(0, 7 * 86_400),
    "BILLING_STALE_IF_ERROR.",
)
@_option(
    "--catalog-ttl",
    SETTINGS["BILLING_CATALOG_TTL"],
    parse.number(0, 7 * 86_400),
    "BILLING_CATALOG_TTL.",
)
@_option(
    "--share", 80, parse.number(0.1, 100), "Percent of Stripe's limits that are for this service."
)
@click.option("--sandbox", is_flag=True, help="A sandbox: 25 reads/s in all.")
@_option("--endpoint-limit", 25, parse.number(0.1, 1e9), "Reads/s that Stripe allows per endpoint.")
@_option("--account-limit", None, parse.number(0.1, 1e9), "And in all.  [default: 100, sandbox 25]")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
def capacity(as_json: bool, **numbers: Any) -> None:
    """Tell whether Stripe's limits will do for a site, and what to set.

    Nothing is read but these options, and nobody is asked. Exits 1 when a limit is broken.
    """
    site, setup, limits = _site(numbers), _setup(numbers), _limits(numbers)
    plan = make_plan(site, setup, limits)
    if as_json:
        click.echo(json.dumps(_json(plan), indent=2))
    else:
        click.echo("\n".join(lines(site, setup, limits, plan)))
    if not plan.fits:
        raise SystemExit(1)


def _site(given: dict[str, Any]) -> Site:
    customers = given["customers"]
    views = given["views"] * (30 if given["per"] == "day" else 1)
    transactions = given["transactions"]
    return Site(
        customers=customers,
        views=views,
        peak_factor=_peak_factor(given, customers * views / MONTH),
        peak_seconds=given["peak_minutes"] * 60,
        views_per_visit=given["views_per_visit"],
        view_gap=given["view_gap"],
        portal_share=given["portal"] / 100,
        detail_share=given["details"] / 100,
        zipf=given["zipf"],
        products=given["products"],
        transactions=customers if transactions is None else transactions,
    )


def _peak_factor(given: dict[str, Any], average: float) -> float:
    views, factor = given["peak_views"], given["peak_factor"]
    if views is None:
        return float(PEAK_FACTOR if factor is None else factor)
    if factor is not None:
        problem = "says the same as --peak-factor: give one of them"
    elif average == 0:
        problem = "needs --views above 0: nobody looks otherwise"
    elif views < average:
        problem = (
            f"is less than the average of {average:,.2f} views per second "
            "that --customers and --views make"
        )
    else:
        return float(views / average)
    raise click.BadParameter(problem, param_hint="--peak-views")


def _setup(given: dict[str, Any]) -> Setup:
    names = [field.name for field in dataclasses.fields(Setup)]
    return Setup(**{name: given[name] for name in names})


def _limits(given: dict[str, Any]) -> Limits:
    account = given["account_limit"]
    if account is None:
        account = SANDBOX_ACCOUNT if given["sandbox"] else Limits().account
    return Limits(endpoint=given["endpoint_limit"], account=account, share=given["share"] / 100)


def _json(plan: Plan) -> dict[str, Any]:
    body = dataclasses.asdict(plan)
    for shown, demand in zip(body["demands"], plan.demands, strict=True):
        shown |= {"used": demand.used, "fits": demand.fits}
    return {"fits": plan.fits, **body}
