"""What the product relies on at Stripe, asked of the emulator and, when wanted, of Stripe itself.

Against Stripe: `BILLING_CONTRACT_LIVE=1 STRIPE_SECRET_KEY=sk_test_… pytest tests/contract`. Only a
test-mode key is taken; nothing is written but customers, which are deleted again.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import stripe
from stripe import StripeClient

from billing_proxy.gateway.api import API_VERSION
from demo.emulator import Emulator
from demo.personas import populate

LIVE_KEY = os.environ.get("STRIPE_SECRET_KEY", "")
LIVE = os.environ.get("BILLING_CONTRACT_LIVE") == "1" and LIVE_KEY.startswith("sk_test_")
NO_ONE = "cus_nobody_at_all"
STATUSES = (
    *("active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired", "trialing"),
    *("paused", "all", "ended"),
)

TOO_DEEP = "property_expansion_max_depth"
FIVE_LEVELS = (
    "data.items.data.price.product",
    "data.items.data.price.currency_options",
    "data.customer.discount.source.coupon",
    "data.latest_invoice.payments.data.payment",
)
NO_REFERENCE = ("status", "data.metadata", "data.customer.email", "data.items.price", "data.x")
FOUR_LEVELS = (
    "data.default_payment_method",
    "data.customer.invoice_settings.default_payment_method",
    "data.discounts.source.coupon",
    "data.items.data.price",
    "data.latest_invoice",
    "data.schedule",
)


@dataclass
class Side:
    """One of the two Stripes, and how to make a client for it."""

    key: str
    addresses: dict[str, Any]

    def client(self, key: str | None = None) -> StripeClient:
        return StripeClient(
            key or self.key, stripe_version=API_VERSION, base_addresses=self.addresses
        )


@pytest.fixture(scope="module", params=["emulator", "stripe"] if LIVE else ["emulator"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    if request.param == "stripe":
        yield Side(LIVE_KEY, {})
        return
    with Emulator() as emulator:
        populate(emulator.account)
        yield Side(emulator.key, {"api": emulator.url})


@pytest.fixture(scope="module")
def client(side: Side) -> StripeClient:
    return side.client()


@pytest.fixture(scope="module")
def customer(client: StripeClient) -> Iterator[str]:
    made = client.v1.customers.create({"name": "billing-proxy contract test"})
    yield made.id
    client.v1.customers.delete(made.id)


@contextlib.contextmanager
def refused_or_not(status: int = 400, **expected: str | None) -> Iterator[None]:
    """If Stripe refuses, then with this HTTP status and these fields in the error's body."""
    try:
        yield
    except stripe.StripeError as error:
        body = error.json_body["error"]
        answer = (error.http_status, body["type"], {name: body.get(name) for name in expected})
        if answer != (status, "invalid_request_error", expected):
            raise


@contextlib.contextmanager
def refused(status: int = 400, **expected: str | None) -> Iterator[None]:
    """Stripe refuses, with this HTTP status and these fields in the error's body."""
    done = False
    with refused_or_not(status, **expected):
        yield
        done = True
    if done:
        pytest.fail("this was not refused")


@pytest.mark.skipif(not LIVE, reason="set BILLING_CONTRACT_LIVE=1 and an sk_test_ key")
def test_stripe_itself_is_asked_too() -> None:
    """Stands for every test below, so that leaving Stripe out is seen."""


