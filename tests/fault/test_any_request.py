"""A client may send anything at all: no crash, and no card without a valid credential."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from hypothesis import assume, given
from hypothesis import strategies as st
from werkzeug.sansio.http import parse_cookie

from billing_proxy.app import create_app
from demo.emulator import Emulator
from tests.conftest import ANNA, BOB
from tests.fault.fuzzing import any_text, damaged, examples, junk, latin, misspelt
from tests.fault.routes import WEBHOOK_SECRET, page, program, signature
from tests.stage.clock import Clock, moment
from tests.stage.tokens import TOKEN_SECRET, bearer, by_hand, mint

CLOCK = Clock(moment("2076-11-22 11:00:00"))

CARDS = ("/billing/", "/billing/subscription.json", "/billing/card")
EVERYWHERE = (*CARDS, "/", "/billing/portal", "/billing/return", "/healthz", "/billing/x")

TOKEN = mint(ANNA, CLOCK)

CLAIMS = {"sub": ANNA, "aud": "billing-proxy", "exp": int(CLOCK()) + 600}
HEADER = {"alg": "HS256", "typ": "JWT", "kid": "key-1"}


@pytest.fixture(scope="module")
def stripe() -> Iterator[Emulator]:
    """A Stripe that knows Anna and Bob."""
    with Emulator(clock=CLOCK) as running:
        for customer in (ANNA, BOB):
            running.account.add_customer(customer)
            running.account.add_subscription(customer, id=customer.replace("cus", "sub"))
        yield running


@pytest.fixture(scope="module")
def client(stripe: Emulator) -> FlaskClient:
    """A client that keeps no cookies, at a service to which both cards are known and finished."""
    environ = {
        "STRIPE_SECRET_KEY": stripe.key,
        "STRIPE_API_BASE": stripe.url,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "SECRET_KEY": "a made-up key that signs the cookies of these tests",
        "BILLING_TOKEN_SECRET": TOKEN_SECRET,
        "BILLING_CACHE_TTL": "3600",
    }
    app = create_app(environ, clock=CLOCK)
    for customer in (ANNA, BOB):
        for path in CARDS:
            token = bearer(mint(customer, CLOCK))
            assert app.test_client().get(path, headers=token).status_code == 200
    return app.test_client(use_cookies=False)


@pytest.fixture(scope="module")
def session(client: FlaskClient) -> str:
    """Anna's session cookie."""
    browser = client.application.test_client()
    page(browser, ANNA, CLOCK)
    cookie = browser.get_cookie("billing_session", path="/billing")
    assert cookie is not None
    return cookie.value


@pytest.fixture(scope="module")
def seal(client: FlaskClient) -> str:
    """A pass to Anna's portal."""
    url = program(client, ANNA, CLOCK).get_json()["portal_url"]
    return str(url.partition("pass=")[2])


