"""Who can log in. A real site has a table of users; the column that matters is the last one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_login import UserMixin

from examples.host.extensions import login_manager


@dataclass(frozen=True)
class User(UserMixin):
    """A user; ``stripe_customer_id`` is None for who never paid for anything."""

    id: str
    name: str
    member_since: date
    stripe_customer_id: str | None


USERS = {
    user.id: user
    for user in (
        User("anna", "Anna de Vries", date(2023, 4, 3), "cus_demo_pro_maand"),
        User("bram", "Bram Bakker", date(2022, 9, 12), "cus_demo_incasso_mislukt"),
        User("chantal", "Chantal Smit", date(2024, 1, 29), "cus_demo_opzegging_flexibel"),
        User("daan", "Daan Visser", date(2026, 11, 2), "cus_demo_proef"),
        User("eva", "Eva Mulder", date(2025, 6, 16), "cus_demo_geen"),
        User("finn", "Finn de Boer", date(2026, 10, 26), None),
    )
}


@login_manager.user_loader
def load_user(user_id: str) -> User | None:
    """The user of a session that Flask-Login keeps."""
    return USERS.get(user_id)
