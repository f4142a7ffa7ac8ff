"""Requests that mean harm: by methods, addresses, headers, hosts, other sites and old links."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from demo.emulator import Emulator
from tests.conftest import ANNA, BOB, Serve
from tests.fault.secrets_in_logs import access_lines, everything_logged
from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint

EVIL = "evil.example"

CARDS = ("/billing/", "/billing/subscription.json", "/billing/card")


def raw(client: FlaskClient, path: str = "/billing/subscription.json", **environ: Any) -> Any:
    """Ask with WSGI variables as they come off the wire, which no client library would send."""
    return client.get(path, environ_overrides=environ)


@pytest.fixture
def emulator(lasting_emulator: Emulator) -> Emulator:
    """The Stripe of this module, with no calls counted yet."""
    lasting_emulator.requests.clear()
    return lasting_emulator


@pytest.fixture
def signed_in(browser: FlaskClient) -> FlaskClient:
    """Anna's browser, which has her card on the screen."""
    assert browser.get("/billing/").status_code == 200
    return browser


# --- sizes


@pytest.mark.parametrize("size", [5_000, 500_000])
def test_an_overlong_anything_is_answered_and_repeated_nowhere(
    signed_in: FlaskClient, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    long = "a" * size
    asked: list[TestResponse] = [
        signed_in.get(f"/billing/{long}"),
        signed_in.get(f"/billing/?{long}"),
        signed_in.get(f"/billing/?token={long}"),
        signed_in.get(f"/billing/portal?pass={long}"),
        signed_in.get(f"/billing/card?token={long}"),
        *(
            signed_in.get(path, headers={name: long})
            for path in CARDS
            for name in ("Authorization", "Accept", "Accept-Language", "If-None-Match", "X-Any")
        ),
        signed_in.get("/billing/", headers={"Authorization": f"Bearer {long}"}),
        signed_in.get("/billing/", headers={"X-Request-Id": long}),
        signed_in.get("/billing/", headers={"Host": long}),
        signed_in.post("/billing/webhook", data=long, headers={"Stripe-Signature": long}),
    ]
    assert {answer.status_code for answer in asked} <= {200, 400, 401, 404, 405}
    assert not any(long[:1000] in answer.text + str(answer.headers) for answer in asked)
    assert long[:1000] not in everything_logged(caplog)


# --- injection


INJECTIONS = (
    "cus_anna\r\nSet-Cookie: billing_session=x; injected=1",
    "cus_anna\nERROR billing_proxy injected",
    *("cus_anna%0d%0aX-Injected: 1", "cus_anna\u2028injected", "cus_anna\x1b[31mred"),
    *("cus_anna\x00injected", "cus_anna\u202egnp.", "%s%n%(asctime)s", "\ud800"),
)


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
def test_what_stands_in_an_address_stands_in_no_line_of_the_log(
    signed_in: FlaskClient, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    caplog.clear()
    wire = text.encode("utf-8", "surrogatepass").decode("latin-1")
    raw(signed_in, PATH_INFO=f"/billing/{wire}")
    raw(signed_in, PATH_INFO="/billing/", QUERY_STRING=wire)
    raw(signed_in, PATH_INFO="/billing/portal", QUERY_STRING=f"flow={wire}")
    signed_in.open("/billing/", method="A\nB", environ_overrides={"REQUEST_METHOD": text[:20]})
    raw(signed_in, HTTP_USER_AGENT=wire, HTTP_REFERER=wire, HTTP_ACCEPT_LANGUAGE=wire)
    lines = access_lines(caplog)
    assert len(lines) == 5
    assert all(re.fullmatch(r"[ -~]+", line) for line in lines)
    assert "injected" not in " ".join(lines).lower()


@pytest.mark.parametrize(
    "given",
    [
        *("", "short", "a" * 65, "abcdefgh\n", "abcdefgh\r\nX-Injected: 1", "abcdéfgh"),
        *("abcdefgh request=other", "<script>alert(1)</script>"),
    ],
    ids=ascii,
)
def test_an_odd_request_id_is_replaced(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, given: str
) -> None:
    answer = raw(client, "/billing/", HTTP_X_REQUEST_ID=given)
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])
    assert "X-Injected" not in answer.headers
    (line,) = access_lines(caplog)
    assert line.endswith(f" request={answer.headers['X-Request-Id']}")


def test_a_request_id_of_the_proxy_in_front_is_kept(client: FlaskClient) -> None:
    for given in ("0af7651916cd43dd", "req-1.2_3", "a" * 64):
        answer = client.get("/billing/", headers={"X-Request-Id": given})
        assert answer.headers["X-Request-Id"] == given


# --- open redirects


REDIRECTS = (
    *(f"https://{EVIL}/", f"//{EVIL}", f"/\\{EVIL}", f"javascript:alert('{EVIL}')"),
    *(f"/billing/..//{EVIL}", f"https://localhost@{EVIL}"),
)
NAMES = ("next", "url", "return_url", "redirect_uri")


def leads_home(answer: TestResponse) -> bool:
    """Whether a redirect stays on this host, with nothing of what it was asked for in it."""
    location = answer.headers["Location"]
    parts = urlsplit(location)
    plain = parts.path.startswith("/") and not parts.path.startswith(("//", "/\\"))
    return parts.netloc in ("", "localhost") and plain and EVIL not in location


@pytest.mark.parametrize("target", REDIRECTS)
def test_no_parameter_leads_to_another_site(
    signed_in: FlaskClient, clock: Clock, target: str
) -> None:
    for name in NAMES:
        query = {name: target}
        for path, status in (("/", 302), ("/billing/return", 303)):
            answer = signed_in.get(path, query_string=query)
            assert answer.status_code == status
            assert leads_home(answer)
        link = {"token": mint(ANNA, clock), **query}
        answer = signed_in.get("/billing/", query_string=link)
        assert answer.status_code == 303
        assert leads_home(answer)
        assert "?" not in answer.headers["Location"]


