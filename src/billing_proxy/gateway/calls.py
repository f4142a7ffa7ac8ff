"""Every call that the product makes to Stripe, by the permission that a key needs for it.

``StripeApi`` makes no other; the endpoints in the metrics, what ``check`` tries and the link that
creates a key are of this list. Sources: https://docs.stripe.com/keys/permissions-reference, and for
the names the words of Stripe's own 403.
"""

from __future__ import annotations

from typing import NamedTuple

DASHBOARD = "https://dashboard.stripe.com/apikeys/create"


class Permission(NamedTuple):
    """``name`` is Stripe's, ``shown`` the Dashboard's; without it ``loss``, and with ``needed``
    set, no page at all. The first of ``calls`` is what ``check`` tries, if it is a list.

    What is only expanded in another call (a payment method in a subscription) has its list here.
    """

    name: str
    shown: str
    calls: tuple[str, ...]
    loss: str
    needed: bool = False

    @property
    def probe(self) -> str | None:
        """The resource whose list tells whether a key has this permission."""
        resource, _, action = self.calls[0].rpartition(".")
        return resource if action == "list" else None


PERMISSIONS = (
    Permission(
        "rak_subscription_read",
        "Subscriptions: Read",
        ("subscriptions.list", "subscription_items.list", "subscription_schedules.retrieve"),
        "no card can be shown",
        needed=True,
    ),
    Permission("rak_product_read", "Products: Read", ("products.list",), "plans have no name"),
    Permission(
        "rak_plan_read",
        "Prices: Read",
        ("prices.list",),
        "it is not shown what paying yearly saves",
    ),
    Permission(
        "rak_invoice_read",
        "Invoices: Read",
        ("invoices.list", "invoices.retrieve"),
        "it is not shown what is owed, and when it is tried again",
    ),
    Permission(
        "rak_payment_method_read",
        "Payment Methods: Read",
        ("payment_methods.list",),
        "it is not shown with what the customer pays",
    ),
    Permission(
        "rak_customer_read",
        "Customers: Read",
        ("customers.list",),
        "a payment method that all of a customer's subscriptions share is not shown",
    ),
    Permission("rak_coupon_read", "Coupons: Read", ("coupons.list",), "discounts are not shown"),
    Permission(
        "rak_payment_intent_read",
        "Payment Intents: Read",
        ("payment_intents.list",),
        "a payment that is under way looks like one that failed",
    ),
    Permission(
        "rak_customer_portal_write",
        "Customer portal: Write",
        (
            "billing_portal.sessions.create",
            "billing_portal.configurations.list",
            "billing_portal.configurations.retrieve",
        ),
        "the button leads nowhere",
        needed=True,
    ),
)

CALLS = frozenset(call for permission in PERMISSIONS for call in permission.calls)


def link_to_a_new_key() -> str:
    """The Dashboard's page that creates a restricted key, with exactly these boxes ticked."""
    ticked = "&".join(f"permissions[]={permission.name}" for permission in PERMISSIONS)
    return f"{DASHBOARD}?name=billing-proxy&{ticked}"
