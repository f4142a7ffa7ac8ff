"""A capacity plan in words and columns, for a terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .capacity import Setup, Site
from .capacity_plan import MOST_CUSTOMERS, REFUSED, Ask, Limits, Plan, most_reads

_UNITS = (("GiB", 2**30), ("MiB", 2**20))

DOCUMENT = "docs/capacity.md"

WEBHOOK_FROM = 60
"""Seconds of BILLING_CACHE_TTL from which on a change should not wait for its end."""


def lines(site: Site, setup: Setup, limits: Limits, plan: Plan) -> Iterator[str]:
    """The site, every limit, the verdict, and what to set."""
    yield from _site(site, setup, plan)
    yield ""
    yield from _table(limits, plan)
    yield ""
    yield _verdict(plan)
    yield ""
    yield from _advice(setup, plan)
    yield from _warnings(setup, limits, plan)


def _warnings(setup: Setup, limits: Limits, plan: Plan) -> Iterator[str]:
    most = most_reads(setup, limits)
    if most > limits.endpoint:
        yield (
            f"All processes together may read up to {_number(most)} a second: "
            "beyond its limit, Stripe answers 429."
        )
    if plan.fits and plan.restart.reads > most:
        when = "the shared cache was emptied" if setup.shared else "all processes restarted at once"
        yield f"After {when}, some customers see a 503 until their cards are known again."


def _site(site: Site, setup: Setup, plan: Plan) -> Iterator[str]:
    caches = "one cache for all" if setup.shared else "each with a cache of its own"
    if setup.fleet == 1:
        caches = "with one cache"
    views = f"{_number(site.customers * site.views)} in 30 days"
    yield f"customers  {site.customers:,}"
    yield f"views      {views}; at the peak {_number(plan.peak.views)} a second"
    yield f"service    {_processes(setup)}, {caches}; a card is fresh for {_number(setup.ttl)} s"
    yield (
        f"reads      at the peak {_number(plan.peak.reads)} a second, "
        f"with empty caches up to {_number(plan.restart.reads)}"
    )


def _processes(setup: Setup) -> str:
    if setup.machines == 1:
        return f"{setup.processes:,} process{'es' if setup.processes > 1 else ''}"
    return f"{setup.machines:,} machines with {setup.processes:,} = {setup.fleet:,} processes"


def _table(limits: Limits, plan: Plan) -> Iterator[str]:
    yield _row("", "limit", "needs", "allowed", f"our {_number(limits.share * 100)} %", "used")
    for demand in plan.demands:
        yield _row(
            "fits" if demand.fits else "BREAKS",
            demand.name,
            _number(demand.needs),
            "-" if demand.allowed is None else _number(demand.allowed),
            _number(demand.ours),
            _percent(demand.used),
        )


def _row(verdict: str, name: str, needs: str, allowed: str, ours: str, used: str) -> str:
    return f"{verdict:6}  {name:31} {needs:>14} {allowed:>14} {ours:>14} {used:>8}"


def _verdict(plan: Plan) -> str:
    if plan.fits:
        return f"It fits, with all else the same up to {_most(plan)}."
    stripes = [demand for demand in plan.demands if not demand.fits and demand.name != REFUSED]
    why = f"the read budget refuses too many (see {DOCUMENT})"
    if stripes:
        worst = max(stripes, key=lambda demand: demand.used)
        why = f"{worst.name}: {_number(worst.used)} times our share"
    return f"It does not fit. {why[0].upper()}{why[1:]}.\nWith all else the same: {_most(plan)}."


def _most(plan: Plan) -> str:
    """The most customers that fit, in two digits."""
    if plan.most_customers == MOST_CUSTOMERS:
        return "any number of customers"
    step = 10 ** max(0, len(str(plan.most_customers)) - 2)
    return f"{plan.most_customers // step * step:,} customers" if plan.most_customers else "nobody"


def _advice(setup: Setup, plan: Plan) -> Iterator[str]:
    advice = plan.advice
    if advice.ttl is None:
        yield from _impossible(plan)
        return
    yield "Set" if plan.fits else "It fits with"
    yield f"  BILLING_CACHE_TTL={_plain(advice.ttl)}"
    of_whom = "for the whole fleet" if setup.shared else "for each process"
    yield f"  BILLING_STRIPE_MAX_RATE={_plain(advice.max_rate or 0)}  # {of_whom}"
    per = f"{_bytes(advice.process_bytes)} of cards in each process, with those for an outage"
    yield f"  BILLING_CACHE_MAXSIZE={advice.maxsize}  # up to {per}"
    if setup.shared:
        yield f"  BILLING_CACHE_URL=…  # up to {_bytes(advice.shared_bytes)} of cards there"
    if advice.ttl >= WEBHOOK_FROM:
        yield "  STRIPE_WEBHOOK_SECRET=…  # else a change shows only when the card's time is over"
    better = advice.ttl_if_shared
    if better is not None and better < advice.ttl:
        yield f"With one cache for all (--shared), BILLING_CACHE_TTL={_plain(better)} is enough."


def _impossible(plan: Plan) -> Iterator[str]:
    advice = plan.advice
    if advice.ttl_if_shared is not None:
        yield "No BILLING_CACHE_TTL is enough while each process has a cache of its own."
        yield (
            "With one for all (BILLING_CACHE_URL; --shared), "
            f"BILLING_CACHE_TTL={_plain(advice.ttl_if_shared)} is."
        )
        return
    yield "No BILLING_CACHE_TTL is enough, not even with one cache for all (BILLING_CACHE_URL)."
    if advice.ask is not None:
        yield from _ask(advice.ask)
        yield "Or show the card less often."


def _ask(ask: Ask) -> Iterator[str]:
    if ask.transactions:
        yield f"Over 30 days, Stripe allows as many reads for {ask.transactions:,} transactions."
    rates = [f"{ask.endpoint:,} reads a second per endpoint"] if ask.endpoint else []
    rates += [f"{ask.account:,} in all"] if ask.account else []
    if rates:
        yield f"Ask Stripe for {' and '.join(rates)} (--endpoint-limit, --account-limit; --shared)."


def _number(value: float) -> str:
    """Three digits where they matter, no more than a glance takes in."""
    if value >= 10**11:
        return f"{value:.2e}"
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 0.001 else "< 0.001"


def _percent(share: float) -> str:
    if share >= 100:
        return "> 9,999 %"
    return "< 1 %" if 0 < share < 0.005 else f"{share * 100:,.0f} %"


def _plain(value: float) -> str:
    return f"{value:g}" if value < 1_000_000 else str(int(value))


def _bytes(count: int) -> str:
    for unit, size in _UNITS:
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count / 1024:,.0f} KiB"
