"""Everything that goes wrong between the service and Stripe, by what it amounts to.

`BREAKDOWNS` names each one, with its `Kind`: what the contract makes of it, whichever way it came
about. What is expected of a kind stands in `test_breakdowns.py`, once for all of them.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from tests.fault.certificates import Authority
from tests.fault.line import HOST, Behaviour, Exchange, Line, Reply, changes, says

STRIPES_WORDS = "Stripes eigen woorden over acct_1Geheim, geheim@example.nl en sk_test_4eC39HqLyjW"
"""A message such as Stripe sends with its errors; nobody but the operator's Dashboard shows it."""

BUDGET = 0.95
"""Seconds that a card may spend on Stripe here: too few for the SDK to try again."""

SMALL_BUDGET = 0.3


class Kind(StrEnum):
    """What a breakdown amounts to."""

    OUTAGE = "outage"
    BUSY = "busy"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ODD = "odd"


Break: TypeAlias = Callable[[Line, Authority], object]


@dataclass(frozen=True)
class Breakdown:
    """A way to break the line, and what it amounts to.

    ``budget`` is how many seconds the service may spend on it: few where it will spend them all.
    """

    kind: Kind
    start: Break
    budget: float = BUDGET


def played(kind: Kind, behave: Behaviour) -> Breakdown:
    """A breakdown of every answer, on connections that are there."""
    return Breakdown(kind, lambda line, _: line.play(behave))


def endless(behave: Behaviour) -> Breakdown:
    """An outage in which an answer is always about to come."""
    return Breakdown(Kind.OUTAGE, lambda line, _: line.play(behave), SMALL_BUDGET)


def error(status: int, body: Any = None, **headers: str) -> Behaviour:
    """An error as Stripe sends it, or with another ``body`` in its place."""
    fault = {"type": "api_error", "message": STRIPES_WORDS}
    return says(status, {"error": fault} if body is None else body, **headers)


def refusal(status: int, **fields: Any) -> Behaviour:
    """A refusal with Stripe's ``code`` and ``param``."""
    fault = {"type": "invalid_request_error", "message": STRIPES_WORDS, **fields}
    return says(status, {"error": fault})


def busy(reason: str) -> Behaviour:
    """The 429 with which Stripe says which of its limits was met."""
    fault = {"type": "invalid_request_error", "code": "rate_limit", "message": STRIPES_WORDS}
    return says(429, {"error": fault}, Stripe_Rate_Limited_Reason=reason)


def listed(**fields: Any) -> Behaviour:
    """A list with other ``fields`` than Stripe would have sent; of anything else, only those."""
    return changes(lambda body: {**body, **fields} if body["object"] == "list" else fields)


def extended(**fields: Any) -> Behaviour:
    """Whatever Stripe would have sent, with more or other ``fields``."""
    return changes(lambda body: {**body, **fields})


# --- below HTTP


def close(_: Exchange) -> None:
    """Close the connection instead of answering."""


def reset(exchange: Exchange) -> None:
    exchange.reset()


def reset_in_the_body(exchange: Exchange) -> None:
    exchange.send(exchange.upstream().on_the_wire()[:-20])
    exchange.reset()


def hang(exchange: Exchange) -> None:
    exchange.hang()


def hang_in_the_body(exchange: Exchange) -> None:
    exchange.send(exchange.upstream().on_the_wire()[:-1])
    exchange.hang()


