"""For pytest: `pytest_plugins = ["billing_proxy.testing.fixtures"]` in the topmost conftest.py."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .customers import account_with_customers
from .emulator import Emulator


@pytest.fixture
def stripe_emulator() -> Iterator[Emulator]:
    """A Stripe of this test alone, with the customers of `billing_proxy.testing.CUSTOMERS`."""
    with Emulator(account_with_customers()) as stripe:
        yield stripe
