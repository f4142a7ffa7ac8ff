"""The routes. Each view says who may, asks the service, and hands the answer to ``responses``."""

from __future__ import annotations

import logging

from flask import Blueprint, Flask, Response, g, request, request_finished
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

from ..errors import BillingError, Forbidden, InvalidEvent, NoCustomer, NotIdentified, from_status
from ..gateway.events import MAX_BODY
from ..identity.customers import NO_CUSTOMER
from ..language.words import Language
from ..loader import Outcome
from ..metrics.observer import NO_CARD
from ..service import Served
from . import http_rules, probes
from .access_log import request_id
from .response_cache import Source
from .responses import (
    BLUEPRINT,
    VERSION,
    Place,
    accent_file,
    address,
    conditional,
    error_response,
    json_response,
    render,
    secure,
    see_other,
)
from .shown_card import ShownCard, read_card
from .state import BillingState
from .visitor import (
    Visitor,
    choice_of,
    identify,
    identify_for_link,
    is_signed_in,
    mark_visit,
    portal_visit,
    sign_in_by_link,
)

CARDS = ("page", "subscription_json", "card")
"""The views that answer with the card of whoever asks."""

log = logging.getLogger(__name__)


def create_blueprint(state: BillingState) -> Blueprint:
    """All routes of product and health, to be registered under the URL prefix."""
    blueprint = _Blueprint(
        BLUEPRINT,
        __name__,
        template_folder="templates",
        static_folder="static",
        # Without a prefix, /static is where the files of the site itself are.
        static_url_path="/static" if state.config.url_prefix else "/billing-static",
    )
    views = Views(state)
    rule = blueprint.add_url_rule
    rule("/", "page", views.page, strict_slashes=False)
    rule("/subscription.json", "subscription_json", views.subscription_json)
    rule("/card", "card", views.card)
    rule("/portal", "portal", views.portal)
    rule("/return", "return_", views.return_)
    rule("/webhook", "webhook", views.webhook, methods=["POST"])
    rule("/healthz", "healthz", probes.live)
    rule("/readyz", "readyz", lambda: probes.ready(state))
    if state.config.url_prefix or state.config.metrics_token:
        # Without a prefix, /metrics is where a site's own are.
        rule("/metrics", "metrics", lambda: probes.metrics(state, request))
    blueprint.register_error_handler(BillingError, views.handle_error)
    blueprint.register_error_handler(HTTPException, views.handle_http_error)
    blueprint.after_request(views.finish)
    blueprint.after_request(views.count)
    if not state.standalone:
        blueprint.record_once(views.watch)
    return blueprint


class _Blueprint(Blueprint):
    """With one more file among the static ones, which is made."""

    def send_static_file(self, filename: str) -> Response:
        made = accent_file(filename)
        if made is None:
            return super().send_static_file(filename)
        made.add_etag()
        made.make_conditional(request)
        return made


