"""Tokens of a site's identity provider, checked with the keys that it publishes."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flask.testing import FlaskClient
from jwt.algorithms import ECAlgorithm
from werkzeug.wrappers import Request, Response

from billing_proxy.testing.server import LoopbackServer
from tests.conftest import Serve
from tests.stage.clock import Clock
from tests.stage.tokens import bearer, mint

KEY, STRANGERS_KEY = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
PUBLISHED = {**ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "ec-1"}


@pytest.fixture
def provider() -> Iterator[str]:
    """The address at which a provider on the loopback interface publishes its keys."""

    @Request.application
    def publish(_: Request) -> Response:
        return Response(json.dumps({"keys": [PUBLISHED]}), mimetype="application/json")

    server = LoopbackServer(lambda environ, start: publish(environ, start), "127.0.0.1", 0)
    server.start()
    yield f"http://127.0.0.1:{server.port}/jwks.json"
    server.close()


@pytest.fixture
def client(serve: Serve, provider: str) -> FlaskClient:
    """A service that takes the provider's tokens and no others."""
    return serve(BILLING_TOKEN_JWKS_URL=provider, BILLING_TOKEN_SECRET="")


def signed(customer: str, clock: Clock, key: ec.EllipticCurvePrivateKey = KEY) -> str:
    return mint(customer, clock, key=key, algorithm="ES256", header={"kid": "ec-1"})


def status_with(client: FlaskClient, token: str) -> int:
    return client.get("/billing/subscription.json", headers=bearer(token)).status_code


def test_a_providers_token_shows_the_card_and_signs_in_by_a_link(
    client: FlaskClient, anna: str, clock: Clock
) -> None:
    token = signed(anna, clock)
    answer = client.get("/billing/subscription.json", headers=bearer(token))
    assert answer.get_json()["customer"] == anna
    assert client.get(f"/billing/?token={token}").status_code == 303
    assert client.get("/billing/").status_code == 200
    assert status_with(client, signed(anna, clock, STRANGERS_KEY)) == 401


def test_each_way_to_sign_counts_only_where_it_is_set(
    serve: Serve, client: FlaskClient, provider: str, anna: str, clock: Clock
) -> None:
    both = serve(BILLING_TOKEN_JWKS_URL=provider)
    for service, by_secret, by_key in ((client, 401, 200), (both, 200, 200), (serve(), 200, 401)):
        assert status_with(service, mint(anna, clock)) == by_secret
        assert status_with(service, signed(anna, clock)) == by_key
