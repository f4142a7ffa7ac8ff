"""The pages of the site."""

from __future__ import annotations

import logging

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import format_date
from flask_login import current_user, login_required, login_user, logout_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectChoice, SubmitField

from billing_proxy import BillingError
from examples.host.accounts import USERS, User
from examples.host.extensions import billing

pages = Blueprint("site", __name__)
log = logging.getLogger(__name__)


class LoginForm(FlaskForm):
    """The demo's way in: pick who you are. A real site asks for more."""

    user = RadioField("Wie ben je?", choices=[SelectChoice(u.id, u.name) for u in USERS.values()])
    submit = SubmitField("Inloggen")


@pages.get("/")
def start() -> str:
    """What the site sells."""
    return render_template("start.html")


@pages.route("/inloggen", methods=["GET", "POST"])
def login() -> str | Response:
    """Log in as one of the demo's users."""
    form = LoginForm()
    if form.validate_on_submit():
        login_user(USERS[form.user.data])
        return redirect(url_for("site.account"))
    return render_template("login.html", form=form)


@pages.post("/uitloggen")
def logout() -> Response:
    """Log out."""
    logout_user()
    flash("Je bent uitgelogd.")
    return redirect(url_for("site.start"))


@pages.get("/account")
@login_required
def account() -> str:
    """What the site knows of its user, and the card."""
    since = format_date(current_user.member_since, "long")
    return render_template("account.html", since=since)


@pages.get("/rapporten")
@login_required
def reports() -> str | tuple[str, int]:
    """The reports, for who has a subscription that runs."""
    if not has_subscription(current_user):
        return render_template("locked.html"), 403
    return render_template("reports.html")


def has_subscription(user: User) -> bool:
    """Whether ``user`` may use what is paid for. An outage at Stripe locks nobody out."""
    if user.stripe_customer_id is None:
        return False
    try:
        allowed = billing.card(user.stripe_customer_id).access.allowed
    except BillingError as error:
        log.warning("let in without a look at the subscription: %s", error)
        return True
    return allowed is not False  # None: a status that nobody knows here
