"""``StripeGateway``: the only file that knows Stripe's SDK.

Every error of the SDK becomes one of ours here. What Stripe said stays inside: its messages name
keys, accounts and customers, so the log gets the status, the code and the request id, no more.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import stripe

from . import transport
from .card import Billing
from .catalog import Catalog
from .errors import (
    BillingError,
    CustomerNotFound,
    InvalidEvent,
    StripeMisconfigured,
    StripeUnavailable,
)
from .status import Code, choose, decide, lacks_detail
from .subscription import (
    Subscription,
    read_invoice,
    read_pause_periods,
    read_subscription,
)
from .webhook import TOLERANCE, Event, read_event, signed_at

API_VERSION = "2026-10-28.endive"
"""The version whose objects ``subscription.py`` reads: https://docs.stripe.com/api/versioning"""

CONNECT_TIMEOUT = 3.05
"""Seconds; a little over a multiple of three, TCP's first retransmission."""

PAGE = 100
MAX_PAGES = 10
MAX_DETAILS = 4

FLOWS = ("payment_method_update", "subscription_update", "subscription_cancel")
"""The portal's deep links: https://docs.stripe.com/customer-management/portal-deep-links"""

log = logging.getLogger(__name__)


class StripeGateway:
    """Reads what the card needs and opens the portal. Safe to share between threads.

    Args:
        secret_key: ``sk_…`` or ``rk_…``.
        catalog: the product names that all customers share.
        api_base: another address than Stripe's, for tests and the demo.
        portal_configuration: ``bpc_…``, or None for the account's default.
        connections: how many connections to keep open.
        clock: the time in Unix seconds.
    """

    def __init__(
        self,
        secret_key: str,
        *,
        catalog: Catalog,
        api_base: str,
        portal_configuration: str | None = None,
        connections: int = 16,
        clock: Callable[[], float] = time.time,
    ) -> None:
        # At INFO the SDK logs Stripe's error messages, at DEBUG whole answers.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        self._client = stripe.StripeClient(
            secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": api_base},
            max_network_retries=1,
            http_client=_Client(
                timeout=(CONNECT_TIMEOUT, 25),
                session=transport.session(api_base, connections=connections),
            ),
        )
        self._catalog = catalog
        self._portal_configuration = portal_configuration
        self._clock = clock

    def retrieve_billing(self, customer: str, *, until: float) -> Billing | None:
        """Everything the card of ``customer`` needs, or None for a customer Stripe does not know.

        One call, and one more for each product name, invoice or pause schedule that is missing.
        ``until`` is a moment of ``time.monotonic`` at which reading stops.

        Raises:
            StripeUnavailable, StripeMisconfigured: when the subscriptions cannot be read.
        """
        with transport.deadline(until):
            try:
                found = self._list_subscriptions(customer)
            except CustomerNotFound:
                return None
            subscriptions = tuple(read_subscription(obj) for obj in found)
            self._report_unknown(subscriptions)
            return Billing(
                customer=customer,
                subscriptions=self._with_details(subscriptions),
                product_names=self._product_names(subscriptions),
            )

    def create_portal_session(
        self,
        customer: str,
        *,
        return_url: str,
        locale: str,
        flow: str | None = None,
        subscription: str | None = None,
        until: float,
    ) -> str:
        """The short-lived address of a new portal session; a bearer link, never to be kept.

        ``flow`` is one of ``FLOWS``; when Stripe refuses it, the portal opens on its first page.

        Raises:
            CustomerNotFound, StripeUnavailable, StripeMisconfigured
        """
        params: dict[str, Any] = {
            "customer": customer,
            "return_url": return_url,
            "locale": locale,
        }
        if self._portal_configuration:
            params["configuration"] = self._portal_configuration
        flow_data = _flow_data(flow, subscription)
        with transport.deadline(until):
            if flow_data:
                try:
                    return self._create_session({**params, "flow_data": flow_data})
                except StripeMisconfigured:
                    log.info("Stripe refused the portal flow %s; opening the plain portal", flow)
            return self._create_session(params)

    def probe(self, resource: str, *, until: float) -> None:
        """Read one object of ``resource``, to find out whether the key may.

        Raises:
            StripeUnavailable, StripeMisconfigured
        """
        with transport.deadline(until):
            service = getattr(self._client.v1, resource)
            self._list(f"{resource}.list", service, {"limit": 1})

    def retrieve_portal_configuration(self, *, until: float) -> Mapping[str, Any] | None:
        """The portal configuration in use, or None when the account has not saved one.

        Raises:
            StripeUnavailable, StripeMisconfigured
        """
        configurations = self._client.v1.billing_portal.configurations
        with transport.deadline(until):
            if chosen := self._portal_configuration:
                what = "billing_portal.configurations.retrieve"
                return self._call(what, lambda: configurations.retrieve(chosen))
            params = {"is_default": True, "active": True, "limit": 1}
            found, _ = self._list("billing_portal.configurations.list", configurations, params)
            return found[0] if found else None

    def verify_event(self, body: bytes, signature: str, secret: str) -> Event:
        """The event in a webhook's ``body``, once its ``Stripe-Signature`` has been checked.

        Raises:
            InvalidEvent: for a wrong or missing signature, one too old or from the future, or a
                body that is no event.
        """
        moment = signed_at(signature)
        if moment is None or moment > self._clock() + TOLERANCE:
            raise InvalidEvent("the signature's time is missing or in the future")
        try:
            stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE)
            event = read_event(json.loads(body))
        except (stripe.SignatureVerificationError, ValueError, RecursionError):
            raise InvalidEvent("the signature does not fit, or the body is no JSON") from None
        if event is None:
            raise InvalidEvent("the body is no event")
        return event

    def _create_session(self, params: Mapping[str, Any]) -> str:
        create = self._client.v1.billing_portal.sessions.create
        answer = self._call("billing_portal.sessions.create", lambda: create(dict(params)))  # type: ignore[arg-type]
        url = answer.get("url")
        if not isinstance(url, str) or not re.fullmatch(r"https?://[!-~]+", url):
            raise StripeUnavailable("Stripe's portal session has no usable address")
        return url

    def _list_subscriptions(self, customer: str) -> list[Mapping[str, Any]]:
        """All of the customer's subscriptions, whatever their status, page by page."""
        found: list[Mapping[str, Any]] = []
        params: dict[str, Any] = {"customer": customer, "status": "all", "limit": PAGE}
        for _ in range(MAX_PAGES):
            page, more = self._list("subscriptions.list", self._client.v1.subscriptions, params)
            found += page
            last = page[-1].get("id") if page else None
            if not more or not isinstance(last, str):
                return found
            params["starting_after"] = last
        log.warning("stopped reading after %d subscriptions of one customer", len(found))
        return found

    def _with_details(self, subscriptions: Sequence[Subscription]) -> tuple[Subscription, ...]:
        """Read the invoice or schedule that a date depends on; without it, the date is left out."""
        ranked = [sub for sub, _ in choose(subscriptions, self._clock())]
        lacking = [sub for sub in ranked if lacks_detail(sub)][:MAX_DETAILS]
        detailed = {id(sub): self._read_detail(sub) for sub in lacking}
        return tuple(detailed.get(id(sub), sub) for sub in ranked)

    def _read_detail(self, sub: Subscription) -> Subscription:
        """``sub`` with its detail, or as it was: a detail may fail or be slow without the card."""
        try:
            with transport.half_of_the_rest():
                return self._retrieve_detail(sub)
        except BillingError:
            return sub

    def _retrieve_detail(self, sub: Subscription) -> Subscription:
        if lacks_detail(sub) == "latest_invoice":
            invoice = str(sub.latest_invoice)
            retrieve = self._client.v1.invoices.retrieve
            answer = self._call("invoices.retrieve", lambda: retrieve(invoice))
            return replace(sub, latest_invoice=read_invoice(answer))
        schedule = str(sub.schedule)
        fetch = self._client.v1.subscription_schedules.retrieve
        answer = self._call("subscription_schedules.retrieve", lambda: fetch(schedule))
        return replace(sub, schedule=read_pause_periods(answer))

    def _product_names(self, subscriptions: Sequence[Subscription]) -> dict[str, str]:
        products = [i.product for s in subscriptions for i in s.items if i.product is not None]
        patience = (transport.remaining() or 0) / 2
        return self._catalog.names(products, self._read_product_names, patience=patience)

    def _read_product_names(self, products: Sequence[str]) -> dict[str, str]:
        names: dict[str, str] = {}
        for start in range(0, len(products), PAGE):
            ids = list(products[start : start + PAGE])
            with transport.half_of_the_rest():
                listed, _ = self._list(
                    "products.list", self._client.v1.products, {"ids": ids, "limit": PAGE}
                )
            for product in listed:
                id_, name = product.get("id"), product.get("name")
                if isinstance(id_, str) and isinstance(name, str) and name.strip():
                    names[id_] = name.strip()
        return names

    def _list(
        self, what: str, service: Any, params: Mapping[str, Any]
    ) -> tuple[list[Mapping[str, Any]], bool]:
        """One page of a list, and whether there is more."""
        answer = self._call(what, lambda: service.list(dict(params)))
        data = answer.get("data")
        if not isinstance(data, list) or not all(isinstance(obj, Mapping) for obj in data):
            raise StripeUnavailable(f"Stripe's answer to {what} is not a list")
        return data, answer.get("has_more") is True

    def _call(self, what: str, call: Callable[[], Any]) -> Mapping[str, Any]:
        """The JSON object that Stripe answers to ``call``; each failure as one of our errors."""
        try:
            answer = call()
            body = answer.last_response.data
        except stripe.StripeError as error:
            _translate(what, error)
        except Exception as error:  # noqa: BLE001 -- the SDK itself trips over some odd bodies
            log.warning("Stripe's answer to %s is unreadable: %s", what, type(error).__name__)
            raise StripeUnavailable(f"Stripe's answer to {what} is unreadable") from None
        if not isinstance(body, Mapping):
            raise StripeUnavailable(f"Stripe's answer to {what} is not an object")
        return body

    def _report_unknown(self, subscriptions: Sequence[Subscription]) -> None:
        for sub in subscriptions:
            if decide(sub, 0).code is Code.UNKNOWN and sub.status != "incomplete_expired":
                log.warning("Stripe sent the unknown status %s", _safe(sub.status))


