"""What the documents' Python takes for granted, and what must be true after it has run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import jwt
import requests
from flask import Flask

from billing_proxy import BillingProxy
from demo.emulator import Emulator
from tests.docs.conftest import CUSTOMER, Service
from tests.web.tokens import TOKEN_SECRET

Names = dict[str, Any]
USER = SimpleNamespace(is_authenticated=True, stripe_customer_id=CUSTOMER)


@contextmanager
def taken_for_granted(service: Service) -> Iterator[Names]:
    """The names that any block may use: a site without a card, and an extension that is set up."""
    site = Flask("site")
    billing = BillingProxy(site, customer_loader=lambda _: CUSTOMER, **flask_settings(service))
    app = Flask("site_of_the_documents")
    app.config.from_mapping(flask_settings(service))
    with site.app_context(), ExitStack() as open_:
        yield {
            "__name__": "__main__",
            "app": app,
            "billing": billing,
            "user": USER,
            "current_user": USER,
            "BillingProxy": BillingProxy,
            "Emulator": Emulator,
            "create_app": lambda **settings: site_with(settings, open_),
            "os": os,
            "BILLING_TOKEN_SECRET": TOKEN_SECRET,
            "SERVICE": service.base,
        }


def flask_settings(service: Service) -> dict[str, str]:
    """The settings of a site in front of the same Stripe."""
    names = ("STRIPE_SECRET_KEY", "STRIPE_API_BASE", "SECRET_KEY")
    return {name: service.settings[name] for name in names}


def site_with(settings: Names, open_: ExitStack) -> Flask:
    """A site with the card, in use until the block is over."""
    site = Flask("site")
    BillingProxy(site, customer_loader=lambda _: "cus_1", SECRET_KEY="of a test", **settings)
    open_.enter_context(site.app_context())
    return site


def _link_signs_in(names: Names, service: Service) -> None:
    claims = jwt.decode(names["token"], TOKEN_SECRET, ["HS256"], audience="billing-proxy")
    assert 0 < claims["exp"] - time.time() <= 600
    link = names["link"].replace("https://billing.example.nl", service.base)
    assert requests.get(link, timeout=10, allow_redirects=False).status_code == 303


def _app_shows_the_card(names: Names, service: Service) -> None:
    answer = names["app"].test_client().get("/billing/", headers={"Accept": "text/html"})
    assert answer.status_code == 200
    assert "Actief" in answer.text


def _factory_makes_a_site(names: Names, service: Service) -> None:
    rules = {rule.rule for rule in names["create_app"]().url_map.iter_rules()}
    assert "/billing/" in rules


def _decides_to_allow(names: Names, service: Service) -> None:
    assert names["code"] == "active"
    assert names["allowed"] is True


def _reads_the_card(names: Names, service: Service) -> None:
    assert names["card"]["plan"] == "Pro"
    assert names["may_use_it"] is True


AFTER: dict[str, Callable[[Names, Service], None]] = {
    "link = f": _link_signs_in,
    "current_user.is_authenticated else None": _app_shows_the_card,
    "from_prefixed_env": _factory_makes_a_site,
    'allowed = code in ("active"': _decides_to_allow,
    "def subscription(customer)": _reads_the_card,
}
"""By words of a block: what must be true after it. A block without an entry must run."""
