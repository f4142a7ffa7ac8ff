"""What a Stripe event tells to forget, and whether it is Stripe's at all."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.errors import InvalidEvent
from billing_proxy.gateway.events import Event, open_event, read_event, signed_at

from .examples import examples
from .stripe_objects import CUSTOMER, make_invoice, make_product, make_subscription


def make_event(kind: str, obj: Any, **fields: Any) -> dict[str, Any]:
    event = {"id": "evt_1Pgc76B7WZ01zgkWwyRHS12y", "object": "event", "livemode": False}
    return {**event, "type": kind, "data": {"object": obj}, **fields}


SUBSCRIPTION = make_subscription()
EXPANDED = make_invoice(customer={"id": CUSTOMER, "object": "customer"})
PRICE = {"id": "price_1", "object": "price", "product": "prod_pro"}
FORGETS: list[tuple[str, Any, dict[str, Any]]] = [
    *[
        (f"customer.subscription.{what}", SUBSCRIPTION, {"customer": CUSTOMER})
        for what in ("created", "updated", "deleted", "paused", "of_tomorrow")
    ],
    ("subscription_schedule.updated", {"customer": CUSTOMER}, {"customer": CUSTOMER}),
    ("invoice.paid", EXPANDED, {"customer": CUSTOMER}),
    ("invoice.payment_failed", EXPANDED, {"customer": CUSTOMER}),
    ("customer.deleted", {"id": CUSTOMER}, {"customer": CUSTOMER, "customer_deleted": True}),
    ("product.updated", make_product("prod_pro", "Pro"), {"product": "prod_pro"}),
    ("product.deleted", make_product("prod_pro", "Pro"), {"product": "prod_pro"}),
    ("price.updated", PRICE, {"product": "prod_pro"}),
    *[
        (kind, SUBSCRIPTION, {})
        for kind in ("customer.updated", "charge.succeeded", "checkout.session.completed", "")
    ],
    *[
        ("invoice.paid", make_invoice(customer=nobody), {})
        for nobody in (None, 7, "", [], {}, {"id": None}, {"id": ""})
    ],
    *[
        (kind, nothing, {})
        for kind in ("customer.subscription.updated", "product.updated")
        for nothing in (None, 7, [], {}, "sub_1")
    ],
    ("customer.deleted", None, {"customer_deleted": True}),
]


@pytest.mark.parametrize(("kind", "obj", "forgets"), FORGETS)
def test_an_event_tells_what_to_forget(kind: str, obj: Any, forgets: dict[str, Any]) -> None:
    assert read_event(make_event(kind, obj)) == Event(type=kind, livemode=False, **forgets)


@pytest.mark.parametrize(
    ("livemode", "expected"),
    [(True, True), (False, False), (None, None), ("true", None), (1, None), (0, None)],
)
def test_only_a_yes_or_no_says_which_mode_it_is(livemode: Any, expected: bool | None) -> None:
    assert read_event(make_event("ping", {}, livemode=livemode)) == Event("ping", expected)


@pytest.mark.parametrize("body", [None, 7, "x", [], {}, {"type": None}, {"type": 7}])
def test_what_has_no_type_is_no_event(body: Any) -> None:
    assert read_event(body) is None


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        ("t=1795345200,v1=abc", 1795345200),
        ("v1=abc, t=1795345200 ,v0=x", 1795345200),
        ("t=1,t=2", 1),
        *[(odd, None) for odd in ("", "v1=abc", "t=", "t=-5", "t=1.5", "t=x,v1=abc")],
        *[(odd, None) for odd in ("t=１２３", "t=123456789012", "T=5", "1795345200")],
    ],
)
def test_a_signature_says_when_it_was_made(header: str, moment: int | None) -> None:
    assert signed_at(header) == moment


NAMES = st.sampled_from(["id", "type", "data", "object", "customer", "product", "livemode"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
KINDS = st.sampled_from(["customer.deleted", "customer.subscription.x", "price.x", "product.x"])


@examples(100)
@given(JSON | st.builds(make_event, KINDS | st.text(max_size=5), JSON))
def test_no_body_is_too_odd_to_be_read(body: Any) -> None:
    event = read_event(body)
    for id_ in (event.customer, event.product) if event else ():
        assert id_ is None or (isinstance(id_, str) and id_)


@examples(100)
@given(st.text() | st.text(alphabet="tv=,0123456789 "))
def test_no_header_is_too_odd_to_be_read(header: str) -> None:
    assert (signed_at(header) or 0) >= 0


SIGNING_SECRET = "whsec_5f2c"
BODY = json.dumps(make_event("invoice.paid", EXPANDED)).encode()


def sign(body: bytes, *, age: int = 0, secret: str = SIGNING_SECRET) -> str:
    """As https://docs.stripe.com/webhooks#verify-manually describes it."""
    moment = int(time.time()) - age
    signed = hmac.digest(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={signed.hex()}"


def opened(body: bytes, header: str) -> Event:
    """What a service with ``SIGNING_SECRET`` takes it for; the SDK looks at the real clock."""
    return open_event(body, header, SIGNING_SECRET, now=time.time())


@pytest.mark.parametrize("age", [-290, 0, 290])
def test_a_signed_event_is_read_though_a_clock_may_be_off_by_minutes(age: int) -> None:
    event = opened(BODY, sign(BODY, age=age))
    assert (event.type, event.customer) == ("invoice.paid", CUSTOMER)


@pytest.mark.parametrize(
    "signed",
    [
        *[{"age": age} for age in (-86_400, -310, 310, 86_400)],
        *[{"secret": secret} for secret in ("whsec_other", "whsec_", "", " ")],
        {"body": BODY.replace(b"paid", b"void")},
    ],
    ids=lambda signed: str(signed)[:30],
)
def test_an_old_event_one_from_the_future_and_a_strangers_are_refused(signed: Any) -> None:
    with pytest.raises(InvalidEvent):
        opened(BODY, sign(**{"body": BODY, **signed}))


@pytest.mark.parametrize("header", ["", "v1=abc", "t=1", "t=x,v1=y", ",,,", "t=,v1=", "t=１"])
def test_an_event_without_a_signature_is_refused(header: str) -> None:
    with pytest.raises(InvalidEvent):
        opened(BODY, header)


NO_EVENTS = [b"", b"{", b"[]", b"null", b"{}", b"7", b"\xff\xfe", b"[" * 100_000]


@pytest.mark.parametrize("body", NO_EVENTS, ids=lambda body: repr(body[:5]))
def test_a_signature_does_not_make_an_event_of_just_anything(body: bytes) -> None:
    with pytest.raises(InvalidEvent):
        opened(body, sign(body))
