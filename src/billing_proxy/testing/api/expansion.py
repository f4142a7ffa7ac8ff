"""Expansion: references replaced by the objects they name, at most four levels deep.

A path is checked against the shape of the objects, not against what is there: a wrong path is
refused on an empty list too, before anything else happens. Some fields are sent only when they are
expanded, such as an invoice's payments.

Source: https://docs.stripe.com/expand and https://docs.stripe.com/expand/use-cases
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

from ..account.account import Account
from ..account.objects import JSON
from ..account.store import KINDS
from .refusals import not_expandable, too_deep

MAX_LEVELS = 4


@dataclass(frozen=True)
class _Field:
    """A field that may stand in a path: the kind of object there, and what it takes to read it."""

    kind: str = "nothing"
    permission: str | None = None
    many: bool = False
    """Whether a list object stands there, whose `data` is a level of its own."""


_ANY = _Field()
_COUPON = _Field("coupon", "coupons:read")
_CUSTOMER = _Field("customer", "customers:read")
_DISCOUNT = _Field("discount")
_INVOICE = _Field("invoice", "invoices:read")
_PAYMENT_METHOD = _Field("payment_method", "payment_methods:read")
_PRICE = _Field("price", "prices:read")
_PRODUCT = _Field("product", "products:read")
_SCHEDULE = _Field("subscription_schedule", "subscriptions:read")
_SUBSCRIPTION = _Field("subscription", "subscriptions:read")

_FIELDS: dict[str, dict[str, _Field]] = {
    "subscription": {
        "application": _ANY,
        "automatic_tax": _ANY,
        "customer": _CUSTOMER,
        "default_payment_method": _PAYMENT_METHOD,
        "default_source": _ANY,
        "discounts": _DISCOUNT,
        "items": _Field("subscription_item", many=True),
        "latest_invoice": _INVOICE,
        "on_behalf_of": _ANY,
        "pending_setup_intent": _ANY,
        "pending_update": _Field("pending_update"),
        "schedule": _SCHEDULE,
        "test_clock": _ANY,
    },
    "subscription_item": {
        "discounts": _DISCOUNT,
        "plan": _Field("plan"),
        "price": _Field("price"),
    },
    "pending_update": {"discounts": _DISCOUNT, "subscription_items": _Field("subscription_item")},
    "price": {"currency_options": _ANY, "product": _PRODUCT, "tiers": _ANY},
    "plan": {"product": _PRODUCT, "tiers": _ANY},
    "product": {"default_price": _PRICE, "tax_code": _ANY},
    "discount": {"customer": _CUSTOMER, "promotion_code": _ANY, "source": _Field("source")},
    "source": {"coupon": _COUPON},
    "coupon": {"applies_to": _ANY, "currency_options": _ANY},
    "invoice": {
        "customer": _CUSTOMER,
        "default_payment_method": _PAYMENT_METHOD,
        "discounts": _DISCOUNT,
        "lines": _Field("line_item", many=True),
        "parent": _Field("invoice_parent"),
        "payments": _Field("invoice_payment", many=True),
    },
    "invoice_parent": {"subscription_details": _Field("invoice_parent_subscription")},
    "invoice_parent_subscription": {"subscription": _SUBSCRIPTION},
    "invoice_payment": {"invoice": _INVOICE, "payment": _Field("payment")},
    "payment": {
        "charge": _ANY,
        "payment_intent": _Field("payment_intent", "payment_intents:read"),
    },
    "payment_intent": {"customer": _CUSTOMER, "payment_method": _PAYMENT_METHOD},
    "payment_method": {"customer": _CUSTOMER},
    "subscription_schedule": {
        "customer": _CUSTOMER,
        "phases": _Field("phase"),
        "subscription": _SUBSCRIPTION,
    },
    "phase": {
        "default_payment_method": _PAYMENT_METHOD,
        "discounts": _Field("phase_discount"),
        "items": _Field("phase_item"),
    },
    "phase_discount": {"coupon": _COUPON, "discount": _DISCOUNT},
    "phase_item": {"plan": _Field("plan", "prices:read"), "price": _PRICE},
    "customer": {
        "default_source": _ANY,
        "discount": _DISCOUNT,
        "invoice_settings": _Field("invoice_settings"),
        "test_clock": _ANY,
    },
    "invoice_settings": {"default_payment_method": _PAYMENT_METHOD},
    "billing_portal.configuration": {"application": _ANY, "features": _Field("features")},
    "features": {"subscription_update": _Field("subscription_update")},
    "subscription_update": {"products": _ANY},
    "billing_portal.session": {
        "configuration": _Field("billing_portal.configuration", "portal:read")
    },
}
_ON_REQUEST = {"currency_options", "payments", "products"}
"""Fields that are sent only when they are expanded."""


def check_paths(paths: Iterable[str], kind: str, is_list: bool) -> set[str]:
    """Refuse any path that an answer of `kind` does not have; else the permissions needed."""
    return {permission for path in paths for permission in _walk(path, kind, is_list)}


def _walk(path: str, kind: str, is_list: bool) -> Iterable[str]:
    segments = path.split(".")
    if len(segments) > MAX_LEVELS:
        raise too_deep(path)
    in_list = is_list
    for number, segment in enumerate(segments):
        if in_list:
            if segment != "data":
                raise not_expandable(".".join(segments[: number + 1]), hint=number == 0)
            in_list = False
            continue
        field = _FIELDS.get(kind, {}).get(segment)
        if field is None:
            raise not_expandable(".".join(segments[: number + 1]))
        if field.permission:
            yield field.permission
        kind, in_list = field.kind, field.many


def expanded(account: Account, answer: JSON, paths: Iterable[str], kind: str) -> JSON:
    """A copy of `answer` with every path expanded. The paths must have passed `check_paths`."""
    answer = copy.deepcopy(answer)
    for path in paths:
        _expand(account, answer, path.split("."), kind, str(answer.get("id")))
    return answer


def _expand(account: Account, place: object, segments: list[str], kind: str, owner: str) -> None:
    """`owner` is the id of the object around `place`, which may be a part without an id."""
    if not segments:
        return
    if isinstance(place, list):
        for member in place:
            _expand(account, member, segments, kind, owner)
    if not isinstance(place, dict):
        return
    if place.get("object") == "list":
        _expand(account, place["data"], segments[1:], kind, owner)
        return
    owner = place.get("id", owner)
    name, field = segments[0], _FIELDS[kind][segments[0]]
    if name in _ON_REQUEST and name not in place:
        place[name] = account.on_request(owner, name)
    value = place.get(name)
    if field.kind in KINDS:
        value = _resolved(account, field.kind, value)
        if name in place:
            place[name] = value
    _expand(account, value, segments[1:], field.kind, owner)


def _resolved(account: Account, kind: str, value: object) -> object:
    """The object behind an id, or the objects behind a list of them; anything else as it is."""
    if isinstance(value, list):
        return [_resolved(account, kind, each) for each in value]
    if not isinstance(value, str):
        return value
    gone = {"id": value, "object": kind, "deleted": True}
    return copy.deepcopy(account.get(kind, value) or gone)
