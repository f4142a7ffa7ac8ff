"""A site's identity provider on the loopback: it publishes keys, rotates them, and breaks down."""

from __future__ import annotations

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from werkzeug.wrappers import Request, Response

from demo.emulator.server import LoopbackServer


class Issuer:
    """Answers with ``keys`` by their ids, or with ``body`` and ``status`` if those are set."""

    def __init__(self) -> None:
        self.keys: dict[str, Any] = {}
        self.body: bytes | None = None
        self.status = 200
        self.asked = 0
        self._server = LoopbackServer(self._answer, "127.0.0.1", 0)
        self._server.start()
        self.url = f"http://127.0.0.1:{self._server.port}/jwks.json"

    def rotate(self, key: Any, kid: str) -> None:
        """Publish ``key`` and no other."""
        self.keys = {kid: key}

    def close(self) -> None:
        self._server.close()

    @property
    def document(self) -> bytes:
        """The key set (RFC 7517), public halves only."""
        return json.dumps({"keys": [jwk(key, kid) for kid, key in self.keys.items()]}).encode()

    def _answer(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        body = self.document if self.body is None else self.body
        response = Response(body, self.status, mimetype="application/json")
        return response(Request(environ).environ, start_response)


def jwk(key: Any, kid: str) -> dict[str, Any]:
    """The public half of ``key`` as a JWK."""
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}


def new_key() -> ec.EllipticCurvePrivateKey:
    """A key to sign with, of the kind that is quick to make."""
    return ec.generate_private_key(ec.SECP256R1())
