"""The way to Stripe: a portal session, one of its flows, or the page of an open invoice.

Made at the click, redirected to at once, kept nowhere: the addresses are bearer links.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from .cache.allowance import Allowance
from .cache.guard import Guard, Report
from .cache.threads import Threads
from .card.facts import Billing, Invoice, Subscription
from .card.pricing import yearly_saving
from .card.rules import choose
from .card.wanted import only_product
from .errors import (
    BillingError,
    CustomerNotFound,
    StripeMisconfigured,
    StripeUnavailable,
    SubscriptionNotFound,
    TooManyRequests,
)
from .gateway.gateway import CONFIRM, PLAIN_FLOWS, SUBSCRIPTION_FLOWS, Flow, StripeGateway
from .loader import Loader

T = TypeVar("T")

PAY = "pay"
"""The flow that leads to Stripe's page of an open invoice, not to the portal."""


class Portal:
    """Leads customers to Stripe.

    Args:
        gateway: Stripe.
        loader: knows which subscriptions are the customer's own.
        threads: where Stripe is called.
        guard: decides whether to call and who may wait for it.
        timeout: seconds that one click may take.
        clock: the time in Unix seconds.
        timer: seconds that only go forward; deadlines are those of ``time.monotonic``.
    """

    def __init__(
        self,
        gateway: StripeGateway,
        loader: Loader[Billing | None],
        *,
        threads: Threads,
        guard: Guard,
        timeout: float,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gateway = gateway
        self._loader = loader
        self._threads = threads
        self._guard = guard
        self._timeout = timeout
        self._clock = clock
        self._clicks = Allowance(timer)

    def url(
        self,
        customer: str,
        *,
        return_url: str,
        locale: str,
        flow: str | None = None,
        subscription: str | None = None,
    ) -> str:
        """Where a click on the way to the portal leads: made now, to be redirected to at once and
        never kept.

        ``flow`` is one of the gateway's ``FLOWS``, or ``PAY`` for the page of the open invoice;
        it is about ``subscription``, one of the customer's own, or about the one that the card
        shows. Where there is no such thing, the plain portal opens.

        Raises:
            TooManyRequests: when the customer has clicked too often in a short time.
            SubscriptionNotFound: for a subscription that is not the customer's.
            CustomerNotFound, StripeUnavailable, StripeMisconfigured
        """
        wait = self._clicks.ask(customer)
        if wait:
            raise TooManyRequests("this customer opens the portal too often", retry_after=wait)
        until = time.monotonic() + self._timeout
        billing = about = None
        if subscription is not None or flow not in (None, *PLAIN_FLOWS):
            billing, about = self._own_subscription(customer, subscription)
        if flow == PAY and about is not None:
            page = self._call(customer, partial(self._find_payment_page, customer, about), until)
            if page is not None:
                return page
        return self._call(
            customer,
            partial(
                self._gateway.create_portal_session,
                customer,
                return_url=return_url,
                locale=locale,
                flow=_flow(flow, about, billing),
            ),
            until,
        )

    def _call(self, customer: str, call: Callable[..., T], until: float) -> T:
        """What ``call`` to Stripe gives: it counts like a reading, and probes an open circuit."""
        self._guard.admit()
        report = Report(self._guard)

        def run() -> T:
            try:
                self._guard.spend(patience=(until - time.monotonic()) / 2)
                answer = call(until=until)
            except BillingError as error:
                report.failed(error)
                raise
            report.answered()
            return answer

        future = self._threads.submit(run)
        try:
            return self._guard.wait(future, until, customer)
        except StripeUnavailable as error:
            if time.monotonic() >= until:
                report.failed(error)
            raise
        finally:
            future.cancel()

    def _own_subscription(
        self, customer: str, wanted: str | None
    ) -> tuple[Billing | None, Subscription | None]:
        """What is known of the customer, and the subscription ``wanted`` or shown by the card.

        While the card cannot be read, the plain portal has to do.
        """
        try:
            found = self._loader.get(customer)
        except (StripeUnavailable, StripeMisconfigured):
            return None, None
        if found.value is None:
            raise CustomerNotFound("Stripe does not know this customer")
        decided = choose(found.value.subscriptions, self._clock(), customer)
        own = [sub for sub, _ in decided if wanted in (sub.id, None)]
        if not own and wanted is not None:
            raise SubscriptionNotFound("the customer has no such subscription")
        return found.value, own[0] if own else None

    def _find_payment_page(self, customer: str, about: Subscription, *, until: float) -> str | None:
        invoice = about.latest_invoice
        id_ = invoice.id if isinstance(invoice, Invoice) else invoice
        try:
            return self._gateway.find_payment_page(
                customer, str(about.id), invoice=id_, until=until
            )
        except StripeMisconfigured:
            return None  # the key may not read invoices: the portal lists them too


def _flow(type_: str | None, about: Subscription | None, billing: Billing | None) -> Flow | None:
    """The deep link for the portal, if there is one of this kind for this subscription."""
    if type_ in PLAIN_FLOWS:
        return Flow(type_)
    if about is None or about.id is None:
        return None
    if type_ in SUBSCRIPTION_FLOWS:
        return Flow(type_, about.id)
    if type_ != CONFIRM:
        return None
    product = only_product(about)
    prices = billing.yearly_prices.get(product or "", ()) if billing else ()
    saving, item = yearly_saving(about, prices), next(iter(about.items), None)
    if saving is None or item is None:
        return None
    return Flow(CONFIRM, about.id, item.id, saving.price, item.quantity)
