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

    def test_a_list_is_an_object_with_data_and_has_more(self, client: StripeClient) -> None:
        page = client.v1.subscriptions.list({"limit": 1})
        assert page.object == "list"
        assert page.url == "/v1/subscriptions"
        assert isinstance(page.has_more, bool)
        assert len(page.data) <= 1

    def test_a_customer_without_subscriptions_has_an_empty_list(
        self, client: StripeClient, customer: str
    ) -> None:
        page = client.v1.subscriptions.list({"customer": customer, "status": "all"})
        assert page.data == []
        assert page.has_more is False

    def test_an_unknown_customer_is_a_bad_request_and_no_empty_list(
        self, client: StripeClient
    ) -> None:
        with refused(
            code="resource_missing", param="customer", message=f"No such customer: '{NO_ONE}'"
        ):
            client.v1.subscriptions.list({"customer": NO_ONE})

    def test_an_unknown_subscription_is_not_found(self, client: StripeClient) -> None:
        with refused(404, code="resource_missing", message="No such subscription: 'sub_none'"):
            client.v1.subscriptions.retrieve("sub_none")

    @pytest.mark.parametrize("status", STATUSES)
    def test_each_status_is_a_filter(self, client: StripeClient, status: str) -> None:
        page = client.v1.subscriptions.list({"status": status, "limit": 3})
        if status not in ("all", "ended"):
            assert {found.status for found in page.data} <= {status}

    def test_without_a_status_no_canceled_subscription_is_listed(
        self, client: StripeClient
    ) -> None:
        page = client.v1.subscriptions.list({"limit": 100})
        assert "canceled" not in {found.status for found in page.data}

    def test_a_status_that_does_not_exist_is_refused(self, client: StripeClient) -> None:
        with refused(param="status"):
            client.v1.subscriptions.list({"status": "asleep"})

    def test_five_levels_of_expansion_are_refused(self, client: StripeClient) -> None:
        with refused(code="property_expansion_max_depth"):
            client.v1.subscriptions.list({"expand": ["data.items.data.price.product"]})

    def test_four_levels_of_expansion_are_accepted(self, client: StripeClient) -> None:
        client.v1.subscriptions.list({"expand": ["data.items.data.price"], "limit": 1})

    def test_the_expansions_of_the_card_are_accepted(self, client: StripeClient) -> None:
        paths = ["data.latest_invoice", "data.schedule", "data.customer"]
        client.v1.subscriptions.list({"expand": paths, "limit": 1})

    @pytest.mark.parametrize("path", ["status", "data.metadata", "data.no_such_thing"])
    def test_what_is_no_reference_cannot_be_expanded(self, client: StripeClient, path: str) -> None:
        with refused():
            client.v1.subscriptions.list({"expand": [path]})

    def test_an_unknown_parameter_is_refused(self, client: StripeClient) -> None:
        unknown: Any = {"surprise": "yes"}
        with refused(
            code="parameter_unknown",
            param="surprise",
            message="Received unknown parameter: surprise",
        ):
            client.v1.subscriptions.list(unknown)

    def test_a_page_holds_a_hundred_at_most(self, client: StripeClient) -> None:
        """Documented as 1 to 100. More is refused, or quietly taken as a hundred."""
        with refused_or_not(param="limit"):
            assert len(client.v1.prices.list({"limit": 101}).data) <= 100

    def test_a_limit_that_is_no_number_is_refused(self, client: StripeClient) -> None:
        wrong: Any = {"limit": "many"}
        with refused(code="parameter_invalid_integer", param="limit"):
            client.v1.subscriptions.list(wrong)

    def test_an_unknown_cursor_is_refused(self, client: StripeClient) -> None:
        with refused(code="resource_missing", param="starting_after"):
            client.v1.subscriptions.list({"starting_after": "sub_none"})

    def test_products_are_listed_by_their_ids(self, client: StripeClient) -> None:
        some = client.v1.products.list({"limit": 2}).data
        if not some:
            pytest.skip("this account has no products")
        ids = [product.id for product in some]
        page = client.v1.products.list({"ids": ids, "limit": 100})
        assert {product.id for product in page.data} == set(ids)
        assert all(product.name for product in page.data)

    def test_a_product_id_that_does_not_exist_is_left_out(self, client: StripeClient) -> None:
        assert client.v1.products.list({"ids": ["prod_none_such"]}).data == []

    def test_ids_and_a_cursor_do_not_go_together(self, client: StripeClient) -> None:
        some = client.v1.products.list({"limit": 1}).data
        if not some:
            pytest.skip("this account has no products")
        with refused(param="ids"):
            client.v1.products.list({"ids": [some[0].id], "starting_after": some[0].id})

    def test_two_cursors_do_not_go_together(self, client: StripeClient) -> None:
        some = client.v1.products.list({"limit": 1}).data
        if not some:
            pytest.skip("this account has no products")
        with refused():
            client.v1.products.list({"starting_after": some[0].id, "ending_before": some[0].id})

    def test_items_of_no_subscription_cannot_be_listed(self, client: StripeClient) -> None:
        nothing: Any = {}
        with refused(code="parameter_missing", param="subscription"):
            client.v1.subscription_items.list(nothing)

    def test_a_wrong_key_is_unauthorized_and_hidden_in_the_message(self, side: Side) -> None:
        with pytest.raises(stripe.AuthenticationError) as caught:
            side.client("sk_test_0123456789abcdefWXYZ").v1.subscriptions.list()
        assert caught.value.http_status == 401
        assert "0123456789abcdef" not in str(caught.value.user_message)
        assert str(caught.value.user_message).endswith("WXYZ")

    def test_a_path_that_does_not_exist_is_not_found(self, client: StripeClient) -> None:
        with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as caught:
            client.raw_request("get", "/v1/no_such_thing")
        assert caught.value.http_status == 404

    def test_every_answer_has_a_request_id_and_a_version(self, client: StripeClient) -> None:
        answer = client.raw_request("get", "/v1/subscriptions")
        assert answer.headers["Request-Id"].startswith("req_")
        assert answer.headers["Stripe-Version"] == "2026-10-28.endive"
        assert answer.headers["Content-Type"].startswith("application/json")

    def test_a_refusal_has_a_request_id_and_links_to_what_it_means(
        self, client: StripeClient
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.subscriptions.list({"customer": NO_ONE})
        assert str(caught.value.request_id).startswith("req_")
        assert "resource-missing" in caught.value.json_body["error"]["doc_url"]
        assert "request_log_url" in caught.value.json_body["error"]

    def test_a_portal_session_without_a_customer_is_refused(self, client: StripeClient) -> None:
        with refused():
            client.v1.billing_portal.sessions.create({"return_url": "https://example.com"})

    def test_a_portal_session_of_an_unknown_customer_is_refused(self, client: StripeClient) -> None:
        with refused(code="resource_missing", param="customer"):
            client.v1.billing_portal.sessions.create({"customer": NO_ONE})

    def test_a_portal_session_in_an_unknown_language_is_refused(
        self, client: StripeClient, customer: str
    ) -> None:
        with refused(param="locale"):
            client.v1.billing_portal.sessions.create({"customer": customer, "locale": "xx"})

    def test_a_portal_session_with_an_unknown_configuration_is_refused(
        self, client: StripeClient, customer: str
    ) -> None:
        params: Any = {"customer": customer, "configuration": "bpc_none"}
        with refused(code="resource_missing", param="configuration"):
            client.v1.billing_portal.sessions.create(
                {**params, "return_url": "https://example.com"}
            )

    def test_a_flow_for_an_unknown_subscription_is_refused(
        self, client: StripeClient, customer: str
    ) -> None:
        flow: Any = {
            "type": "subscription_cancel",
            "subscription_cancel": {"subscription": "sub_none"},
        }
        with refused():
            client.v1.billing_portal.sessions.create(
                {"customer": customer, "return_url": "https://example.com", "flow_data": flow}
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
        headers = caught.value.headers
        assert headers is not None
        assert headers["Stripe-Should-Retry"] == "false"
        assert headers["Original-Request"] == headers["Request-Id"]
        assert headers["Idempotency-Key"]

    def test_a_deleted_customer_is_retrieved_as_deleted_but_has_no_portal(
        self, client: StripeClient
    ) -> None:
        gone = client.v1.customers.create({"name": "soon gone"}).id
        client.v1.customers.delete(gone)
        assert client.v1.customers.retrieve(gone).deleted is True
        with refused(param="customer"):
            client.v1.billing_portal.sessions.create(
                {"customer": gone, "return_url": "https://example.com"}
            )

    def test_the_list_of_a_deleted_customer_is_empty_or_refused(self, client: StripeClient) -> None:
        """Undocumented; the product takes either."""
        gone = client.v1.customers.create({"name": "soon gone"}).id
        client.v1.customers.delete(gone)
        with refused_or_not(code="resource_missing", param="customer"):
            page = client.v1.subscriptions.list({"customer": gone, "status": "all"})
            assert page.data == []
