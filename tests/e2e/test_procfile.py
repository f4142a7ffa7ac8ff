"""From end to end: real workers, real HTTP, a visit to the portal; by checkout and by wheel."""

from __future__ import annotations

import re
import signal
import time
from urllib.parse import urlsplit

import pytest
import requests

from demo.emulator import Emulator
from tests.stage.customers import add_to
from tests.stage.pages import Page
from tests.stage.service import FROM_THE_WHEEL, Service, command
from tests.stage.tokens import TOKEN_SECRET, mint

ANSWERS_WITHIN = 10


class Visitor:
    """A browser: cookies, redirects, and the page it is on."""

    def __init__(self, base: str) -> None:
        self.session = requests.Session()
        self.base = base

    def get(self, path: str) -> Page:
        """The page at ``path`` after all redirects."""
        self.session.close()  # with a new connection either worker may be met
        self.answer = self.session.get(
            self.base + path, headers={"Accept": "text/html"}, timeout=ANSWERS_WITHIN
        )
        assert self.answer.status_code == 200, self.answer.text
        self.answer.encoding = "utf-8"
        return Page(self.answer.text)

    def status(self) -> str:
        """The badge on the card."""
        return self.get("/billing/").facts["Abonnementsstatus"]

    def in_portal(self, action: str, subscription: str) -> str:
        """Press the card's button, do ``action`` in the portal, and come back to the card."""
        (button,) = self.get("/billing/").buttons
        self.get(str(button.attributes["href"]))
        portal = self.answer.url
        done = self.session.post(
            f"{portal}/{action}",
            data={"subscription": subscription, "feedback": "unused"},
            timeout=ANSWERS_WITHIN,
        )
        assert done.status_code == 200, done.text
        (back,) = re.findall(r'href="([^"]+/billing/return)"', done.text)
        assert back.startswith(self.base)
        return self.get(urlsplit(back).path).facts["Abonnementsstatus"]


@pytest.mark.parametrize("started_by", [command(), FROM_THE_WHEEL], ids=["Procfile", "wheel"])
def test_from_the_link_to_the_portal_and_back_and_back_again(started_by: list[str]) -> None:
    with Emulator() as stripe, Service(stripe, started_by=started_by) as service:
        (customer,) = add_to(stripe, 1)
        subscription = customer.replace("cus_", "sub_")
        visitor = Visitor(service.base)
        with visitor.session:
            page = visitor.get(f"/billing/?token={mint(customer, time.time)}")
            assert visitor.answer.url == f"{service.base}/billing/"
            assert page.facts["Huidig plan"] == "Pro"
            assert page.facts["Abonnementsstatus"] == "Actief"

            assert visitor.in_portal("cancel", subscription) == "Wordt opgezegd"
            assert stripe.account["subscription", subscription]["cancel_at"]
            # The workers answer in turn; none may show what it knew before.
            assert {visitor.status() for _ in range(8)} == {"Wordt opgezegd"}
            assert visitor.in_portal("renew", subscription) == "Actief"
            assert {visitor.status() for _ in range(8)} == {"Actief"}
        service.send_signal(signal.SIGTERM)
        assert service.wait() == 0, service.log
        for secret in (stripe.key, TOKEN_SECRET, "/p/session/", "token=", "eyJ", "Traceback"):
            assert secret not in service.log
