"""The key set of a site's identity provider, fetched over real HTTP from the loopback."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from billing_proxy.config.settings import BillingConfig
from billing_proxy.errors import NotIdentified
from billing_proxy.identity.key_sets import FRESH, MAX_SIZE, REST, TIMEOUT, KeySet
from billing_proxy.identity.tokens import TokenVerifier
from tests.stage.clock import Clock
from tests.stage.tokens import CUSTOMER, TOKEN_SECRET, by_hand, good_claims, make_token

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
STRANGERS_KEY = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, kid: str) -> dict[str, Any]:
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


RSA_JWK, EC_JWK = jwk(RSA_KEY, "rsa-1"), jwk(EC_KEY, "ec-1")


class Provider:
    """An identity provider's address: it answers with ``keys``, or whatever ``body`` is."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.fetches = 0
        self.drips = threading.Event()
        self.publish(RSA_JWK, EC_JWK)
        provider, closed = self, threading.Event()
        self._closed = closed

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.fetches += 1
                self.send_response(200 if self.path == "/elsewhere" else provider.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(provider.body)))
                self.end_headers()
                with suppress(OSError):
                    while provider.drips.is_set():
                        self.wfile.write(b" ")
                        closed.wait(0.1)
                    self.wfile.write(provider.body)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/jwks.json"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def publish(self, *keys: dict[str, Any]) -> None:
        self.body = json.dumps({"keys": keys}).encode()

    def close(self) -> None:
        self.drips.clear()
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    provider = Provider()
    yield provider
    provider.close()


@pytest.fixture
def keys(provider: Provider, clock: Clock) -> KeySet:
    return KeySet(provider.url, timer=clock)


def make_verifier(url: str, **fields: Any) -> TokenVerifier:
    return TokenVerifier(
        BillingConfig(stripe_secret_key="rk_test_1", secret_key="s", token_jwks_url=url, **fields)
    )


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA_KEY, "RS256", "rsa-1"), (EC_KEY, "ES256", "ec-1")]
)
def test_a_token_signed_with_a_published_key_is_accepted(
    provider: Provider, key: Any, algorithm: str, kid: str
) -> None:
    assert make_verifier(provider.url).customer(make_token(key, algorithm, kid)) == CUSTOMER


def test_both_ways_to_sign_can_be_in_use_at_once(provider: Provider) -> None:
    verifier = make_verifier(provider.url, token_secret=TOKEN_SECRET)
    assert verifier.customer(make_token()) == CUSTOMER
    assert verifier.customer(make_token(EC_KEY, "ES256", "ec-1")) == CUSTOMER


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"),
    [
        pytest.param(STRANGERS_KEY, "ES256", "ec-1", id="a-strangers-key"),
        pytest.param(EC_KEY, "ES256", "nobody", id="a-key-id-nobody-knows"),
        pytest.param(EC_KEY, "ES256", None, id="no-key-id"),
        pytest.param(RSA_KEY, "RS256", "ec-1", id="the-key-id-of-another-kind"),
        pytest.param(EC_KEY, "ES256", "rsa-1", id="the-other-way-round"),
        pytest.param(RSA_KEY, "RS512", "rsa-1", id="another-hash"),
        pytest.param(RSA_KEY, "PS256", "rsa-1", id="another-padding"),
    ],
)
def test_a_token_signed_otherwise_is_refused(
    provider: Provider, key: Any, algorithm: str, kid: str | None
) -> None:
    with pytest.raises(NotIdentified):
        make_verifier(provider.url).customer(make_token(key, algorithm, kid))


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_public_key_is_no_shared_secret(provider: Provider, encoding: Encoding) -> None:
    """The confusion of RFC 8725 section 2.1: HS256 with the published key as its secret."""
    public = RSA_KEY.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    token = by_hand({"alg": "HS256", "kid": "rsa-1"}, good_claims(), public)
    with pytest.raises(NotIdentified):
        make_verifier(provider.url).customer(token)


@pytest.mark.parametrize(
    "claims", [{"aud": "other"}, {"exp": 1}, {"sub": "alice"}], ids=["foreign", "old", "nobody"]
)
def test_a_genuine_signature_does_not_make_up_for_the_claims(
    provider: Provider, claims: dict[str, Any]
) -> None:
    with pytest.raises(NotIdentified):
        make_verifier(provider.url).customer(make_token(EC_KEY, "ES256", "ec-1", **claims))


