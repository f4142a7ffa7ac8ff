"""The response cache changes nothing: whatever is asked, in any order, a service without it says
the same. So nothing that an answer depends on can be missing from the key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from billing_proxy.app import create_app
from billing_proxy.testing.emulator import Emulator
from tests.conftest import ANNA, BOB
from tests.fault.fuzzing import examples
from tests.stage.clock import Clock, moment
from tests.stage.tokens import TOKEN_SECRET, mint

UNLIKE = {"Server-Timing", "X-Request-Id", "Location", "Date"}
"""Durations, names of requests, addresses of portal sessions, and what the server says itself."""

PATHS = ("/billing/subscription.json", "/billing/", "/billing/card", "/billing/portal")
MORE: dict[str, tuple[str, ...]] = {
    "Accept": ("application/json", "text/html"),
    "Accept-Language": ("en", "de, nl;q=0.5"),
    "Cache-Control": ("no-cache",),
    "Host": ("other.example",),
    "If-None-Match": ("*",),
    "Origin": ("https://site.example",),
    "Purpose": ("prefetch",),
    "Sec-Fetch-Dest": ("iframe", "document"),
    "Sec-Fetch-Mode": ("cors",),
    "Sec-Fetch-Site": ("cross-site",),
    "Sec-Purpose": ("prefetch",),
    "User-Agent": ("a phone",),
    "X-Forwarded-Prefix": ("/app",),
    "X-Forwarded-Proto": ("https",),
    "method": ("HEAD", "POST"),
    "query": ("flow=pay", "lang=en"),
}
"""Headers and more that a request may have, each with what it may be."""


class Step(NamedTuple):
    """A request, and again with ``more``; after ``wait`` seconds and a change of Anna's card."""

    path: str
    who: str
    by: str
    more: list[tuple[str, str]]
    wait: int
    cancel_at: int | None


CHANGES = [(name, value) for name, values in MORE.items() for value in values]
ONE_BY_ONE = [
    Step(path, ANNA, by, [change], 0, None)
    for path in PATHS
    for by in ("Authorization", "Cookie")
    for change in CHANGES
]

requests = st.builds(
    Step,
    path=st.sampled_from(PATHS),
    who=st.sampled_from((ANNA, BOB)),
    by=st.sampled_from(("Authorization", "Cookie") * 3 + ("X-Customer",)),
    more=st.lists(st.sampled_from(CHANGES), min_size=1, max_size=2),
    wait=st.sampled_from((0, 0, 0, 1, 29, 61)),
    cancel_at=st.sampled_from((None, None, moment("2076-12-12 11:00:00"))),
)


@given(steps=st.lists(requests, min_size=10, max_size=16))
@example(steps=ONE_BY_ONE)
@examples(12)
def test_a_service_without_the_cache_answers_the_same(steps: list[Step]) -> None:
    clock = Clock(moment("2076-11-22 11:00:00"))
    with Emulator(clock=clock) as emulator:
        for customer in (ANNA, BOB):
            emulator.account.add_customer(customer)
            emulator.account.add_subscription(customer, id=f"sub_{customer}")
        services = [serve(emulator, clock, size) for size in ("33554432", "0")]
        proofs = {customer: proof(services[0], mint(customer, clock)) for customer in (ANNA, BOB)}
        for step in steps:
            clock.advance(step.wait)
            emulator.account.update(f"sub_{ANNA}", cancel_at=step.cancel_at)
            headers = {step.by: proofs[step.who].get(step.by, step.who)}
            for more in ({}, dict(step.more)):
                cached, anew = (ask(service, step.path, headers, **more) for service in services)
                assert cached == anew


def serve(emulator: Emulator, clock: Clock, page_cache_bytes: str) -> FlaskClient:
    environ = {
        "STRIPE_SECRET_KEY": emulator.key,
        "STRIPE_API_BASE": emulator.url,
        "SECRET_KEY": "a made-up key that signs the cookies of these tests",
        "BILLING_TOKEN_SECRET": TOKEN_SECRET,
        "BILLING_LOCALE": "auto",
        "BILLING_TRUSTED_PROXIES": "1",
        "BILLING_PAGE_CACHE_BYTES": page_cache_bytes,
    }
    return create_app(environ, clock=clock, timer=clock).test_client(use_cookies=False)


def proof(service: FlaskClient, token: str) -> dict[str, str]:
    """What proves who it is: the token, or the cookies that its link leaves, over HTTPS too."""
    cookie = service.get(f"/billing/?token={token}").headers["Set-Cookie"].partition(";")[0]
    return {"Authorization": f"Bearer {token}", "Cookie": f"{cookie}; __Host-{cookie}"}


def ask(
    service: FlaskClient,
    path: str,
    headers: Mapping[str, str],
    *,
    method: str = "GET",
    query: str = "",
    **more: str,
) -> list[str]:
    """All that is answered, but for what is ``UNLIKE`` in any two answers."""
    answer = service.open(path, method=method, query_string=query, headers={**headers, **more})
    told = [
        f"{name}: {value.partition('; Expires')[0]}"  # of a cookie, by the real clock
        for name, value in answer.headers
        if name not in UNLIKE
    ]
    return [answer.status, *sorted(told), answer.text]