class Views:
    """The views of one app, around its state."""

    def __init__(self, state: BillingState) -> None:
        self._state = state

    def page(self) -> Response:
        """The page, or JSON by ``Accept``; a ``?token=…`` link signs in and loses the token."""
        if "token" in request.args and self._state.standalone:
            response = see_other(address("page", external=False))
            sign_in_by_link(self._state, request, response)
            return response
        if http_rules.prefers_json(request.accept_mimetypes):
            return self.subscription_json()
        visitor = identify(self._state, request)
        return self._html("billing/page.html", self._read(visitor))

    def subscription_json(self) -> Response:
        """The card as JSON."""
        shown = self._read(identify(self._state, request))
        return self._conditional(json_response(shown.json()), shown)

    def card(self) -> Response:
        """The card alone, in a frame as a document; a token in the query is answered directly."""
        framed = http_rules.becomes_document(request.headers)
        template = "billing/framed.html" if framed else "billing/fragment.html"
        visitor = identify_for_link(self._state, request, accept="token")
        return self._html(template, self._read(visitor))

    def portal(self) -> Response:
        """A portal session made now, for a person who follows a link, and 303 to it."""
        if request.method != "GET":
            raise MethodNotAllowed(valid_methods=["GET"])
        if reason := http_rules.why_no_navigation(request.headers):
            raise Forbidden(reason)
        state = self._state
        visitor = self._known(identify_for_link(state, request, accept="pass"))
        if visitor.customer == NO_CUSTOMER:
            raise NoCustomer
        url = state.portal.url(
            visitor.customer,
            return_url=address("return_"),
            locale=self._language(visitor.customer).tag,
            flow=request.args.get("flow"),
            subscription=request.args.get("subscription"),
        )
        response = see_other(url)
        mark_visit(state, request, response, portal_visit(state, request).opened(visitor.customer))
        return response

    def return_(self) -> Response:
        """Back from the portal: the next card is read live, here and by the site's own backend."""
        state, visit = self._state, portal_visit(self._state, request)
        for customer in visit.customers:
            state.service.changed(customer)
        if state.config.return_url or is_signed_in(state, request):
            response = see_other(state.config.return_url or address("page", external=False))
        else:  # who came by a pass, from another site or a program
            spoken = self._language(next(iter(visit.customers), None))
            response = Response(render("billing/returned.html", spoken, state.config))
        mark_visit(state, request, response, visit.returned(state.clock()))
        return response

    def webhook(self) -> Response:
        """A Stripe event: 204 once what it is about has been forgotten, 400 when it is not ours."""
        secret = self._state.config.stripe_webhook_secret
        if secret is None:
            raise NotFound
        try:
            # A limit for one request alone, which Flask itself has since 3.1.
            request.stream = get_input_stream(request.environ, max_content_length=MAX_BODY)
            body = request.get_data(cache=False)
        except RequestEntityTooLarge:
            raise InvalidEvent("the body is larger than any event") from None
        except Exception as error:  # noqa: BLE001 -- each server has its own for a malformed one
            raise InvalidEvent(f"the body cannot be read: {type(error).__name__}") from None
        self._state.service.receive(body, request.headers.get("Stripe-Signature", ""), secret)
        return Response(status=204)

    def handle_error(self, error: BillingError) -> Response:
        """The answer to an error of ours; its reason goes to the log alone."""
        level = logging.ERROR if error.status >= 500 else logging.INFO
        log.log(
            level,
            "%s: %s (request %s, Stripe request %s)",
            error.title,
            error.reason,
            request_id(request),
            error.request_id or "-",
            exc_info=error.__cause__,
        )
        as_json = _answers_json()
        login_url = self._state.config.login_url
        if isinstance(error, NotIdentified) and login_url and _is_opened_by_a_person(as_json):
            return see_other(login_url)
        return self._error(error, as_json=as_json)

    def handle_http_error(self, error: HTTPException) -> Response | HTTPException:
        """The answer to an error of HTTP itself: no such route, or not with that method."""
        if error.code is None or error.code < 400:
            return error
        if error.code >= 500:
            log.error("unexpected error", exc_info=getattr(error, "original_exception", None))
        response = self._error(from_status(error.code), as_json=_answers_json())
        response.status_code = error.code
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return self.finish(response)

    def refuse_address(self) -> Response:
        """The answer to a request that names no host, or a prefix that is none."""
        error, json = from_status(400), _answers_json()
        return error_response(
            error, self._language(), self._state.config, Place.NOWHERE, as_json=json
        )

    def finish(self, response: Response) -> Response:
        """Every response leaves with the headers that keep it safe."""
        endpoint = _endpoint()
        if endpoint == "static" and response.status_code == 200:
            rule = http_rules.static_cache_control(request.args.get("v"), VERSION)
            response.headers["Cache-Control"] = rule
            response.headers["Access-Control-Allow-Origin"] = "*"  # to import billing-card.js
        return secure(response, self._state.config, framed=endpoint == "card")

    def count(self, response: Response) -> Response:
        """Report an answer to a request for the card."""
        if _endpoint() in CARDS and request.method in ("GET", "HEAD"):
            served: Served | None = g.get("billing_served")
            found = served.outcome if served else NO_CARD
            self._state.observer.card_answered(found, response.status_code)
        return response

    def keep(self, _site: Flask, response: Response, **_more: object) -> None:
        """Take away what an ``after_request`` of the site (flask-talisman's) has put over them."""
        if request.blueprint == BLUEPRINT:
            self.finish(response)

    def watch(self, setup: BlueprintSetupState) -> None:
        """Let the headers of ``finish`` be the last, whenever the site set up its own hooks."""
        request_finished.connect(self.keep, setup.app)

    def _known(self, visitor: Visitor) -> Visitor:
        """``visitor``, whose language an error that comes later speaks too."""
        g.billing_locale = visitor.locale
        return visitor

    def _language(self, customer: str | None = None) -> Language:
        """The language of an answer that is no card: what ``customer`` wants is known or is not."""
        choice = choice_of(self._state, request).led_by(g.get("billing_locale"))
        known = self._state.service.preferred_locales
        wanted = known(customer) if customer and choice.varies else ()
        return self._state.languages[choice.tag(wanted)]

    def _error(self, error: BillingError, *, as_json: bool) -> Response:
        return error_response(
            error, self._language(), self._state.config, _place(), as_json=as_json
        )

    def _read(self, visitor: Visitor) -> ShownCard:
        shown = read_card(self._state, request, self._known(visitor))
        g.billing_served = shown.served
        return shown

    def _html(self, template: str, shown: ShownCard) -> Response:
        return self._conditional(Response(shown.html(template)), shown)

    def _conditional(self, response: Response, shown: ShownCard) -> Response:
        now, served = self._state.clock(), shown.served
        response.content_language.add(served.language)
        age = now - served.read_at
        left = int(self._state.config.cache_ttl - age)
        took = round(served.seconds * 1000, 1)
        response.headers.extend(http_rules.cache_headers(served.outcome, int(age), left, took))
        g.billing_source = Source(
            shown.visitor.customer,
            served.read_at,
            valid_until=min(served.valid_until, shown.visitor.valid_until(now)),
            stale=served.outcome is Outcome.STALE,
        )
        return conditional(response, request)


def _endpoint() -> str:
    """The name of the view without that of its blueprint, or nothing outside of every route."""
    return (request.endpoint or "").rpartition(".")[2]


def _place() -> Place:
    """Where the answer to this request is read, should it be an error."""
    if _endpoint() == "portal":
        return Place.PORTAL
    if _endpoint() != "card":
        return Place.PAGE
    return Place.FRAME if http_rules.becomes_document(request.headers) else Place.FRAGMENT


def _answers_json() -> bool:
    path = request.path.rpartition("/")[2]  # also for a method that the route does not have
    return path in ("subscription.json", "webhook") or http_rules.prefers_json(
        request.accept_mimetypes
    )


def _is_opened_by_a_person(as_json: bool) -> bool:
    return not as_json and _endpoint() in ("page", "portal")
