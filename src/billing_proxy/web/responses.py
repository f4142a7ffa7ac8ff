"""From a card or an error to a response: HTML or JSON, with the headers that keep it private."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin

from flask import Request, Response, render_template, url_for
from markupsafe import Markup

from ..card.card import BillingCard
from ..card.links import Links
from ..config.settings import BillingConfig
from ..errors import BillingError
from ..language.words import Language
from ..loader import Outcome

BLUEPRINT = "billing_proxy"

log = logging.getLogger(__name__)

VERSION = version("billing-proxy")

PRIVATE = "private, no-cache"
"""Only the customer's own browser keeps it, and asks each time whether it is still right."""

NEVER_STORED = "no-store"

IMMUTABLE = "public, max-age=31536000, immutable"
"""For a file whose address changes with its content (RFC 8246)."""

VARY = ("Accept", "Accept-Language", "Authorization", "Cookie", "Sec-Fetch-Dest")


def prefers_json(request: Request) -> bool:
    """Whether the client would rather have JSON; HTML wins ties, ``*/*`` and an empty header."""
    ranges: dict[str, float] = {}
    for value, quality in request.accept_mimetypes:
        media_range = value.partition(";")[0].strip().lower()
        ranges[media_range] = max(quality, ranges.get(media_range, 0.0))
    json_quality = max(_quality(ranges, "json"), _quality(ranges, "problem+json"))
    return json_quality > _quality(ranges, "html", "text")


def _quality(ranges: Mapping[str, float], subtype: str, type_: str = "application") -> float:
    """How much a media type is wanted: the most specific range decides (RFC 9110 12.5.1)."""
    wanted = (f"{type_}/{subtype}", f"{type_}/*", "*/*")
    return next((ranges[media_range] for media_range in wanted if media_range in ranges), 0.0)


def render(template: str, language: Language, *, external: bool = False, **context: Any) -> str:
    """``template`` with ``context``, words in ``language`` (as ``t``) and the static files.

    ``external`` makes the addresses of the static files absolute.
    """

    def static(filename: str) -> str:
        return url_for(f"{BLUEPRINT}.static", filename=filename, v=VERSION, _external=external)

    return render_template(
        template, t=language.text, language=language.tag, billing_static=static, **context
    )


def render_card(
    template: str, language: Language, card: BillingCard, links: Links, **context: Any
) -> str:
    """``template`` around ``card``; ``links`` are the addresses that its reader may follow.

    Three of them have names of their own, for the templates of a site.
    """
    return render(
        template,
        language,
        card=card,
        links=links,
        portal_url=links.portal(None, None),
        payment_url=links.portal("payment_method_update", None),
        upgrade_url=links.upgrade,
        **context,
    )


def json_response(body: Mapping[str, Any], mimetype: str = "application/json") -> Response:
    """``body`` as JSON in UTF-8 (RFC 8259)."""
    return Response(json.dumps(body, ensure_ascii=False), mimetype=mimetype)


def problem(status: int, title: str, detail: str) -> Response:
    """A problem as RFC 9457 describes it; ``about:blank`` says that the status tells the type."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    response = json_response(body, "application/problem+json")
    response.status_code = status
    return response


def fallback(error: BillingError, language: Language) -> Markup:
    """The words for ``error`` when even the template for them, a site's own, cannot be rendered."""
    return Markup("<p>{}</p>").format(language.text(error.heading))


def error_response(
    error: BillingError, language: Language, *, as_json: bool, fragment: bool = False
) -> Response:
    """What ``error`` may say in public: a problem for programs, a page for people.

    ``fragment`` asks for the words alone, to stand where the card would.
    """
    if as_json:
        response = problem(error.status, error.title, error.detail)
    else:
        template = "billing/_error.html" if fragment else "billing/error.html"
        try:
            html = render(template, language, external=fragment, error=error)
        except Exception:
            log.exception("%s could not be rendered", template)
            html = fallback(error, language)
        response = Response(html, status=error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="billing"'
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    response.headers["Cache-Control"] = NEVER_STORED
    response.vary.update(VARY)
    return response


def conditional(response: Response, request: Request) -> Response:
    """``response`` with an ETag, or a 304 when the client has the same already (RFC 9110 13)."""
    response.headers["Cache-Control"] = PRIVATE
    response.vary.update(VARY)
    response.add_etag()
    response.make_conditional(request)
    return response


def cache_headers(
    outcome: Outcome, *, age: float, ttl: float, seconds: float
) -> list[tuple[str, str]]:
    """Where the card came from: ``Age``, ``Cache-Status`` (RFC 9211), ``Server-Timing``.

    ``age``, ``ttl`` and ``seconds`` (what finding it took) are in seconds. A card that stands in
    for a newer one has a negative ttl.
    """
    if outcome is Outcome.HIT:
        status = f"hit; ttl={int(ttl - age)}"
    elif outcome is Outcome.STALE:
        status = f"hit; ttl={-max(1, int(age - ttl))}; detail=stale-if-error"
    else:
        status = "fwd=miss; stored" if outcome is Outcome.MISS else "fwd=miss; collapsed"
    return [
        ("Age", str(max(0, int(age)))),
        ("Cache-Status", f"billing-proxy; {status}"),
        ("Server-Timing", f"card;dur={seconds * 1000:.1f}"),
    ]


def secure(response: Response, config: BillingConfig, *, framed: bool = False) -> Response:
    """``response`` with the headers that a browser's protections ask for.

    ``framed`` is for the card alone, which other sites may frame if the settings say so.
    Sources: https://www.w3.org/TR/CSP3/, https://www.w3.org/TR/referrer-policy/
    """
    ancestors = config.frame_ancestors if framed else "'none'"
    headers = response.headers
    headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
        f"img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    )
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Content-Type-Options"] = "nosniff"
    headers.pop("X-Frame-Options", None)
    if ancestors == "'none'":
        headers["X-Frame-Options"] = "DENY"
    headers.setdefault("Cache-Control", NEVER_STORED)
    return response


def link(config: BillingConfig, base_url: str, path: str) -> str:
    """The address of ``path`` below the URL prefix, on the host of ``base_url``."""
    return f"{base_url.rstrip('/')}{config.url_prefix}{path}"


def upgrade_url(config: BillingConfig, request: Request) -> str | None:
    """Where a subscription can be chosen, as an absolute address."""
    return urljoin(request.host_url, config.upgrade_url) if config.upgrade_url else None
