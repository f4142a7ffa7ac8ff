"""What ``check`` finds: the settings, the key's kind and permissions, the portal's settings.

Only reads. Nothing of Stripe's own text is repeated; each finding says how to mend it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from ..config.settings import BillingConfig
from ..errors import BillingError, StripeMisconfigured
from ..gateway.calls import PERMISSIONS, Permission
from ..gateway.gateway import StripeGateway


class Level(StrEnum):
    """How bad a finding is; only a problem keeps the service from doing its work."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


class Finding(NamedTuple):
    """One line of the report."""

    level: Level
    text: str


FEATURES = {
    "subscription_update": "switch plans",
    "subscription_cancel": "cancel subscriptions",
    "payment_method_update": "update payment methods",
    "invoice_history": "view invoices",
}


def diagnose(
    config: BillingConfig,
    gateway: StripeGateway,
    *,
    hints: Sequence[str] = (),
    cache_answers: bool | None = None,
) -> list[Finding]:
    """Everything there is to say before a deploy, in the order in which to mend it.

    ``hints`` are about names that are no settings. ``cache_answers`` is whether the server of
    ``BILLING_CACHE_URL`` does, None without one.
    """
    findings = [Finding(Level.OK, "The settings are complete.")]
    findings += [Finding(Level.WARNING, f"{hint}.") for hint in hints]
    if cache_answers is not None:
        findings.append(_cache(cache_answers))
    findings.append(_key(config))
    for permission in PERMISSIONS:
        if permission.probe is None:
            continue
        finding = _permission(config, gateway, permission, permission.probe)
        findings.append(finding)
        if finding.level is Level.PROBLEM:  # no Stripe, or no page: what follows would only wait
            return findings
    return findings + _portal(config, gateway)


def _cache(answers: bool) -> Finding:
    if answers:
        return Finding(Level.OK, "The server of BILLING_CACHE_URL answers.")
    return Finding(
        Level.WARNING,
        "The server of BILLING_CACHE_URL does not answer, or refuses this user: until it does, "
        "each process keeps its own cards.",
    )


def _key(config: BillingConfig) -> Finding:
    mode = "live" if config.livemode else "test"
    if config.stripe_secret_key.startswith("rk_"):
        return Finding(Level.OK, f"STRIPE_SECRET_KEY is a restricted key in {mode} mode.")
    return Finding(
        Level.WARNING,
        f"STRIPE_SECRET_KEY is a secret key in {mode} mode, which may do everything: "
        "a restricted key (rk_…) with the permissions below is safer.",
    )


def _permission(
    config: BillingConfig, gateway: StripeGateway, permission: Permission, resource: str
) -> Finding:
    try:
        gateway.probe(resource, until=time.monotonic() + config.stripe_timeout)
    except StripeMisconfigured as error:
        level = Level.PROBLEM if permission.needed else Level.WARNING
        return Finding(level, f"{error.reason}. Without “{permission.shown}” {permission.loss}.")
    except BillingError as error:
        return Finding(Level.PROBLEM, f"{error.reason or error.title}. Is Stripe reachable?")
    return Finding(Level.OK, f"The key can read {resource.replace('_', ' ')}.")


def _portal(config: BillingConfig, gateway: StripeGateway) -> list[Finding]:
    try:
        found = gateway.retrieve_portal_configuration(
            until=time.monotonic() + config.stripe_timeout
        )
    except BillingError as error:
        text = f"{error.reason or error.title}. The portal's settings could not be checked."
        return [Finding(Level.PROBLEM, text)]
    if found is None:
        return [
            Finding(
                Level.PROBLEM,
                "The customer portal has no settings yet: open Settings, Billing, Customer portal "
                "in the Stripe Dashboard and save them once.",
            )
        ]
    return [Finding(Level.OK, "The customer portal has its settings."), *_features(found)]


def _features(configuration: Mapping[str, Any]) -> list[Finding]:
    features = configuration.get("features")
    features = features if isinstance(features, Mapping) else {}
    return [
        Finding(Level.WARNING, f"Customers cannot {ability} in the portal: {name} is off there.")
        for name, ability in FEATURES.items()
        if not _enabled(features.get(name))
    ]


def _enabled(feature: Any) -> bool:
    return isinstance(feature, Mapping) and feature.get("enabled") is True
