"""Expansion: references replaced by the objects they name, at most four levels deep.

A path is checked against the shape of the objects, not against what is there: a wrong path is
refused on an empty list too, before anything else happens.

Source: https://docs.stripe.com/expand
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

from demo.account.account import KINDS, Account
from demo.account.objects import JSON
from demo.api.refusals import not_expandable, too_deep

MAX_LEVELS = 4


@dataclass(frozen=True)
class _Field:
    """A field that may stand in a path, and the kind of object found there."""

    kind: str
    permission: str | None = None
    many: bool = False


_CUSTOMER = _Field("customer", "customers:read")
_INVOICE = _Field("invoice", "invoices:read")
_PRODUCT = _Field("product", "products:read")
_SUBSCRIPTION = _Field("subscription", "subscriptions:read")
_NOTHING = _Field("nothing")
_PAYMENT_METHOD = _Field("payment_method")

_FIELDS: dict[str, dict[str, _Field]] = {
    "subscription": {
        "application": _NOTHING,
        "automatic_tax": _NOTHING,
        "customer": _CUSTOMER,
        "default_payment_method": _PAYMENT_METHOD,
        "default_source": _NOTHING,
        "discounts": _NOTHING,
        "items": _Field("subscription_item", many=True),
        "latest_invoice": _INVOICE,
        "on_behalf_of": _NOTHING,
        "pending_setup_intent": _NOTHING,
        "schedule": _Field("subscription_schedule", "subscriptions:read"),
        "test_clock": _NOTHING,
    },
    "subscription_item": {"discounts": _NOTHING, "plan": _Field("plan"), "price": _Field("price")},
    "price": {"product": _PRODUCT},
    "plan": {"product": _PRODUCT},
    "product": {"default_price": _Field("price", "prices:read"), "tax_code": _NOTHING},
    "invoice": {
        "customer": _CUSTOMER,
        "default_payment_method": _PAYMENT_METHOD,
        "discounts": _NOTHING,
        "lines": _Field("line_item", many=True),
        "parent": _Field("invoice_parent"),
    },
    "invoice_parent": {"subscription_details": _Field("invoice_parent_subscription")},
    "invoice_parent_subscription": {"subscription": _SUBSCRIPTION},
    "subscription_schedule": {"customer": _CUSTOMER, "subscription": _SUBSCRIPTION},
    "customer": {"default_source": _NOTHING, "invoice_settings": _Field("invoice_settings")},
    "invoice_settings": {"default_payment_method": _PAYMENT_METHOD},
    "billing_portal.configuration": {"application": _NOTHING},
    "billing_portal.session": {
        "configuration": _Field("billing_portal.configuration", "portal:read")
    },
}


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
        _expand(account, answer, path.split("."), kind)
    return answer


def _expand(account: Account, place: object, segments: list[str], kind: str) -> None:
    if not segments or not isinstance(place, dict):
        return
    if place.get("object") == "list":
        for member in place["data"]:
            _expand(account, member, segments[1:], kind)
        return
    field = _FIELDS[kind][segments[0]]
    value = place.get(segments[0])
    if isinstance(value, str) and field.kind in KINDS:
        gone = {"id": value, "object": field.kind, "deleted": True}
        place[segments[0]] = value = copy.deepcopy(account.get(field.kind, value) or gone)
    _expand(account, value, segments[1:], field.kind)
