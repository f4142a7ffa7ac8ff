"""What a host application gets besides the routes: ``billing_card()``, and peace with its CSRF."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask, request
from markupsafe import Markup

from ..errors import BillingError
from ..language.choice import Choice
from ..metrics.observer import NO_CARD
from .responses import BLUEPRINT, Place, render_error
from .shown_card import read_card
from .state import BillingState
from .visitor import choice_of, identify

log = logging.getLogger(__name__)


def create_template_global(state: BillingState) -> Callable[[], Markup]:
    """``billing_card()`` for the templates of an app: the card of whoever is asking.

    It never takes the host's page down: what goes wrong is logged, and stands there as a sentence.
    """

    def billing_card() -> Markup:
        choice = Choice(state.config.locale)
        try:
            choice = choice_of(state, request)
            shown = read_card(state, request, identify(state, request), choice)
            html = Markup(shown.html("billing/fragment.html"))  # noqa: S704 -- escaping is on
            state.observer.card_answered(shown.served.outcome, 200)
            return html
        except BillingError as error:
            problem: BillingError = error
            log.log(
                logging.ERROR if error.status >= 500 else logging.INFO,
                "%s: %s", error.title, error.reason, exc_info=error.__cause__,
            )  # fmt: skip
        except Exception:
            log.exception("the card could not be rendered")
            problem = BillingError()
        state.observer.card_answered(NO_CARD, problem.status)
        spoken = state.languages[choice.tag()]
        words = render_error(spoken, state.config, problem, Place.FRAGMENT, external=False)
        return Markup(words)  # noqa: S704 -- escaping is on

    return billing_card


def exempt_webhook(app: Flask) -> None:
    """Let Stripe's events pass Flask-WTF's CSRF protection: their signature is checked instead.

    The protection may be set up before or after the billing page; in the second case its hook
    runs after this one, so the first request is early enough.
    """

    def exempt() -> None:
        csrf: Any = app.extensions.get("csrf")
        if csrf is not None and hasattr(csrf, "exempt"):
            csrf.exempt(app.view_functions[f"{BLUEPRINT}.webhook"])

    exempt()
    if "csrf" not in app.extensions:
        app.before_request(exempt)
