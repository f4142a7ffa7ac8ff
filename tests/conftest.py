"""The stage that tests share: a Stripe on the loopback interface, a clock, and the service.

Nothing is mocked: the service reaches the emulator with the real SDK over real HTTP.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from flask.testing import FlaskClient

from billing_proxy.app import create_app
from demo.emulator import Emulator
from tests.stage.clock import Clock, moment
from tests.stage.tokens import TOKEN_SECRET, bearer, mint

Serve: TypeAlias = Callable[..., FlaskClient]

GROUPS = {
    "browser": "browser",  # one Chromium and one demo for all
    **dict.fromkeys(("bench", "deploy", "docs", "e2e", "workers"), "processes"),  # they take time
}
BY_MODULE = ("api", "fault", "fleet", "host")

ANNA = "cus_anna"
BOB = "cus_bob"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, in one of several test processes, what shares a stage or measures time."""
    for item in items:
        folder = item.path.parent.name
        group = GROUPS.get(folder) or (str(item.path) if folder in BY_MODULE else None)
        if group:
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture
def clock() -> Clock:
    """Sunday 22 November 2076, noon in Amsterdam: far enough ahead for every token to be valid."""
    return Clock(moment("2076-11-22 11:00:00"))


@pytest.fixture
def emulator(clock: Clock) -> Iterator[Emulator]:
    """A Stripe with a catalogue and a saved portal, and no customers."""
    with Emulator(clock=clock) as running:
        yield running


@pytest.fixture
def environ(emulator: Emulator) -> dict[str, str]:
    """The settings that the standalone service cannot do without."""
    return {
        "STRIPE_SECRET_KEY": emulator.key,
        "STRIPE_API_BASE": emulator.url,
        "SECRET_KEY": "a made-up key that signs the cookies of these tests",
        "BILLING_TOKEN_SECRET": TOKEN_SECRET,
    }


@pytest.fixture
def serve(environ: dict[str, str], clock: Clock) -> Serve:
    """Start a service with more settings, as one more process; gives a browser without cookies."""

    def start(**settings: str) -> FlaskClient:
        return create_app({**environ, **settings}, clock=clock, timer=clock).test_client()

    return start


@pytest.fixture
def client(serve: Serve) -> FlaskClient:
    """A browser without cookies, at a service with default settings."""
    return serve()


@pytest.fixture
def anna(emulator: Emulator) -> str:
    """A customer with Pro per month, paid until 12 December 2076."""
    item = {"price": "price_pro_month", "current_period_end": moment("2076-12-12 11:00:00")}
    emulator.account.add_customer(ANNA, name="Anna de Vries", email="anna@example.nl")
    emulator.account.add_subscription(ANNA, [item], id="sub_anna")
    return ANNA


@pytest.fixture
def bob(emulator: Emulator) -> str:
    """Another customer, with Business per year, paid until 3 April 2077."""
    item = {"price": "price_business_year", "current_period_end": moment("2077-04-03 11:00:00")}
    emulator.account.add_customer(BOB, name="Bob Jansen", email="bob@example.nl")
    emulator.account.add_subscription(BOB, [item], id="sub_bob")
    return BOB


@pytest.fixture
def as_anna(anna: str, clock: Clock) -> dict[str, str]:
    """The headers of a program that asks for Anna's card."""
    return bearer(mint(anna, clock))


@pytest.fixture
def as_bob(bob: str, clock: Clock) -> dict[str, str]:
    """The headers of a program that asks for Bob's card."""
    return bearer(mint(bob, clock))


@pytest.fixture
def browser(client: FlaskClient, anna: str, clock: Clock) -> FlaskClient:
    """Anna's browser, signed in by a link, with nothing read from Stripe yet."""
    client.get(f"/billing/?token={mint(anna, clock)}")
    return client
