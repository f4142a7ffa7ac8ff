"""Tokens of a site's identity provider: RS256 and ES256 against its published keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from werkzeug.wrappers import Request, Response

from demo.emulator.server import LoopbackServer
from tests.conftest import Serve
from tests.web.clock import Clock
from tests.web.tokens import TOKEN_SECRET, bearer, mint


@dataclass
class Provider:
    """An identity provider with one key of each kind, which publishes ``document``."""

    rsa_key: rsa.RSAPrivateKey
    ec_key: ec.EllipticCurvePrivateKey
    document: Any = None
    status: int = 200
    asked: int = 0
    url: str = ""
    published: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.published = [
            {**RSAAlgorithm.to_jwk(self.rsa_key.public_key(), as_dict=True), "kid": "rsa-1"},
            {**ECAlgorithm.to_jwk(self.ec_key.public_key(), as_dict=True), "kid": "ec-1"},
        ]
        self.document = {"keys": self.published}

    @property
    def public_pem(self) -> bytes:
        """The RSA key's public half, as it stands in many places."""
        public = self.rsa_key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    @Request.application
    def __call__(self, _: Request) -> Response:
        self.asked += 1
        body = self.document if isinstance(self.document, str) else json.dumps(self.document)
        return Response(body, self.status, mimetype="application/json")


@pytest.fixture(scope="module")
def key_pairs() -> tuple[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey]:
    """Made once: an RSA key takes a moment."""
    return rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def provider(
    key_pairs: tuple[rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey],
) -> Iterator[Provider]:
    """A provider that answers on the loopback interface."""
    made = Provider(*key_pairs)
    server = LoopbackServer(lambda environ, start: made(environ, start), "127.0.0.1", 0)
    server.start()
    made.url = f"http://127.0.0.1:{server.port}/jwks.json"
    yield made
    server.close()


@pytest.fixture
def client(serve: Serve, provider: Provider) -> FlaskClient:
    """A service that takes the provider's tokens and no others."""
    return serve(BILLING_TOKEN_JWKS_URL=provider.url, BILLING_TOKEN_SECRET="")


def rs256(provider: Provider, customer: str, clock: Clock, kid: str = "rsa-1") -> str:
    """A token of the provider's RSA key."""
    return mint(customer, clock, key=provider.rsa_key, algorithm="RS256", header={"kid": kid})


def es256(provider: Provider, customer: str, clock: Clock, kid: str = "ec-1") -> str:
    """A token of the provider's EC key."""
    return mint(customer, clock, key=provider.ec_key, algorithm="ES256", header={"kid": kid})


def status_with(client: FlaskClient, token: str) -> int:
    """The HTTP status that ``token`` gets."""
    return client.get("/billing/subscription.json", headers=bearer(token)).status_code


@pytest.mark.parametrize("sign", [rs256, es256])
def test_a_providers_token_shows_the_card_of_its_customer(
    client: FlaskClient, provider: Provider, anna: str, clock: Clock, sign: Any
) -> None:
    answer = client.get("/billing/subscription.json", headers=bearer(sign(provider, anna, clock)))
    assert answer.status_code == 200
    assert answer.get_json()["customer"] == anna


def test_a_link_with_a_providers_token_signs_in(
    client: FlaskClient, provider: Provider, anna: str, clock: Clock
) -> None:
    assert client.get(f"/billing/?token={rs256(provider, anna, clock)}").status_code == 303
    assert client.get("/billing/").status_code == 200


def test_the_shared_secret_counts_only_where_one_is_set(
    serve: Serve, client: FlaskClient, provider: Provider, anna: str, clock: Clock
) -> None:
    assert status_with(client, mint(anna, clock, key=TOKEN_SECRET)) == 401
    both = serve(BILLING_TOKEN_JWKS_URL=provider.url)
    assert status_with(both, mint(anna, clock, key=TOKEN_SECRET)) == 200
    assert status_with(both, rs256(provider, anna, clock)) == 200


def test_a_providers_token_counts_only_where_its_keys_are_known(
    serve: Serve, provider: Provider, anna: str, clock: Clock
) -> None:
    assert status_with(serve(), rs256(provider, anna, clock)) == 401
    assert provider.asked == 0


def test_a_key_named_in_the_token_itself_is_not_used(
    client: FlaskClient, provider: Provider, anna: str, clock: Clock
) -> None:
    stranger = rsa.generate_private_key(65537, 2048)
    own = RSAAlgorithm.to_jwk(stranger.public_key(), as_dict=True)
    header = {"kid": "mine", "jwk": {**own, "kid": "mine"}, "jku": "http://127.0.0.1:9/jwks"}
    token = mint(anna, clock, key=stranger, algorithm="RS256", header=header)
    assert status_with(client, token) == 401


def test_a_provider_in_trouble_signs_nobody_in_but_breaks_nothing(
    client: FlaskClient, provider: Provider, anna: str, clock: Clock
) -> None:
    provider.status = 500
    assert status_with(client, rs256(provider, anna, clock)) == 401
