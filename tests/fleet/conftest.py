"""Several services that share one cache, on a Redis server of the tests' own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.conftest import Serve
from tests.stage.redis_process import Server

Fleet = Callable[..., list[FlaskClient]]


@pytest.fixture(scope="package")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(_running: Server) -> Server:
    """A server with nothing in it, that no test does any harm to."""
    _running.client.flushall()
    return _running


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may stop."""
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def fleet(serve: Serve, server: Server) -> Fleet:
    """Start so many services, each as a machine of its own, with one cache between them."""

    def start(size: int = 2, **settings: str) -> list[FlaskClient]:
        return [serve(**{"BILLING_CACHE_URL": server.url, **settings}) for _ in range(size)]

    return start
