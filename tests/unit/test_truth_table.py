"""Every row of the truth table, and what no card of it may ever say at once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .cards import card_of, json_of
from .contradictions import contradictions
from .truth_table import ROWS, YEARLY, Row

NAMES = {"prod_pro": "Pro", "prod_seats": "Extra gebruikers", "prod_free": "Gratis-plan"}


def at_path(body: Any, path: str) -> Any:
    """``notices.0.code`` of a decoded JSON object."""
    for step in path.split("."):
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_card_says_what_the_table_says(row: Row) -> None:
    card = card_of(*row.subscriptions, names=NAMES, yearly_prices=YEARLY)
    body = json_of(card)
    found = {path: _plain(at_path(body, path)) for path in row.card}
    assert found == dict(row.card)
    words = _plain(json.dumps(body, ensure_ascii=False))
    assert [part for part in row.says if part not in words] == []
    assert [part for part in row.never if part in words] == []
    assert contradictions(card) == []


def _plain(value: Any) -> Any:
    return value.replace("\N{NO-BREAK SPACE}", " ") if isinstance(value, str) else value