class _Client(stripe.RequestsClient):
    """The SDK's client, which gives up trying again when no time is left for it."""

    def _should_retry(self, *args: Any, **kwargs: Any) -> bool:
        left = transport.remaining()
        if left is not None and left < 2 * self.INITIAL_DELAY:
            return False
        return bool(super()._should_retry(*args, **kwargs))


def _flow_data(flow: str | None, subscription: str | None) -> dict[str, Any] | None:
    if flow not in FLOWS:
        return None
    if flow == "payment_method_update":
        return {"type": flow}
    return {"type": flow, flow: {"subscription": subscription}} if subscription else None


_HINTS = {
    "billing_portal.sessions.create": (
        ": save the customer portal's settings in the Stripe Dashboard, "
        "and see what billing-proxy check says"
    ),
    "billing_portal.configurations.retrieve": ": STRIPE_PORTAL_CONFIGURATION names none of yours",
}


def _translate(what: str, error: stripe.StripeError) -> NoReturn:
    """Raise ours for Stripe's: without its text, and without a chain that would show it."""
    code = _safe(getattr(error.error, "code", None))
    request_id = _safe(error.request_id)
    log.warning(
        "Stripe refused or failed %s: %s, HTTP status %s, code %s, request %s",
        what, type(error).__name__, error.http_status, code, request_id,
    )  # fmt: skip
    match error:
        case stripe.AuthenticationError():
            reason = "Stripe refuses STRIPE_SECRET_KEY: it is wrong, revoked or expired"
            raise StripeMisconfigured(reason, request_id=request_id) from None
        case stripe.PermissionError():
            reason = f"STRIPE_SECRET_KEY may not do {what}: give it that permission in Stripe"
            raise StripeMisconfigured(reason, request_id=request_id) from None
        case stripe.InvalidRequestError() if _names_customer(error):
            raise CustomerNotFound(request_id=request_id) from None
        case stripe.InvalidRequestError():
            reason = f"Stripe refuses {what} with code {code}" + _HINTS.get(what, "")
            raise StripeMisconfigured(reason, request_id=request_id) from None
        case stripe.RateLimitError():
            raise StripeUnavailable("Stripe's rate limit", request_id=request_id) from None
        case _:
            reason = f"Stripe failed at {what}"
            raise StripeUnavailable(reason, request_id=request_id) from None


def _names_customer(error: stripe.InvalidRequestError) -> bool:
    return error.code == "resource_missing" and error.param == "customer"


def _safe(value: Any) -> str:
    """A code or id of Stripe's, fit for a log line; a dash for anything else."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w.-]{1,80}", value) else "-"
