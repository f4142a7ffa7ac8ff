"""Portal sessions: what Stripe asks before it hands out a link to the customer portal.

Source: https://docs.stripe.com/api/customer_portal/sessions/create and
https://docs.stripe.com/customer-management/portal-deep-links
"""

from __future__ import annotations

import secrets

from ..account import lifecycle
from ..account.account import Account
from ..account.objects import JSON, new_id
from .refusals import RefusedError, missing
from .strict import (
    Check,
    anything,
    array,
    choice,
    fields,
    integer,
    missing_parameter,
    strings,
    text,
    url,
)

_LOCALES = (
    "auto", "bg", "cs", "da", "de", "el", "en", "en-AU", "en-CA", "en-GB", "en-IE", "en-IN",
    "en-NZ", "en-SG", "es", "es-419", "et", "fi", "fil", "fr", "fr-CA", "hr", "hu", "id", "it",
    "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl",
    "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
)  # fmt: skip
_FLOWS = (
    "customer_update",
    "payment_method_update",
    "subscription_cancel",
    "subscription_pause",
    "subscription_update",
    "subscription_update_confirm",
)
_AFTER_COMPLETION: dict[str, Check] = {
    "type": choice("hosted_confirmation", "portal_homepage", "redirect"),
    "redirect": fields({"return_url": url}),
    "hosted_confirmation": fields({"custom_message": text}),
}

PARAMS: dict[str, Check] = {
    "after_expiration": anything,
    "configuration": text,
    "customer": text,
    "customer_account": text,
    "expand": strings,
    "flow_data": fields(
        {
            "type": choice(*_FLOWS),
            "after_completion": fields(_AFTER_COMPLETION),
            "subscription_cancel": fields({"subscription": text, "retention": anything}),
            "subscription_pause": fields({"subscription": text}),
            "subscription_update": fields({"subscription": text}),
            "subscription_update_confirm": fields(
                {
                    "subscription": text,
                    "items": array(fields({"id": text, "price": text, "quantity": integer})),
                    "discounts": array(fields({"coupon": text, "promotion_code": text})),
                }
            ),
        }
    ),
    "locale": choice(*_LOCALES),
    "on_behalf_of": text,
    "return_url": url,
}
"""The parameters of `POST /v1/billing_portal/sessions`."""

_OF_SUBSCRIPTION = {
    "subscription_cancel": ("cancel", "canceled"),
    "subscription_pause": ("pause", "paused"),
    "subscription_update": ("change_price", "updated"),
    "subscription_update_confirm": ("change_price", "updated"),
}
"""What a flow does to a subscription, by its name in `lifecycle` and in Stripe's messages."""


def create(account: Account, params: JSON, base_url: str) -> JSON:
    """Create a session whose link opens on `base_url`: a bearer link, good for five minutes."""
    if "customer" not in params:
        raise missing_parameter("customer")
    customer = account.get("customer", params["customer"])
    if customer is None or customer.get("deleted"):
        raise missing("customer", params["customer"], "customer")
    configuration = _configuration(account, params)
    if not params.get("return_url") and not configuration["default_return_url"]:
        raise missing_parameter("return_url")
    flow = _flow(account, params, configuration) if "flow_data" in params else None
    secret = f"test_{secrets.token_urlsafe(24)}"
    session = {
        "id": new_id("bps"),
        "object": "billing_portal.session",
        "after_expiration": None,
        "configuration": configuration["id"],
        "created": account.now(),
        "customer": customer["id"],
        "customer_account": None,
        "flow": flow,
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": params.get("on_behalf_of"),
        "return_url": params.get("return_url") or configuration["default_return_url"],
        "url": f"{base_url}/p/session/{secret}",
    }
    return account.add_session(session, secret)


def _configuration(account: Account, params: JSON) -> JSON:
    wanted = params.get("configuration")
    if wanted:
        found = account.get("billing_portal.configuration", wanted)
        if found is None:
            raise missing("billing_portal.configuration", wanted, "configuration")
        return found
    for found in account.all("billing_portal.configuration"):
        if found["is_default"]:
            return found
    raise RefusedError(
        400,
        "No configuration provided and your test mode default configuration has not been "
        "created. Provide a configuration or create your default by saving your customer portal "
        "settings in test mode at https://dashboard.stripe.com/test/settings/billing/portal.",
    )


