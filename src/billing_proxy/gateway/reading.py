"""From Stripe's JSON to facts. Pure.

Reading never raises: a field that is missing, null or of an unexpected type is None, and whatever
may be expanded may also be an id. What is not needed is dropped here: names, addresses, e-mails and
links to pay with are never kept.

Source: https://docs.stripe.com/api/subscriptions/object
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ..card.facts import (
    Discount,
    Invoice,
    Item,
    PauseCollection,
    PausePeriod,
    PaymentMethod,
    Phase,
    Schedule,
    Subscription,
    YearlyPrice,
)
from . import fields


def read_subscription(obj: Mapping[str, Any]) -> Subscription:
    """Read a Stripe ``subscription`` object (a decoded JSON object)."""
    customer = obj.get("customer")
    discounts, more = _discounts(obj)
    items = fields.objects(fields.dig(obj, "items", "data"))
    update = obj.get("pending_update")
    return Subscription(
        id=fields.text(obj.get("id")),
        customer=fields.id_of(customer),
        status=fields.word(obj.get("status")),
        created=fields.moment(obj.get("created")) or 0,
        cancel_at=fields.moment(obj.get("cancel_at")),
        cancel_at_period_end=obj.get("cancel_at_period_end") is True,
        canceled_at=fields.moment(obj.get("canceled_at")),
        ended_at=fields.moment(obj.get("ended_at")),
        trial_end=fields.moment(obj.get("trial_end")),
        missing_payment_method=fields.word(
            fields.dig(obj, "trial_settings", "end_behavior", "missing_payment_method")
        ),
        collection_method=fields.word(obj.get("collection_method")),
        currency=fields.currency(obj.get("currency")),
        pause_collection=_pause_collection(obj.get("pause_collection")),
        pause_reason=fields.word(
            fields.dig(obj, "status_details", "paused", "subscription", "type")
        ),
        items=read_items(items),
        discounts=discounts,
        more_discounts=more or any(fields.some(item.get("discounts")) for item in items),
        automatic_tax=fields.dig(obj, "automatic_tax", "enabled") is True,
        taxed=bool(_taxed(obj.get("default_tax_rates"))),
        latest_invoice=_invoice_or_id(obj.get("latest_invoice")),
        schedule=fields.id_of(obj.get("schedule")),
        payment_method=_payment_method(obj),
        lacks_payment_method=_lacks_payment_method(obj),
        pending_update=isinstance(update, dict),
        update_expires_at=fields.moment(fields.dig(update, "expires_at")),
        next_pending_invoice_item_invoice=fields.moment(
            obj.get("next_pending_invoice_item_invoice")
        ),
        preferred_locales=fields.words(fields.dig(customer, "preferred_locales")),
    )


def read_invoice(obj: Mapping[str, Any]) -> Invoice:
    """Read a Stripe ``invoice`` object: https://docs.stripe.com/api/invoices/object"""
    payments = fields.objects(fields.dig(obj, "payments", "data"))
    return Invoice(
        id=fields.text(obj.get("id")),
        status=fields.word(obj.get("status")),
        amount_remaining=fields.amount(obj.get("amount_remaining")),
        currency=fields.currency(obj.get("currency")),
        next_payment_attempt=fields.moment(obj.get("next_payment_attempt")),
        due_date=fields.moment(obj.get("due_date")),
        processing=any(_is_processing(payment) for payment in payments),
        payable=read_payment_page(obj) is not None,
    )


def read_payment_page(invoice: Mapping[str, Any], customer: str | None = None) -> str | None:
    """Stripe's page on which an open invoice is paid: a bearer link, to be followed at once.

    Over HTTPS, or on this machine, where an emulator's is. With ``customer``, none of another's.
    """
    if customer is not None and fields.id_of(invoice.get("customer")) not in (customer, None):
        return None
    url = invoice.get("hosted_invoice_url")
    if not isinstance(url, str) or invoice.get("status") != "open":
        return None
    safe = re.fullmatch(r"(https://|http://(127\.0\.0\.1|localhost)[:/])[!-~]+", url)
    return url if safe else None


