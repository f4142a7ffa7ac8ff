"""``StripeGateway``: each thing that is asked of Stripe, as one method, and its answer as facts.

It decides nothing: which of them a card needs, and what may be missing, is the reader's matter.
``until`` is always a moment of ``time.monotonic`` at which the call gives up.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..card.facts import Invoice, Item, Schedule, Subscription, YearlyPrice
from ..errors import StripeMisconfigured, StripeUnavailable
from .api import StripeApi
from .fields import dig
from .reading import (
    read_invoice,
    read_items,
    read_payment_page,
    read_product_name,
    read_schedule,
    read_subscription,
    read_yearly_prices,
)

PAGE = 100

PLAIN_FLOWS = ("payment_method_update", "customer_update")
SUBSCRIPTION_FLOWS = ("subscription_update", "subscription_cancel", "subscription_pause")
CONFIRM = "subscription_update_confirm"
FLOWS = (*PLAIN_FLOWS, *SUBSCRIPTION_FLOWS, CONFIRM)
"""The portal's deep links: https://docs.stripe.com/customer-management/portal-deep-links"""

PORTAL_LOCALES = frozenset((
    "bg", "cs", "da", "de", "el", "en", "en-AU", "en-CA", "en-GB", "en-IE", "en-IN", "en-NZ",
    "en-SG", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr", "hu", "id", "it", "ja", "ko",
    "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th",
    "tr", "vi", "zh", "zh-HK", "zh-TW",
))  # fmt: skip
"""https://docs.stripe.com/api/customer_portal/sessions/create#create_portal_session-locale"""

log = logging.getLogger(__name__)


class SubscriptionPage(NamedTuple):
    """Some of a customer's subscriptions.

    ``next`` is where the list goes on, if it does; ``cut`` has the ids of those with more items
    than fit. ``request_id`` is Stripe's, for the log.
    """

    subscriptions: tuple[Subscription, ...]
    next: str | None
    cut: frozenset[str]
    request_id: str


class Flow(NamedTuple):
    """A deep link into the portal: its ``type`` is one of ``FLOWS``.

    ``item``, ``price`` and ``quantity`` are what a change that is to be confirmed would make of the
    subscription's one item.
    """

    type: str
    subscription: str | None = None
    item: str | None = None
    price: str | None = None
    quantity: int = 1

    def data(self) -> dict[str, Any]:
        """Stripe's ``flow_data``: https://docs.stripe.com/api/customer_portal/sessions/create"""
        if self.type in PLAIN_FLOWS:
            return {"type": self.type}
        about: dict[str, Any] = {"subscription": self.subscription}
        if self.type == CONFIRM:
            about["items"] = [{"id": self.item, "price": self.price, "quantity": self.quantity}]
        return {"type": self.type, self.type: about}


