"""The proxies of the deployment document, in front of the real service: what it believes."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from demo.emulator import Emulator
from tests.docs.blocks import blocks
from tests.stage.service import STOPS_WITHIN, Service, free_port, wait_until
from tests.stage.tokens import bearer, mint

HOST = "billing.example.nl"
FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
}


@dataclass(frozen=True)
class Proxy:
    """What is asked, and what the service must take its own address to be."""

    url: str
    seen_as: str
    verify: str | bool = True


def snippet(language: str) -> str:
    """The configuration that the document shows."""
    (block,) = (b for b in blocks() if (b.document, b.language) == ("docs/deployment.md", language))
    return block.text


@contextmanager
def running(command: list[str | Path], url: str, **options: object) -> Iterator[None]:
    """A server, from when it accepts connections until the test is over."""

    def listens() -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", urlsplit(url).port)) == 0

    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, **options) as server:  # type: ignore[call-overload]
        try:
            wait_until(listens, f"{command[0]} listens")
            yield
        finally:
            server.terminate()
            server.wait(STOPS_WITHIN)


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The service behind one proxy, and its own address."""
    settings = {"BILLING_TRUSTED_PROXIES": "1", "TRUSTED_HOSTS": f"{HOST},127.0.0.1"}
    with Emulator() as stripe, Service(stripe, WEB_CONCURRENCY="1", **settings) as running:
        stripe.account.add_customer("cus_1")
        stripe.account.add_subscription("cus_1")
        yield running.base


@contextmanager
def nginx(service: str, folder: Path) -> Iterator[Proxy]:
    """nginx with a certificate of its own, on a free port."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("nginx or openssl is not installed")
    key, certificate, port = folder / "key.pem", folder / "certificate.pem", free_port()
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    request += ["-subj", f"/CN={HOST}", "-addext", "subjectAltName=IP:127.0.0.1"]
    request += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(request, check=True, capture_output=True, timeout=60)
    server = snippet("nginx").replace("listen 443", f"listen 127.0.0.1:{port}")
    server = re.sub(r"/etc/ssl/\S+\.pem", str(certificate), server)
    server = re.sub(r"/etc/ssl/\S+\.key", str(key), server).replace(
        "http://127.0.0.1:8000", service
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{server}}}\n",
        encoding="utf-8",
    )
    url = f"https://127.0.0.1:{port}"
    with running([program, "-p", folder, "-c", config, "-e", "stderr"], url):
        yield Proxy(url, f"https://{HOST}:{port}", verify=str(certificate))


@contextmanager
def caddy(service: str, folder: Path) -> Iterator[Proxy]:
    """Caddy on a free port, without the certificate that it would fetch."""
    program = shutil.which("caddy")
    if program is None:
        pytest.skip("caddy is not installed")
    port = free_port()
    text = snippet("caddyfile").replace(f"{HOST} {{", f"http://:{port} {{")
    text = text.replace("127.0.0.1:8000", service.removeprefix("http://"))
    file = folder / "Caddyfile"
    file.write_text(f"{{\n\tadmin off\n}}\n{text}", encoding="utf-8")
    url = f"http://127.0.0.1:{port}"
    command = [program, "run", "--config", file, "--adapter", "caddyfile"]
    with running(command, url, env={"HOME": str(folder)}):
        yield Proxy(url, f"http://{HOST}")


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_the_service_takes_scheme_and_host_from_the_proxy_and_nothing_from_the_visitor(
    proxy: Callable[[str, Path], object], service: str, tmp_path: Path
) -> None:
    with proxy(service, tmp_path) as front:  # type: ignore[attr-defined]
        headers = {**bearer(mint("cus_1", time.time)), **FORGED, "Host": HOST}
        answer = requests.get(
            f"{front.url}/billing/subscription.json",
            headers=headers,
            timeout=10,
            verify=front.verify,
        )
    assert answer.status_code == 200
    assert answer.json()["portal_url"].startswith(f"{front.seen_as}/billing/portal?pass=")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_without_a_proxy_in_front_a_host_that_is_not_ours_is_refused(service: str) -> None:
    answer = requests.get(f"{service}/billing/", headers={"Host": "evil.example"}, timeout=10)
    assert answer.status_code == 400
