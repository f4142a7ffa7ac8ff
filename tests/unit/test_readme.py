"""What the README promises is what the code does: routes and the fields of the JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

from billing_proxy.app import create_app

from .cards import card_of, json_of
from .stripe_objects import make_subscription

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")

ENVIRON = {
    "STRIPE_SECRET_KEY": "sk_test_readme",
    "SECRET_KEY": "signs nothing that lasts",
    "BILLING_TOKEN_SECRET": "a made-up secret of more than thirty-two bytes",
}


def test_every_route_is_in_the_table() -> None:
    rules = {rule.rule for rule in create_app(ENVIRON).url_map.iter_rules()}
    documented = set(re.findall(r"`(?:GET|POST) (/billing/[a-z.]*)`", README))
    assert {rule for rule in rules if rule.startswith("/billing") and "<" not in rule} == documented


def test_the_json_has_the_fields_of_the_example() -> None:
    block = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert block is not None
    assert set(json.loads(block[1])) == set(json_of(card_of(make_subscription())))


def test_the_two_commands_are_targets_of_make() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"run", "test"} <= set(targets)
    assert set(re.findall(r"`?make ([a-z-]+)", README)) <= set(targets)
