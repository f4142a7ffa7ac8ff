"""Two customers at once, through cache, shared calls, errors and stale cards: never a mix-up.

Anna and Bob ask alternately and together, from many threads, in every phase of Stripe's day. Not
one byte of the other's card may be in an answer, and no link in it may open the other's portal.
"""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from billing_proxy.identity.signing import Signers
from demo.emulator import Emulator
from tests.conftest import ANNA, BOB, Serve
from tests.fault.breakdowns import error, refusal
from tests.fault.line import Behaviour, Exchange, Line
from tests.fault.routes import CARDS, fragment, is_stale, negotiated, page, portal, program, webhook
from tests.stage.clock import Clock

OWN = {
    ANNA: ("cus_anna", "sub_anna", "Plan van Anna", "price_anna", "12 december 2076"),
    BOB: ("cus_bob", "sub_bob", "Bobs plan", "price_bob", "3 april 2077"),
}
OTHER = {ANNA: BOB, BOB: ANNA}

TURNS = count()
THREADS = 8
ROUNDS = 6


@pytest.fixture
def customers(emulator: Emulator, anna: str, bob: str) -> None:
    """Anna and Bob, with nothing in common but the shop."""
    for customer, product in ((anna, "prod_pro"), (bob, "prod_business")):
        emulator.account.update(product, name=OWN[customer][2])


@dataclass(frozen=True)
class Phase:
    """A part of Stripe's day: what goes wrong in it, and how far the clock goes on before."""

    behave: Behaviour | None
    seconds: float
    statuses: frozenset[int]


OUTAGE = error(500, Stripe_Should_Retry="false")


def now_and_then(exchange: Exchange) -> None:
    """Fail for every second request, whosever it is."""
    if next(TURNS) % 2:
        OUTAGE(exchange)
    else:
        exchange.pass_on()


def slowly(exchange: Exchange) -> None:
    exchange.pause(0.05)
    exchange.pass_on()


PHASES = {
    # After failures the circuit may still be open, and then the last known card stands in.
    "a morning without a card": Phase(slowly, 0, frozenset({200})),
    "warm cards": Phase(None, 1, frozenset({200})),
    "cards that have expired": Phase(slowly, 31, frozenset({200})),
    "an outage": Phase(OUTAGE, 31, frozenset({200})),
    "a shaky line": Phase(now_and_then, 31, frozenset({200})),
    "a refused key": Phase(refusal(403), 31, frozenset({200})),
    "all well again": Phase(None, 31, frozenset({200})),
    "an outage after which nothing is known": Phase(OUTAGE, 7200, frozenset({503})),
}


def check(customer: str, answer: TestResponse) -> None:
    """Nothing of the other customer is in ``answer``, in its headers as little as in its body."""
    everything = answer.text + str(answer.headers)
    for text in OWN[OTHER[customer]]:
        assert text not in everything
    if answer.status_code == 200:
        assert OWN[customer][2] in answer.text
        if answer.mimetype == "application/json":
            assert answer.get_json()["customer"] == customer
            assert answer.get_json()["subscription"] == OWN[customer][1]


def passes(answer: TestResponse) -> list[str]:
    """The passes in the links of an answer."""
    links = re.findall(r"https?://[^\"\s<>]+/portal\?[^\"\s<>]+", answer.text.replace("&amp;", "&"))
    return [seal for link in links for seal in parse_qs(urlsplit(link).query).get("pass", [])]


@pytest.fixture
def signers(environ: dict[str, str]) -> Signers:
    """What opens the passes of the service under test."""
    return Signers(environ["SECRET_KEY"])


@pytest.mark.parametrize("ttl", ["30", "0"])
def test_not_a_byte_of_anothers_card_all_day_long(
    serve: Serve,
    line: Line,
    timer: Clock,
    clock: Clock,
    customers: None,
    signers: Signers,
    until_idle: Callable[[], None],
    ttl: str,
) -> None:
    settings = {"BILLING_STRIPE_MAX_RATE": "10000", "BILLING_STRIPE_TIMEOUT": "20"}
    app = serve(BILLING_CACHE_TTL=ttl, **settings).application
    seen: Counter[tuple[str, int, bool]] = Counter()

    def live(seed: int) -> None:
        """One thread's part of a phase: any route, either customer, a browser now and then new."""
        dice = random.Random(seed)
        for _ in range(ROUNDS):
            customer = dice.choice((ANNA, BOB))
            get = dice.choice(list(CARDS.values()))
            answer = get(app.test_client(), customer, clock)
            check(customer, answer)
            for seal in passes(answer):
                assert signers.customer_of_pass(seal, now=clock()) == customer
            seen[name, answer.status_code, answer.status_code == 200 and is_stale(answer)] += 1

    with ThreadPoolExecutor(THREADS) as pool:
        for name, phase in PHASES.items():
            clock.advance(phase.seconds)
            timer.advance(60)
            if phase.behave:
                line.play(phase.behave)
            else:
                line.mend()
            list(pool.map(live, range(THREADS)))
            until_idle()
            assert {s for n, s, _ in seen if n == name} <= phase.statuses

    assert sum(seen.values()) == len(PHASES) * THREADS * ROUNDS
    assert seen["warm cards", 200, False]
    assert seen["an outage", 200, True]
    assert seen["a refused key", 200, True]
    assert seen["an outage after which nothing is known", 503, False]


def test_each_pass_opens_the_portal_of_its_own_customer(
    serve: Serve, line: Line, emulator: Emulator, clock: Clock, customers: None
) -> None:
    app = serve().application

    def follow(customer: str, get: Callable[..., TestResponse]) -> tuple[str, str]:
        answer = get(app.test_client(), customer, clock)
        if answer.status_code == 200:
            query = {"pass": passes(answer)[0]}
            answer = app.test_client().get("/billing/portal", query_string=query)
        secret = str(answer.location).rpartition("/")[2]
        return customer, emulator.account.visits[secret].session["customer"]

    asked = [(c, get) for c in (ANNA, BOB) for get in (program, fragment, negotiated, portal)]
    with ThreadPoolExecutor(THREADS) as pool:
        for customer, owner in pool.map(lambda pair: follow(*pair), asked):
            assert owner == customer


@pytest.fixture
def loaded(line: Line, clock: Clock) -> Iterator[None]:
    """A clock that goes on by itself while a test runs, a second at a time."""
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.02):
            clock.advance(1)

    thread = threading.Thread(target=tick)
    thread.start()
    yield
    done.set()
    thread.join()


def test_events_and_expiry_in_the_middle_of_it_mix_nothing_up(
    serve: Serve, line: Line, timer: Clock, clock: Clock, customers: None, loaded: None
) -> None:
    client = serve(
        BILLING_CACHE_TTL="2", BILLING_STRIPE_MAX_RATE="10000", BILLING_STRIPE_TIMEOUT="20"
    )
    app: Flask = client.application
    line.play(slowly)

    def live(seed: int) -> None:
        dice = random.Random(seed)
        browsers: dict[str, FlaskClient] = {ANNA: app.test_client(), BOB: app.test_client()}
        for _ in range(ROUNDS):
            customer = dice.choice((ANNA, BOB))
            match dice.randrange(4):
                case 0:
                    assert webhook(client, dice.choice((ANNA, BOB)), clock).status_code == 204
                case 1:
                    gone = webhook(client, dice.choice((ANNA, BOB)), clock, "customer.deleted")
                    assert gone.status_code == 204
                case _:
                    answer = dice.choice((page, program))(browsers[customer], customer, clock)
                    assert answer.status_code == 200
                    check(customer, answer)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(live, range(THREADS)))
