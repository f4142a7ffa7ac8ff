"""The demo's front door, and the command that opens it."""

from __future__ import annotations

import html
import re
import socket

import jwt
import pytest

from demo.__main__ import main
from demo.personas import PERSONAS
from demo.start_page import TOKEN_LASTS, customer_token, start_page

SECRET = "a-secret-of-the-demo-that-is-long-enough"
NOW = 1_795_345_200


@pytest.fixture
def page() -> str:
    return start_page(secret=SECRET, page="/billing/", base_url="http://127.0.0.1:8000/", now=NOW)


def test_every_persona_is_on_the_page_with_its_label(page: str) -> None:
    for persona in PERSONAS:
        assert html.escape(persona.description) in page
        assert persona.customer in page
    for label in {persona.label for persona in PERSONAS if persona.label}:
        assert f">{label}</span>" in page


def test_every_link_signs_in_as_its_own_customer(page: str) -> None:
    tokens = re.findall(r'/billing/\?token=([^"]+)"', page)
    options = {"verify_exp": False}
    customers = [
        jwt.decode(token, SECRET, ["HS256"], audience="billing-proxy", options=options)["sub"]
        for token in tokens
    ]
    assert sorted(customers) == sorted(persona.customer for persona in PERSONAS)


def test_a_link_is_good_for_an_hour_from_when_the_page_was_made() -> None:
    token = customer_token("cus_1", SECRET, NOW + 0.9)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims == {"sub": "cus_1", "aud": "billing-proxy", "exp": NOW + TOKEN_LASTS}


def test_the_page_says_that_it_is_a_demo_and_where_the_json_is(page: str) -> None:
    assert '<html lang="nl">' in page
    assert "<strong>Demo.</strong>" in page
    assert "http://127.0.0.1:8000/billing/subscription.json" in page
    assert "<script" not in page


def test_a_port_that_is_taken_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert f"Port {port} on 127.0.0.1 cannot be used: address already in use." in said
    assert "--port 8001" in said


def test_a_port_that_does_not_exist_is_said_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "70000"]) == 1
    assert "there is no such port" in capsys.readouterr().err
