"""Every block of code in the documents does what it says: it is run, here and now.

A block belongs to whoever ``RUNNERS`` names for its language. ``console`` and ``sh`` are typed in a
shell, against a service on the emulator: ``billing-proxy``, ``flask``, ``python`` and ``curl`` are
real, what would reach beyond the test is in ``stand_in.py``. After ``$ …`` the output is compared,
with ``…`` for anything. ``python`` is executed with what a document takes for granted.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
import requests
import yaml
from flask import Flask, render_template_string

from billing_proxy import BillingProxy
from billing_proxy.config.settings import SETTINGS, BillingConfig
from billing_proxy.errors import ConfigError
from tests.docs.blocks import ROOT, Block, blocks
from tests.docs.conftest import CUSTOMER, Service
from tests.docs.terminal import Terminal
from tests.stage.tokens import TOKEN_SECRET

NEEDED = {
    "STRIPE_SECRET_KEY": "sk_test_of_the_documents",
    "SECRET_KEY": "signs nothing that lasts",
    "BILLING_TOKEN_SECRET": "a made-up secret of more than thirty-two bytes",
}
USER = SimpleNamespace(is_authenticated=True, stripe_customer_id=CUSTOMER)


def in_a_terminal(block: Block, service: Service, terminal: Terminal) -> None:
    """Type it."""
    if "curl" in block.text and not shutil.which("curl"):
        pytest.skip("curl is not installed")
    terminal.run(block)


def as_settings(block: Block, service: Service, terminal: Terminal) -> None:
    """Each line is a setting that is taken, or refused with the words behind it."""
    for line in block.text.splitlines():
        assignment, _, refusal = line.partition("  # refused: ")
        name, _, value = shlex.split(assignment)[0].partition("=")
        assert name in SETTINGS, f"{block}: {name}"
        problems: tuple[str, ...] = ()
        try:
            BillingConfig.from_mapping({**NEEDED, name: value})
        except ConfigError as error:
            problems = error.problems
        assert problems == ((f"{name} {refusal}",) if refusal else ())


def as_tests(block: Block, service: Service, terminal: Terminal) -> None:
    """Run it with pytest, far from the checkout, where a site is that it can be about."""
    yours = terminal.folder.parent / "yours"
    yours.mkdir()
    shutil.copy(ROOT / "tests/docs/yoursite.py", yours)
    (yours / "test_yoursite.py").write_text(block.text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error"]
    done = subprocess.run(command, cwd=yours, capture_output=True, text=True, timeout=60)
    assert re.search(r"^\d+ passed in", done.stdout, re.MULTILINE), done.stdout


def as_python(block: Block, service: Service, terminal: Terminal) -> None:
    """Execute it in the context of a site, and look at what came of it."""
    if "import pytest" in block.text:
        as_tests(block, service, terminal)
        return
    site, app = Flask("site"), Flask("site_of_the_documents")
    billing = BillingProxy(site, customer_loader=lambda _: CUSTOMER, **service.of())
    app.config.from_mapping(service.of())
    with site.app_context():

        def create_app(settings: Mapping[str, Any]) -> None:
            other = Flask("another_site")
            BillingProxy(other, customer_loader=lambda _: "cus_1", SECRET_KEY="any", **settings)

        names: dict[str, Any] = {
            "__name__": "__main__", "app": app, "billing": billing, "user": USER, "os": os,
            "current_user": USER, "BillingProxy": BillingProxy,
            "create_app": create_app, "BILLING_TOKEN_SECRET": TOKEN_SECRET, "SERVICE": service.base,
        }  # fmt: skip
        exec(compile(block.text.replace("cus_…", CUSTOMER), str(block), "exec"), names)  # noqa: S102
        for words, check in AFTER.items():
            if words in block.text:
                check(names, service)


def link_signs_in(names: dict[str, Any], service: Service) -> None:
    claims = jwt.decode(names["token"], TOKEN_SECRET, ["HS256"], audience="billing-proxy")
    assert 0 < claims["exp"] - time.time() <= 600
    link = names["link"].replace("https://billing.example.nl", service.base)
    assert requests.get(link, timeout=10, allow_redirects=False).status_code == 303


def app_shows_the_card(names: dict[str, Any], service: Service) -> None:
    answer = names["app"].test_client().get("/billing/", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "Actief" in answer.text


def factory_makes_a_site(names: dict[str, Any], service: Service) -> None:
    assert "/billing/" in {rule.rule for rule in names["create_app"]().url_map.iter_rules()}


def site_hands_out_tokens(names: dict[str, Any], service: Service) -> None:
    token = names["app"].test_client().get("/billing-token").text
    address = f"{service.base}/billing/card?token={token}"
    assert requests.get(address, timeout=10).status_code == 200


def customer_may_in(names: dict[str, Any], service: Service) -> None:
    assert names["allowed"] is True


AFTER: dict[str, Callable[[dict[str, Any], Service], None]] = {
    "link = f": link_signs_in,
    "current_user.is_authenticated else None": app_shows_the_card,
    "from_prefixed_env": factory_makes_a_site,
    "/billing-token": site_hands_out_tokens,
    "allowed = ": customer_may_in,
}
"""By words of a block: what must be true after it. A block without an entry must run."""


def as_html(block: Block, service: Service, terminal: Terminal) -> None:
    """Render it as a template of a site; what it refers to below /billing must answer."""
    site = Flask("site")
    billing = BillingProxy(site, customer_loader=lambda _: CUSTOMER, **service.of())
    with site.test_request_context("/"):
        names = {"portal_url": "/billing/portal", "current_user": USER}
        html = render_template_string(block.text, card=billing.card(CUSTOMER), **names)
    assert "{{" not in html
    if "billing_card()" in block.text or "{{ card." in block.text:
        assert "Actief" in html
    for path in re.findall(r'(?:src|hx-get)="[^"]*?(/billing/[^"]*)"', html):
        address = f"{service.base}{path.replace('…', service.token)}"
        assert requests.get(address, timeout=10).status_code == 200, address


def as_json(block: Block, service: Service, terminal: Terminal) -> None:
    """It has the fields of a real answer: of the card, or of the error with this status."""
    shown = json.loads(block.text)
    is_card = "customer" in shown
    headers = {"Authorization": f"Bearer {service.token}"} if is_card else {}
    address = f"{service.base}/billing/subscription.json"
    answer = requests.get(address, headers=headers, timeout=10).json()
    assert (list(shown) == list(answer)) if is_card else (shown == answer)


def as_javascript(block: Block, service: Service, terminal: Terminal) -> None:
    """Node reads it; what takes its settings from the environment is run as well."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    script = terminal.folder / "block.mjs"
    script.write_text(block.text, encoding="utf-8")
    check = [] if "process.env" in block.text else ["--check"]
    environ = {**terminal.environ, "SERVICE": service.base}
    done = subprocess.run(
        [node, *check, script], env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert check or done.stdout == "Pro active\n"


def as_css(block: Block, service: Service, terminal: Terminal) -> None:
    """Every custom property in it is one that the stylesheet reads."""
    style = (ROOT / "src/billing_proxy/web/static/billing.css").read_text(encoding="utf-8")
    assert all(f"var({name}," in style for name in re.findall(r"(--billing-[\w-]+):", block.text))


def as_ini(block: Block, service: Service, terminal: Terminal) -> None:
    """An environment file: each name is a setting, and together they are enough to start."""
    parser = configparser.ConfigParser(delimiters="=", interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign] -- names keep their case
    parser.read_string(f"[environment]\n{block.text}")
    values = dict(parser["environment"])
    BillingConfig.from_mapping({**values, **{n: NEEDED.get(n, v) for n, v in values.items()}})
    assert set(values) <= set(SETTINGS)


def run_by(path: str) -> Runner:
    """The tests at ``path`` take the block out of the document and run it."""

    def is_there(block: Block, service: Service, terminal: Terminal) -> None:
        assert (block.document.rpartition("/")[2]) in (ROOT / path).read_text(encoding="utf-8")

    return is_there


def as_output(block: Block, service: Service, terminal: Terminal) -> None:
    """Something to look at, not to run: there must be some, and YAML must be YAML."""
    assert block.language == "text" or yaml.safe_load(block.text)
    assert block.text.strip()


Runner = Callable[[Block, Service, Terminal], None]

RUNNERS: dict[str, Runner] = {
    "console": in_a_terminal,
    "sh": in_a_terminal,
    "python": as_python,
    "html": as_html,
    "json": as_json,
    "js": as_javascript,
    "css": as_css,
    "ini": as_ini,
    "yaml": as_output,
    "nginx": run_by("tests/deploy/test_reverse_proxy.py"),
    "caddyfile": run_by("tests/deploy/test_reverse_proxy.py"),
    "redis": run_by("tests/fleet/test_server_trouble.py"),
    "text": as_output,
}


@pytest.mark.parametrize("block", list(blocks()), ids=str)
def test_every_block_of_code_does_what_it_says(
    block: Block, service: Service, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**service.of(), **service.of(prefix="FLASK_")}.items():
        monkeypatch.setenv(name, value)
    is_reference = (block.document, block.language) == ("docs/settings.md", "sh")
    runner = as_settings if is_reference else RUNNERS.get(block.language)
    assert runner is not None, f"nobody runs {block}: give it a language of RUNNERS, or text"
    runner(block, service, terminal)