def read_schedule(obj: Mapping[str, Any]) -> Schedule:
    """Read a Stripe ``subscription_schedule`` object: what it plans, unless it is over.

    Source: https://docs.stripe.com/api/subscription_schedules/object
    """
    if obj.get("status") not in ("active", "not_started", None):
        return Schedule()
    phases = fields.objects(obj.get("phases"))[: fields.MAX_KEPT]
    starts = [fields.moment(phase.get("start_date")) for phase in phases]
    return Schedule(
        phases=tuple(
            Phase(start, read_items(phase.get("items")))
            for start, phase in zip(starts, phases, strict=True)
            if start is not None
        ),
        pauses=tuple(
            PausePeriod(
                pause_at=fields.moment(fields.dig(entry, "pause", "pause_at")),
                resume_at=fields.moment(fields.dig(entry, "resume", "resume_at")),
            )
            for entry in fields.objects(obj.get("pause_schedules"))[: fields.MAX_KEPT]
        ),
    )


def read_flat_price(price: Any) -> Item:
    """What a Stripe ``price`` object says about an item: https://docs.stripe.com/api/prices/object"""
    recurring, product = fields.dig(price, "recurring"), fields.dig(price, "product")
    count = fields.dig(recurring, "interval_count")
    whole = fields.is_whole(count) and 0 < count < 100_000
    metered = fields.dig(recurring, "usage_type") == "metered"
    flat = (
        fields.dig(price, "billing_scheme") in ("per_unit", None)
        and not metered
        and not fields.dig(price, "transform_quantity")
        and not fields.dig(price, "custom_unit_amount")
    )
    return Item(
        price=fields.word(fields.id_of(price)),
        product=fields.word(fields.id_of(product)),
        product_name=fields.word(fields.dig(product, "name")),
        interval=fields.word(fields.dig(recurring, "interval")) if whole or count is None else None,
        interval_count=count if whole else 1,
        metered=metered,
        unit_amount=_unit_amount(price) if flat else None,
        currency=fields.currency(fields.dig(price, "currency")),
        tax_behavior=fields.word(fields.dig(price, "tax_behavior")),
    )


def read_items(objects: Any) -> tuple[Item, ...]:
    """Read a list of Stripe ``subscription_item`` objects, or of those of a schedule's phase.

    Source: https://docs.stripe.com/api/subscription_items/object
    """
    return tuple(_item(item) for item in fields.objects(objects))


def read_yearly_prices(prices: Iterable[Mapping[str, Any]]) -> tuple[YearlyPrice, ...]:
    """The flat yearly ones among Stripe ``price`` objects that are certain to be for sale.

    The prices of an archived product stay active, so the product has to be among them.
    """
    found = []
    for obj in prices:
        price = read_flat_price(obj)
        sold = obj.get("active") is True and fields.dig(obj, "product", "active") is True
        if price.period != ("year", 1) or not sold:
            continue
        if price.unit_amount is not None and price.currency is not None:
            found.append(
                YearlyPrice(price.unit_amount, price.currency, price.tax_behavior, price.price)
            )
    return tuple(found)


def read_product_name(obj: Any) -> str | None:
    """The name in a Stripe ``product`` object, which a deleted one does not have."""
    return fields.text(fields.dig(obj, "name"))


def _item(obj: Mapping[str, Any]) -> Item:
    item = read_flat_price(obj.get("price"))
    quantity: Any = obj.get("quantity")
    counted = fields.is_whole(quantity) and 0 <= quantity < 10**9
    return item._replace(
        id=fields.text(obj.get("id")),
        current_period_end=fields.moment(obj.get("current_period_end")),
        billed_until=fields.moment(obj.get("billed_until")),
        quantity=quantity if counted else 1,
        unit_amount=item.unit_amount if counted or quantity is None else None,
        taxed=_taxed(obj.get("tax_rates")),
    )


