"""The app factory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from examples.host.extensions import babel, billing, csrf, login_manager, talisman
from examples.host.pages import pages


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """The site, with its settings from ``FLASK_…`` in the environment and from ``config``.

    Behind another name or below a path, set ``SERVER_NAME`` and ``APPLICATION_ROOT``, and let the
    server mount it there. ``HTTPS=False`` is for a look at it on the loopback interface only.
    """
    app = Flask(__name__)
    app.config.from_mapping(HTTPS=True, BABEL_DEFAULT_LOCALE="nl")
    app.config.from_prefixed_env()
    app.config.from_mapping(config or {})
    https = app.config["HTTPS"]
    app.config["PREFERRED_URL_SCHEME"] = "https" if https else "http"

    babel.init_app(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    login_manager.login_view = "site.login"
    login_manager.login_message = "Log in om verder te gaan."
    talisman.init_app(app, force_https=https, session_cookie_secure=https)
    billing.init_app(app)
    app.register_blueprint(pages)
    return app
