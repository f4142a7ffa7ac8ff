"""Tokens made to fool the service: forged, confused, borrowed, endless. And issuers in trouble."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from billing_proxy.app import create_app
from billing_proxy.identity import key_sets as jwks
from billing_proxy.identity.key_sets import KeySet
from demo.emulator import Emulator
from tests.conftest import ANNA, BOB, Serve
from tests.fault.issuer import Issuer, jwk, new_key
from tests.web.clock import Clock
from tests.web.tokens import TOKEN_SECRET, bearer, by_hand, mint

DAY = 86_400

CARDS = ("/billing/", "/billing/subscription.json", "/billing/card")


def statuses(client: FlaskClient, token: str) -> set[int]:
    """What ``token`` gets, in a header and in a link, from a card that is warm."""
    answers: list[TestResponse] = [client.get(path, headers=bearer(token)) for path in CARDS]
    answers += [client.get(path, query_string={"token": token}) for path in ("/billing/card",)]
    answers.append(client.get("/billing/portal", headers=bearer(token)))
    assert not any("set-cookie" in answer.headers for answer in answers if answer.status_code > 399)
    return {answer.status_code for answer in answers}


@pytest.fixture
def emulator(lasting_emulator: Emulator) -> Emulator:
    """The Stripe of this module, with no calls counted yet."""
    lasting_emulator.requests.clear()
    return lasting_emulator


@pytest.fixture
def warm(client: FlaskClient, anna: str, bob: str, clock: Clock) -> FlaskClient:
    """A service that knows both cards and has answered for both already."""
    for customer in (ANNA, BOB):
        for path in CARDS:
            headers = bearer(mint(customer, clock))
            assert client.get(path, headers=headers).status_code == 200
    return client


# --- one secret


@pytest.mark.parametrize("ttl", [1, 600, DAY, 31 * DAY])
def test_a_token_may_last_up_to_a_month(warm: FlaskClient, clock: Clock, ttl: int) -> None:
    assert statuses(warm, mint(ANNA, clock, ttl=ttl)) == {200, 303}


@pytest.mark.parametrize("ttl", [31 * DAY + 1, 32 * DAY, 366 * DAY, 10**9, 10**12])
def test_a_token_that_lasts_longer_is_refused(warm: FlaskClient, clock: Clock, ttl: int) -> None:
    assert statuses(warm, mint(ANNA, clock, ttl=ttl)) == {401}


@pytest.mark.parametrize("ttl", [0, -1, -29, -31, -600])
def test_a_token_gets_no_grace_when_its_time_is_up(
    warm: FlaskClient, clock: Clock, ttl: int
) -> None:
    assert statuses(warm, mint(ANNA, clock, ttl=ttl)) == {401}


def test_a_token_ends_to_the_second_though_the_answer_is_there(
    warm: FlaskClient, clock: Clock
) -> None:
    token = mint(ANNA, clock, ttl=5)
    assert statuses(warm, token) == {200, 303}
    clock.advance(4.9)
    assert statuses(warm, token) == {200, 303}
    clock.advance(0.1)
    assert statuses(warm, token) == {401}


def test_an_issuers_clock_may_be_a_little_ahead(environ: dict[str, str], anna: str) -> None:
    now = Clock(int(time.time()))  # by which the JWT library goes
    client = create_app(environ, clock=now).test_client()
    for claim in ("nbf", "iat"):
        assert statuses(client, mint(ANNA, now, **{claim: int(now()) + 20})) == {200, 303}
        assert statuses(client, mint(ANNA, now, **{claim: int(now()) + 120})) == {401}


@pytest.mark.parametrize(
    "secret",
    ["", "secret", "billing-proxy", TOKEN_SECRET[:-1], TOKEN_SECRET + " ", TOKEN_SECRET.upper()],
)
def test_a_token_of_another_secret_is_refused(warm: FlaskClient, clock: Clock, secret: str) -> None:
    assert statuses(warm, mint(ANNA, clock, key=secret)) == {401}


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "SECRET_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_no_other_secret_of_the_service_signs_tokens(
    warm: FlaskClient, clock: Clock, environ: dict[str, str], name: str
) -> None:
    assert statuses(warm, mint(ANNA, clock, key=environ[name])) == {401}


KIDS: tuple[Any, ...] = (
    "../../../../dev/null",
    "/dev/null",
    "file:///dev/null",
    "../../etc/passwd",
    "x' UNION SELECT 'secret' -- ",
    "'; DROP TABLE keys; --",
    "http://127.0.0.1:9/jwks.json",
    "https://evil.example/jwks.json",
    "key\x00",
    "${jndi:ldap://evil.example/a}",
    "{{ config.SECRET_KEY }}",
    "\ud800",
    "k" * 2000,
    "",
    None,
    0,
    ["rsa-1"],
    {"kid": "rsa-1"},
)


@pytest.mark.parametrize("kid", KIDS, ids=repr)
def test_a_key_id_leads_nowhere(warm: FlaskClient, clock: Clock, kid: Any) -> None:
    """The classic: a key id that names an empty file, and a token signed with nothing."""
    for algorithm, secret in product(("HS256", "ES256", "RS256"), ("", "\x00", "null")):
        header = {"alg": algorithm, "typ": "JWT", "kid": kid}
        claims = {"sub": ANNA, "aud": "billing-proxy", "exp": int(clock()) + 600}
        assert statuses(warm, by_hand(header, claims, secret)) == {401}


@pytest.mark.parametrize("kid", KIDS, ids=repr)
def test_a_key_id_takes_nothing_from_a_right_token_either(
    client: FlaskClient, anna: str, clock: Clock, kid: Any
) -> None:
    """One secret needs no key id; whether an odd one is refused or ignored, nothing breaks."""
    token = by_hand(
        {"alg": "HS256", "kid": kid},
        {"sub": ANNA, "aud": "billing-proxy", "exp": int(clock()) + 600},
        TOKEN_SECRET,
    )
    assert statuses(client, token) in ({200, 303}, {401})


@pytest.mark.parametrize("field", ["jku", "jwk", "x5u", "x5c", "x5t", "crit", "b64", "zip", "cty"])
def test_a_header_that_brings_its_own_key_is_of_no_use(
    warm: FlaskClient, clock: Clock, field: str
) -> None:
    key = new_key()
    values = {"jwk": jwk(key, "own"), "x5c": ["MII="], "crit": ["exp"], "b64": False}
    header = {"kid": "own", field: values.get(field, "https://evil.example/own")}
    token = mint(ANNA, clock, key=key, algorithm="ES256", header=header)
    assert statuses(warm, token) == {401}


@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "NONE", "HS0", "", None, ["HS256"]])
def test_a_token_that_asks_for_no_signature_is_refused(
    warm: FlaskClient, clock: Clock, algorithm: Any
) -> None:
    claims = {"sub": ANNA, "aud": "billing-proxy", "exp": int(clock()) + 600}
    for key in (None, "", TOKEN_SECRET):
        assert statuses(warm, by_hand({"alg": algorithm, "typ": "JWT"}, claims, key)) == {401}


# --- an issuer with keys


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """An identity provider that answers on the loopback."""
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """What the key set takes for the time; it goes on only when told to."""
    made = Clock(1000)
    monkeypatch.setattr("jwt.jwks_client.time.monotonic", made)
    monkeypatch.setattr(jwks, "KeySet", partial(KeySet, timer=made))
    return made


@pytest.fixture
def with_issuer(serve: Serve, issuer: Issuer, anna: str) -> FlaskClient:
    """A service that believes the issuer and nobody else."""
    return serve(BILLING_TOKEN_JWKS_URL=issuer.url, BILLING_TOKEN_SECRET="")


def signed(key: Any, clock: Clock, kid: str, customer: str = ANNA) -> str:
    """A token of ``key``."""
    return mint(customer, clock, key=key, algorithm="ES256", header={"kid": kid})


def test_a_public_key_is_no_shared_secret(
    serve: Serve, issuer: Issuer, anna: str, clock: Clock
) -> None:
    """RFC 8725, section 2.1, with every text that a public key may be written as."""
    key = rsa.generate_private_key(65_537, 2048)
    issuer.rotate(key, "rsa-1")
    public = key.public_key()
    texts = [
        public.public_bytes(encoding, kind)
        for encoding in (Encoding.PEM, Encoding.DER)
        for kind in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1)
    ]
    texts += [issuer.document, json.dumps(jwk(key, "rsa-1")).encode()]
    for settings in ({}, {"BILLING_TOKEN_SECRET": ""}):
        client = serve(BILLING_TOKEN_JWKS_URL=issuer.url, **settings)
        right = mint(ANNA, clock, key=key, algorithm="RS256", header={"kid": "rsa-1"})
        assert statuses(client, right) == {200, 303}
        for text in texts:
            for kid in ({"kid": "rsa-1"}, {}):
                assert statuses(client, mint(ANNA, clock, key=text, header=kid)) == {401}


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256", "PS512"])
def test_the_key_decides_on_the_algorithm_and_not_the_token(
    with_issuer: FlaskClient, issuer: Issuer, clock: Clock, algorithm: str
) -> None:
    key = rsa.generate_private_key(65_537, 2048)
    issuer.keys = {"rsa-1": key, "ec-1": new_key()}
    for kid in ("rsa-1", "ec-1"):
        token = mint(ANNA, clock, key=key, algorithm=algorithm, header={"kid": kid})
        assert statuses(with_issuer, token) == {401}


def test_a_symmetric_key_in_the_set_is_no_key(
    with_issuer: FlaskClient, issuer: Issuer, clock: Clock
) -> None:
    secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"
    octet = {"kty": "oct", "kid": "oct-1", "k": secret, "alg": "HS256", "use": "sig"}
    issuer.body = json.dumps({"keys": [octet]}).encode()
    token = mint(ANNA, clock, key="secret-secret-secret-secret-secret", header={"kid": "oct-1"})
    assert statuses(with_issuer, token) == {401}


@pytest.mark.parametrize("kid", [kid for kid in KIDS if isinstance(kid, str)], ids=repr)
def test_a_key_id_is_looked_up_in_the_set_and_nowhere_else(
    with_issuer: FlaskClient, issuer: Issuer, clock: Clock, kid: str
) -> None:
    key = new_key()
    issuer.rotate(key, "ec-1")
    header = {"alg": "ES256", "kid": kid}
    payload = jwt.encode(
        {"sub": ANNA, "aud": "billing-proxy", "exp": int(clock()) + 600}, key, "ES256"
    )
    _, claims, signature = payload.split(".")
    head = by_hand(header, {}, None).partition(".")[0]
    assert statuses(with_issuer, f"{head}.{claims}.{signature}") == {401}
    assert issuer.asked <= 2


def test_a_new_key_is_found_and_the_old_one_is_gone(
    with_issuer: FlaskClient, issuer: Issuer, clock: Clock, watch: Clock, serve: Serve
) -> None:
    client = serve(BILLING_TOKEN_JWKS_URL=issuer.url, BILLING_TOKEN_SECRET="")
    old, new = new_key(), new_key()
    issuer.rotate(old, "2076-11")
    assert statuses(client, signed(old, clock, "2076-11")) == {200, 303}
    issuer.rotate(new, "2076-12")
    watch.advance(3)
    assert statuses(client, signed(new, clock, "2076-12")) == {200, 303}
    clock.advance(61)
    assert statuses(client, signed(old, clock, "2076-11")) == {401}


def test_a_key_that_changed_under_its_id_is_the_new_one_after_five_minutes(
    issuer: Issuer, clock: Clock, watch: Clock, serve: Serve, anna: str
) -> None:
    client = serve(BILLING_TOKEN_JWKS_URL=issuer.url, BILLING_TOKEN_SECRET="")
    old, new = new_key(), new_key()
    issuer.rotate(old, "key")
    assert statuses(client, signed(old, clock, "key")) == {200, 303}
    issuer.rotate(new, "key")
    watch.advance(301)
    clock.advance(301)
    assert statuses(client, signed(new, clock, "key")) == {200, 303}
    assert statuses(client, signed(old, clock, "key")) == {401}


def test_an_issuer_that_is_out_keeps_nobody_out_whose_key_is_known(
    issuer: Issuer, clock: Clock, watch: Clock, serve: Serve, anna: str
) -> None:
    client = serve(BILLING_TOKEN_JWKS_URL=issuer.url, BILLING_TOKEN_SECRET="")
    key = new_key()
    issuer.rotate(key, "key")
    assert statuses(client, signed(key, clock, "key")) == {200, 303}
    issuer.status = 503
    for _ in range(5):
        watch.advance(400)
        assert statuses(client, signed(key, clock, "key")) == {200, 303}
    assert statuses(client, signed(new_key(), clock, "another")) == {401}
    issuer.status = 200
    watch.advance(400)
    assert statuses(client, signed(key, clock, "key")) == {200, 303}


BROKEN = (b"", b"not JSON", b"[]", b"null", b"{}", b'{"keys": null}', b'{"keys": [7]}', b"\xff")


@pytest.mark.parametrize("body", BROKEN, ids=repr)
def test_an_issuer_that_publishes_nonsense_signs_nobody_in_and_breaks_nothing(
    with_issuer: FlaskClient, issuer: Issuer, clock: Clock, body: bytes
) -> None:
    issuer.body = body
    assert statuses(with_issuer, signed(new_key(), clock, "key")) == {401}


def test_an_issuer_that_is_out_from_the_start_is_found_when_it_is_back(
    issuer: Issuer, clock: Clock, watch: Clock, serve: Serve, anna: str
) -> None:
    client = serve(BILLING_TOKEN_JWKS_URL=issuer.url, BILLING_TOKEN_SECRET="")
    key = new_key()
    issuer.rotate(key, "key")
    issuer.status = 500
    assert statuses(client, signed(key, clock, "key")) == {401}
    asked = issuer.asked
    assert statuses(client, signed(key, clock, "key")) == {401}
    assert issuer.asked == asked
    issuer.status = 200
    watch.advance(3)
    assert statuses(client, signed(key, clock, "key")) == {200, 303}


def test_a_flood_of_unknown_keys_does_not_reach_the_issuer_or_stripe(
    issuer: Issuer, clock: Clock, watch: Clock, serve: Serve, emulator: Emulator, anna: str
) -> None:
    client = serve(BILLING_TOKEN_JWKS_URL=issuer.url, BILLING_TOKEN_SECRET="")
    issuer.rotate(new_key(), "key")
    stranger = new_key()
    for number in range(50):
        assert statuses(client, signed(stranger, clock, f"key-{number}")) == {401}
    assert issuer.asked <= 2
    assert emulator.calls() == 0


def test_an_issuer_that_redirects_is_not_followed(
    with_issuer: FlaskClient, issuer: Issuer, clock: Clock
) -> None:
    issuer.status = 302
    assert statuses(with_issuer, signed(new_key(), clock, "key")) == {401}
    assert issuer.asked == 1
