"""The production entry: ``gunicorn wsgi:app``."""

from billing_proxy.app import create_app

app = create_app()
