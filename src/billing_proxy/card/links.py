"""Where the card leads: what a link is about, and the addresses that only its reader knows. Pure.

The card says *what* a link opens; the address depends on who asks (a browser with a session, a
program with a token, the command line), so it is filled in where the card is given out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote


class Target(NamedTuple):
    """The portal, or a ``flow`` of it, for one of the customer's subscriptions or the card's own.

    ``upgrade`` is the site's page on which a plan is chosen.
    """

    flow: str | None = None
    subscription: str | None = None
    upgrade: bool = False


PORTAL = Target()
UPGRADE = Target(upgrade=True)


class Link(NamedTuple):
    """What a link says and where it leads."""

    label: str
    url: Target


class Links(NamedTuple):
    """The addresses for one reader, absolute where they leave the page.

    ``portal`` is the portal's route; ``query`` is what each link to it has besides, encoded.
    ``upgrade`` is the page on which a plan is chosen, None where there is none.
    """

    portal: str
    query: str = ""
    upgrade: str | None = None

    def url(self, target: Target) -> str | None:
        """The address of ``target``, if there is one for this reader."""
        if target.upgrade:
            return self.upgrade
        query = encoded({"flow": target.flow, "subscription": target.subscription})
        return with_query(self.portal, "&".join(filter(None, (query, self.query))))


def encoded(query: Mapping[str, str | None]) -> str:
    """``query`` as it stands in an address, without what is None."""
    return "&".join(f"{key}={quote(value, safe='')}" for key, value in query.items() if value)


def with_query(address: str, query: str) -> str:
    """``address``, which may have a query already, with ``query`` (encoded, perhaps empty)."""
    return f"{address}{'&' if '?' in address else '?'}{query}" if query else address
