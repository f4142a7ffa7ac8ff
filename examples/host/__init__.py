"""Ploegrooster, a site that existed before its billing page: rosters for small teams.

It has what many Flask sites have: an app factory, Flask-Login, Flask-WTF's CSRF protection on all
of it, flask-talisman with its default Content-Security-Policy, and Flask-Babel. ``card.diff`` is
all that was changed to put the card on its account page.
"""

from examples.host.app import create_app

__all__ = ["create_app"]
