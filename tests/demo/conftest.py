"""The emulator with one customer, its SDK, and a browser at the portal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from stripe import StripeClient

from demo.emulator import Emulator

OWNER = "cus_owner"
BACK = "https://site.example/account"
FRENCH = {"Accept-Language": "fr"}


@dataclass(frozen=True)
class Visitor:
    """A browser at the portal of one customer."""

    url: str

    def see(self) -> requests.Response:
        return requests.get(self.url, headers=FRENCH, timeout=5)

    def do(self, action: str, subscription: Any = None, **form: str) -> requests.Response:
        """Submit a form of the portal; the answer is not followed."""
        chosen = {"subscription": subscription["id"]} if subscription else {}
        url, data = f"{self.url}/{action}", {**chosen, **form}
        return requests.post(url, data=data, headers=FRENCH, allow_redirects=False, timeout=5)


@pytest.fixture
def emulator(emulator: Emulator) -> Emulator:
    emulator.account.add_customer(OWNER)
    return emulator


@pytest.fixture
def client(emulator: Emulator) -> StripeClient:
    return StripeClient(emulator.key, base_addresses={"api": emulator.url})


@pytest.fixture
def visit(client: StripeClient) -> Callable[..., Visitor]:
    """Open the portal for the owner; `visit(flow_data=…)` for a deep link."""

    def open_portal(**params: Any) -> Visitor:
        asked: Any = {"customer": OWNER, "return_url": BACK, "locale": "nl", **params}
        return Visitor(client.v1.billing_portal.sessions.create(asked).url)

    return open_portal
