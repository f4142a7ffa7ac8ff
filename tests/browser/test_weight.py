"""What the page weighs on the wire: it has to fit in the first packets of a connection."""

from __future__ import annotations

import gzip

import pytest

from demo.service import Service
from tests.browser.chromium import BrowserContext, Response

pytestmark = pytest.mark.browser

FIRST_PACKETS = 14_000


@pytest.mark.parametrize("customer", ["cus_demo_pro_maand", "cus_demo_meerdere"])
def test_page_style_and_script_are_under_14_kilobytes_together(
    context: BrowserContext, demo: Service, customer: str
) -> None:
    page = context.new_page()
    responses: list[Response] = []
    page.goto(demo.link(customer))
    page.on("response", lambda response: responses.append(response))
    page.reload()
    kinds = sorted(response.request.resource_type for response in responses)
    assert kinds == ["document", "script", "stylesheet"]
    assert sum(len(gzip.compress(response.body(), 6)) for response in responses) < FIRST_PACKETS
