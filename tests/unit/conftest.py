"""A clock that stands still, and a Stripe whose answers are laid out in advance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from tests.stage.clock import Clock

from .stripe_answers import StripeAnswers


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def http() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as http:
        yield http


@pytest.fixture
def answers(http: responses.RequestsMock) -> StripeAnswers:
    return StripeAnswers(http)