# --- hosts and proxies


FORWARDED = {
    "X-Forwarded-Host": EVIL,
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "8443",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Server": EVIL,
    "Forwarded": f"host={EVIL};proto=https",
    "X-Host": EVIL,
    "X-HTTP-Host-Override": EVIL,
    "X-Original-Host": EVIL,
}


def addresses(client: FlaskClient, clock: Clock, headers: dict[str, str]) -> str:
    """Everything absolute that the service says about itself, in one text."""
    asked = {**bearer(mint(ANNA, clock)), **headers}
    answers = [client.get(path, headers=asked) for path in (*CARDS, "/billing/return", "/")]
    return " ".join(answer.text + str(answer.headers) for answer in answers)


def test_without_proxies_no_forwarded_header_says_where_we_are(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock
) -> None:
    said = addresses(client, clock, FORWARDED)
    assert EVIL not in said
    assert "8443" not in said
    assert "https://localhost" not in said
    assert "/evil" not in said
    client.get("/billing/portal", headers={**bearer(mint(ANNA, clock)), **FORWARDED})
    assert emulator.requests[-1].params["return_url"] == "http://localhost/billing/return"


def test_behind_one_proxy_its_own_word_counts_and_what_came_before_does_not(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock
) -> None:
    client = serve(BILLING_TRUSTED_PROXIES="1")
    headers = {
        "X-Forwarded-Host": f"{EVIL}, billing.example.nl",
        "X-Forwarded-Proto": "javascript, https",
        "X-Forwarded-Port": "8443, 443",
        "Forwarded": f"host={EVIL}",
    }
    said = addresses(client, clock, headers)
    assert EVIL not in said
    assert "8443" not in said
    assert "https://billing.example.nl/billing/portal?pass=" in said
    client.get("/billing/portal", headers={**bearer(mint(ANNA, clock)), **headers})
    expected = "https://billing.example.nl/billing/return"
    assert emulator.requests[-1].params["return_url"] == expected


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": 'evil.example"><script>'},
        {"X-Forwarded-Host": "user@evil.example/path"},
        {"X-Forwarded-Prefix": "/<script>//evil.example"},
        {"X-Forwarded-Port": "99999"},
        {"X-Forwarded-Proto": 'javascript"><script>'},
    ],
    ids=str,
)
def test_a_proxy_that_passes_nonsense_on_gets_no_link_to_nowhere(
    serve: Serve, anna: str, clock: Clock, headers: dict[str, str]
) -> None:
    client = serve(BILLING_TRUSTED_PROXIES="1")
    for path in CARDS:
        answer = client.get(path, headers={**bearer(mint(ANNA, clock)), **headers})
        assert answer.status_code in (200, 400)
        assert "<script>" not in answer.text
        assert "javascript:" not in answer.text
        assert EVIL not in answer.text


@pytest.mark.parametrize("host", [EVIL, f"{EVIL}:80", f"billing.example.nl.{EVIL}"])
def test_another_host_is_refused_where_the_settings_name_the_right_one(
    serve: Serve, emulator: Emulator, anna: str, clock: Clock, host: str
) -> None:
    client = serve(TRUSTED_HOSTS="billing.example.nl")
    right = {**bearer(mint(ANNA, clock)), "Host": "billing.example.nl"}
    assert client.get("/billing/subscription.json", headers=right).status_code == 200
    calls = emulator.calls()
    for path in (*CARDS, "/billing/portal", "/billing/return", "/"):
        answer = client.get(path, headers={**right, "Host": host})
        assert answer.status_code == 400
        assert host not in answer.text + str(answer.headers)
    assert EVIL not in client.get("/billing/", headers={**right, "X-Forwarded-Host": host}).text
    behind = serve(TRUSTED_HOSTS="billing.example.nl", BILLING_TRUSTED_PROXIES="1")
    assert behind.get("/billing/", headers={**right, "X-Forwarded-Host": host}).status_code == 400
    assert emulator.calls() == calls


def test_a_card_asked_for_by_one_host_is_not_given_to_another(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    """Answers are kept by address: a poisoned one would show its links to everybody else."""
    headers = bearer(mint(ANNA, clock))
    for host in (EVIL, "billing.example.nl", EVIL):
        text = client.get("/billing/subscription.json", headers={**headers, "Host": host}).text
        assert f"http://{host}/billing/portal" in text
    assert EVIL not in client.get("/billing/subscription.json", headers=headers).text


# --- cookies and sessions


def test_an_attackers_session_gives_way_to_the_victims_own_link(
    client: FlaskClient, anna: str, bob: str, clock: Clock
) -> None:
    attackers = client.application.test_client()
    attackers.get(f"/billing/?token={mint(BOB, clock)}")
    planted = attackers.get_cookie("billing_session", path="/billing")
    assert planted is not None
    client.set_cookie("billing_session", planted.value, path="/billing")
    assert client.get("/billing/subscription.json").get_json()["customer"] == BOB
    client.get(f"/billing/?token={mint(ANNA, clock)}")
    own = client.get_cookie("billing_session", path="/billing")
    assert own is not None
    assert own.value != planted.value
    assert client.get("/billing/subscription.json").get_json()["customer"] == ANNA
    assert attackers.get("/billing/subscription.json").get_json()["customer"] == BOB


def test_a_planted_cookie_is_not_made_good_by_a_link_that_fails(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    client.set_cookie("billing_session", "planted", path="/billing")
    client.get(f"/billing/?token={mint(ANNA, clock, key='x' * 40)}")
    assert client.get("/billing/").status_code == 401
