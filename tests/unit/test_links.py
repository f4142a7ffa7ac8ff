"""Where a link of the card leads, for one reader."""

from __future__ import annotations

import pytest

from billing_proxy.card.links import PORTAL, UPGRADE, Links, Target

ROUTE = "https://site.example/billing/portal"
ODD = Target("pay", "sub_1&flow=x#é")
ODD_QUERY = "flow=pay&subscription=sub_1%26flow%3Dx%23%C3%A9"


@pytest.mark.parametrize(
    ("links", "target", "expected"),
    [
        (Links(ROUTE), PORTAL, ROUTE),
        (Links(ROUTE), ODD, f"{ROUTE}?{ODD_QUERY}"),
        (Links(ROUTE, "for=anna"), PORTAL, f"{ROUTE}?for=anna"),
        (Links(ROUTE, "for=anna"), ODD, f"{ROUTE}?{ODD_QUERY}&for=anna"),
        (Links(f"{ROUTE}?lang=nl", "for=anna"), ODD, f"{ROUTE}?lang=nl&{ODD_QUERY}&for=anna"),
        (Links(ROUTE), UPGRADE, None),
        (Links(ROUTE, upgrade="https://site.example/plans"), UPGRADE, "https://site.example/plans"),
    ],
)
def test_a_link_leads_to_its_target(links: Links, target: Target, expected: str | None) -> None:
    assert links.url(target) == expected
