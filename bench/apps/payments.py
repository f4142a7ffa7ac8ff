"""flask-headless-payments: its JSON over SQLite, without a call to Stripe.

Runs where that package is, see ``bench.environments``. Tokens are those of Flask-JWT-Extended,
which it uses; ``/token`` gives one for the only user.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

from flask import Flask
from flask_headless_payments import PaymentSvc
from flask_headless_payments.mixins import SubscriptionMixin
from flask_jwt_extended import JWTManager, create_access_token
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__, static_folder=None)
app.config.update(
    SQLALCHEMY_DATABASE_URI=f"sqlite:///{os.environ['BENCH_DATABASE']}",
    JWT_SECRET_KEY="a made-up secret that signs the tokens of this bench",
    STRIPE_API_KEY="sk_test_unused",
    STRIPE_WEBHOOK_SECRET="whsec_unused",
)
db = SQLAlchemy(app)
JWTManager(app)


class User(db.Model, SubscriptionMixin):
    """A user as that package's README has one."""

    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String(255))


PaymentSvc(app, user_model=User, plans={"pro": {"name": "Pro", "price_id": "price_1"}})

with app.app_context():
    if not db.session.get(User, 1):
        db.session.merge(
            User(
                id=1,
                email="user@example.com",
                stripe_customer_id="cus_1",
                stripe_subscription_id="sub_1",
                plan_name="pro",
                plan_status="active",
                current_period_start=datetime(2026, 11, 1, tzinfo=UTC),
                current_period_end=datetime(2077, 12, 1, tzinfo=UTC),
            )
        )
        db.session.commit()


@app.get("/token")
def token() -> str:
    """A token for the user, without a sign-in."""
    return str(create_access_token(identity="1"))