@pytest.fixture(autouse=True)
def nothing_crashed(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """No record of any logger has a traceback."""
    yield
    assert [r.getMessage() for r in caplog.get_records("call") if r.exc_info] == []


def get(client: FlaskClient, path: str, **environ: Any) -> Any:
    """Ask with variables as a WSGI server would set them."""
    return client.get(path, environ_overrides=environ)


def wire(text: str) -> str:
    """How a WSGI server hands the UTF-8 of ``text`` on."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def nobodys(answer: Any) -> None:
    """No card, no cookie, and no crash."""
    assert answer.status_code == 401
    assert ANNA not in answer.text
    assert "Set-Cookie" not in answer.headers


# --- tokens


@examples(100)
@given(text=latin, path=st.sampled_from(CARDS))
def test_any_credential_but_one_of_ours_is_nobodys(
    client: FlaskClient, text: str, path: str
) -> None:
    nobodys(get(client, path, HTTP_AUTHORIZATION=text))
    nobodys(get(client, path, HTTP_AUTHORIZATION=f"Bearer {text}"))
    for cookie in (text, f"billing_session={text}", f"billing_visit={text}"):
        nobodys(get(client, path, HTTP_COOKIE=cookie))
    for link in ("/billing/?token=", "/billing/card?token=", "/billing/portal?pass="):
        nobodys(client.get(link + quote(text)))


@examples(150)
@given(text=misspelt(TOKEN), path=st.sampled_from(CARDS))
def test_a_misspelt_token_is_nobodys_unless_it_says_the_very_same(
    client: FlaskClient, text: str, path: str
) -> None:
    answer = get(client, path, HTTP_AUTHORIZATION=f"Bearer {text}")
    if text.strip().rpartition(".")[0] == TOKEN.rpartition(".")[0]:
        assert answer.status_code in (200, 401)  # the signature has bits that say nothing
    else:
        nobodys(answer)


@examples(100)
@given(header=damaged(HEADER) | junk, claims=damaged(CLAIMS) | junk)
def test_damaged_claims_show_at_most_the_card_of_who_they_name(
    client: FlaskClient, header: Any, claims: Any
) -> None:
    """Signed with the right secret, so that only what they say is wrong."""
    token = by_hand(header, claims, TOKEN_SECRET)
    answer = client.get("/billing/subscription.json", headers=bearer(token))
    if answer.status_code == 200:
        assert isinstance(claims, dict)
        assert answer.get_json()["customer"] == claims["sub"]
        assert "billing-proxy" in claims["aud"]
        assert CLOCK() < int(claims["exp"]) <= CLOCK() + 31 * 86_400
    else:
        assert answer.status_code in (401, 404)


# --- cookies and passes


@examples(150)
@given(data=st.data(), path=st.sampled_from(CARDS))
def test_a_misspelt_session_is_nobodys_unless_it_says_the_very_same(
    client: FlaskClient, session: str, data: st.DataObject, path: str
) -> None:
    header = f"billing_session={data.draw(misspelt(session))}"
    sent = parse_cookie(header).get("billing_session", "")
    answer = get(client, path, HTTP_COOKIE=header)
    if sent.rpartition(".")[0] == session.rpartition(".")[0]:
        assert answer.status_code in (200, 401)
    else:
        nobodys(answer)


@examples(100)
@given(data=st.data())
def test_a_misspelt_pass_opens_nothing_unless_it_says_the_very_same(
    client: FlaskClient, seal: str, data: st.DataObject
) -> None:
    sent = data.draw(misspelt(seal))
    assume(sent.rpartition(".")[0] != seal.rpartition(".")[0])
    answer = client.get("/billing/portal", query_string={"pass": sent})
    nobodys(answer)
    assert "Location" not in answer.headers


# --- everything else that a request has


HEADERS = (
    *("ACCEPT", "ACCEPT_LANGUAGE", "CACHE_CONTROL", "COOKIE", "HOST", "IF_NONE_MATCH", "RANGE"),
    *("IF_MODIFIED_SINCE", "ORIGIN", "REFERER", "SEC_FETCH_DEST", "SEC_FETCH_MODE", "SEC_PURPOSE"),
    *("STRIPE_SIGNATURE", "USER_AGENT", "X_FORWARDED_HOST", "X_FORWARDED_PROTO", "X_REQUEST_ID"),
)


@examples(200)
@given(
    headers=st.dictionaries(st.sampled_from(HEADERS), latin, min_size=1, max_size=4),
    path=st.sampled_from(EVERYWHERE),
    known=st.booleans(),
)
def test_any_headers_are_answered(
    client: FlaskClient, headers: dict[str, str], path: str, known: bool
) -> None:
    sent = {f"HTTP_{name}": value for name, value in headers.items()}
    if known:
        sent["HTTP_AUTHORIZATION"] = f"Bearer {TOKEN}"
    answer = get(client, path, **sent)
    assert answer.status_code < 500
    if not known and path in CARDS:
        assert answer.status_code in (400, 401)
    assert BOB not in answer.text


@examples(120)
@given(path=any_text, query=any_text, method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]))
def test_any_address_is_answered(client: FlaskClient, path: str, query: str, method: str) -> None:
    environ = {"PATH_INFO": wire(f"/billing/{path}"), "QUERY_STRING": wire(query)}
    for there in (environ, {**environ, "PATH_INFO": wire(f"/{path}")}):
        answer = client.open("/", method=method, environ_overrides=there)
        assert answer.status_code < 500
        assert ANNA not in answer.text


# --- the webhook


EVENT = {
    "id": "evt_1",
    "object": "event",
    "api_version": "2026-10-28.endive",
    "created": 1_795_000_000,
    "data": {"object": {"id": "sub_anna", "object": "subscription", "customer": ANNA}},
    "livemode": False,
    "type": "customer.subscription.updated",
}


@pytest.fixture(scope="module")
def seconds() -> int:
    """The time by which Stripe's SDK goes."""
    return int(time.time())


@examples(120)
@given(what=damaged(EVENT) | junk | st.binary(max_size=200))
def test_anything_that_is_rightly_signed_is_taken_or_refused(
    client: FlaskClient, seconds: int, what: Any
) -> None:
    body = what if isinstance(what, bytes) else json.dumps(what).encode()
    headers = {"Stripe-Signature": signature(body, seconds)}
    answer = client.post("/billing/webhook", data=body, headers=headers)
    assert answer.status_code in (204, 400)
