"""What HTTP says about a request and its answer, in tables."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from billing_proxy.loader import Outcome
from billing_proxy.web import http_rules

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "json"),
    [
        ("application/json", True),
        ("application/problem+json", True),
        ("APPLICATION/JSON", True),
        ("application/json; charset=utf-8", True),
        ("application/json, text/html;q=0.9", True),
        ("application/json, text/plain, */*", False),  # a tie: */* is HTML too
        ("application/*, text/html;q=0.5", True),
        ("text/html;q=0, */*", True),
        ("application/json;q=0.5, application/json;q=1, text/html;q=0.7", True),
        (BROWSER, False),
        ("", False),
        ("*/*", False),
        ("text/html, application/json", False),
        ("application/json;q=0.9, text/html;q=0.9", False),
        ("application/json;q=0, */*;q=0.1", False),
        ("text/*, application/json;q=0.5", False),
        ("image/png", False),
        ("application/json;q=abc", False),
    ],
)
def test_html_wins_unless_json_is_wanted_more(accept: str, json: bool) -> None:
    assert http_rules.prefers_json(parse_accept_header(accept, MIMEAccept)) is json


@pytest.mark.parametrize(
    ("headers", "navigation"),
    [
        ({}, True),
        ({"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}, True),
        ({"Sec-Fetch-Dest": "iframe", "Sec-Fetch-Mode": "navigate"}, False),
        ({"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"}, False),
        ({"Sec-Fetch-Dest": "image"}, False),
        ({"Sec-Fetch-Mode": "no-cors"}, False),
        ({"Sec-Purpose": "prefetch"}, False),
        ({"Sec-Purpose": "prefetch;prerender"}, False),
        ({"Purpose": "prefetch"}, False),
    ],
    ids=str,
)
def test_only_a_person_following_a_link_navigates(
    headers: dict[str, str], navigation: bool
) -> None:
    assert (http_rules.why_no_navigation(headers) is None) is navigation


@pytest.mark.parametrize(
    ("dest", "accept", "document"),
    [
        *((dest, "*/*", True) for dest in ("iframe", "frame", "object", "embed", "document")),
        ("empty", "text/html,application/xhtml+xml", False),
        ("", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("", "text/html, */*; q=0.01", False),
        ("", "*/*", False),
        ("", "", False),
    ],
)
def test_what_becomes_a_document(dest: str, accept: str, document: bool) -> None:
    headers = {"Sec-Fetch-Dest": dest, "Accept": accept}
    assert http_rules.becomes_document(headers) is document


@pytest.mark.parametrize(
    ("host", "prefix", "has_host", "protocol", "addressable"),
    [
        ("billing.example.nl", "", True, "HTTP/1.1", True),
        ("billing.example.nl", "/klant/a.b~c_d-e", True, "HTTP/1.1", True),
        ("localhost:8000", "/", False, "HTTP/1.0", True),
        ("localhost:8000", "", False, "HTTP/1.1", False),
        ("localhost:8000", "", False, "", False),
        ("", "", True, "HTTP/1.1", False),
        ("billing.example.nl", "//evil.example", True, "HTTP/1.1", False),
        ("billing.example.nl", "/a?b", True, "HTTP/1.1", False),
        ("billing.example.nl", "https://evil.example", True, "HTTP/1.1", False),
        ("billing.example.nl", '/"><script>', True, "HTTP/1.1", False),
    ],
)
def test_where_an_absolute_address_can_be_made(
    host: str, prefix: str, has_host: bool, protocol: str, addressable: bool
) -> None:
    found = http_rules.is_addressable(
        host=host, prefix=prefix, has_host=has_host, protocol=protocol
    )
    assert found is addressable


@pytest.mark.parametrize(
    ("address", "reachable"),
    [
        ("https://a.nl:80/b?c=d", "https://a.nl/b?c=d"),
        ("http://a.nl:443/b", "http://a.nl/b"),
        ("https://[::1]:80/", "https://[::1]/"),
        ("https://a.nl:8443/b", "https://a.nl:8443/b"),
        ("https://a.nl:443/b", "https://a.nl:443/b"),
        ("http://a.nl/b", "http://a.nl/b"),
        ("/b:80", "/b:80"),
    ],
)
def test_a_port_of_the_other_scheme_is_left_out(address: str, reachable: str) -> None:
    assert http_rules.reachable(address) == reachable


@pytest.mark.parametrize("asked", [None, "", "0.9.0", "2.0.0 "])
def test_a_static_file_is_kept_for_good_at_the_address_of_this_version_alone(
    asked: str | None,
) -> None:
    assert http_rules.static_cache_control("2.0.0", "2.0.0").endswith("max-age=31536000, immutable")
    assert http_rules.static_cache_control(asked, "2.0.0") == "no-cache"


@pytest.mark.parametrize(
    ("if_none_match", "unchanged"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"x", "a"', True),
        (" * ", True),
        ("", False),
        ('"x"', False),
        ("a", False),
    ],
)
def test_when_the_client_has_the_answer_already(if_none_match: str, unchanged: bool) -> None:
    assert http_rules.is_unchanged(if_none_match, '"a"') is unchanged


@pytest.mark.parametrize(
    ("outcome", "age", "shown_age", "status"),
    [
        (Outcome.HIT, 12.7, "12", "hit; ttl=17"),
        (Outcome.MISS, 0.0, "0", "fwd=miss; stored"),
        (Outcome.MISS, -3.0, "0", "fwd=miss; stored"),
        (Outcome.COLLAPSED, 0.4, "0", "fwd=miss; collapsed"),
        (Outcome.STALE, 300.0, "300", "hit; ttl=-270; detail=stale-if-error"),
        (Outcome.STALE, 5.0, "5", "hit; ttl=-1; detail=stale-if-error"),
    ],
)
def test_where_a_card_came_from(outcome: Outcome, age: float, shown_age: str, status: str) -> None:
    """RFC 9111 section 5.1 and RFC 9211: whole seconds, and less than none left when stale."""
    assert http_rules.cache_headers(outcome, int(age), int(30 - age), 12.3) == (
        ("Age", shown_age),
        ("Cache-Status", f"billing-proxy; {status}"),
        ("Server-Timing", "card;dur=12.3"),
    )


def test_what_may_frame_an_answer() -> None:
    nobody = http_rules.security_headers("'none'")
    assert nobody["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in nobody["Content-Security-Policy"]
    somebody = http_rules.security_headers("'self' https://a.example")
    assert "X-Frame-Options" not in somebody
    assert somebody["Content-Security-Policy"].endswith("frame-ancestors 'self' https://a.example")
    assert "default-src 'none'" in somebody["Content-Security-Policy"]
