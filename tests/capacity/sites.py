"""Sites and setups to calculate with; a test says only what matters to it."""

from __future__ import annotations

from typing import Any

from billing_proxy.capacity import MONTH, Setup, Site


def a_site(**more: Any) -> Site:
    """A thousand customers of one view a visit, none of whom opens the portal."""
    usual: dict[str, Any] = dict(
        customers=1000,
        views=4.0,
        peak_factor=1.0,
        peak_seconds=3600.0,
        views_per_visit=1,
        view_gap=0.0,
        portal_share=0.0,
        detail_share=0.0,
        zipf=0.0,
        products=0,
        transactions=1000.0,
    )
    return Site(**usual | more)


def a_setup(**more: Any) -> Setup:
    """One process with the default settings."""
    usual: dict[str, Any] = dict(
        ttl=30.0, stale_if_error=3600.0, catalog_ttl=3600.0, machines=1, processes=1, shared=False
    )
    return Setup(**usual | more)


def a_view_every(seconds: float) -> float:
    """``Site.views`` of customers who view once in so many seconds, on average."""
    return MONTH / seconds
