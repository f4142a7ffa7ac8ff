"""What a hostile or broken client may send: answered plainly, with nothing given away."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from demo.emulator import Emulator
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.tokens import mint

NO_HOSTS = (
    "a b",
    "user@evil.example",
    "evil.example/path?",
    'evil"><script>',
    "localhost:abc",
    "localhost:99999",
    "a..b",
    ".",
)


@pytest.mark.parametrize("host", NO_HOSTS)
def test_a_host_header_that_names_no_host_is_a_bad_request(
    serve: Serve, emulator: Emulator, as_anna: dict[str, str], host: str
) -> None:
    """RFC 9112, section 3.2. No address in an answer could be absolute and right."""
    client = serve(BILLING_HOME_URL="https://www.example.nl/")
    for path in ("", "subscription.json", "card", "portal"):
        answer = client.get(f"/billing/{path}", headers={**as_anna, "Host": host})
        assert answer.status_code == 400
        words = "Bad request" if path == "subscription.json" else ">Naar onze website</a>"
        assert words in answer.text
        assert "evil" not in answer.text
    assert emulator.calls() == 0


@pytest.mark.parametrize(
    "path",
    [
        "/billing/%00",
        "/billing/%ff%fe",
        "/billing/../billing/",
        "/billing/%2e%2e/",
        "/BILLING/",
        "/billing/subscription.json/",
        "/billing/portal/",
        "/billing/card/..",
        "/billing/static/",
        "/billing/static/../views.py",
        "/billing/static/..%2f..%2fviews.py",
        "/billing/<script>alert(1)</script>",
        "/billing/" + "x" * 5000,
        "/.env",
        "/wsgi.py",
    ],
)
def test_an_odd_path_is_not_found_and_not_repeated(
    client: FlaskClient, emulator: Emulator, as_anna: dict[str, str], path: str
) -> None:
    with client.get(path, headers=as_anna) as answer:
        assert answer.status_code == 404
        assert "<script>alert" not in answer.text
        assert "import " not in answer.text
    assert emulator.calls() == 0


@pytest.mark.parametrize(
    "path", ["//evil.example/billing/", "//evil.example", "/billing//evil.example", "/billing//"]
)
def test_two_slashes_lead_to_no_other_site(
    client: FlaskClient, as_anna: dict[str, str], path: str
) -> None:
    answer = client.get("/", headers=as_anna, environ_overrides={"PATH_INFO": path})
    location = urlsplit(answer.headers.get("Location", "/"))
    assert location.netloc in ("", "localhost")
    assert not location.path.startswith("//")


@pytest.mark.parametrize("method", ["TRACE", "BREW", "get", "PROPFIND", "DELETE", "PUT", "PATCH"])
@pytest.mark.parametrize("path", ["/billing/", "/billing/card", "/billing/return", "/", "/healthz"])
def test_an_odd_method_is_refused(
    client: FlaskClient, emulator: Emulator, method: str, path: str
) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code in (405, 501) or method == "get"
    assert emulator.calls() == 0


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_method_cannot_be_smuggled_in_a_header(
    browser: FlaskClient, emulator: Emulator, name: str
) -> None:
    assert browser.post("/billing/portal", headers={name: "GET"}).status_code == 405
    assert emulator.calls() == 0


@pytest.mark.parametrize(
    "cookie",
    [
        "billing_session; =; ;;;",
        "billing_session=" + "x" * 100_000,
        'billing_session="',
        "billing_session=\xff",
        "$Version=1; billing_session=x; $Path=/",
        "billing_visit=" + "A" * 50_000,
    ],
    ids=lambda cookie: cookie[:30],
)
def test_unreadable_cookies_sign_nobody_in_and_harm_nobody(
    client: FlaskClient, as_anna: dict[str, str], cookie: str
) -> None:
    assert client.get("/billing/", headers={"Cookie": cookie}).status_code == 401
    assert client.get("/billing/", headers={"Cookie": cookie, **as_anna}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "token=",
        "token[]={0}",
        "TOKEN={0}",
        "access_token={0}",
        "a=1;token={0}",
        "jwt={0}",
        "token=%20{0}",
        "token={0}%0A",
        "token={0}==",
        "token=Bearer%20{0}",
    ],
)
def test_a_token_under_another_name_or_in_disguise_signs_nobody_in(
    client: FlaskClient, emulator: Emulator, anna: str, clock: Clock, query: str
) -> None:
    answer = client.get("/billing/?" + query.format(mint(anna, clock)))
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    assert emulator.calls() == 0
