"""Sites around the card: the example with its real packages, and small ones made on the spot."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from billing_proxy import BillingProxy
from demo.emulator import Emulator
from demo.personas import populate
from examples.host import create_app
from tests.host.sites import Host, MakeSite, add_account_page
from tests.stage.clock import Clock


@pytest.fixture
def clock() -> Clock:
    """The real time, standing still: the example has no other clock."""
    return Clock(time.time())


@pytest.fixture
def host(emulator: Emulator) -> Host:
    """Start the example site with more settings; gives a browser without cookies."""
    populate(emulator.account)

    def start(**settings: Any) -> Any:
        config = {
            "SECRET_KEY": "the example's own key, which signs its sessions",
            "STRIPE_SECRET_KEY": emulator.key,
            "STRIPE_API_BASE": emulator.url,
        }
        return create_app({**config, **settings}).test_client()

    return start


@pytest.fixture
def make_site(emulator: Emulator, clock: Clock) -> MakeSite:
    """Make a site without other packages, with the card on its ``/account``.

    ``loader`` is its customer loader; ``options`` go to ``BillingProxy``, the rest is
    ``app.config``; ``prepare`` may do something to the app before.
    """

    def make(
        loader: Callable[..., Any] | None = None,
        *,
        options: dict[str, Any] | None = None,
        prepare: Callable[[Flask], Any] = lambda _: None,
        **settings: Any,
    ) -> Flask:
        app = Flask("site")
        app.config.update(
            SECRET_KEY="the site's own key, which signs its sessions",
            STRIPE_SECRET_KEY=emulator.key,
            STRIPE_API_BASE=emulator.url,
        )
        app.config.update(settings)
        prepare(app)
        BillingProxy(customer_loader=loader, **{"clock": clock, **(options or {})}).init_app(app)
        return add_account_page(app)

    return make
