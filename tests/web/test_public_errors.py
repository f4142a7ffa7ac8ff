"""What goes wrong is said plainly, to programs and to people, and gives nothing away."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.pages import Page
from tests.stage.tokens import bearer, mint

WEAK_KEY = "rk_test_may_do_nothing_at_all_0000"
FOREIGN_KEY = "sk_test_of_another_account_0000"
AT_ONCE = {"Stripe-Should-Retry": "false"}


@dataclass
class Stage:
    """What a scene may use to bring its error about."""

    serve: Serve
    emulator: Emulator
    clock: Clock

    def get(self, path: str, client: FlaskClient | None = None, **headers: str) -> TestResponse:
        """What Anna gets at ``path``."""
        token = mint("cus_anna", self.clock)
        return (client or self.serve()).get(path, headers=bearer(token, **headers))


def nobody(stage: Stage, path: str, accept: str) -> TestResponse:
    return stage.serve().get(path, headers={"Accept": accept})


def prefetch(stage: Stage, _: str, accept: str) -> TestResponse:
    return stage.get("/billing/portal", **{"Accept": accept, "Sec-Purpose": "prefetch"})


def unknown_customer(stage: Stage, path: str, accept: str) -> TestResponse:
    headers = bearer(mint("cus_nobody", stage.clock), Accept=accept)
    return stage.serve().get(path, headers=headers)


def no_such_route(stage: Stage, _: str, accept: str) -> TestResponse:
    return stage.get("/billing/nothing-here", Accept=accept)


def wrong_method(stage: Stage, path: str, accept: str) -> TestResponse:
    return stage.serve().post(path, headers={"Accept": accept})


def outage(stage: Stage, path: str, accept: str) -> TestResponse:
    stage.emulator.fail(status=500, times=None, headers=AT_ONCE)
    return stage.get(path, Accept=accept)


def wrong_key(stage: Stage, path: str, accept: str) -> TestResponse:
    return stage.get(path, stage.serve(STRIPE_SECRET_KEY=FOREIGN_KEY), Accept=accept)


def weak_key(stage: Stage, path: str, accept: str) -> TestResponse:
    stage.emulator.add_key(WEAK_KEY, [])
    return stage.get(path, stage.serve(STRIPE_SECRET_KEY=WEAK_KEY), Accept=accept)


def refused_request(stage: Stage, path: str, accept: str) -> TestResponse:
    message = "This account, acct_1DemoEmulator0000, must update its API version."
    body = {"error": {"type": "invalid_request_error", "message": message}}
    stage.emulator.fail(status=400, times=None, body=body)
    return stage.get(path, Accept=accept)


def portal_without_settings(stage: Stage, _: str, accept: str) -> TestResponse:
    stage.emulator.account.update("bpc_demo_standaard", is_default=False)
    return stage.get("/billing/portal", Accept=accept)


Scene = Callable[[Stage, str, str], TestResponse]
SCENES: tuple[tuple[Scene, int], ...] = (
    (nobody, 401),
    (prefetch, 403),
    (unknown_customer, 404),
    (no_such_route, 404),
    (wrong_method, 405),
    (outage, 503),
    (wrong_key, 502),
    (weak_key, 502),
    (refused_request, 502),
    (portal_without_settings, 502),
)
every_scene = pytest.mark.parametrize(
    ("scene", "status"), SCENES, ids=[scene.__name__ for scene, _ in SCENES]
)

STRIPES_OWN_WORDS = (
    "Invalid API Key",
    "does not have the required permissions",
    "No configuration provided",
    "No such customer",
    "An unknown error occurred",
    "rate limit",
    "request_log_url",
    "doc_url",
    "stripe.com",
    "must update its API version",
    "maintenance",
    "acct_",
    "sk_test",
    "rk_test",
    "****",
    "Traceback",
    "stripe.error",
)


@pytest.fixture
def stage(serve: Serve, emulator: Emulator, clock: Clock, anna: str) -> Stage:
    """A stage on which Anna is known to Stripe."""
    return Stage(serve, emulator, clock)


@every_scene
def test_a_program_gets_a_problem_as_rfc_9457_describes_it(
    stage: Stage, scene: Scene, status: int
) -> None:
    answer = scene(stage, "/billing/", "application/json")
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert set(body) >= {"type", "title", "status", "detail"}
    assert body["status"] == status
    assert all(isinstance(body[name], str) and body[name] for name in ("type", "title", "detail"))


@every_scene
def test_a_person_gets_a_dutch_page(stage: Stage, scene: Scene, status: int) -> None:
    answer = scene(stage, "/billing/", "text/html")
    assert answer.status_code == status
    assert answer.mimetype == "text/html"
    page = Page(answer.text)
    assert page.all("html")[0].attributes["lang"] == "nl"
    assert re.search(r"\b(je|niet|onze|deze|bij)\b", page.words)
    assert not re.search(r"\b(the|not|your|error|denied)\b", page.words, re.IGNORECASE)
    (link,) = page.all("a")
    assert link.text in ("Probeer het opnieuw", "Naar je abonnement")


def test_the_page_of_an_outage_heals_itself_and_the_portals_error_is_called_that(
    stage: Stage,
) -> None:
    page = Page(outage(stage, "/billing/", "text/html").text)
    assert any("data-billing-heals" in e.attributes for e in page.all("div"))
    assert page.all("script")
    for scene in (outage, wrong_key, unknown_customer):
        portal = Page(scene(stage, "/billing/portal", "text/html").text)
        assert [h.text for h in portal.all("h1")] == ["Het klantportaal gaat nu niet open"]
        assert not portal.all("script")


@every_scene
def test_no_error_gives_anything_away_or_looks_like_no_subscription(
    stage: Stage, scene: Scene, status: int
) -> None:
    for accept in ("application/json", "text/html"):
        answer = scene(stage, "/billing/", accept)
        told = f"{answer.text}{answer.headers}".lower()
        assert [words for words in STRIPES_OWN_WORDS if words.lower() in told] == []
        assert not re.search(r"\b(cus|sub|price|prod|req|bpc)_\w", told)
        assert "anna" not in told
        for words in ("geen abonnement", "free", "abonnement kiezen", '"none"'):
            assert words not in answer.text.lower()
        assert answer.cache_control.no_store
        assert "ETag" not in answer.headers


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_an_outage_says_when_to_try_again(stage: Stage, accept: str) -> None:
    answer = outage(stage, "/billing/", accept)
    assert int(answer.headers["Retry-After"]) > 0


def test_what_an_operator_must_mend_does_not_ask_to_try_again(stage: Stage) -> None:
    assert "Retry-After" not in wrong_key(stage, "/billing/", "text/html").headers


def test_who_is_not_identified_learns_how_to_be(stage: Stage) -> None:
    answer = nobody(stage, "/billing/subscription.json", "application/json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scene", [nobody, unknown_customer, outage, wrong_key])
def test_the_json_address_answers_a_browser_with_a_problem_too(stage: Stage, scene: Scene) -> None:
    answer = scene(stage, "/billing/subscription.json", "text/html")
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("scene", [nobody, unknown_customer, outage, wrong_key])
def test_the_fragment_fails_as_a_fragment(stage: Stage, scene: Scene) -> None:
    answer = scene(stage, "/billing/card", "*/*")
    assert answer.status_code in (401, 404, 502, 503)
    assert answer.mimetype == "text/html"
    assert "<html" not in answer.text
    assert "<body" not in answer.text
    assert Page(answer.text).words


def test_a_wrong_method_names_the_right_ones(stage: Stage) -> None:
    answer = wrong_method(stage, "/billing/subscription.json", "application/json")
    assert "GET" in answer.headers["Allow"]
    assert "POST" not in answer.headers["Allow"]


def test_a_refusal_is_in_the_log_without_stripes_words(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    weak_key(stage, "/billing/", "text/html")
    assert "permission" in caplog.text
    assert "acct_" not in caplog.text
    assert WEAK_KEY not in caplog.text
    assert "****" not in caplog.text
