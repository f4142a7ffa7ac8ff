"""Whoever knows that something happened says so, once, at the moment it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from billing_proxy.cache.breaker import THRESHOLD, CircuitBreaker
from billing_proxy.cache.budget import ReadBudget
from billing_proxy.errors import BillingError
from billing_proxy.gateway import transport
from billing_proxy.gateway.api import StripeApi
from billing_proxy.metrics.observer import CallOutcome, Observer
from tests.stage.clock import Clock

from .stripe_answers import ADDRESS, KEY, StripeAnswers
from .stripe_objects import make_subscription


class Notebook(Observer):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, CallOutcome]] = []
        self.seconds: list[float] = []
        self.circuit: list[bool] = []
        self.reads: list[bool] = []
        self.limits: list[float] = []

    def stripe_called(self, endpoint: str, outcome: CallOutcome, seconds: float) -> None:
        self.calls.append((endpoint, outcome))
        self.seconds.append(seconds)

    def circuit_changed(self, *, is_open: bool) -> None:
        self.circuit.append(is_open)

    def read_asked(self, *, granted: bool) -> None:
        self.reads.append(granted)

    def read_limit_set(self, per_second: float) -> None:
        self.limits.append(per_second)


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def api(notebook: Notebook) -> StripeApi:
    return StripeApi(KEY, api_base=ADDRESS, connections=1, observer=notebook)


def list_subscriptions(api: StripeApi) -> Any:
    """Within a second there is no time to try again, which would make the test wait."""
    with transport.deadline(time.monotonic() + 0.9):
        return api.list("subscriptions", {}, until=time.monotonic() + 20)


def test_a_call_that_stripe_answers_is_ok(
    api: StripeApi, notebook: Notebook, answers: StripeAnswers
) -> None:
    answers.list("subscriptions", make_subscription())
    answers.answer("billing_portal/sessions", {"url": "https://x.example"}, method="POST")
    list_subscriptions(api)
    api.create("billing_portal.sessions", {}, until=time.monotonic() + 20)
    assert notebook.calls == [
        ("subscriptions.list", CallOutcome.OK),
        ("billing_portal.sessions.create", CallOutcome.OK),
    ]
    assert all(0 < seconds < 10 for seconds in notebook.seconds)


REFUSALS = {
    401: CallOutcome.KEY_REFUSED,
    403: CallOutcome.PERMISSION_REFUSED,
    400: CallOutcome.REQUEST_REFUSED,
    404: CallOutcome.REQUEST_REFUSED,
    429: CallOutcome.RATE_LIMITED,
    500: CallOutcome.FAILED,
    503: CallOutcome.FAILED,
}
BREAKS = (requests.ConnectionError("no"), requests.Timeout("slow"))
ODD = ("[]", "7", "null")


@pytest.mark.parametrize(
    ("stripe", "outcome"),
    [
        *(
            (lambda a, code=code: a.refuse("subscriptions", code), o)
            for code, o in REFUSALS.items()
        ),
        *((lambda a, e=e: a.break_off("subscriptions", e), CallOutcome.NO_ANSWER) for e in BREAKS),
        *((lambda a, b=b: a.answer_text("subscriptions", b), CallOutcome.UNREADABLE) for b in ODD),
    ],
)
def test_a_call_that_fails_says_in_which_way(
    api: StripeApi,
    notebook: Notebook,
    answers: StripeAnswers,
    stripe: Callable[[StripeAnswers], None],
    outcome: CallOutcome,
) -> None:
    stripe(answers)
    with pytest.raises(BillingError):
        list_subscriptions(api)
    assert notebook.calls == [("subscriptions.list", outcome)]


def test_a_circuit_is_reported_when_it_changes_and_only_then(notebook: Notebook) -> None:
    breaker = CircuitBreaker(timer=Clock(100), observer=notebook)
    breaker.succeeded()
    for _ in range(THRESHOLD + 3):
        breaker.failed()
    assert notebook.circuit == [True]
    breaker.succeeded()
    breaker.succeeded()
    assert notebook.circuit == [True, False]


def test_the_budget_reports_its_limit_and_every_read_it_is_asked_for(notebook: Notebook) -> None:
    timer = Clock(100)
    budget = ReadBudget(0.1, timer=timer, observer=notebook)
    assert notebook.limits == [0.1]
    assert [budget.take(), budget.take()] == [True, False] == notebook.reads


def test_a_read_that_rests_after_stripes_429_is_refused_too(notebook: Notebook) -> None:
    budget = ReadBudget(1000, timer=Clock(100), observer=notebook)
    budget.rate_limited()
    budget.take(patience=0.25)
    assert notebook.reads == [False]