class StripeGateway:
    """Asks Stripe. Safe to share between threads.

    Args:
        api: Stripe.
        portal_configuration: ``bpc_…``, or None for the account's default.

    Every method raises StripeUnavailable, StripeMisconfigured or CustomerNotFound.
    """

    def __init__(self, api: StripeApi, *, portal_configuration: str | None = None) -> None:
        self._api = api
        self._portal_configuration = portal_configuration

    def list_subscriptions(
        self,
        customer: str,
        *,
        after: str | None = None,
        expand: Sequence[str] = (),
        until: float,
    ) -> SubscriptionPage:
        """Subscriptions of ``customer``, whatever their status, from ``after`` on.

        ``expand`` names what comes along, at most four levels deep, ``data`` counted:
        https://docs.stripe.com/api/expanding_objects
        """
        params: dict[str, Any] = {"customer": customer, "status": "all", "limit": PAGE}
        if after is not None:
            params["starting_after"] = after
        if expand:
            params["expand"] = list(expand)
        page = self._api.list("subscriptions", params, until=until)
        last = page.data[-1].get("id") if page.data else None
        if page.has_more and not isinstance(last, str):
            raise StripeUnavailable("Stripe's list goes on, and does not say where")
        return SubscriptionPage(
            subscriptions=tuple(read_subscription(obj) for obj in page.data),
            next=last if page.has_more else None,
            cut=frozenset(
                str(obj.get("id")) for obj in page.data if dig(obj, "items", "has_more") is True
            ),
            request_id=page.request_id,
        )

    def list_items(self, subscription: str, *, until: float) -> tuple[Item, ...]:
        """The items of a subscription that has more of them than its own object holds."""
        params = {"subscription": subscription, "limit": PAGE}
        return read_items(self._api.list("subscription_items", params, until=until).data)

    def retrieve_invoice(self, id_: str, *, expand: Sequence[str] = (), until: float) -> Invoice:
        """What the card needs to know of an invoice."""
        return read_invoice(self._retrieve("invoices", id_, expand, until))

    def retrieve_schedule(self, id_: str, *, expand: Sequence[str] = (), until: float) -> Schedule:
        """What a schedule plans."""
        return read_schedule(self._retrieve("subscription_schedules", id_, expand, until))

    def find_payment_page(
        self, customer: str, subscription: str, *, invoice: str | None = None, until: float
    ) -> str | None:
        """Stripe's page on which ``customer`` pays the open invoice of ``subscription``.

        A bearer link, to be redirected to at once and never kept. None where nothing is open.

        ``invoice`` is the one that the card speaks of; where that one is not open, the newest is.
        """
        if invoice is not None:
            obj = self._api.retrieve("invoices", invoice, until=until)
            page = read_payment_page(obj, customer)
            if page is not None:
                return page
        params = {"subscription": subscription, "status": "open", "limit": 1}
        found = self._api.list("invoices", params, until=until).data
        return read_payment_page(found[0], customer) if found else None

    def list_product_names(self, ids: Sequence[str], *, until: float) -> dict[str, str | None]:
        """The names of products, by id; those that Stripe does not have are left out."""
        names: dict[str, str | None] = {}
        for start in range(0, len(ids), PAGE):
            some = ids[start : start + PAGE]
            page = self._api.list("products", {"ids": list(some), "limit": PAGE}, until=until)
            found = ((str(obj.get("id")), read_product_name(obj)) for obj in page.data)
            names.update((id_, name) for id_, name in found if id_ in some)
        return names

    def list_prices(
        self, product: str, *, until: float
    ) -> tuple[str | None, tuple[YearlyPrice, ...]]:
        """A product's name and yearly prices, in one call: its prices bring the product along."""
        params = {
            "product": product,
            "type": "recurring",
            "limit": PAGE,
            "expand": ["data.product"],
        }
        prices = self._api.list("prices", params, until=until).data
        names = (read_product_name(price.get("product")) for price in prices)
        return next((name for name in names if name), None), read_yearly_prices(prices)

    def create_portal_session(
        self,
        customer: str,
        *,
        return_url: str,
        locale: str,
        flow: Flow | None = None,
        until: float,
    ) -> str:
        """The short-lived address of a new portal session; a bearer link, never to be kept.

        When Stripe refuses ``flow``, the portal opens on its first page.
        """
        params: dict[str, Any] = {
            "customer": customer,
            "return_url": return_url,
            "locale": locale if locale in PORTAL_LOCALES else "auto",
        }
        if self._portal_configuration:
            params["configuration"] = self._portal_configuration
        if flow is not None:
            try:
                flow_data = {**flow.data(), "after_completion": _back_to(return_url)}
                return self._create_session({**params, "flow_data": flow_data}, until=until)
            except StripeMisconfigured:
                log.info("Stripe refused the portal flow %s; opening the plain portal", flow.type)
        return self._create_session(params, until=until)

    def probe(self, resource: str, *, until: float) -> None:
        """Read one object of ``resource``, to find out whether the key may."""
        self._api.list(resource, {"limit": 1}, until=until)

    def retrieve_portal_configuration(self, *, until: float) -> Mapping[str, Any] | None:
        """The portal configuration in use, or None when the account has not saved one."""
        resource = "billing_portal.configurations"
        if self._portal_configuration:
            return self._api.retrieve(resource, self._portal_configuration, until=until)
        params = {"is_default": True, "active": True, "limit": 1}
        found = self._api.list(resource, params, until=until).data
        return found[0] if found else None

    def _retrieve(
        self, resource: str, id_: str, expand: Sequence[str], until: float
    ) -> Mapping[str, Any]:
        return self._api.retrieve(resource, id_, expand=expand, until=until)

    def _create_session(self, params: Mapping[str, Any], *, until: float) -> str:
        url = self._api.create("billing_portal.sessions", params, until=until).get("url")
        if not isinstance(url, str) or not re.fullmatch(r"https?://[!-~]+", url):
            raise StripeUnavailable("Stripe's portal session has no usable address")
        return url


def _back_to(return_url: str) -> dict[str, Any]:
    """What brings the customer back by itself once a flow is finished."""
    return {"type": "redirect", "redirect": {"return_url": return_url}}
