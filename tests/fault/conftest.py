"""The stage of this folder: the service reaches Stripe over a line that can be broken."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator

import pytest
import stripe
from flask.testing import FlaskClient
from jinja2 import BytecodeCache, FileSystemBytecodeCache

from billing_proxy.app import create_app
from demo.emulator import Emulator
from tests.conftest import Serve
from tests.fault.breakdowns import BUDGET
from tests.fault.certificates import Authority
from tests.fault.line import HOST, Line
from tests.fault.routes import WEBHOOK_SECRET
from tests.fault.secrets_in_logs import everything_logged, leaks
from tests.fault.timing import install_timer, watch_calls
from tests.stage.clock import Clock, moment


@pytest.fixture(scope="session", autouse=True)
def imported() -> None:
    """The first request of a process imports what it needs; that is not Stripe's fault."""
    with Emulator() as running:
        environ = {
            "STRIPE_SECRET_KEY": running.key,
            "STRIPE_API_BASE": running.url,
            "SECRET_KEY": "another made-up key",
            "BILLING_TOKEN_SECRET": "another made-up secret of thirty-two bytes",
        }
        running.account.add_customer("cus_first")
        create_app(environ).extensions["billing_proxy"].service.card("cus_first")


@pytest.fixture(scope="module")
def lasting_emulator() -> Iterator[Emulator]:
    """A Stripe for all tests of a module that do not mind what the others have left there."""
    with Emulator(clock=Clock(moment("2076-11-22 11:00:00"))) as running:
        yield running


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    """The settings of the service, with a webhook and little patience with Stripe."""
    return {
        **environ,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "BILLING_STRIPE_TIMEOUT": str(BUDGET),
    }


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """The templates of all these services, compiled once."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def serve(serve: Serve, compiled_templates: BytecodeCache) -> Serve:
    """Start a service with more settings, as one more process."""

    def start(**settings: str) -> FlaskClient:
        client = serve(**settings)
        client.application.jinja_env.bytecode_cache = compiled_templates
        return client

    return start


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The authority whose certificates the service believes in a test with a line."""
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def line(
    emulator: Emulator,
    environ: dict[str, str],
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Line]:
    """The line over which every service of this test reaches Stripe."""
    made = Line(emulator.url, authority.server(HOST))
    monkeypatch.setattr(stripe, "ca_bundle_path", str(authority.bundle))
    monkeypatch.setattr(socket, "getaddrinfo", made.getaddrinfo(socket.getaddrinfo))
    environ["STRIPE_API_BASE"] = made.url
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_secret_is_written_down(
    environ: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[None]:
    """Whatever a test of this folder does, no secret gets into a log or onto the terminal."""
    caplog.set_level(logging.DEBUG)
    yield
    written = everything_logged(caplog) + "".join(capfd.readouterr())
    assert leaks(written, environ) == {}


@pytest.fixture
def timer(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Seconds that go on only when told to, for what waits between two calls to Stripe."""
    made = Clock(1000)
    install_timer(monkeypatch, made)
    return made


@pytest.fixture
def until_idle(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Waits until the services of this test have nothing to do with Stripe any more."""
    return watch_calls(monkeypatch)
