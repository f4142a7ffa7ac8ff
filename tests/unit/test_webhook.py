"""What a Stripe event tells to forget."""

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
    return {
        "id": "evt_1Pgc76B7WZ01zgkWwyRHS12y",
        "object": "event",
        "livemode": False,
        "type": kind,
        "data": {"object": obj},
        **fields,
    }


@pytest.mark.parametrize(
    "kind",
    [
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.of_tomorrow",
        "subscription_schedule.updated",
        "invoice.paid",
        "invoice.payment_failed",
    ],
)
def test_what_changes_a_subscription_forgets_its_customer(kind: str) -> None:
    event = read_event(make_event(kind, make_subscription()))
    assert event == Event(type=kind, livemode=False, customer=CUSTOMER)


def test_an_expanded_customer_is_known_by_its_id() -> None:
    invoice = make_invoice(customer={"id": CUSTOMER, "object": "customer"})
    event = read_event(make_event("invoice.paid", invoice))
    assert event is not None
    assert event.customer == CUSTOMER


def test_a_deleted_customer_is_forgotten_for_good() -> None:
    event = read_event(make_event("customer.deleted", {"id": CUSTOMER, "object": "customer"}))
    assert event == Event(
        type="customer.deleted", livemode=False, customer=CUSTOMER, customer_deleted=True
    )


@pytest.mark.parametrize("kind", ["product.updated", "product.deleted"])
def test_a_changed_product_is_read_again(kind: str) -> None:
    event = read_event(make_event(kind, make_product("prod_pro", "Pro")))
    assert event == Event(type=kind, livemode=False, product="prod_pro")


def test_a_changed_price_is_its_products_business() -> None:
    price = {"id": "price_1", "object": "price", "product": "prod_pro"}
    event = read_event(make_event("price.updated", price))
    assert event == Event(type="price.updated", livemode=False, product="prod_pro")


@pytest.mark.parametrize(
    "kind", ["customer.updated", "charge.succeeded", "checkout.session.completed", "ping", ""]
)
def test_other_events_forget_nothing(kind: str) -> None:
    event = read_event(make_event(kind, make_subscription()))
    assert event == Event(type=kind, livemode=False)


@pytest.mark.parametrize(
    ("livemode", "expected"),
    [(True, True), (False, False), (None, None), ("true", None), (1, None), (0, None)],
)
def test_only_a_yes_or_no_says_which_mode_it_is(livemode: Any, expected: bool | None) -> None:
    event = read_event(make_event("ping", {}, livemode=livemode))
    assert event is not None
    assert event.livemode is expected


@pytest.mark.parametrize(
    "body", [None, 7, "x", [], {}, {"type": None}, {"type": 7}, [{"type": ""}]]
)
def test_what_has_no_type_is_no_event(body: Any) -> None:
    assert read_event(body) is None


@pytest.mark.parametrize("data", [None, 7, [], {}, {"object": None}, {"object": "sub_1"}])
def test_an_event_about_nothing_forgets_nothing(data: Any) -> None:
    for kind in ("customer.subscription.updated", "customer.deleted", "product.updated"):
        event = read_event(make_event(kind, None, data=data))
        assert event is not None
        assert (event.customer, event.product) == (None, None)


@pytest.mark.parametrize("value", [None, 7, "", [], {}, {"id": None}, {"id": ""}])
def test_a_customer_that_is_no_id_is_nobody(value: Any) -> None:
    event = read_event(make_event("invoice.paid", make_invoice(customer=value)))
    assert event is not None
    assert event.customer is None


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        ("t=1795345200,v1=abc", 1795345200),
        ("v1=abc,t=1795345200", 1795345200),
        ("v1=abc, t=1795345200 ,v0=x", 1795345200),
        ("t=1,t=2", 1),
        ("", None),
        ("v1=abc", None),
        ("t=", None),
        ("t=-5", None),
        ("t=1.5", None),
        ("t=x,v1=abc", None),
        ("t=１２３", None),
        ("t=123456789012", None),
        ("T=5", None),
        ("1795345200", None),
    ],
)
def test_a_signature_says_when_it_was_made(header: str, moment: int | None) -> None:
    assert signed_at(header) == moment


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "type", "data", "object", "customer", "product", "livemode"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(["customer.deleted", "customer.subscription.x", "price.x", "product.x"])


@examples(150)
@given(JSON | st.builds(make_event, KINDS | st.text(max_size=5), JSON))
def test_no_body_is_too_odd_to_be_read(body: Any) -> None:
    event = read_event(body)
    if event is not None:
        assert event.customer is None or (isinstance(event.customer, str) and event.customer)
        assert event.product is None or (isinstance(event.product, str) and event.product)


@examples(150)
@given(st.text() | st.text(alphabet="tv=,0123456789 "))
def test_no_header_is_too_odd_to_be_read(header: str) -> None:
    moment = signed_at(header)
    assert moment is None or moment >= 0


SIGNING_SECRET = "whsec_5f2c"


def sign(body: bytes, moment: int, secret: str = SIGNING_SECRET) -> str:
    """As https://docs.stripe.com/webhooks#verify-manually describes it."""
    signed = hmac.digest(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={signed.hex()}"


def read(body: bytes, header: str) -> Event:
    """As a service with ``SIGNING_SECRET`` does; the SDK looks at the real clock."""
    return open_event(body, header, SIGNING_SECRET, now=time.time())


class TestSignatures:
    BODY = json.dumps({"type": "invoice.paid", "data": {"object": {"customer": CUSTOMER}}}).encode()

    def test_a_signed_event_is_read(self) -> None:
        header = sign(self.BODY, int(time.time()))
        event = read(self.BODY, header)
        assert (event.type, event.customer) == ("invoice.paid", CUSTOMER)

    @pytest.mark.parametrize("seconds", [-290, 290])
    def test_a_clock_may_be_off_by_minutes(self, seconds: int) -> None:
        header = sign(self.BODY, int(time.time()) + seconds)
        assert read(self.BODY, header).type == "invoice.paid"

    @pytest.mark.parametrize("seconds", [-310, 310, -86_400, 86_400])
    def test_an_old_event_and_one_from_the_future_are_refused(self, seconds: int) -> None:
        header = sign(self.BODY, int(time.time()) + seconds)
        with pytest.raises(InvalidEvent):
            read(self.BODY, header)

    @pytest.mark.parametrize("secret", ["whsec_other", "whsec_", "", " "])
    def test_an_event_signed_with_another_secret_is_refused(self, secret: str) -> None:
        header = sign(self.BODY, int(time.time()), secret)
        with pytest.raises(InvalidEvent):
            read(self.BODY, header)

    def test_a_changed_body_is_refused(self) -> None:
        header = sign(self.BODY, int(time.time()))
        with pytest.raises(InvalidEvent):
            read(self.BODY.replace(b"paid", b"void"), header)

    @pytest.mark.parametrize("header", ["", "v1=abc", "t=1", "t=x,v1=y", ",,,", "t=,v1="])
    def test_an_event_without_a_signature_is_refused(self, header: str) -> None:
        with pytest.raises(InvalidEvent):
            read(self.BODY, header)

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"null", b"{}", b"7", b"\xff\xfe", b"[" * 100_000]
    )
    def test_a_signature_does_not_make_an_event_of_just_anything(self, body: bytes) -> None:
        with pytest.raises(InvalidEvent):
            read(body, sign(body, int(time.time())))
