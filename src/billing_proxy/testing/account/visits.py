"""Visits to the customer portal: what a link is good for, and for how long.

Source: https://docs.stripe.com/api/customer_portal/sessions
"""

from __future__ import annotations

from dataclasses import dataclass

from .objects import JSON

FIRST_VISIT_WITHIN = 300.0
"""Seconds in which a link must be opened for the first time."""
VISIT_LASTS = 3600.0
"""Seconds an opened session stays good."""


@dataclass
class PortalVisit:
    """The session behind a link, good until `expires_at` (Unix seconds)."""

    session: JSON
    expires_at: float
    opened: bool = False
    flow_done: bool = False

    def opens(self, moment: float) -> bool:
        """Whether the link is good at `moment`; the first time makes it last longer."""
        if moment >= self.expires_at:
            return False
        if not self.opened:
            self.opened = True
            self.expires_at = moment + VISIT_LASTS
        return True
