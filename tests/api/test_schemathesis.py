"""The service is asked whatever its document allows, and some that it does not: it conforms.

The service is the Procfile's, the Stripe beside it the emulator. What is asked is made up by
Schemathesis from the document, the same in every run.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from demo.emulator import Emulator
from demo.personas import populate
from tests.api.document import PATH
from tests.api.needs import need
from tests.stage.service import Service
from tests.stage.tokens import bearer, mint

schemathesis = need("schemathesis")

from schemathesis.checks import (  # noqa: E402 -- only where it is there
    negative_data_rejection,
    positive_data_acceptance,
)

CUSTOMER = "cus_demo_meerdere"
EXAMPLES = 8
SEED = 1_795_345_200
ANSWERS_WITHIN = 10

# The webhook refuses whatever Stripe has not signed, however right its form; and no parameter's
# form is ever a reason to refuse, since the page opens for whatever a browser sends along.
EXCLUDED = [negative_data_rejection, positive_data_acceptance]

config = schemathesis.Config.from_dict(
    {
        "seed": SEED,
        "cache": {"enabled": False},
        "generation": {
            "max-examples": EXAMPLES,
            "deterministic": True,
            "with-security-parameters": False,
        },
        "request-timeout": ANSWERS_WITHIN,
    }
)
schema = schemathesis.openapi.from_path(PATH, config=config)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """The service with every persona; it may read from Stripe as often as it is asked."""
    with (
        Emulator(populate()) as stripe,
        Service(
            stripe,
            BILLING_STRIPE_MAX_RATE="10000",
            STRIPE_WEBHOOK_SECRET="whsec_a_made_up_signing_secret",
        ) as running,
    ):
        yield running


@schema.parametrize()
def test_whatever_a_customer_with_a_token_asks_the_answer_is_as_documented(
    case: schemathesis.Case, service: Service
) -> None:
    headers = bearer(mint(CUSTOMER, time.time))
    case.call_and_validate(service.base, headers=headers, excluded_checks=EXCLUDED)


@schema.parametrize()
def test_whatever_nobody_in_particular_asks_the_answer_is_as_documented(
    case: schemathesis.Case, service: Service
) -> None:
    answer = case.call_and_validate(service.base, excluded_checks=EXCLUDED)
    assert CUSTOMER not in answer.text
