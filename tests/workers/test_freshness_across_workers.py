"""Several workers, each with a cache of its own: the card never flips back to what it was."""

from __future__ import annotations

from collections.abc import Callable

from billing_proxy.testing.account import lifecycle
from demo.emulator import Emulator
from tests.stage.browser import Sent, answers, signed_in
from tests.stage.service import WORKERS, Service

LIST = "/v1/subscriptions"
BEFORE, AFTER = "Abonnement bijwerken", "Abonnement beheren"


def test_after_the_return_no_reload_ever_shows_the_old_state(
    start: Callable[..., Service], stripe: Emulator, anna: str
) -> None:
    service = start(BILLING_CACHE_TTL="3600")  # nothing gets right by itself
    browser = signed_in(service.port, anna)
    stripe.requests.clear()
    for _ in range(2):
        assert all(BEFORE in browser.get().text for _ in service.each())
        assert stripe.calls(LIST) == WORKERS  # every worker knows the old state, for an hour

    assert browser.get("/billing/portal").status == 303
    with stripe.account.lock:
        (subscription,) = stripe.account.subscriptions_of(anna)
        lifecycle.cancel(stripe.account, subscription)
    assert browser.get("/billing/return").status == 303
    for _ in service.each():
        assert AFTER in browser.get().text
    assert stripe.calls(LIST) == 2 * WORKERS  # one live read on each, then warm again
    headers = {"Accept": "text/html", **browser.header}
    for _ in range(10):
        pages = answers([Sent(service.port, "/billing/", headers) for _ in range(8)])
        assert all(AFTER in page.text and BEFORE not in page.text for page in pages)