def test_the_keys_are_fetched_once_for_many_tokens(provider: Provider) -> None:
    verifier = make_verifier(provider.url)
    for _ in range(3):
        verifier.customer(make_token(EC_KEY, "ES256", "ec-1"))
        verifier.customer(make_token(RSA_KEY, "RS256", "rsa-1"))
    assert provider.fetches == 1


def test_a_flood_of_unknown_key_ids_is_no_flood_of_fetches(provider: Provider) -> None:
    verifier = make_verifier(provider.url)
    for i in range(20):
        with pytest.raises(NotIdentified):
            verifier.customer(make_token(EC_KEY, "ES256", f"made-up-{i}"))
    assert provider.fetches <= 2


def test_a_new_key_is_found_as_soon_as_it_is_used(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    assert keys.key("ec-1")
    provider.publish(EC_JWK, jwk(STRANGERS_KEY, "ec-2"))
    clock.advance(REST)
    assert keys.key("ec-2")
    assert provider.fetches == 2


def test_a_key_that_was_withdrawn_is_gone_with_the_next_fetch(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    assert keys.key("rsa-1")
    provider.publish(EC_JWK)
    clock.advance(FRESH)
    with pytest.raises(jwt.PyJWKClientError):
        keys.key("rsa-1")
    assert keys.key("ec-1")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, None),
        (404, None),
        (302, None),
        (200, b""),
        (200, b"<html>"),
        (200, b"\xff\xfe"),
        (200, b"[]"),
        (200, b"[" * 100_000),
        (200, b"null"),
        (200, b"{}"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": 7}'),
        (200, b'{"keys": [{}]}'),
        (200, b'{"keys": [7]}'),
        (200, b'{"keys": [{"kty": "RSA", "kid": "rsa-1"}]}'),
        (200, json.dumps({"keys": [RSA_JWK, EC_JWK]}).encode() + b" " * MAX_SIZE),
    ],
    ids=lambda value: str(value)[:30],
)
def test_while_the_provider_fails_the_last_known_keys_stand_in_and_none_is_one_error(
    provider: Provider, clock: Clock, status: int, body: bytes | None
) -> None:
    known, unknown = KeySet(provider.url, timer=clock), KeySet(provider.url, timer=clock)
    assert known.key("ec-1")
    provider.status = status
    provider.body = provider.body if body is None else body
    clock.advance(FRESH)
    for _ in range(2):
        assert known.key("ec-1")
        with pytest.raises(jwt.PyJWKClientError):
            unknown.key("ec-1")


def test_a_provider_that_drips_delays_one_request_and_no_more_than_its_deadline(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    assert keys.key("ec-1")
    provider.drips.set()
    clock.advance(FRESH)
    start = time.monotonic()
    assert keys.key("ec-1")
    assert time.monotonic() - start < TIMEOUT + 1
    clock.advance(REST)
    start = time.monotonic()
    for _ in range(5):
        assert keys.key("ec-1")
    assert time.monotonic() - start < TIMEOUT / 2


def test_known_keys_are_served_while_a_dripping_provider_is_asked_for_another(
    keys: KeySet, provider: Provider, clock: Clock
) -> None:
    assert keys.key("ec-1")
    provider.drips.set()
    clock.advance(REST)

    def ask_for_another() -> None:
        with suppress(jwt.PyJWKClientError):
            keys.key("new")

    stranger = threading.Thread(target=ask_for_another)
    stranger.start()
    while provider.fetches < 2:
        assert stranger.is_alive()
    start = time.monotonic()
    assert keys.key("ec-1")
    assert time.monotonic() - start < TIMEOUT / 2
    assert stranger.is_alive()
    provider.drips.clear()
    stranger.join()


def test_nobody_there_at_all_is_a_failure_too(clock: Clock) -> None:
    with pytest.raises(jwt.PyJWKClientError):
        KeySet("http://127.0.0.1:9/jwks.json", timer=clock).key("ec-1")


def test_a_failing_provider_is_left_alone_for_a_while_and_complained_of_once(
    keys: KeySet, provider: Provider, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    provider.status = 503
    for _ in range(5):
        with pytest.raises(jwt.PyJWKClientError):
            keys.key("ec-1")
    assert provider.fetches == 1
    clock.advance(REST)
    with pytest.raises(jwt.PyJWKClientError):
        keys.key("ec-1")
    provider.status = 200
    clock.advance(REST)
    assert keys.key("ec-1")
    assert provider.fetches == 3
    said = [record.message.partition(" BILLING_TOKEN_JWKS_URL ")[2] for record in caplog.records]
    assert said == ["cannot be fetched (ValueError)", "can be fetched again"]
