"""From a card or an error to a response: HTML or JSON, with the headers that keep it private."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from flask import Request, Response, render_template, url_for
from markupsafe import Markup

from ..config.settings import BillingConfig
from ..errors import BACK, BillingError
from ..language.words import Language
from .http_rules import NEVER_STORED, PRIVATE, VARY, reachable, security_headers

BLUEPRINT = "billing_proxy"

log = logging.getLogger(__name__)

VERSION = version("billing-proxy")


def address(view: str, *, external: bool = True, **values: Any) -> str:
    """The address of one of our views; absolute with ``external``, as the browser can reach it."""
    return reachable(url_for(f"{BLUEPRINT}.{view}", _external=external, **values))


def render(template: str, language: Language, *, external: bool = False, **context: Any) -> str:
    """``template`` with ``context``, words in ``language`` (as ``t``) and the static files.

    ``external`` makes the addresses of the static files absolute.
    """

    def static(filename: str) -> str:
        return address("static", external=external, filename=filename, v=VERSION)

    return render_template(
        template, t=language.text, language=language.tag, billing_static=static, **context
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


def render_error(
    template: str,
    language: Language,
    error: BillingError,
    *,
    external: bool = False,
    at_portal: bool = False,
) -> str:
    """``template`` around what ``error`` may say, with the link that helps."""
    back = error.way_out == BACK
    return render(
        template,
        language,
        external=external,
        error=error,
        heading=error.portal_heading if at_portal else error.heading,
        way_out=address("page", external=external) if back else "",
        heals=error.retry_after is not None and not at_portal,
    )


def error_response(
    error: BillingError,
    language: Language,
    *,
    as_json: bool,
    fragment: bool = False,
    at_portal: bool = False,
) -> Response:
    """What ``error`` may say in public: a problem for programs, a page for people.

    ``fragment`` asks for the words alone, to stand where the card would. ``at_portal`` is an error
    on the way to the portal: the page says so, and does not go there by itself.
    """
    if as_json:
        response = problem(error.status, error.title, error.detail)
    else:
        template = "billing/_error.html" if fragment else "billing/error.html"
        try:
            html = render_error(template, language, error, external=fragment, at_portal=at_portal)
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


def secure(response: Response, config: BillingConfig, *, framed: bool = False) -> Response:
    """``response`` with the headers that a browser's protections ask for.

    ``framed`` is for the card alone, which other sites may frame if the settings say so.
    """
    response.headers.pop("X-Frame-Options", None)
    response.headers.update(security_headers(config.frame_ancestors if framed else "'none'"))
    response.headers.setdefault("Cache-Control", NEVER_STORED)
    return response


def see_other(url: str) -> Response:
    """303 to ``url``, which may hold what must not be kept."""
    response = Response(status=303)
    response.headers["Location"] = url
    response.headers["Cache-Control"] = NEVER_STORED
    return response


def link(config: BillingConfig, base_url: str, path: str) -> str:
    """The address of ``path`` below the URL prefix, on the host of ``base_url``."""
    return f"{base_url.rstrip('/')}{config.url_prefix}{path}"
