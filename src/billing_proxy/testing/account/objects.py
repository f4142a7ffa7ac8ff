"""What all of Stripe's objects share: their form on the wire, and their ids.

The modules beside this one each make some kinds of object, as plain dictionaries with every field
that Stripe sends in API version 2026-10-28.endive. In all of them `fields` replaces what a caller
wants different, amounts are in the currency's minor unit, and moments are Unix seconds (UTC).

Source: https://docs.stripe.com/api and the classes of the `stripe` package.
"""

from __future__ import annotations

import secrets
from typing import Any

JSON = dict[str, Any]
"""A Stripe object as it goes over the wire."""


def new_id(prefix: str) -> str:
    """A fresh id in Stripe's form: `sub_1Ab…`."""
    return f"{prefix}_1{secrets.token_hex(11)}"
