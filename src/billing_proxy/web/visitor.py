"""Who is asking, and how fresh the answer has to be: read from the request, decided elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from flask import Request, Response

from ..errors import CustomerLoaderFailed, NotIdentified
from ..identity.customers import is_customer_id
from ..identity.signing import PORTAL_VISIT, PortalVisit
from ..language.words import AUTO, Language, negotiate
from .state import BillingState

SESSION_COOKIE = "billing_session"
VISIT_COOKIE = "billing_visit"


class By(StrEnum):
    """How a customer was identified."""

    TOKEN = "token"
    PASS = "pass"
    LOADER = "loader"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Visitor:
    """The customer who is asking. Never taken from a plain parameter, header or address.

    ``expires`` is when (Unix seconds) the credential does.
    """

    customer: str
    by: By
    expires: float = math.inf

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
        grant = state.verifier.verify(token)
        return Visitor(grant.customer, By.TOKEN, grant.expires)
    if accept and accept in request.args:
        return _by_parameter(state, request, accept)
    if not state.standalone:
        return Visitor(_load(state, request), By.LOADER)
    cookie = request.cookies.get(SESSION_COOKIE)
    if not cookie:
        raise NotIdentified("no token and no session")
    grant = state.signers.open_session(cookie, now=state.clock())
    return Visitor(grant.customer, By.SESSION, grant.expires)


def customer_of_link(state: BillingState, request: Request) -> str:
    """The customer of a ``?token=…`` link.

    Raises:
        NotIdentified
    """
    return _by_parameter(state, request, "token").customer


def language_of(state: BillingState, request: Request) -> Language:
    """The language of the answer: the setting, or what the browser asks for."""
    if state.config.locale != AUTO:
        return state.languages[state.config.locale]
    return state.languages[negotiate(request.accept_languages.values())]


def portal_visit(state: BillingState, request: Request) -> PortalVisit:
    """What this browser has open of the portal, and when it came back from there."""
    return state.signers.open_visit(request.cookies.get(VISIT_COOKIE), now=state.clock())


def not_before(state: BillingState, request: Request) -> float | None:
    """Since when (Unix seconds) the card must have been read to do for this browser."""
    live = state.service.live_since()
    since = portal_visit(state, request).not_before(live)
    return max(since or 0, live) if request.cache_control.no_cache else since


def sign_in(state: BillingState, request: Request, response: Response, customer: str) -> None:
    """Let ``response`` sign the browser in as ``customer``."""
    ttl = state.config.session_ttl
    value = state.signers.session(customer, now=state.clock(), ttl=ttl)
    path = f"{request.root_path}{state.config.url_prefix}" or "/"
    _set_cookie(request, response, SESSION_COOKIE, value, max_age=ttl, path=path)


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
    return Visitor(state.verifier.customer(values[0]), By.TOKEN)


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
    if not is_customer_id(customer):
        raise CustomerLoaderFailed(
            "the customer loader must return a Stripe customer id (cus_…) or None, "
            f"and returned a {type(customer).__name__} that is neither"
        )
    return customer