def drip_headers(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    exchange.drip(b"X-Drip: x\r\n")


def drip_the_body(exchange: Exchange) -> None:
    exchange.send(exchange.upstream().on_the_wire(length=1_000_000))
    exchange.drip(b" ")


def drip_chunks(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    exchange.drip(b"1\r\n \r\n")


def promise_for_ever(exchange: Exchange) -> None:
    exchange.drip(b"HTTP/1.1 100 Continue\r\n\r\n")


def speak_another_protocol(exchange: Exchange) -> None:
    exchange.send(b"SSH-2.0-OpenSSH_9.9\r\n")


def send_an_endless_header(exchange: Exchange) -> None:
    exchange.send(b"HTTP/1.1 200 OK\r\nX-Long: " + 200_000 * b"x" + b"\r\n\r\n{}")


def send_half(exchange: Exchange) -> None:
    reply = exchange.upstream()
    exchange.send(Reply(200, reply.headers, reply.body[: len(reply.body) // 2]).on_the_wire())


def send_the_wrong_characters(exchange: Exchange) -> None:
    exchange.send(Reply(200, {}, b'{"object": "list", "data": ["\xff\xfe"]}').on_the_wire())


def lead_in_circles(exchange: Exchange) -> None:
    exchange.send(Reply(302, {"Location": exchange.path}, b"").on_the_wire())


# --- before there is a connection


def refuse(line: Line, _: Authority) -> None:
    line.refuse()


def expire(line: Line, authority: Authority) -> None:
    line.show(authority.server(HOST, days=(-30, -1)))


def pose(line: Line, authority: Authority) -> None:
    line.show(authority.server("elsewhere.test"))


def shake_no_hands(line: Line, _: Authority) -> None:
    line.shake_no_hands()


def resolve_slowly(line: Line, _: Authority) -> None:
    line.lose_name(lambda: line.closing.wait(10))


def lose_name(line: Line, _: Authority) -> None:
    def resolve() -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    line.lose_name(resolve)


BELOW_HTTP: dict[str, Breakdown] = {
    "a connection refused": Breakdown(Kind.OUTAGE, refuse),
    "an expired certificate": Breakdown(Kind.OUTAGE, expire),
    "a certificate of somebody else": Breakdown(Kind.OUTAGE, pose),
    "a handshake that never comes": Breakdown(Kind.OUTAGE, shake_no_hands, SMALL_BUDGET),
    "a name that resolves slowly": Breakdown(Kind.OUTAGE, resolve_slowly, SMALL_BUDGET),
    "a name that does not resolve": Breakdown(Kind.OUTAGE, lose_name),
    "a connection closed": played(Kind.OUTAGE, close),
    "a connection reset": played(Kind.OUTAGE, reset),
    "a connection reset in the body": played(Kind.OUTAGE, reset_in_the_body),
    "silence": endless(hang),
    "silence before the last byte": endless(hang_in_the_body),
    "dripping headers": endless(drip_headers),
    "a dripping body": endless(drip_the_body),
    "dripping chunks": endless(drip_chunks),
    "promises without end": endless(promise_for_ever),
    "another protocol": played(Kind.OUTAGE, speak_another_protocol),
    "an endless header": played(Kind.OUTAGE, send_an_endless_header),
    "redirects in circles": endless(lead_in_circles),
}

# What a status, a code or a shape amounts to is a table of tests/unit; here is one of each.
ABOVE_HTTP: dict[str, Breakdown] = {
    name: played(kind, behave)
    for name, kind, behave in (
        ("200 with HTML", Kind.OUTAGE, says(200, b"<html>onderhoud</html>")),
        ("200 with half of it", Kind.OUTAGE, send_half),
        ("200 with wrong characters", Kind.OUTAGE, send_the_wrong_characters),
        ("200 nested beyond reason", Kind.OUTAGE, says(200, 100_000 * b"[")),
        ("more after nothing", Kind.OUTAGE, listed(data=[], has_more=True)),
        ("500", Kind.OUTAGE, error(500)),
        ("500 to be tried again", Kind.OUTAGE, error(500, Stripe_Should_Retry="true")),
        ("503 with nothing", Kind.OUTAGE, says(503, b"")),
        ("403 with the page of a proxy", Kind.OUTAGE, says(403, b"<h1>Geblokkeerd</h1>")),
        ("429", Kind.BUSY, busy("global-rate")),
        ("400", Kind.REFUSED, refusal(400)),
        ("401", Kind.REFUSED, refusal(401)),
        ("403", Kind.REFUSED, refusal(403, code="more_permissions_required")),
        (
            "an unknown customer",
            Kind.UNKNOWN,
            refusal(400, code="resource_missing", param="customer"),
        ),
        ("fields that nobody knows", Kind.ODD, extended(next_page=["?"], total_count=None)),
    )
}

BREAKDOWNS: dict[str, Breakdown] = {**BELOW_HTTP, **ABOVE_HTTP}
