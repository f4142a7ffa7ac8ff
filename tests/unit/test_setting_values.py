"""What each kind of setting may look like; whatever else is refused with the way to mend it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.config import values
from billing_proxy.config.accent import accent

from .examples import examples

AS_IT_IS: list[tuple[Callable[[str], Any], list[str]]] = [
    (values.text, ["Pro & Zonen – gratis"]),
    (values.stripe_key, ["sk_test_1aB", "rk_live_1aB"]),
    (values.webhook_secret, ["whsec_1"]),
    (values.portal_configuration, ["bpc_1Pgc7"]),
    (values.token_secret, ["x" * 32, "é" * 16]),
    (values.base_url, ["https://api.stripe.com", "http://[::1]:8"]),
    (values.jwks_url, ["https://id.example/.well-known/jwks.json?v=1"]),
    (
        values.jwks_url,
        ["http://localhost:9/keys", "http://127.0.0.1:9/keys", "http://[::1]:9/keys"],
    ),
    (
        values.cache_url,
        ["redis://127.0.0.1:6379/0", "redis://cache", "unix:///run/redis.sock?db=1"],
    ),
    (values.cache_url, ["rediss://user:p%40ss@cache.internal:6380/2?ssl_ca_certs=/etc/own.pem"]),
    (values.link, ["https://a.example/b?tab=plan#top", "http://localhost:3000", "/a?x=1", "/"]),
    (values.contact, ["https://a.example/hulp?x=1", "/contact", "http://127.0.0.1:9/hulp"]),
    (values.contact, ["mailto:hulp+nl@a-b.example?subject=Mijn%20abonnement"]),
    (values.url_prefix, ["/billing", "/a/b-c_d.e~f"]),
    (values.timezone, ["Europe/Amsterdam", "UTC"]),
    (values.locale, ["nl", "auto"]),
    (values.frame_ancestors, ["'none'", "'self'", "https://*.example.nl:*", "http://a:3000 b.nl"]),
]
CHANGED: list[tuple[Callable[[str], Any], str, Any]] = [
    (values.base_url, "http://localhost:12111/", "http://localhost:12111"),
    (values.url_prefix, "billing/", "/billing"),
    (values.url_prefix, "///", ""),
    (values.frame_ancestors, " 'self'   https://a.example ", "'self' https://a.example"),
    (values.hosts, "a.nl,.b.nl 10.0.0.1 [::1]", ("a.nl", ".b.nl", "10.0.0.1", "[::1]")),
    (values.number(0.1, 10), "0.25", 0.25),
    (values.number(0, 10), "10", 10.0),
    (values.whole(1, 10), "10", 10),
]
GOOD = [*((parse, raw, raw) for parse, raws in AS_IT_IS for raw in raws), *CHANGED]


@pytest.mark.parametrize(("parse", "raw", "value"), GOOD)
def test_a_good_value_is_taken(parse: Callable[[str], Any], raw: str, value: Any) -> None:
    assert parse(raw) == value


BAD: list[tuple[Callable[[str], Any], list[str], str]] = [
    (values.text, ["a\nb", "a\x00", "a\x7f", "a\tb"], "control characters"),
    (values.text, ["a\udcff"], "UTF-8"),
    (values.stripe_key, ["pk_test_1"], "publishable"),
    (values.stripe_key, ["whsec_1", "", "SK_test_1", "test_sk_"], "sk_ or rk_"),
    (values.stripe_key, ["sk_test 1", "rk_tést", "sk_\n"], "spaces"),
    (values.webhook_secret, ["sk_test_1", "rk_test_1", "pk_test_1"], "whsec_"),
    (values.portal_configuration, ["prod_1", "", "BPC_1"], "bpc_"),
    (values.token_secret, ["", "x" * 31, "é" * 15], "at least 32"),
    (values.base_url, ["https://a.example?x=1", "https://a.example#x"], "without a query"),
    (values.base_url, ["api.stripe.com", "ftp://a.example", "https://", "//a.example"], "address"),
    (values.jwks_url, ["http://id.example/keys", "http://127.0.0.2/keys"], "https://"),
    (values.jwks_url, ["file:///etc/passwd", "keys"], "address"),
    (
        values.cache_url,
        ["localhost:6379", "http://cache", "memory://", "redis://", "redis:///0", "redis://a b"],
        "redis://user:password@127.0.0.1:6379/0",
    ),
    (values.cache_url, ["redis://c:port", "redis://[::1", "unix://", "redis://c/name"], "address"),
    (
        values.cache_url,
        ["redis://c?socket_timeout=9", "redis://c?protocol=3", "redis://c#x"],
        "query",
    ),
    (
        values.link,
        [
            *("javascript:alert(1)", "//evil.example", "/\\evil.example", "data:text/html,x"),
            *("https://a b", "https://a.example/<x>", "https://user@a.example", "account"),
            *("https://a.example:port/", "https://a.example\n", "https://[::1", ""),
        ],
        "address",
    ),
    (values.contact, ["http://a.example/hulp", "http://localhost.evil.example"], "encrypted"),
    (
        values.contact,
        [
            *("javascript:alert(1)", "javascript:'a@b.nl'", "hulp@a.example", "mailto:a", "tel:1"),
            *("mailto:a@b.nl,c@d.nl", "mailto:a@b.nl?bcc=<x>", "mailto:a@b.nl\n", "//a.example"),
        ],
        "mailto:hulp@example.nl",
    ),
    (accent, ["0b6e4f", "#0b6", "rgb(1,2,3)", "#0b6e4g", "#0b6e4f;x", "groen"], "#rrggbb"),
    (values.url_prefix, ["/a b", "/a//b", "/../x", "/a/./b", "/a?b", "/<x>", "/é"], "path"),
    (values.timezone, ["Mars/Phobos", "../UTC", "/etc/localtime", "Europe", "a\x00b"], "time zone"),
    (values.locale, ["sv", "NL", "nl_NL", "dutch"], "one of"),
    (
        values.frame_ancestors,
        [
            *("*", "'self' 'none'", "https://a.example;script-src *", "'unsafe-inline'", "a,b"),
            *("none", "self", "self https://a.example"),  # the quotes belong to the words
        ],
        "'none'",
    ),
    (values.hosts, ["a.example/x", "http://a.example", "a.example:80", "*", "é.nl"], "host names"),
    (values.number(0, 10), ["-0.1", "10.1", "nan", "inf", "-inf", "ten", "1e99", ""], "0 to 10"),
    (values.whole(1, 10), ["0", "11", "1.5", "1e1", "nan", "", "ten"], "1 to 10"),
]


@pytest.mark.parametrize(
    ("parse", "raw", "why"), [(parse, raw, why) for parse, raws, why in BAD for raw in raws]
)
def test_a_bad_value_is_refused_with_the_way_to_mend_it(
    parse: Callable[[str], Any], raw: str, why: str
) -> None:
    with pytest.raises(ValueError) as raised:
        parse(raw)
    assert why in str(raised.value)


@examples(300)
@given(
    st.sampled_from([parse for parse, *_ in GOOD]),
    st.text(max_size=20) | st.text(alphabet="https:/.'*@[]?#%0129-ae ", max_size=30),
)
def test_any_text_is_a_value_or_a_value_error(parse: Callable[[str], Any], raw: str) -> None:
    try:
        value = parse(raw)
    except ValueError:
        return
    assert value is not None


@examples(300)
@given(st.text(alphabet="https:/.'*;, selfnone\n-a0\"<>", max_size=40))
def test_a_frame_ancestor_never_becomes_another_directive(raw: str) -> None:
    try:
        value = values.frame_ancestors(raw)
    except ValueError:
        return
    assert not set(value) & set(';,\n"<>')


@examples(300)
@given(st.text(alphabet="https:/.'*;, \n\r\t-a0\"<>\\", max_size=40))
def test_a_link_stays_in_its_header_and_its_attribute(raw: str) -> None:
    try:
        value = values.link(raw)
    except ValueError:
        return
    assert not set(value) & set(" \n\r\t\"<>\\'")
    assert value.startswith(("http://", "https://", "/"))
    assert not value.startswith("//")
