"""How a stand-in page is made: the template, the language, the headers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Response, render_template, request

from demo.portal.texts import TEXTS

TEMPLATES = Path(__file__).parent.parent / "templates"


def page(name: str, language: str, status: int = 200, **shown: Any) -> Response:
    """The template `demo/<name>.html` in `language`; never kept, and never a referrer."""
    html = render_template(f"demo/{name}.html", language=language, t=TEXTS[language], **shown)
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(html, status, headers, mimetype="text/html")


def language(locale: str | None) -> str:
    """Dutch when `locale` asks for it; without a wish, what the browser prefers."""
    if locale in (None, "auto"):
        return request.accept_languages.best_match(["nl", "en"]) or "en"
    return "nl" if locale == "nl" else "en"
