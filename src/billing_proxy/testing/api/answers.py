"""What the emulator answers to reads and to the few writes it plays.

Each function takes the account, the checked parameters (`id` from the path) and the emulator's
base URL. A refusal is raised. Source: https://docs.stripe.com/api
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..account.account import Account
from ..account.invoices import subscription_of
from ..account.objects import JSON
from .lists import cut, page, within
from .refusals import RefusedError, missing

Run = Callable[[Account, JSON, str], JSON]
"""What an endpoint does: account, checked parameters, base URL -> answer."""

_ENDED = ("canceled", "incomplete_expired")


def subscriptions(account: Account, params: JSON, _: str) -> JSON:
    """`GET /v1/subscriptions`: without canceled ones unless `status` asks for them."""
    _known_customer(account, params)

    def keep(row: JSON) -> bool:
        items = row["items"]["data"]
        priced = {item["price"]["id"] for item in items}
        wanted = {params[name] for name in ("price", "plan") if name in params}
        return (
            _status_fits(row["status"], params.get("status"))
            and wanted <= priced
            and _same(row, params, "collection_method", "customer_account", "test_clock")
            and _same(row["automatic_tax"], params.get("automatic_tax", {}), "enabled")
            and within(row["created"], params.get("created"))
            and within(
                min(item["current_period_end"] for item in items), params.get("current_period_end")
            )
            and within(
                max(item["current_period_start"] for item in items),
                params.get("current_period_start"),
            )
        )

    return page(account, "subscription", "/v1/subscriptions", params, keep)


def items(account: Account, params: JSON, _: str) -> JSON:
    """`GET /v1/subscription_items`."""
    found = account.get("subscription", params["subscription"])
    if found is None:
        raise missing("subscription", params["subscription"], "subscription")
    return cut(found["items"]["data"], "/v1/subscription_items", params)


def products(account: Account, params: JSON, _: str) -> JSON:
    """`GET /v1/products`: archived ones too, deleted ones never."""
    cursors = [name for name in ("starting_after", "ending_before") if name in params]
    if "ids" in params and cursors:
        message = f"You may only specify one of these parameters: ids, {cursors[0]}."
        raise RefusedError(400, message, param="ids")

    def keep(row: JSON) -> bool:
        return (
            row["id"] in params.get("ids", (row["id"],))
            and _same(row, params, "active", "shippable", "type", "url")
            and within(row["created"], params.get("created"))
        )

    return page(account, "product", "/v1/products", params, keep)


def prices(account: Account, params: JSON, _: str) -> JSON:
    """`GET /v1/prices`."""
    recurring = params.get("recurring", {})

    def keep(row: JSON) -> bool:
        return (
            _same(row, params, "active", "currency", "product", "type")
            and _same(row["recurring"], recurring, "interval", "meter", "usage_type")
            and row["lookup_key"] in params.get("lookup_keys", (row["lookup_key"],))
            and within(row["created"], params.get("created"))
        )

    return page(account, "price", "/v1/prices", params, keep)


def invoices(account: Account, params: JSON, _: str) -> JSON:
    """`GET /v1/invoices`."""
    _known_customer(account, params)

    def keep(row: JSON) -> bool:
        return (
            _same(row, params, "collection_method", "customer_account", "status")
            and params.get("subscription") in (None, subscription_of(row))
            and within(row["created"], params.get("created"))
            and within(row["due_date"], params.get("due_date"))
        )

    return page(account, "invoice", "/v1/invoices", params, keep)


def schedules(account: Account, params: JSON, _: str) -> JSON:
    """`GET /v1/subscription_schedules`."""
    _known_customer(account, params)

    def keep(row: JSON) -> bool:
        times = ("canceled_at", "completed_at", "created", "released_at")
        return (
            _same(row, params, "customer_account")
            and params.get("scheduled") in (None, row["status"] == "not_started")
            and all(within(row[name], params.get(name)) for name in times)
        )

    return page(account, "subscription_schedule", "/v1/subscription_schedules", params, keep)


def configurations(account: Account, params: JSON, _: str) -> JSON:
    """`GET /v1/billing_portal/configurations`."""
    url = "/v1/billing_portal/configurations"

    def keep(row: JSON) -> bool:
        return _same(row, params, "active", "is_default")

    return page(account, "billing_portal.configuration", url, params, keep)


def every(kind: str, url: str) -> Run:
    """`GET` of all objects of a kind, by no more than their customer."""
    return lambda account, params, _: page(account, kind, url, params)


def retrieve(kind: str, deleted_too: bool = False) -> Run:
    """`GET …/{id}`. Only a deleted customer is still answered; a deleted product is not."""

    def run(account: Account, params: JSON, _: str) -> JSON:
        found = account.get(kind, params["id"])
        if found is None or (found.get("deleted") and not deleted_too):
            raise missing(kind, params["id"], "id", status=404)
        return found

    return run


def create_customer(account: Account, params: JSON, _: str) -> JSON:
    """`POST /v1/customers`: a customer without a payment method."""
    no_card = {"custom_fields": None, "default_payment_method": None, "footer": None}
    settings = {**no_card, "rendering_options": None}
    sent: dict[str, Any] = {key: params[key] for key in params if key != "expand"}
    return account.add_customer(**sent, invoice_settings=settings)


def delete_customer(account: Account, params: JSON, base_url: str) -> JSON:
    """`DELETE /v1/customers/{id}`: the subscriptions end with the customer."""
    retrieve("customer")(account, params, base_url)
    return account.delete(params["id"])


def _known_customer(account: Account, params: JSON) -> None:
    id = params.get("customer")
    found = account.get("customer", id) if id else None
    gone = found is None or (found.get("deleted") and account.deleted_customers_are_missing)
    if id and gone:
        raise missing("customer", id, "customer")


def _status_fits(status: str, wanted: str | None) -> bool:
    if wanted in (None, "ended"):
        return (status in _ENDED) == (wanted == "ended")
    return wanted in ("all", status)


def _same(row: JSON, params: JSON, *names: str) -> bool:
    return all(row[name] == params[name] for name in names if name in params)
