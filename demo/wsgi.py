"""The demo as a WSGI application: the start page at `/`, the product unchanged everywhere else.

Gunicorn serves it as `demo.wsgi:app`. The product reads the environment, where `python -m demo`
has put the emulator's address and fresh secrets.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemLoader
from werkzeug.wrappers import Request, Response

from billing_proxy.app import create_app
from demo.start_page import start_page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


COMPANY = {
    "BILLING_COMPANY": "Voorbeeld B.V.",
    "BILLING_HOME_URL": "/",
    "BILLING_CONTACT_URL": "mailto:klantenservice@example.nl",
}
TEMPLATES = Path(__file__).parent / "templates"


def with_start_page(product: WSGIApplication, settings: Mapping[str, str]) -> WSGIApplication:
    """`product`, with the demo's start page in the place of `/`."""
    secret = settings["BILLING_TOKEN_SECRET"]
    page = f"{settings.get('BILLING_URL_PREFIX', '/billing').rstrip('/')}/"

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.path != "/" or request.method not in ("GET", "HEAD"):
            return product(environ, start_response)
        html = start_page(secret=secret, page=page, base_url=request.host_url, now=time.time())
        headers = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
        return Response(html, 200, headers, mimetype="text/html")(environ, start_response)

    return serve


product = create_app({**COMPANY, **os.environ})
product.jinja_loader = FileSystemLoader(TEMPLATES)  # goes before the product's own: the banner
app = with_start_page(product, os.environ)
