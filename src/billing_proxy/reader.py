"""One reading of a customer: what to ask Stripe, in which order, and what may be missing.

One call for most cards, and a further one only for what a card cannot do without: ``DETAILS`` says
what that can be. A detail gets half of the time that is left, and its absence costs that detail
alone, never the card.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from .cache.budget import ReadBudget
from .cache.products import Product, Products
from .card.facts import Billing, Subscription
from .card.wanted import only_product, wanted_products, wants_invoice, wants_schedule
from .errors import (
    BillingError,
    CustomerNotFound,
    StripeKeyRefused,
    StripePermissionMissing,
    StripeRateLimited,
    StripeUnavailable,
)
from .gateway.gateway import StripeGateway, SubscriptionPage

T = TypeVar("T")

MAX_PAGES = 10
"""Calls for the subscriptions of one customer."""

MAX_DETAILS = 4
"""Further calls for one card, those for its products not counted."""

PERMISSION_RETRY = 600.0
"""Seconds for which a permission that the key lacks is not asked for again."""

log = logging.getLogger(__name__)


class Call(NamedTuple):
    """A method of the gateway's, the permission that it needs, and what it can bring along.

    ``expansions`` are paths of at most four levels, each with what more it takes of the key.
    """

    method: Callable[..., Any]
    permission: str
    expansions: Mapping[str, Sequence[str]]


LIST = Call(
    StripeGateway.list_subscriptions,
    "rak_subscription_read",
    {
        "data.default_payment_method": ("rak_payment_method_read",),
        "data.customer.invoice_settings.default_payment_method": (
            "rak_customer_read",
            "rak_payment_method_read",
        ),
        "data.discounts.source.coupon": ("rak_coupon_read",),
    },
)


class Detail(NamedTuple):
    """What a card may need beyond the list: the ``field`` of a subscription that ``call`` fills.

    ``wanted`` gives the id to ask for, or None.
    """

    field: str
    wanted: Callable[[Subscription], str | None]
    call: Call


DETAILS = (
    Detail(
        "latest_invoice",
        wants_invoice,
        Call(
            StripeGateway.retrieve_invoice,
            "rak_invoice_read",
            {"payments.data.payment.payment_intent": ("rak_payment_intent_read",)},
        ),
    ),
    Detail(
        "schedule",
        wants_schedule,
        Call(
            StripeGateway.retrieve_schedule,
            "rak_subscription_read",
            {"phases.items.price.product": ("rak_plan_read", "rak_product_read")},
        ),
    ),
)


class Reader:
    """Reads customers. Safe to share between threads.

    Args:
        gateway: Stripe.
        products: what is known of products, for all customers.
        budget: what every call but the first is counted in; the first is counted by the loader.
        timer: seconds that only go forward; deadlines are those of ``time.monotonic``.
    """

    def __init__(
        self,
        gateway: StripeGateway,
        *,
        products: Products,
        budget: ReadBudget,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gateway = gateway
        self._products = products
        self._budget = budget
        self._timer = timer
        self._lacking: dict[str, float] = {}

    def read(self, customer: str, *, until: float) -> Billing | None:
        """Everything the card of ``customer`` needs, or None for a customer Stripe does not know.

        ``until`` is the moment of ``time.monotonic`` by which it has to be done.

        Raises:
            StripeUnavailable, StripeMisconfigured: when the subscriptions cannot be read.
        """
        try:
            listed, request_id = self._list(customer, until)
        except CustomerNotFound:
            return None
        subscriptions = self._with_details(listed, until)
        products = self._read_products(subscriptions, until)
        return Billing(
            customer=customer,
            subscriptions=subscriptions,
            product_names={id_: p.name for id_, p in products.items() if p.name},
            yearly_prices={id_: p.yearly_prices or () for id_, p in products.items()},
            request_id=request_id,
        )

    def _list(self, customer: str, until: float) -> tuple[list[Subscription], str]:
        """All subscriptions, with their items, and the id of Stripe's request."""
        found: list[Subscription] = []
        after = None
        for _ in range(MAX_PAGES):
            page = self._page(customer, after, until)
            if any(sub.customer not in (customer, None) for sub in page.subscriptions):
                raise StripeUnavailable("the answer holds another customer's subscriptions")
            found += [
                self._with_all_items(sub, until) if sub.id in page.cut else sub
                for sub in page.subscriptions
            ]
            after = page.next
            if after is None:
                break
            self._budget.take()
        else:
            log.warning("stopped reading after %d subscriptions of one customer", len(found))
        return found, page.request_id

    def _page(self, customer: str, after: str | None, until: float) -> SubscriptionPage:
        try:
            page: SubscriptionPage = self._ask(LIST, customer, after=after, until=until)
            return page
        except StripePermissionMissing as error:
            raise StripeKeyRefused(error.reason, request_id=error.request_id) from None

    def _ask(self, call: Call, *args: Any, **more: Any) -> Any:
        """``call`` with all that the key may read; what it may not is left out from then on.

        Raises:
            StripePermissionMissing: when the key may not make the call itself.
        """
        while True:
            expand = [path for path, needs in call.expansions.items() if not self._lacks(*needs)]
            try:
                return call.method(self._gateway, *args, expand=expand, **more)
            except StripePermissionMissing as error:
                needed = {name for path in expand for name in call.expansions[path]}
                if not needed or error.permission == call.permission:
                    raise
                # Stripe does not promise to name what is missing: then nothing comes along.
                self._leave_out(needed & {error.permission} or needed)
                self._budget.take()

    def _lacks(self, *permissions: str) -> bool:
        now = self._timer()
        return any(now < self._lacking.get(name, now) for name in permissions)

    def _leave_out(self, permissions: Iterable[str]) -> None:
        """Not to be asked for again for a while."""
        for name in sorted(permissions):
            self._lacking[name] = self._timer() + PERMISSION_RETRY
            log.warning(
                "the key lacks the permission %s: cards are shown without what it is for", name
            )

    def _with_all_items(self, sub: Subscription, until: float) -> Subscription:
        items = self._detail(until, partial(self._gateway.list_items, str(sub.id)))
        return sub if items is None else sub._replace(items=items)

    def _with_details(
        self, subscriptions: Sequence[Subscription], until: float
    ) -> tuple[Subscription, ...]:
        """The newest first, with what each lacks, as long as there are calls for it."""
        left = MAX_DETAILS
        detailed = []
        for sub in sorted(subscriptions, key=lambda sub: -sub.created):
            for detail in DETAILS:
                id_ = detail.wanted(sub)
                if id_ is not None and left and not self._lacks(detail.call.permission):
                    left -= 1
                    sub = self._with_detail(sub, detail, id_, until)
            detailed.append(sub)
        return tuple(detailed)

    def _with_detail(
        self, sub: Subscription, detail: Detail, id_: str, until: float
    ) -> Subscription:
        def ask(*, until: float) -> Any:
            try:
                return self._ask(detail.call, id_, until=until)
            except StripePermissionMissing:
                self._leave_out([detail.call.permission])
                raise

        value = self._detail(until, ask)
        return sub if value is None else sub._replace(**{detail.field: value})

    def _detail(self, until: float, ask: Callable[..., T]) -> T | None:
        """A further call for a card: it counts, has half of the time that is left, and may fail."""
        self._budget.take()
        now = time.monotonic()
        try:
            return ask(until=now + (until - now) / 2)
        except StripeRateLimited:
            self._budget.rate_limited()
        except BillingError as error:
            log.info("a card goes without a detail: %s", error.reason or error.title)
        return None

    def _read_products(
        self, subscriptions: Sequence[Subscription], until: float
    ) -> dict[str, Product]:
        ids = wanted_products(subscriptions)
        running = [sub for sub in subscriptions if sub.status in ("active", "trialing")]
        priced = next((only_product(sub) for sub in running or subscriptions), None)
        self._products.learn(ids)
        if self._products.missing(ids, priced=priced):
            with self._products.reading(patience=(until - time.monotonic()) / 2) as mine:
                # Another thread may have read them while this one waited for its turn.
                missing = self._products.missing(ids, priced=priced) if mine else []
                if missing:
                    self._learn_products(missing, priced if priced in missing else None, until)
        return self._products.get(ids)

    def _learn_products(self, ids: Sequence[str], priced: str | None, until: float) -> None:
        """One call where one product is all there is: its prices bring the product along."""
        found: dict[str, Product] = {}
        if priced is not None:
            prices = self._detail(until, partial(self._gateway.list_prices, priced))
            if prices is not None:
                found[priced] = Product(*prices)
        nameless = [id_ for id_ in ids if id_ not in found or found[id_].name is None]
        names: Mapping[str, str | None] | None = {}
        if nameless:
            names = self._detail(until, partial(self._gateway.list_product_names, nameless))
        for id_, name in (names or {}).items():
            found[id_] = found.get(id_, Product())._replace(name=name)
        answered = ids if names is not None else list(found)
        self._products.put(answered, found, priced=priced)
        self._products.put_off([id_ for id_ in ids if id_ not in answered], priced=priced)
