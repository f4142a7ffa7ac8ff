"""The endpoints that the emulator plays: their parameters, permissions and answers.

Everything else is answered as an unknown URL. Source: https://docs.stripe.com/api and the
parameter classes of the `stripe` package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import answers, sessions
from .answers import Run
from .lists import PAGE
from .strict import Check, anything, boolean, choice, fields, moments, strings, text

_STATUSES = (
    "active",
    "past_due",
    "unpaid",
    "canceled",
    "incomplete",
    "incomplete_expired",
    "trialing",
    "paused",
    "all",
    "ended",
)
_COLLECTION = choice("charge_automatically", "send_invoice")


@dataclass(frozen=True)
class Endpoint:
    """One method on one path, `{id}` in it for an id."""

    method: str
    path: str
    permission: str
    kind: str
    run: Run
    params: Mapping[str, Check] = field(default_factory=lambda: {"expand": strings})
    required: tuple[str, ...] = ()
    is_list: bool = False

    def matches(self, method: str, path: str) -> re.Match[str] | None:
        """The match of a request's method and path, its id as group `id`."""
        if method != self.method:
            return None
        return re.fullmatch(self.path.replace("{id}", "(?P<id>[^/]+)"), path)


def _list(path: str, kind: str, run: Run, permission: str, **params: Check) -> Endpoint:
    return Endpoint("GET", path, permission, kind, run, {**PAGE, **params}, is_list=True)


def _every(path: str, kind: str, permission: str, **params: Check) -> Endpoint:
    return _list(path, kind, answers.every(kind, path), permission, **params)


def _object(path: str, kind: str, permission: str) -> Endpoint:
    return Endpoint("GET", f"{path}/{{id}}", permission, kind, answers.retrieve(kind))


ENDPOINTS = (
    _list(
        "/v1/subscriptions",
        "subscription",
        answers.subscriptions,
        "subscriptions:read",
        automatic_tax=fields({"enabled": boolean}),
        collection_method=_COLLECTION,
        created=moments,
        current_period_end=moments,
        current_period_start=moments,
        customer=text,
        customer_account=text,
        plan=text,
        price=text,
        status=choice(*_STATUSES),
        test_clock=text,
    ),
    _object("/v1/subscriptions", "subscription", "subscriptions:read"),
    Endpoint(
        "GET",
        "/v1/subscription_items",
        "subscriptions:read",
        "subscription_item",
        answers.items,
        {**PAGE, "subscription": text},
        required=("subscription",),
        is_list=True,
    ),
    _list(
        "/v1/products",
        "product",
        answers.products,
        "products:read",
        active=boolean,
        created=moments,
        ids=strings,
        shippable=boolean,
        type=choice("good", "service"),
        url=text,
    ),
    _object("/v1/products", "product", "products:read"),
    _list(
        "/v1/prices",
        "price",
        answers.prices,
        "prices:read",
        active=boolean,
        created=moments,
        currency=text,
        lookup_keys=strings,
        product=text,
        recurring=fields(
            {
                "interval": choice("day", "month", "week", "year"),
                "meter": text,
                "usage_type": choice("licensed", "metered"),
            }
        ),
        type=choice("one_time", "recurring"),
    ),
    _object("/v1/prices", "price", "prices:read"),
    _list(
        "/v1/invoices",
        "invoice",
        answers.invoices,
        "invoices:read",
        collection_method=_COLLECTION,
        created=moments,
        customer=text,
        customer_account=text,
        due_date=moments,
        status=choice("draft", "open", "paid", "uncollectible", "void"),
        subscription=text,
    ),
    _object("/v1/invoices", "invoice", "invoices:read"),
    _object("/v1/coupons", "coupon", "coupons:read"),
    _object("/v1/payment_intents", "payment_intent", "payment_intents:read"),
    _object("/v1/payment_methods", "payment_method", "payment_methods:read"),
    _list(
        "/v1/subscription_schedules",
        "subscription_schedule",
        answers.schedules,
        "subscriptions:read",
        canceled_at=moments,
        completed_at=moments,
        created=moments,
        customer=text,
        customer_account=text,
        released_at=moments,
        scheduled=boolean,
    ),
    _object("/v1/subscription_schedules", "subscription_schedule", "subscriptions:read"),
    Endpoint(
        "GET",
        "/v1/customers/{id}",
        "customers:read",
        "customer",
        answers.retrieve("customer", True),
    ),
    Endpoint(
        "POST",
        "/v1/customers",
        "customers:write",
        "customer",
        answers.create_customer,
        {
            **dict.fromkeys(("description", "email", "name", "phone"), text),
            "expand": strings,
            "metadata": anything,
            "preferred_locales": strings,
        },
    ),
    Endpoint(
        "DELETE",
        "/v1/customers/{id}",
        "customers:write",
        "customer",
        answers.delete_customer,
        params={},
    ),
    _every("/v1/customers", "customer", "customers:read"),
    _every("/v1/payment_methods", "payment_method", "payment_methods:read", customer=text),
    _every("/v1/payment_intents", "payment_intent", "payment_intents:read", customer=text),
    _every("/v1/coupons", "coupon", "coupons:read"),
    _list(
        "/v1/billing_portal/configurations",
        "billing_portal.configuration",
        answers.configurations,
        "portal:read",
        active=boolean,
        is_default=boolean,
    ),
    _object("/v1/billing_portal/configurations", "billing_portal.configuration", "portal:read"),
    Endpoint(
        "POST",
        "/v1/billing_portal/sessions",
        "portal:write",
        "billing_portal.session",
        sessions.create,
        sessions.PARAMS,
    ),
)
