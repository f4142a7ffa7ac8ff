"""Who is asking, and how fresh the answer has to be: read from the request, decided elsewhere."""

from __future__ import annotations

import logging
import math
from enum import StrEnum
from typing import NamedTuple

from flask import Request, Response

from ..errors import CustomerLoaderFailed, Expired, LinkOfAnotherCustomer, NotIdentified
from ..identity.customers import Grant, names_somebody
from ..identity.signing import PORTAL_VISIT, PortalVisit
from ..language.choice import Choice
from ..language.words import AUTO
from .state import BillingState

log = logging.getLogger(__name__)

SESSION_COOKIE = "billing_session"
SECURE_SESSION_COOKIE = f"__Host-{SESSION_COOKIE}"
"""Over HTTPS: no other host of the domain, and nothing without TLS, can plant one (RFC 6265bis)."""

VISIT_COOKIE = "billing_visit"

MARK = "for"
"""The parameter of a link that says on whose page it stood."""

LOCALE = "locale"
"""The parameter of a link that says in which language that page was."""


class By(StrEnum):
    """How a customer was identified."""

    TOKEN = "token"
    PASS = "pass"
    LOADER = "loader"
    SESSION = "session"


class Visitor(NamedTuple):
    """The customer who is asking. Never taken from a plain parameter, header or address.

    ``expires`` is when (Unix seconds) the credential does, ``name`` what the site calls the
    customer, ``locale`` the language of the page that the link stood on, or else the token's.
    """

    customer: str
    by: By
    expires: float = math.inf
    name: str = ""
    locale: str = ""

    def valid_until(self, now: float) -> float:
        """Until when (Unix seconds) an answer to this visitor may be given again.

        An answer to a token holds a pass, which is a new one every minute.
        """
        return min(self.expires, (now // 60 + 1) * 60) if self.by is By.TOKEN else self.expires


def identify(state: BillingState, request: Request, *, accept: str | None = None) -> Visitor:
    """Who is asking.

    A bearer token comes first, then the query parameter ``accept`` (``token`` or ``pass``), then
    the site's customer loader or, in the standalone service, the session cookie. What is offered
    has to be right: a bad token is not made good by a cookie.

    Raises:
        NotIdentified
    """
    if state.verifier and (token := _bearer(request)) is not None:
        if accept and accept in request.args:
            raise NotIdentified("two credentials at once")
        return _visitor(By.TOKEN, state.verifier.verify(token))
    if accept and accept in request.args:
        return _by_parameter(state, request, accept)
    if not state.standalone:
        return Visitor(_load(state, request), By.LOADER)
    cookies = set(request.cookies.getlist(_session_cookie(request)))
    if len(cookies) != 1:
        raise NotIdentified("two sessions at once" if cookies else "no token and no session")
    return _visitor(By.SESSION, state.signers.open_session(cookies.pop(), now=state.clock()))


def is_signed_in(state: BillingState, request: Request) -> bool:
    """Whether the page would know who is asking."""
    try:
        identify(state, request)
    except NotIdentified:
        return False
    return True


def identify_for_link(state: BillingState, request: Request, *, accept: str) -> Visitor:
    """Who is asking, where a link of a page is good only for the customer that the page shows.

    Raises:
        NotIdentified, LinkOfAnotherCustomer
    """
    visitor = identify(state, request, accept=accept)
    mark = request.args.get(MARK)
    if mark and visitor.by is not By.PASS and not state.signers.is_link_of(mark, visitor.customer):
        raise LinkOfAnotherCustomer(name=visitor.name)
    return visitor._replace(locale=request.args.get(LOCALE, visitor.locale))


def choice_of(state: BillingState, request: Request) -> Choice:
    """Who wishes which language: the setting, the site by its selector, and the browser."""
    setting = state.config.locale
    asked = request.accept_languages if setting == AUTO else ()  # reading it takes 25 µs
    browser = tuple(tag for tag, quality in asked if quality > 0)
    return Choice(setting, browser=browser).led_by(_select(state, request))


def _select(state: BillingState, request: Request) -> str | None:
    selector = state.find_selector()
    try:
        wish = selector(request) if selector else None
        return None if wish is None else str(wish)  # Babel's Locale says nl_BE
    except Exception:
        log.exception("the locale selector failed")
        return None


def portal_visit(state: BillingState, request: Request) -> PortalVisit:
    """What this browser has open of the portal, and when it came back from there."""
    return state.signers.open_visit(request.cookies.get(VISIT_COOKIE), now=state.clock())


def not_before(state: BillingState, request: Request) -> float | None:
    """Since when (Unix seconds) the card must have been read to do for this browser."""
    live = state.service.live_since()
    since = portal_visit(state, request).not_before(live)
    wants_live = "HTTP_CACHE_CONTROL" in request.environ and request.cache_control.no_cache
    return max(since or 0, live) if wants_live else since


def sign_in_by_link(state: BillingState, request: Request, response: Response) -> None:
    """Let ``response`` sign the browser in as whom its ``?token=…`` link is for.

    An expired link changes nothing in a browser that is signed in as the same customer.

    Raises:
        NotIdentified
    """
    try:
        visitor = _by_parameter(state, request, "token")
    except Expired as expired:
        if not _is_signed_in_as(state, request, expired.customer):
            raise
        return
    ttl = state.config.session_ttl
    grant = Grant(visitor.customer, 0, visitor.name, visitor.locale)
    value = state.signers.session(grant, now=state.clock(), ttl=ttl)
    below = f"{request.root_path}{state.config.url_prefix}" or "/"
    path = "/" if request.is_secure else below  # what its name promises
    _set_cookie(request, response, _session_cookie(request), value, max_age=ttl, path=path)


def mark_visit(
    state: BillingState, request: Request, response: Response, visit: PortalVisit
) -> None:
    """Let ``response`` leave the mark that makes this browser's reads live.

    It goes to the whole host, since an embedded card stands on the site's own pages.
    """
    mark = state.signers.visit(visit, now=state.clock())
    path = f"{request.root_path}/"
    _set_cookie(request, response, VISIT_COOKIE, mark, max_age=PORTAL_VISIT, path=path)


def _set_cookie(
    request: Request, response: Response, name: str, value: str, *, max_age: int, path: str
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        path=path,
        secure=request.is_secure,
        httponly=True,
        samesite="Lax",
    )


def _bearer(request: Request) -> str | None:
    """The bearer token; another scheme belongs to somebody else, such as a proxy."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _by_parameter(state: BillingState, request: Request, name: str) -> Visitor:
    values = request.args.getlist(name)
    if len(values) != 1:
        raise NotIdentified(f"one {name} is expected")
    if name == "pass":
        return Visitor(state.signers.customer_of_pass(values[0], now=state.clock()), By.PASS)
    if state.verifier is None:
        raise NotIdentified("no tokens are accepted here")
    return _visitor(By.TOKEN, state.verifier.verify(values[0]))


def _visitor(by: By, grant: Grant) -> Visitor:
    return Visitor(grant.customer, by, grant.expires, grant.name, grant.locale)


def _is_signed_in_as(state: BillingState, request: Request, customer: str) -> bool:
    try:
        return identify(state, request).customer == customer
    except NotIdentified:
        return False


def _session_cookie(request: Request) -> str:
    return SECURE_SESSION_COOKIE if request.is_secure else SESSION_COOKIE


def _load(state: BillingState, request: Request) -> str:
    loader = state.find_loader()
    if loader is None:
        raise CustomerLoaderFailed(
            "no customer loader is registered: decorate one with @billing.customer_loader"
        )
    try:
        customer = loader(request)
    except Exception as error:  # whatever a site's own code raises must not reach the visitor
        raise CustomerLoaderFailed(f"the customer loader raised {type(error).__name__}") from error
    if customer is None or customer == "":
        raise NotIdentified("the customer loader names nobody")
    if isinstance(customer, str):
        customer = str(customer)  # a proxy becomes what it stands for
    if not names_somebody(customer):
        raise CustomerLoaderFailed(
            "the customer loader must return a Stripe customer id (cus_…), NO_CUSTOMER or None, "
            f"and returned a {type(customer).__name__} that is neither"
        )
    return customer
