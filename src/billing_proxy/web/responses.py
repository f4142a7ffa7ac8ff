"""From a card or an error to a response: HTML or JSON, with the headers that keep it private."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from enum import StrEnum
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin

from flask import Request, Response, render_template, url_for
from markupsafe import Markup

from ..config.accent import stylesheet
from ..config.settings import BillingConfig
from ..errors import BACK, HOME, SIGN_IN, BillingError
from ..language.words import Language
from .http_rules import NEVER_STORED, PRIVATE, VARY, reachable, security_headers

BLUEPRINT = "billing_proxy"

log = logging.getLogger(__name__)

VERSION = version("billing-proxy")


def address(view: str, *, external: bool = True, **values: Any) -> str:
    """The address of one of our views; absolute with ``external``, as the browser can reach it."""
    found = url_for(f"{BLUEPRINT}.{view}", _external=external, **values)
    return reachable(found) if external else found


def render(
    template: str,
    language: Language,
    config: BillingConfig,
    *,
    external: bool = False,
    **context: Any,
) -> str:
    """``template`` with ``context``, words in ``language`` (as ``t``), whose page it is, and files.

    ``external`` makes the addresses absolute.
    """

    def static(filename: str) -> str:
        return address("static", external=external, filename=filename, v=VERSION)

    return render_template(
        template,
        t=language.text,
        language=language.tag,
        company=config.company,
        home_url=config.home_url,
        contact_url=config.contact_url and _of_setting(config.contact_url, external=external),
        accent=config.accent,
        billing_static=static,
        **context,
    )


def _has_addresses() -> bool:
    """Whether Flask can make addresses for the host of this request."""
    try:
        address("page")
    except Exception:  # noqa: BLE001 -- each release of Flask has its own
        return False
    return True


def _of_setting(url: str, *, external: bool) -> str:
    """The address of a setting; absolute with ``external``, be it a path on the same host."""
    return urljoin(address("page"), url) if external else url


def accent_file(filename: str) -> Response | None:
    """The stylesheet for an accent, whose colour stands in its name; None for another file.

    Made from the name alone, so that it is right on every machine while a setting changes.
    """
    named = re.fullmatch(r"accent-([0-9a-f]{6})\.css", filename)
    return Response(stylesheet(f"#{named[1]}"), mimetype="text/css") if named else None


def json_response(body: Mapping[str, Any], mimetype: str = "application/json") -> Response:
    """``body`` as JSON in UTF-8 (RFC 8259)."""
    return Response(json.dumps(body, ensure_ascii=False), mimetype=mimetype)


def problem(status: int, title: str, detail: str) -> Response:
    """A problem as RFC 9457 describes it; ``about:blank`` says that the status tells the type."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    response = json_response(body, "application/problem+json")
    response.status_code = status
    return response


class Place(StrEnum):
    """Where an error is read."""

    PAGE = "page"
    PORTAL = "portal"
    """A tab that the portal was to open in: it is called that, and does not go there by itself."""
    FRAME = "frame"
    """Another site's frame, where our pages do not open: links open a tab."""
    FRAGMENT = "fragment"
    """The words alone, where the card would stand."""
    NOWHERE = "nowhere"
    """At a host without a name, so that nothing of ours has an address."""


_TEMPLATES = {Place.FRAGMENT: "billing/_error.html", Place.NOWHERE: "billing/bare.html"}


def render_error(
    language: Language, config: BillingConfig, error: BillingError, place: Place, *, external: bool
) -> str:
    """A page, or the part of one, around what ``error`` may say, with the link that helps.

    What cannot be rendered, since a site has its own template there, is a sentence.
    """
    template = _TEMPLATES.get(place, "billing/error.html")
    try:
        label, url = _way_out(error, config, place, external=external)
        return render(
            template,
            language,
            config,
            external=external,
            error=error,
            heading=error.portal_heading if place is Place.PORTAL else error.heading,
            way_out=url,
            way_out_label=label,
            framed=place is Place.FRAME,
            heals=error.retry_after is not None and place in (Place.PAGE, Place.FRAME),
        )
    except Exception:
        log.exception("%s could not be rendered", template)
        return Markup("<p>{}</p>").format(language.text(error.heading))


def _way_out(
    error: BillingError, config: BillingConfig, place: Place, *, external: bool
) -> tuple[str, str]:
    """The link that helps. Our page helps nobody who is not signed in, if there is another."""
    if place is Place.NOWHERE:
        return HOME, config.home_url or ""
    if error.status == 401 and config.login_url:
        return SIGN_IN, _of_setting(config.login_url, external=external)
    if error.status == 401 and config.home_url:
        return HOME, _of_setting(config.home_url, external=external)
    back = error.way_out == BACK
    return error.way_out, address("page", external=external) if back else ""


def error_response(
    error: BillingError,
    language: Language,
    config: BillingConfig,
    place: Place = Place.PAGE,
    *,
    as_json: bool,
) -> Response:
    """What ``error`` may say in public: a problem for programs, words for people at ``place``."""
    if as_json:
        response = problem(error.status, error.title, error.detail)
    else:
        place = place if _has_addresses() else Place.NOWHERE
        external = place is Place.FRAGMENT
        html = render_error(language, config, error, place, external=external)
        response = Response(html, status=error.status)
        response.content_language.add(language.tag)
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
