"""``BillingProxy``: the billing page and the card in a Flask app that exists already."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from flask import Flask, current_app, has_request_context, request

from .bootstrap import build
from .cache.guard import MAX_WAITING
from .card.card import BillingCard
from .cli.commands import commands
from .cli.refusal import read_settings
from .config.settings import SETTINGS, BillingConfig
from .identity.customers import names_somebody
from .language.choice import Choice
from .language.words import check_texts
from .web.embedding import create_template_global, exempt_webhook
from .web.rendered import RenderedCards
from .web.state import EXTENSION, BillingState, CustomerLoader, LocaleSelector, state_of
from .web.views import create_blueprint
from .web.visitor import choice_of, not_before


class BillingProxy:
    """A site's billing page.

    ::

        billing = BillingProxy()


        @billing.customer_loader
        def stripe_customer(request):
            return current_user.stripe_customer_id


        billing.init_app(app)

    Holds no app: one instance serves as many apps as call ``init_app``.

    Args:
        app: an app to be initialised at once.
        customer_loader: names the Stripe customer of a request, or None for nobody.
        locale_selector: chooses the language of a request, a tag such as ``nl-BE`` or a Babel
            ``Locale``, or None to leave it to the customer and the browser.
        url_prefix: where the routes are, instead of ``BILLING_URL_PREFIX``.
        texts: the site's own words by language tag and Dutch source text, such as
            ``{"nl": {"Abonnement bijwerken": "Wijzigen"}}``.
        clock: the time in Unix seconds.
        timer: seconds that only go forward.
        settings: any of the settings by its name; ``app.config`` goes before.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        customer_loader: CustomerLoader | None = None,
        locale_selector: LocaleSelector | None = None,
        url_prefix: str | None = None,
        texts: Mapping[str, Mapping[str, str]] | None = None,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        **settings: Any,
    ) -> None:
        if unknown := sorted(set(settings) - set(SETTINGS)):
            raise TypeError(f"BillingProxy has no setting {', '.join(unknown)}")
        check_texts(texts or {})
        self._loader = customer_loader
        self._selector = locale_selector
        self._url_prefix = url_prefix
        self._texts = texts or {}
        self._clock = clock
        self._timer = timer
        self._settings = settings
        if app is not None:
            self.init_app(app)

    def customer_loader(self, loader: CustomerLoader) -> CustomerLoader:
        """Register the function that names the customer of a request, or None for nobody."""
        self._loader = loader
        return loader

    def locale_selector(self, selector: LocaleSelector) -> LocaleSelector:
        """Register the function that chooses the language of a request, or None for no choice."""
        self._selector = selector
        return selector

    def init_app(self, app: Flask, *, url_prefix: str | None = None) -> None:
        """Check the settings of ``app.config``, register the routes and ``billing_card()``.

        Raises:
            ConfigError: with every problem of the settings at once.
            RuntimeError: when the app has a billing page already.
        """
        settings = {**self._settings, **{k: app.config[k] for k in SETTINGS if _is_set(app, k)}}
        prefix = url_prefix if url_prefix is not None else self._url_prefix
        if prefix is not None:
            settings["BILLING_URL_PREFIX"] = prefix or "/"
        config = read_settings(settings, standalone=False)
        self.install(app, config, standalone=False)
        app.add_template_global(create_template_global(state_of(app)), "billing_card")
        exempt_webhook(app)

    def install(
        self,
        app: Flask,
        config: BillingConfig,
        *,
        standalone: bool,
        max_waiting: int = MAX_WAITING,
    ) -> BillingState:
        """Put the routes and the commands into ``app``; for ``create_app`` and ``init_app``.

        ``max_waiting`` is how many requests may wait for a slow Stripe.
        """
        if EXTENSION in app.extensions:
            raise RuntimeError(
                "this app has a billing page already: call BillingProxy.init_app once, "
                "with one URL prefix"
            )
        pieces = build(
            config, texts=self._texts, clock=self._clock, timer=self._timer, max_waiting=max_waiting
        )
        state = BillingState(
            **{field.name: getattr(pieces, field.name) for field in fields(pieces)},
            standalone=standalone,
            rendered=RenderedCards(
                config,
                pieces.languages,
                maxsize=0 if standalone else config.page_cache_bytes,
            ),
            find_loader=lambda: self._loader,
            find_selector=lambda: self._selector,
        )
        app.extensions[EXTENSION] = state
        app.register_blueprint(create_blueprint(state), url_prefix=config.url_prefix or None)
        app.cli.add_command(commands)
        return state

    def card(self, customer: str, *, language: str | None = None) -> BillingCard:
        """The card of ``customer`` (``cus_…``), through the cache of the current app.

        For decisions in Python: ``billing.card(id).status.code == "active"``. Inside of a request
        it follows that browser's visit to the portal and its language; ``language`` goes before.

        Raises:
            ValueError: for what is no customer id.
            CustomerNotFound, StripeUnavailable, StripeMisconfigured
        """
        if not names_somebody(customer):
            raise ValueError("a Stripe customer id begins with cus_")
        state = state_of(current_app)
        since, choice = None, Choice(state.config.locale)
        if has_request_context():
            since, choice = not_before(state, request), choice_of(state, request)
        choice = choice.led_by(language)
        return state.service.card(customer, choice=choice, not_before=since).card


def _is_set(app: Flask, name: str) -> bool:
    return app.config.get(name) not in (None, "")
