"""Where the card leads: what a link is about, and the addresses that only its reader knows. Pure.

The card says *what* a link opens; the address depends on who asks (a browser with a session, a
program with a token, the command line), so it is filled in where the card is given out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """The portal, or a ``flow`` of it, for one of the customer's subscriptions or the card's own.

    ``upgrade`` is the site's page on which a plan is chosen.
    """

    flow: str | None = None
    subscription: str | None = None
    upgrade: bool = False


PORTAL = Target()
UPGRADE = Target(upgrade=True)


@dataclass(frozen=True, slots=True)
class Link:
    """What a link says and where it leads."""

    label: str
    url: Target


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses for one reader, absolute where they leave the page.

    ``portal(flow, subscription)`` is the address of the portal's route, or None where there is no
    portal; ``upgrade`` is the page on which a plan is chosen.
    """

    portal: Callable[[str | None, str | None], str | None]
    upgrade: str | None = None

    def url(self, target: Target) -> str | None:
        """The address of ``target``, if there is one for this reader."""
        return self.upgrade if target.upgrade else self.portal(target.flow, target.subscription)
