"""The document of the API says what the service does: its routes, its bodies, its errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from billing_proxy import BillingProxy, __version__
from billing_proxy.app import create_app
from demo.emulator import Emulator
from demo.personas import PERSONAS, Persona, populate
from tests.api.document import DOCUMENT, header_problems, operations, problems, resolved
from tests.api.needs import need
from tests.conftest import Serve
from tests.stage.clock import Clock, moment
from tests.stage.tokens import bearer, mint

openapi_spec_validator = need("openapi_spec_validator")

JSON = "/billing/subscription.json"
AT_ONCE = {"Stripe-Should-Retry": "false"}
KNOWN = [persona for persona in PERSONAS if persona.exists]
every_persona = pytest.mark.parametrize("persona", KNOWN, ids=[p.customer for p in KNOWN])


def test_the_document_is_valid_openapi() -> None:
    openapi_spec_validator.validate(DOCUMENT)
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert DOCUMENT["info"]["version"] == __version__


def test_the_document_has_exactly_the_routes_of_the_service(environ: dict[str, str]) -> None:
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in create_app(environ).url_map.iter_rules()
        for method in rule.methods or ()
    }
    documented = {(path, method) for path, method, _ in operations()}
    assert documented == {(path, method) for path, method in routes if method in ("GET", "POST")}
    # What Flask adds by itself is documented in words.
    assert {method for _, method in routes} == {"GET", "POST", "HEAD", "OPTIONS"}


def test_a_site_that_embeds_the_card_has_the_routes_below_the_prefix(
    environ: dict[str, str],
) -> None:
    site = Flask("site")
    site.config.update({name: environ[name] for name in environ if "TOKEN" not in name})
    BillingProxy(customer_loader=lambda _: None).init_app(site)
    routes = {rule.rule for rule in site.url_map.iter_rules() if rule.endpoint != "static"}
    routes = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route) for route in routes}
    assert routes == {path for path, _, _ in operations() if path.startswith("/billing/")}


@pytest.fixture(scope="module")
def answers() -> Iterator[Mapping[str, TestResponse]]:
    """The JSON card of every persona, by customer."""
    clock = Clock(moment("2076-11-22 11:00:00"))
    with Emulator(clock=clock) as emulator:
        populate(emulator.account)
        environ = {
            "STRIPE_SECRET_KEY": emulator.key,
            "STRIPE_API_BASE": emulator.url,
            "SECRET_KEY": "a made-up key that signs the cookies of these tests",
            "BILLING_TOKEN_SECRET": "a made-up secret that is long enough for HS256",
            "BILLING_UPGRADE_URL": "https://www.example.nl/plans",
            "BILLING_STRIPE_MAX_RATE": "10000",
        }
        client = create_app(environ, clock=clock).test_client()
        key = environ["BILLING_TOKEN_SECRET"]
        yield {
            persona.customer: client.get(
                JSON, headers=bearer(mint(persona.customer, clock, key=key))
            )
            for persona in PERSONAS
        }


@every_persona
def test_every_personas_json_is_as_documented_with_no_field_besides(
    answers: Mapping[str, TestResponse], persona: Persona
) -> None:
    answer = answers[persona.customer]
    assert answer.status_code == 200
    assert problems(answer.get_json(), "Card") == []
    documented = DOCUMENT["paths"][JSON]["get"]["responses"]["200"]
    assert header_problems(answer.headers, documented) == []


def test_every_field_that_may_be_null_is_null_for_one_persona_and_filled_for_another(
    answers: Mapping[str, TestResponse],
) -> None:
    seen: dict[str, set[bool]] = {}
    for persona in KNOWN:
        for name, value in answers[persona.customer].get_json().items():
            seen.setdefault(name, set()).add(value is None)
    never_null = {"plan", "status", "access", "notices", "links", "other_subscriptions"}
    never_null |= {"as_of", "stale"}
    # A choice of plans is set up, and who has a plan has a portal: there is always a button.
    assert seen.pop("button") == {False}
    assert {name for name, nulls in seen.items() if nulls == {False}} == never_null
    assert {name for name, nulls in seen.items() if nulls == {True, False}} == (
        set(seen) - never_null
    )


def test_a_field_too_few_or_too_many_would_be_noticed(answers: Mapping[str, TestResponse]) -> None:
    card = answers["cus_demo_meerdere"].get_json()
    for field in card:
        assert problems({name: card[name] for name in card if name != field}, "Card"), field
    assert problems({**card, "email": "anna@example.nl"}, "Card")
    card["other_subscriptions"][0]["status"]["colour"] = "green"
    assert problems(card, "Card")


def test_the_examples_are_as_documented() -> None:
    examples = 0
    for _, _, operation in operations():
        for response in operation["responses"].values():
            for media_type, content in resolved(response).get("content", {}).items():
                if "example" in content:
                    schema = content["schema"]["$ref"].rpartition("/")[2]
                    assert problems(content["example"], schema) == [], media_type
                    examples += 1
    assert examples > len(DOCUMENT["paths"])


@pytest.fixture
def broken(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock
) -> Mapping[int, tuple[str, str, TestResponse]]:
    """A path, the method and an answer for every status that an error can have."""
    headers = bearer(mint(anna, clock), Accept="application/json")
    client = serve()
    hosted = serve(TRUSTED_HOSTS="billing.example.nl")
    nobody = bearer(mint("cus_nobody", clock))
    found = {
        400: (JSON, "get", hosted.get(JSON, headers={**headers, "Host": "elsewhere.example"})),
        401: (JSON, "get", client.get(JSON)),
        403: (
            "/billing/portal",
            "get",
            client.get("/billing/portal", headers={**headers, "Sec-Purpose": "prefetch"}),
        ),
        404: (JSON, "get", client.get(JSON, headers=nobody)),
        405: (JSON, "get", client.delete(JSON, headers=headers)),
        502: (
            JSON,
            "get",
            serve(STRIPE_SECRET_KEY="sk_test_of_another").get(JSON, headers=headers),
        ),
    }
    emulator.fail(times=None, headers=AT_ONCE)
    found[503] = (JSON, "get", client.get(JSON, headers=headers))
    return found


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 502, 503])
def test_every_error_is_a_problem_and_reads_as_documented(
    broken: Mapping[int, tuple[str, str, TestResponse]], status: int
) -> None:
    path, method, answer = broken[status]
    assert answer.status_code == status
    assert_as_documented(answer, path, method)


def test_a_fault_of_the_site_around_the_card_reads_as_documented(
    environ: dict[str, str],
) -> None:
    site = Flask("site")
    site.config.update({name: environ[name] for name in environ if "TOKEN" not in name})
    BillingProxy(customer_loader=lambda _: 1 / 0).init_app(site)  # type: ignore[arg-type,return-value]
    answer = site.test_client().get(JSON)
    assert answer.status_code == 500
    body = documented(JSON, "get", 500)["example"]
    got = answer.get_json()
    assert problems(got, "Problem") == []
    assert (got["type"], got["status"]) == (body["type"], body["status"])


@pytest.mark.parametrize("post", [b"", b"{}", b"[]", b'{"type": "invoice.paid"}'])
def test_an_event_that_is_refused_reads_as_documented(serve: Serve, post: bytes) -> None:
    client = serve(STRIPE_WEBHOOK_SECRET="whsec_a_made_up_signing_secret")
    answer = client.post("/billing/webhook", data=post, headers={"Stripe-Signature": "t=1,v1=0"})
    assert answer.status_code == 400
    assert_as_documented(answer, "/billing/webhook", "post")


def test_a_webhook_that_is_not_set_up_reads_as_documented(client: FlaskClient) -> None:
    answer = client.post("/billing/webhook", data=b"{}")
    assert answer.status_code == 404
    assert_as_documented(answer, "/billing/webhook", "post")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/billing/healthz", "/billing/readyz"])
def test_health_reads_as_documented(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.mimetype == "application/health+json"
    assert problems(answer.get_json(), "Health") == []
    assert answer.get_json() == documented(path, "get", 200)["example"]


def test_a_service_that_cannot_serve_reads_as_documented(
    serve: Serve, as_anna: dict[str, str]
) -> None:
    client = serve(STRIPE_SECRET_KEY="sk_test_of_another")
    client.get(JSON, headers=as_anna)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json() == documented("/readyz", "get", 503)["example"]


def documented(path: str, method: str, status: int) -> Any:
    """The JSON that the document has for this answer."""
    response = resolved(DOCUMENT["paths"][path][method]["responses"][str(status)])
    (content,) = (c for kind, c in response["content"].items() if kind.endswith("json"))
    return content


def assert_as_documented(answer: TestResponse, path: str, method: str) -> None:
    """The answer is a problem, word for word and header for header the one in the document."""
    assert answer.mimetype == "application/problem+json"
    body = json.loads(answer.data)
    assert problems(body, "Problem") == []
    assert body["status"] == answer.status_code
    assert body == documented(path, method, answer.status_code)["example"]
    responses = DOCUMENT["paths"][path][method]["responses"]
    assert header_problems(answer.headers, responses[str(answer.status_code)]) == []
