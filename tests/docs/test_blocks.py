"""Every block of code in the documents does what it says: it is run, here and now.

A block belongs to whoever ``RUNNERS`` names for its language. ``console`` and ``sh`` are typed in a
shell, against a service on the emulator: ``billing-proxy``, ``flask``, ``python`` and ``curl`` are
real, what would reach beyond the test is in ``stand_in.py``. After ``$ …`` the output is compared,
with ``…`` for anything. ``python`` is executed with the names of ``python_blocks.py``.
"""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import yaml
from flask import Flask, render_template_string

from billing_proxy import BillingProxy
from billing_proxy.config.settings import SETTINGS, BillingConfig
from billing_proxy.errors import ConfigError
from tests.docs import python_blocks
from tests.docs.blocks import ROOT, Block, blocks, commands
from tests.docs.conftest import CUSTOMER, Service
from tests.docs.terminal import Terminal

NEEDED = {
    "STRIPE_SECRET_KEY": "sk_test_of_the_documents",
    "SECRET_KEY": "signs nothing that lasts",
    "BILLING_TOKEN_SECRET": "a made-up secret of more than thirty-two bytes",
}


def in_a_terminal(block: Block, service: Service, terminal: Terminal) -> None:
    """Type it."""
    lacking = [name for name in ("curl",) if name in block.text and not shutil.which(name)]
    if lacking:
        pytest.skip(f"{lacking[0]} is not installed")
    terminal.run(block, commands(block))


def as_settings(block: Block, service: Service, terminal: Terminal) -> None:
    """Each line is a setting that is taken, or refused with the words behind it."""
    for line in block.text.splitlines():
        assignment, _, refusal = line.partition("  # refused: ")
        name, _, value = shlex.split(assignment)[0].partition("=")
        assert name in SETTINGS, f"{block}: {name}"
        assert problems({**NEEDED, name: value}) == ((f"{name} {refusal}",) if refusal else ())


def problems(settings: dict[str, str]) -> tuple[str, ...]:
    """What the service says of these settings."""
    try:
        BillingConfig.from_mapping(settings)
    except ConfigError as error:
        return error.problems
    return ()


def as_python(block: Block, service: Service, terminal: Terminal) -> None:
    """Execute it, and look at what came of it."""
    code = compile(block.text.replace("cus_…", CUSTOMER), str(block), "exec")
    with python_blocks.taken_for_granted(service) as names:
        exec(code, names)  # noqa: S102 -- that is what the documents are for
        for words, check in python_blocks.AFTER.items():
            if words in block.text:
                check(names, service)


def as_html(block: Block, service: Service, terminal: Terminal) -> None:
    """Render it as a template of a site; what it refers to below /billing must answer."""
    site = Flask("site")
    billing = BillingProxy(
        site, customer_loader=lambda _: CUSTOMER, **python_blocks.flask_settings(service)
    )
    with site.test_request_context("/"):
        html = render_template_string(
            block.text,
            card=billing.card(CUSTOMER),
            portal_url="/billing/portal",
            current_user=python_blocks.USER,
        )
    assert "{{" not in html
    if "billing_card()" in block.text or "card." in block.text:
        assert "Actief" in html
    for path in re.findall(r'(?:src|hx-get)="[^"]*?(/billing/[^"]*)"', html):
        address = f"{service.base}{path.replace('…', service.token)}"
        assert requests.get(address, timeout=10).status_code == 200, address


def as_json(block: Block, service: Service, terminal: Terminal) -> None:
    """It has the fields of a real answer: of the card, or of the error with this status."""
    shown = json.loads(block.text)
    address = f"{service.base}/billing/subscription.json"
    if "customer" in shown:
        headers = {"Authorization": f"Bearer {service.token}"}
        answer = requests.get(address, headers=headers, timeout=10).json()
        assert list(shown) == list(answer)
    else:
        assert shown == requests.get(address, timeout=10).json()


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
    if not check:
        assert done.stdout == "Pro active\n"


def as_css(block: Block, service: Service, terminal: Terminal) -> None:
    """Every custom property in it is one that the stylesheet reads."""
    style = (ROOT / "src/billing_proxy/web/static/billing.css").read_text(encoding="utf-8")
    used = re.findall(r"(--billing-[\w-]+):", block.text)
    assert used
    assert all(f"var({name}," in style for name in used)
    assert block.text.count("{") == block.text.count("}")


def as_ini(block: Block, service: Service, terminal: Terminal) -> None:
    """An environment file: each name is a setting, and together they are enough to start."""
    parser = configparser.ConfigParser(delimiters="=", interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign] -- names keep their case
    parser.read_string(f"[environment]\n{block.text}")
    values = dict(parser["environment"])
    BillingConfig.from_mapping({**values, **{n: NEEDED.get(n, v) for n, v in values.items()}})
    assert set(values) <= set(SETTINGS)


def as_yaml(block: Block, service: Service, terminal: Terminal) -> None:
    """It is YAML."""
    assert yaml.safe_load(block.text) is not None


def as_a_proxy(block: Block, service: Service, terminal: Terminal) -> None:
    """``tests/deploy/test_reverse_proxy.py`` starts the ones of this document."""
    assert block.document == "docs/deployment.md"


def as_a_user_of_redis(block: Block, service: Service, terminal: Terminal) -> None:
    """``tests/fleet/test_server_trouble.py`` makes that user, and lets a service be it."""
    assert block.document == "docs/operations.md"


def as_traces(block: Block, service: Service, terminal: Terminal) -> None:
    """``tests/web/test_traces.py`` runs the files of this document."""
    assert block.document == "docs/observability.md"


def as_output(block: Block, service: Service, terminal: Terminal) -> None:
    """Words to look at, not to run: there must be some."""
    assert block.text.strip()


Runner = Callable[[Block, Service, Terminal], None]

RUNNERS: dict[str, Runner] = {
    "console": in_a_terminal,
    "sh": in_a_terminal,
    "python": as_python,
    "html": as_html,
    "jinja": as_html,
    "json": as_json,
    "js": as_javascript,
    "css": as_css,
    "ini": as_ini,
    "yaml": as_yaml,
    "nginx": as_a_proxy,
    "caddyfile": as_a_proxy,
    "redis": as_a_user_of_redis,
    "text": as_output,
}

OF_THE_DOCUMENT: dict[tuple[str, str], Runner] = {
    ("docs/settings.md", "sh"): as_settings,
    ("docs/observability.md", "python"): as_traces,
}
"""Where a document means something else by a language."""


@pytest.mark.parametrize("block", list(blocks()), ids=str)
def test_every_block_of_code_does_what_it_says(
    block: Block, service: Service, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in python_blocks.flask_settings(service).items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(f"FLASK_{name}", value)
    runner = OF_THE_DOCUMENT.get((block.document, block.language), RUNNERS.get(block.language))
    assert runner is not None, (
        f"nobody runs {block}: give it a language of RUNNERS in {Path(__file__).name} "
        "(console, python, json, …; text for what is only looked at), or add a runner for it"
    )
    runner(block, service, terminal)