def _taxed(rates: Any) -> bool | None:
    """Whether tax comes on top by these rates; None where there are none."""
    found = fields.objects(rates)
    on_top = [
        rate.get("inclusive") is False and (fields.number(rate.get("percentage")) or 0) > 0
        for rate in found
    ]
    return any(on_top) if found else None


def _discounts(obj: Mapping[str, Any]) -> tuple[tuple[Discount, ...], bool]:
    """The discounts that count, and whether there are more than could be read.

    Those of the subscription take the place of the customer's.
    Source: https://docs.stripe.com/billing/subscriptions/coupons
    """
    own = fields.some(obj.get("discounts"))
    found = own or fields.some([fields.dig(obj, "customer", "discount")])
    read = [discount for discount in map(_discount, found[: fields.MAX_KEPT]) if discount]
    return tuple(read), len(read) < len(found)


def _discount(obj: Any) -> Discount | None:
    coupon = fields.dig(obj, "source", "coupon")
    share = fields.number(fields.dig(coupon, "percent_off"))
    amount = fields.amount(fields.dig(coupon, "amount_off"))
    currency = fields.currency(fields.dig(coupon, "currency"))
    if share is not None and 0 < share <= 100:
        amount = currency = None
    elif amount and currency:
        share = None
    else:
        return None
    return Discount(
        percent_off=share,
        amount_off=amount,
        currency=currency,
        once=fields.dig(coupon, "duration") == "once",
        end=fields.moment(fields.dig(obj, "end")),
    )


def _payment_method(obj: Mapping[str, Any]) -> PaymentMethod | None:
    """The subscription's own, else the customer's; their owner's data is left where it is."""
    method = obj.get("default_payment_method")
    if method is None and obj.get("default_source") is None:
        method = fields.dig(obj, "customer", "invoice_settings", "default_payment_method")
    type_ = fields.word(fields.dig(method, "type"))
    if type_ is None:
        return None
    details = fields.dig(method, type_)
    month = fields.amount(fields.dig(details, "exp_month")) or 0
    year = fields.amount(fields.dig(details, "exp_year")) or 0
    dated = 1 <= month <= 12 and 2000 <= year < 9999
    return PaymentMethod(
        type=type_,
        brand=fields.word(fields.dig(details, "brand")),
        last4=fields.digits(fields.dig(details, "last4")),
        exp_month=month if dated else None,
        exp_year=year if dated else None,
    )


def _lacks_payment_method(obj: Mapping[str, Any]) -> bool:
    """Whether it is certain that there is nothing to charge: the customer was read, without any."""
    settings = fields.dig(obj, "customer", "invoice_settings")
    return (
        isinstance(settings, dict)
        and settings.get("default_payment_method", "") is None
        and obj.get("default_payment_method") is None
        and obj.get("default_source") is None
        and fields.dig(obj, "customer", "default_source") is None
    )


def _invoice_or_id(value: Any) -> str | Invoice | None:
    return read_invoice(value) if isinstance(value, dict) else fields.id_of(value)


def _is_processing(payment: Mapping[str, Any]) -> bool:
    open_ = payment.get("status") in ("open", None)
    return open_ and fields.dig(payment, "payment", "payment_intent", "status") == "processing"


def _pause_collection(value: Any) -> PauseCollection | None:
    if not isinstance(value, dict):
        return None
    return PauseCollection(
        resumes_at=fields.moment(value.get("resumes_at")),
        behavior=fields.word(value.get("behavior")),
    )


def _unit_amount(price: Any) -> int | Decimal | None:
    """Whole units as a number; a price below the smallest unit has decimals only."""
    amount = fields.amount(fields.dig(price, "unit_amount"))
    text = fields.dig(price, "unit_amount_decimal")
    if amount is not None or not isinstance(text, str):
        return amount
    return Decimal(text) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,12})?", text) else None
