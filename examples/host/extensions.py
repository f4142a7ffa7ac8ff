"""The site's extensions. They hold no app: ``create_app`` ties them to one."""

from __future__ import annotations

from flask_babel import Babel
from flask_login import LoginManager, current_user
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from billing_proxy import BillingProxy

babel = Babel()
csrf = CSRFProtect()
login_manager = LoginManager()
talisman = Talisman()
billing = BillingProxy(customer_loader=lambda _: getattr(current_user, "stripe_customer_id", None))
