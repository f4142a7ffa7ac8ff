"""A Stripe on the real time, customers with Pro per month, and workers in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from demo.emulator import Emulator
from tests.stage.customers import add_to
from tests.stage.service import Service


@pytest.fixture(scope="module")
def stripe() -> Iterator[Emulator]:
    """A Stripe with a catalogue and a saved portal."""
    with Emulator() as running:
        yield running


@pytest.fixture(autouse=True)
def well_again(stripe: Emulator) -> Iterator[None]:
    """Whatever a test did to Stripe is over when the next one begins."""
    yield
    stripe.latency = 0
    stripe.clear_faults()


@pytest.fixture(scope="module")
def start(stripe: Emulator) -> Iterator[Callable[..., Service]]:
    """Start the service with more settings; it runs until the module's tests are over."""
    with ExitStack() as started:
        yield lambda **settings: started.enter_context(Service(stripe, **settings))


@pytest.fixture
def add_customers(stripe: Emulator) -> Callable[[int], list[str]]:
    """Add customers with Pro per month, whom nobody has asked about; gives their ids."""

    return partial(add_to, stripe)


@pytest.fixture
def anna(add_customers: Callable[[int], list[str]]) -> str:
    """A customer of this test alone."""
    (customer,) = add_customers(1)
    return customer
