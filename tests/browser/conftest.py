"""One Stripe with every persona, one demo on it and one Chromium, for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from billing_proxy.testing.situations.running import pro
from demo.browser import launched
from demo.emulator import Emulator
from demo.personas import populate
from demo.service import Service, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

NewContext: TypeAlias = "Callable[..., BrowserContext]"

_numbers = count(1)


@pytest.fixture(scope="package")
def emulator() -> Iterator[Emulator]:
    """A Stripe with the catalogue and every persona, on the real clock."""
    with Emulator(populate()) as running:
        yield running


@pytest.fixture(scope="package")
def demo(emulator: Emulator) -> Iterator[Service]:
    """What `make run` serves."""
    with served(emulator, "demo.wsgi:app") as service:
        yield service


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A Chromium without tabs."""
    with launched() as browser:
        yield browser


@pytest.fixture
def new_context(chromium: Browser) -> Iterator[NewContext]:
    """Make a browser profile without cookies; takes the options of Playwright's `new_context`."""
    with ExitStack() as stack:

        def make(**options: Any) -> BrowserContext:
            context = stack.enter_context(closing(chromium.new_context(**options)))
            context.set_default_timeout(10_000)
            return context

        yield make


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    """A browser profile without cookies."""
    return new_context()


@pytest.fixture
def customer(emulator: Emulator) -> str:
    """A customer of this test alone, with Pro per month."""
    id = f"cus_browser_{next(_numbers)}"
    emulator.account.add_customer(id, name="Anna de Vries")
    pro(emulator.account, id)
    return id
