"""``StripeGateway``: what is read from Stripe for a card, and how the portal is opened.

One call per card, and a further one only for what the card cannot do without. A detail (a name, an
invoice, a schedule) may fail or be slow: it gets half of the time that is left, and its absence
costs that detail alone.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ..cache.budget import ReadBudget
from ..cache.products import Catalog, Product
from ..card.facts import Billing, Subscription, only_product, wants_invoice, wants_schedule
from ..card.rules import Code, choose
from ..errors import (
    BillingError,
    CustomerNotFound,
    StripeMisconfigured,
    StripeRateLimited,
    StripeUnavailable,
)
from . import transport
from .api import StripeApi, safe
from .reading import (
    read_invoice,
    read_pause_periods,
    read_product_name,
    read_subscription,
    read_yearly_prices,
)

PAGE = 100
MAX_PAGES = 10
MAX_DETAILS = 4

FLOWS = ("payment_method_update", "subscription_update", "subscription_cancel")
"""The portal's deep links: https://docs.stripe.com/customer-management/portal-deep-links"""

log = logging.getLogger(__name__)


class StripeGateway:
    """Reads billing facts and opens the portal. Safe to share between threads.

    Args:
        api: Stripe.
        catalog: the products that all customers share.
        budget: what further reads of one card are counted in; the first is its caller's.
        portal_configuration: ``bpc_…``, or None for the account's default.
        clock: the time in Unix seconds.

    ``until`` is always a moment of ``time.monotonic`` at which reading stops.
    """

    def __init__(
        self,
        api: StripeApi,
        *,
        catalog: Catalog,
        budget: ReadBudget,
        portal_configuration: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._api = api
        self._catalog = catalog
        self._budget = budget
        self._portal_configuration = portal_configuration
        self._clock = clock

    def retrieve_billing(self, customer: str, *, until: float) -> Billing | None:
        """Everything the card of ``customer`` needs, or None for a customer Stripe does not know.

        Raises:
            StripeUnavailable, StripeMisconfigured: when the subscriptions cannot be read.
        """
        with transport.deadline(until):
            try:
                found, request_id = self._list_subscriptions(customer)
            except CustomerNotFound:
                return None
            whole = [self._with_all_items(obj) for obj in found]
            subscriptions = self._with_details([read_subscription(obj) for obj in whole])
            products = self._products(subscriptions)
            return Billing(
                customer=customer,
                subscriptions=subscriptions,
                product_names={id_: p.name for id_, p in products.items() if p.name},
                yearly_prices={id_: p.yearly_prices or () for id_, p in products.items()},
                request_id=request_id,
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
            self._api.list(resource, {"limit": 1})

    def retrieve_portal_configuration(self, *, until: float) -> Mapping[str, Any] | None:
        """The portal configuration in use, or None when the account has not saved one.

        Raises:
            StripeUnavailable, StripeMisconfigured
        """
        resource = "billing_portal.configurations"
        with transport.deadline(until):
            if self._portal_configuration:
                return self._api.retrieve(resource, self._portal_configuration)
            params = {"is_default": True, "active": True, "limit": 1}
            found = self._api.list(resource, params).data
            return found[0] if found else None

    @contextmanager
    def _minding_the_limit(self) -> Iterator[None]:
        """Stripe's 429, whatever it is an answer to, lets the readings rest."""
        try:
            yield
        except StripeRateLimited:
            self._budget.rate_limited()
            raise

    @contextmanager
    def _detail(self) -> Iterator[None]:
        """A further call for a card: it counts, and has half of the time that is left."""
        self._budget.take()
        with transport.half_of_the_rest(), self._minding_the_limit():
            yield

    def _create_session(self, params: Mapping[str, Any]) -> str:
        with self._minding_the_limit():
            url = self._api.create("billing_portal.sessions", params).get("url")
        if not isinstance(url, str) or not re.fullmatch(r"https?://[!-~]+", url):
            raise StripeUnavailable("Stripe's portal session has no usable address")
        return url

    def _list_subscriptions(self, customer: str) -> tuple[list[Mapping[str, Any]], str]:
        """All of the customer's subscriptions, whatever their status, and Stripe's request id."""
        found: list[Mapping[str, Any]] = []
        params: dict[str, Any] = {"customer": customer, "status": "all", "limit": PAGE}
        for _ in range(MAX_PAGES):
            page = self._api.list("subscriptions", params)
            found += page.data
            if not page.has_more:
                break
            last = page.data[-1].get("id") if page.data else None
            if not isinstance(last, str):
                raise StripeUnavailable("Stripe's list goes on, and does not say where")
            params["starting_after"] = last
            self._budget.take()
        else:
            log.warning("stopped reading after %d subscriptions of one customer", len(found))
        return found, page.request_id

    def _with_all_items(self, obj: Mapping[str, Any]) -> Mapping[str, Any]:
        """``obj`` with the items that did not fit into it, which few subscriptions have."""
        items, id_ = obj.get("items"), obj.get("id")
        if not isinstance(items, Mapping) or items.get("has_more") is not True:
            return obj
        try:
            with self._detail():
                page = self._api.list("subscription_items", {"subscription": id_, "limit": PAGE})
        except BillingError:
            return obj
        return {**obj, "items": {"data": page.data}}

    def _with_details(self, subscriptions: Sequence[Subscription]) -> tuple[Subscription, ...]:
        """In the order of the card, with the invoice or schedule that a date depends on."""
        decided = choose(subscriptions, self._clock())
        for sub, decision in decided:
            if decision.code is Code.UNKNOWN:
                log.warning("Stripe sent the unknown status %s", safe(sub.status))
        ranked = [sub for sub, _ in decided]
        lacking = [sub for sub in ranked if wants_invoice(sub) or wants_schedule(sub)][:MAX_DETAILS]
        detailed = {id(sub): self._read_detail(sub) for sub in lacking}
        return tuple(detailed.get(id(sub), sub) for sub in ranked)

    def _read_detail(self, sub: Subscription) -> Subscription:
        """``sub`` with what it lacks, or as it was."""
        try:
            with self._detail():
                if wants_invoice(sub):
                    invoice = self._api.retrieve("invoices", str(sub.latest_invoice))
                    return replace(sub, latest_invoice=read_invoice(invoice))
                schedule = self._api.retrieve("subscription_schedules", str(sub.schedule))
                return replace(sub, schedule=read_pause_periods(schedule))
        except BillingError:
            return sub

    def _products(self, subscriptions: Sequence[Subscription]) -> dict[str, Product]:
        wanted = [i.product for s in subscriptions for i in s.items if i.product is not None]
        return self._catalog.products(
            list(dict.fromkeys(wanted)),
            self._read_products,
            priced=only_product(subscriptions[0]) if subscriptions else None,
            patience=(transport.remaining() or 0) / 2,
        )

    def _read_products(self, products: Sequence[str], priced: str | None) -> dict[str, Product]:
        """One call where one product is all there is: its prices bring the product along."""
        found: dict[str, Product] = {}
        if priced:
            found[priced] = self._read_priced(priced)
        nameless = [id_ for id_ in products if id_ not in found or found[id_].name is None]
        for start in range(0, len(nameless), PAGE):
            ids = nameless[start : start + PAGE]
            with self._detail():
                listed = self._api.list("products", {"ids": ids, "limit": PAGE}).data
            for obj in listed:
                id_ = obj.get("id")
                if isinstance(id_, str) and id_ in ids:
                    found[id_] = replace(found.get(id_, Product()), name=read_product_name(obj))
        return found

    def _read_priced(self, product: str) -> Product:
        params = {
            "product": product,
            "type": "recurring",
            "limit": PAGE,
            "expand": ["data.product"],
        }
        try:
            with self._detail():
                prices = self._api.list("prices", params).data
        except BillingError:
            return Product(yearly_prices=())
        names = [read_product_name(price.get("product")) for price in prices]
        return Product(
            name=next((name for name in names if name), None),
            yearly_prices=read_yearly_prices(prices),
        )


def _flow_data(flow: str | None, subscription: str | None) -> dict[str, Any] | None:
    if flow not in FLOWS:
        return None
    if flow == "payment_method_update":
        return {"type": flow}
    return {"type": flow, flow: {"subscription": subscription}} if subscription else None