class TestStripe:
    """Reads first; then the writes: portal sessions, and what holds for every `POST`."""

    def test_a_customer_without_subscriptions_has_an_empty_list(
        self, client: StripeClient, customer: str
    ) -> None:
        page = client.v1.subscriptions.list({"customer": customer, "status": "all"})
        assert (page.object, page.url) == ("list", "/v1/subscriptions")
        assert (page.data, page.has_more) == ([], False)

    @pytest.mark.parametrize("status", STATUSES)
    def test_each_status_is_a_filter(self, client: StripeClient, status: str) -> None:
        page = client.v1.subscriptions.list({"status": status, "limit": 3})
        assert len(page.data) <= 3
        if status not in ("all", "ended"):
            assert {found.status for found in page.data} <= {status}
        running = client.v1.subscriptions.list({"limit": 100}).data
        assert "canceled" not in {found.status for found in running}, "unless they are asked for"

    @pytest.mark.parametrize(
        ("params", "error"),
        [
            (
                {"customer": NO_ONE},
                {
                    "code": "resource_missing",
                    "param": "customer",
                    "message": f"No such customer: '{NO_ONE}'",
                },
            ),
            ({"status": "asleep"}, {"param": "status"}),
            (
                {"surprise": "yes"},
                {
                    "code": "parameter_unknown",
                    "param": "surprise",
                    "message": "Received unknown parameter: surprise",
                },
            ),
            ({"limit": "many"}, {"code": "parameter_invalid_integer", "param": "limit"}),
            (
                {"starting_after": "sub_none"},
                {"code": "resource_missing", "param": "starting_after"},
            ),
            *(({"expand": [path]}, {"code": TOO_DEEP}) for path in FIVE_LEVELS),
            *(({"expand": [path]}, {}) for path in NO_REFERENCE),
        ],
        ids=str,
    )
    def test_what_is_wrong_with_a_list_is_refused(
        self, client: StripeClient, params: Any, error: dict[str, str]
    ) -> None:
        with refused(**error):
            client.v1.subscriptions.list(params)

    @pytest.mark.parametrize("path", FOUR_LEVELS)
    def test_what_the_card_wants_can_be_expanded(self, client: StripeClient, path: str) -> None:
        client.v1.subscriptions.list({"expand": [path], "limit": 1})

    def test_an_invoice_and_a_schedule_expand_to_four_levels(self, client: StripeClient) -> None:
        for invoice in client.v1.invoices.list({"limit": 1}).data:
            path = "payments.data.payment.payment_intent"
            assert client.v1.invoices.retrieve(str(invoice.id), {"expand": [path]}).payments
        for schedule in client.v1.subscription_schedules.list({"limit": 1}).data:
            path = "phases.items.price.product"
            client.v1.subscription_schedules.retrieve(schedule.id, {"expand": [path]})

    def test_an_unknown_object_or_path_is_not_found(self, client: StripeClient) -> None:
        with refused(404, code="resource_missing", message="No such subscription: 'sub_none'"):
            client.v1.subscriptions.retrieve("sub_none")
        with refused(404):
            client.raw_request("get", "/v1/no_such_thing")

    def test_a_page_holds_a_hundred_at_most(self, client: StripeClient) -> None:
        """Documented as 1 to 100. More is refused, or quietly taken as a hundred."""
        with refused_or_not(param="limit"):
            assert len(client.v1.prices.list({"limit": 101}).data) <= 100

    def test_products_are_listed_by_their_ids_and_without_a_cursor(
        self, client: StripeClient
    ) -> None:
        assert client.v1.products.list({"ids": ["prod_none_such"]}).data == []
        some = client.v1.products.list({"limit": 2}).data
        if not some:
            pytest.skip("this account has no products")
        ids = [product.id for product in some]
        page = client.v1.products.list({"ids": ids, "limit": 100})
        assert {product.id for product in page.data} == set(ids)
        assert all(product.name for product in page.data)
        with refused(param="ids"):
            client.v1.products.list({"ids": ids, "starting_after": ids[0]})
        with refused():
            client.v1.products.list({"starting_after": ids[0], "ending_before": ids[0]})

    def test_a_wrong_key_is_unauthorized_and_hidden_in_the_message(self, side: Side) -> None:
        with pytest.raises(stripe.AuthenticationError) as caught:
            side.client("sk_test_0123456789abcdefWXYZ").v1.subscriptions.list()
        assert caught.value.http_status == 401
        assert "0123456789abcdef" not in str(caught.value.user_message)
        assert str(caught.value.user_message).endswith("WXYZ")

    def test_every_answer_has_a_request_id_and_a_refusal_links_to_what_it_means(
        self, client: StripeClient
    ) -> None:
        answer = client.raw_request("get", "/v1/subscriptions")
        assert answer.headers["Request-Id"].startswith("req_")
        assert answer.headers["Stripe-Version"] == API_VERSION
        assert answer.headers["Content-Type"].startswith("application/json")
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.subscriptions.list({"customer": NO_ONE})
        assert str(caught.value.request_id).startswith("req_")
        assert "resource-missing" in caught.value.json_body["error"]["doc_url"]
        assert "request_log_url" in caught.value.json_body["error"]

    @pytest.mark.parametrize(
        ("params", "error"),
        [
            ({"customer": None}, {}),
            ({"customer": NO_ONE}, {"code": "resource_missing", "param": "customer"}),
            ({"locale": "xx"}, {"param": "locale"}),
            ({"configuration": "bpc_none"}, {"code": "resource_missing"}),
            *(
                ({"flow_data": {"type": kind, kind: {"subscription": "sub_none"}}}, {})
                for kind in ("subscription_cancel", "subscription_update", "subscription_pause")
            ),
        ],
        ids=str,
    )
    def test_what_is_wrong_with_a_portal_session_is_refused(
        self, client: StripeClient, customer: str, params: Any, error: dict[str, str]
    ) -> None:
        asked = {"customer": customer, "return_url": "https://example.com", **params}
        with refused(**error):
            client.v1.billing_portal.sessions.create(
                {name: value for name, value in asked.items() if value is not None}  # type: ignore[arg-type]
            )

    def test_a_write_with_the_same_idempotency_key_is_done_once(self, client: StripeClient) -> None:
        options: Any = {"idempotency_key": f"contract-{uuid.uuid4()}"}
        first = client.v1.customers.create({"name": "once"}, options)
        again = client.v1.customers.create({"name": "once"}, options)
        assert again.id == first.id
        with pytest.raises(stripe.IdempotencyError):
            client.v1.customers.create({"name": "twice"}, options)
        client.v1.customers.delete(first.id)

    def test_a_refused_write_is_not_worth_a_retry(self, client: StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.billing_portal.sessions.create({"customer": NO_ONE})
        headers: Any = caught.value.headers
        assert headers["Stripe-Should-Retry"] == "false"
        assert headers["Original-Request"] == headers["Request-Id"]
        assert headers["Idempotency-Key"]

    def test_a_deleted_customer_is_retrieved_but_has_no_portal_and_perhaps_no_list(
        self, client: StripeClient
    ) -> None:
        """What the list says is undocumented; the product takes either."""
        gone = client.v1.customers.create({"name": "soon gone"}).id
        client.v1.customers.delete(gone)
        assert client.v1.customers.retrieve(gone).deleted is True
        with refused(param="customer"):
            client.v1.billing_portal.sessions.create(
                {"customer": gone, "return_url": "https://example.com"}
            )
        with refused_or_not(code="resource_missing", param="customer"):
            page = client.v1.subscriptions.list({"customer": gone, "status": "all"})
            assert page.data == []