def _flow(account: Account, params: JSON, configuration: JSON) -> JSON:
    data = params["flow_data"]
    if "type" not in data:
        raise missing_parameter("flow_data[type]")
    kind = data["type"]
    feature = kind.removesuffix("_confirm")
    if not configuration["features"][feature]["enabled"]:
        raise _switched_off(feature)
    if kind in _OF_SUBSCRIPTION:
        found = _subscription(account, params["customer"], kind, data)
        if kind == "subscription_update_confirm":
            _check_items(account, configuration["id"], found, data[kind])
    return {
        "after_completion": _after_completion(data),
        **{name: data.get(name) for name in _FLOWS if name in _OF_SUBSCRIPTION},
        "type": kind,
    }


def _after_completion(data: JSON) -> JSON:
    after: JSON = data.get("after_completion", {"type": "portal_homepage"})
    if "type" not in after:
        raise missing_parameter("flow_data[after_completion][type]")
    if after["type"] == "redirect" and not after.get("redirect", {}).get("return_url"):
        raise missing_parameter("flow_data[after_completion][redirect][return_url]")
    return {"hosted_confirmation": None, "redirect": None, **after}


def _switched_off(feature: str) -> RefusedError:
    name = feature.removeprefix("subscription_").replace("_", " ")
    if feature not in _OF_SUBSCRIPTION:
        return RefusedError(400, f"The {name} feature in the portal configuration is disabled.")
    verb = _OF_SUBSCRIPTION[feature][1]
    return RefusedError(
        400,
        f"This subscription cannot be {verb} because the subscription {name} feature in the "
        "portal configuration is disabled.",
    )


def _subscription(account: Account, customer: str, kind: str, data: JSON) -> JSON:
    """The customer's own subscription that the flow is about, if it allows what the flow does."""
    param = f"flow_data[{kind}][subscription]"
    id = data.get(kind, {}).get("subscription")
    if not id:
        raise missing_parameter(param)
    found = account.get("subscription", id)
    if found is None or found["customer"] != customer:
        raise missing("subscription", id, param)
    action, verb = _OF_SUBSCRIPTION[kind]
    if action not in lifecycle.possible(found):
        raise RefusedError(400, _why_not(found, verb), param=param)
    return found


def _why_not(found: JSON, verb: str) -> str:
    id = found["id"]
    if found["status"] in ("canceled", "incomplete_expired"):
        return f"The subscription `{id}` is canceled."
    if found["cancel_at"] or found["cancel_at_period_end"]:
        return f"The subscription `{id}` is already set to be canceled at period end."
    if found["schedule"]:
        return f"The subscription `{id}` is managed by the schedule `{found['schedule']}`."
    if len(found["items"]["data"]) > 1:
        return f"The subscription `{id}` has multiple items and cannot be {verb}."
    return f"The subscription `{id}` cannot be {verb} in its current state."


def _check_items(account: Account, configuration: str, found: JSON, data: JSON) -> None:
    """One item, its own, and a price that the configuration offers."""
    param = "flow_data[subscription_update_confirm][items]"
    items = data.get("items") or []
    if len(items) != 1:
        message = f"Exactly one item is to be updated; {len(items)} were given."
        raise RefusedError(400, message, param=param)
    (item,) = items
    if "id" not in item:
        raise missing_parameter(f"{param}[0][id]")
    if item["id"] != found["items"]["data"][0]["id"]:
        raise missing("subscription_item", item["id"], f"{param}[0][id]")
    price = item.get("price")
    if price and account.get("price", price) is None:
        raise missing("price", price, f"{param}[0][price]")
    if price and price not in account.offered(configuration):
        raise RefusedError(
            400,
            f"The price `{price}` is not included in `features[subscription_update][products]` "
            f"of the portal configuration `{configuration}`.",
            param=f"{param}[0][price]",
        )
