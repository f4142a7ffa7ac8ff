"""An emulator whose time stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from stripe import StripeClient

from demo.emulator import Emulator

NOON = 1_795_345_200
"""22 November 2026, 11:00 UTC."""
OWNER = "cus_owner"
BACK = "https://site.example/account"


class Clock:
    """Unix seconds that a test can move."""

    def __init__(self) -> None:
        self.now = float(NOON)

    def __call__(self) -> float:
        return self.now


class Visitor:
    """A browser at the portal of one customer."""

    def __init__(self, emulator: Emulator, session: Any) -> None:
        self.emulator = emulator
        self.url = session.url
        self._http = requests.Session()
        self._http.headers["Accept-Language"] = "fr"

    def see(self) -> requests.Response:
        return self._http.get(self.url, timeout=5)

    def do(self, action: str, subscription: Any = None, **form: str) -> requests.Response:
        """Submit a form of the portal; the answer is not followed."""
        chosen = {"subscription": subscription["id"]} if subscription else {}
        data = {**chosen, **form}
        url = f"{self.url}/{action}"
        return self._http.post(url, data=data, allow_redirects=False, timeout=5)

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    with Emulator(clock=clock) as emulator:
        emulator.account.add_customer(OWNER)
        yield emulator


@pytest.fixture
def client(emulator: Emulator) -> StripeClient:
    return StripeClient(emulator.key, base_addresses={"api": emulator.url})


@pytest.fixture
def visit(emulator: Emulator, client: StripeClient) -> Iterator[Callable[..., Visitor]]:
    """Open the portal for the owner; `visit(flow_data=…)` for a deep link."""
    visitors: list[Visitor] = []

    def open_portal(**params: Any) -> Visitor:
        asked: Any = {"customer": OWNER, "return_url": BACK, "locale": "nl", **params}
        visitors.append(Visitor(emulator, client.v1.billing_portal.sessions.create(asked)))
        return visitors[-1]

    yield open_portal
    for visitor in visitors:
        visitor.close()
