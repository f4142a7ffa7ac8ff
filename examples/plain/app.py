"""The smallest site with the card: ``flask --app examples/plain/app.py run``.

Settings come from the environment: FLASK_SECRET_KEY and FLASK_STRIPE_SECRET_KEY.
"""

from flask import Flask, Request, render_template_string, request, session

from billing_proxy import BillingProxy

CUSTOMERS = {"anna": "cus_demo_pro_maand", "bram": "cus_demo_incasso_mislukt"}  # your users
PAGE = """<!doctype html>
<html lang="nl"><title>Mijn account</title>
<h1>Mijn account</h1>
{% if session.user %}{{ billing_card() }}{% endif %}
<form method="post"><label>Naam <input name="user"></label> <button>Inloggen</button></form>
</html>"""

billing = BillingProxy()


@billing.customer_loader
def stripe_customer(_request: Request) -> str | None:
    """Who is asking: your own login knows."""
    return CUSTOMERS.get(session.get("user", ""))


def create_app() -> Flask:
    """The site."""
    app = Flask(__name__)
    app.config.from_prefixed_env()
    billing.init_app(app)

    @app.route("/", methods=["GET", "POST"])
    def account() -> str:
        if request.method == "POST":  # the place of your own login, which asks for a password
            session["user"] = request.form["user"]
        return render_template_string(PAGE)

    return app
