"""The truth table: small inputs, and what the card is to say of each, and never to say.

Each row stands for a kind. ``card`` has fields of the JSON by their path, ``says`` and ``never``
words that are, or are not, somewhere on the card. Today is 22 November 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from billing_proxy.card.facts import Subscription, YearlyPrice
from billing_proxy.gateway.reading import read_invoice, read_schedule, read_subscription

from .stripe_objects import (
    CUSTOMER,
    at,
    list_of,
    make_invoice,
    make_item,
    make_schedule,
    make_subscription,
    paused_because,
)

NEXT_WEEK, DECEMBER_12, DECEMBER_16 = at("2026-11-29"), at("2026-12-12"), at("2026-12-16")
JANUARY_11 = at("2027-01-11 22:59:59")  # a second before midnight in Amsterdam
JANUARY_12 = at("2027-01-12 10:00")
YEARLY = {"prod_pro": (YearlyPrice(29000, "eur", None, "price_year"),)}
PAY = "https://site.example/billing/portal?flow=pay"
METHOD = "https://site.example/billing/portal?flow=payment_method_update"


@dataclass(frozen=True)
class Row:
    """One customer: what Stripe knows, and what the card makes of it."""

    name: str
    subscriptions: Sequence[Subscription]
    card: Mapping[str, Any] = field(default_factory=dict)
    says: Sequence[str] = ()
    never: Sequence[str] = ()


def sub(**fields: Any) -> Subscription:
    """Pro for 29 euro a month, until 12 December, and ``fields``."""
    fields.setdefault("items", [item()])
    return read_subscription(make_subscription(**{"currency": "eur", **fields}))


def item(**fields: Any) -> dict[str, Any]:
    return make_item(**{"unit_amount": 2900, **fields})


def owing(status: str = "past_due", invoice: Mapping[str, Any] | None = None, **fields: Any) -> Any:
    """A subscription whose invoice of 29 euro is open and has a page to pay it on."""
    page = {"hosted_invoice_url": "https://invoice.stripe.com/i/1"}
    amount = {"amount_remaining": 2900, "currency": "eur", **page, **(invoice or {})}
    read = sub(status=status, **fields)
    return read._replace(latest_invoice=read_invoice(make_invoice(**amount)))


def planned(*phases: dict[str, Any], pauses: Sequence[Any] = (), **fields: Any) -> Subscription:
    """A subscription whose schedule has these phases and pauses."""
    schedule = {**make_schedule(*pauses), "phases": list(phases)}
    return sub(schedule="sub_sched_1", **fields)._replace(schedule=read_schedule(schedule))


def phase(start: int, **fields: Any) -> dict[str, Any]:
    price = {**item(**fields)["price"], "id": "price_other"}
    return {"start_date": start, "items": [{"price": price, "quantity": 1}]}


def coupon(end: int | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": "di_1", "end": end, "source": {"type": "coupon", "coupon": {"id": "x", **fields}}}


def trial(**fields: Any) -> Subscription:
    """A trial until 29 November."""
    items = [item(current_period_end=NEXT_WEEK)]
    return sub(**{"status": "trialing", "trial_end": NEXT_WEEK, "items": items, **fields})


def without_method(behavior: str, **fields: Any) -> Subscription:
    empty = {"id": CUSTOMER, "invoice_settings": {"default_payment_method": None}}
    settings = {"end_behavior": {"missing_payment_method": behavior}}
    return trial(default_payment_method=None, customer=empty, trial_settings=settings, **fields)


def visa(year: int, month: int) -> dict[str, Any]:
    card = {"brand": "visa", "last4": "4242", "exp_month": month, "exp_year": year}
    return {"id": "pm_1", "type": "card", "card": card}


VAT = {"inclusive": False, "percentage": 21}
PROCESSING = {"payments": list_of({"payment": {"payment_intent": {"status": "processing"}}})}
BY_INVOICE = {"collection_method": "send_invoice"}
FREE = {"items": [item(product="prod_free", unit_amount=0)]}
BASIC = {"id": "prod_basic", "name": "Basic"}

MONEY = (
    Row("a year with a coupon that is off each invoice would cost more",
        [sub(discounts=[coupon(amount_off=1000, currency="eur")])], {"yearly_saving": None,
        "discount.text": "€ 10,00 korting per factuur", "discount.amount": 1000},
        ["€ 29,00 per maand"]),
    Row("a percentage until a day", [sub(discounts=[coupon(at("2027-03-31 10:00"),
        percent_off=10.0)])], {"discount.percent": 10, "discount.until": "2027-03-31",
        "discount.text": "10% korting tot en met 31 maart 2027"}),
    Row("a percentage until midnight counts the day before",
        [sub(discounts=[coupon(at("2027-03-31 22:00"), percent_off=12.5)])],
        {"discount.until": "2027-03-31",
        "discount.text": "12,5% korting tot en met 31 maart 2027"}),
    Row("a discount that is over is none", [sub(discounts=[coupon(at("2026-11-01"),
        percent_off=10)])], {"discount": None}),
    Row("everything off for good", [sub(discounts=[coupon(percent_off=100)])],
        {"next_billing_date": None, "date": None, "discount.text": "100% korting"},
        ["niets af."], ["verlengd"]),
    Row("more off than it costs", [sub(discounts=[coupon(amount_off=3000, currency="eur")])],
        {"next_billing_date": None, "date": None}),
    Row("a discount of another currency takes nothing off", [sub(discounts=[coupon(amount_off=3000,
        currency="usd")])], {"next_billing_date": "2026-12-12"}),
    Row("fifty discounts", [sub(discounts=[coupon(percent_off=1)] * 50)],
        {"discount": None, "yearly_saving": None}, ["exclusief korting"]),
    Row("two discounts", [sub(discounts=[coupon(percent_off=5), coupon(percent_off=10)])],
        {"discount.percent": None, "discount.text": "5% korting, 10% korting"}),
    Row("a discount that nobody may read", [sub(discounts=["di_1"])], {"discount": None,
        "yearly_saving": None}, ["exclusief korting"]),
    Row("paying yearly saves", [sub()], {"yearly_saving.amount": 5800, "yearly_saving.percent": 16,
        "yearly_saving.url": "https://site.example/billing/portal?flow=subscription_update_confirm"}),
    Row("no saving while collection is paused", [sub(pause_collection={"behavior": "void",
        "resumes_at": None})], {"yearly_saving": None}),
    Row("a price of another currency", [sub(items=[item(currency="usd", unit_amount=3200)])],
        {"price": None, "yearly_saving": None}, never=["US$"]),
    Row("dinars have two decimals at Stripe", [sub(currency="rsd", items=[item(currency="rsd",
        unit_amount=149950)])], says=["1.499,50"]),
    Row("a free plan", [sub(**FREE)], {"price.text": "Gratis", "price.amount": 0,
        "next_billing_date": None, "date": None}, never=["€", "btw", "Volgende", "verlengd"]),
    Row("quantity 0", [sub(items=[item(quantity=0)])], {"price.text": "Gratis",
        "next_billing_date": None, "date": None, "plan": "Pro"}, never=["€"]),
    Row("a second item with quantity 0", [sub(items=[item(), item(product="prod_seats", quantity=0,
        interval="year")])], {"plan": "Pro", "price.amount": 2900,
        "billing_period.label": "Maandelijks"}),
    Row("a unit below a cent", [sub(items=[item(unit_amount=None, unit_amount_decimal="0.5",
        quantity=1000)])], {"price.amount": 500, "price.unit_amount": None},
        ["€ 5,00 per maand (1000 × € 0,005)"]),
    Row("tax of 0 %", [sub(default_tax_rates=[{"inclusive": False, "percentage": 0}],
        items=[item(tax_behavior="exclusive")])], never=["btw"]),
    Row("an exclusive price where no tax is computed",
        [sub(items=[item(tax_behavior="exclusive")])], never=["btw"]),
    Row("tax that comes on top", [sub(default_tax_rates=[VAT])],
        says=["€ 29,00 per maand, exclusief btw"]),
    Row("prorations are invoiced before the period ends",
        [sub(next_pending_invoice_item_invoice=NEXT_WEEK)], {"next_billing_date": "2026-11-29"}),
)  # fmt: skip

DEBTS = (
    Row("a payment failed", [owing()], {"notices.0.code": "payment_failed",
        "notices.0.level": "warning", "notices.0.link.url": PAY,
        "notices.0.link.label": "Nu betalen", "open_invoice.amount": 2900, "open_invoice.url": PAY,
        "access.allowed": True}, ["een betaling van € 29,00", "Betaal snel"]),
    Row("by invoice and overdue", [owing(invoice={"due_date": at("2026-11-15")}, **BY_INVOICE)],
        {"notices.0.code": "invoice_open", "notices.0.level": "warning", "notices.0.link.url": PAY,
        "date.caption": "Vervaldatum factuur"}, ["verstreken"]),
    Row("by invoice and due in 20 days", [owing(invoice={"due_date": DECEMBER_12}, **BY_INVOICE)],
        {"notices.0.code": "invoice_open", "notices.0.level": "info",
        "open_invoice.due_date": "2026-12-12"}, ["uiterlijk op 12 december 2026"], ["verstreken"]),
    Row("an open invoice of a running subscription", [owing("active", {"due_date": DECEMBER_12},
        **BY_INVOICE)], {"status.code": "active", "notices.0.code": "invoice_open",
        "notices.0.level": "info", "payment_method.text": "Op factuur"}, never=["verstreken"]),
    Row("a debt on what ends", [owing(cancel_at=JANUARY_12)],
        {"notices.0.code": "debt_while_ending", "notices.0.link.url": PAY,
        "access.until": "2027-01-12"}, ["stopt op 12 januari 2027", "€ 29,00"], ["doorlopen"]),
    Row("unpaid", [owing("unpaid")], {"notices.0.code": "invoices_unpaid",
        "notices.0.link.url": PAY, "access.allowed": False}),
    Row("incomplete", [owing("incomplete")], {"notices.0.code": "first_payment_open",
        "notices.0.link.url": PAY, "access.allowed": False}),
    Row("the debit is processing", [owing(invoice={"next_payment_attempt": NEXT_WEEK,
        **PROCESSING})], {"date": None, "notices.0.code": "payment_processing",
        "notices.0.level": "info", "notices.0.link": None, "warning": None,
        "open_invoice.url": None}, ["onderweg"], ["niet gelukt", "Betaal snel"]),
    Row("an invoice without a page", [owing(invoice={"hosted_invoice_url": "http://a.example/"})],
        {"open_invoice.url": None, "notices.0.link.label": "Facturen bekijken",
        "notices.0.link.url": "https://site.example/billing/portal"}),
    Row("an invoice that nobody may read", [sub(status="past_due")], {"open_invoice": None,
        "notices.0.link.url": PAY}, ["een betaling open"], ["€ 29,00 open"]),
    Row("a change that waits for its payment", [owing("active",
        pending_update={"expires_at": NEXT_WEEK})], {"notices.0.code": "update_pending",
        "notices.0.level": "info", "notices.0.link.url": PAY}, ["uiterlijk op 29 november 2026"]),
    Row("unpaid beside a running one", [sub(id="sub_1"), owing("unpaid", id="sub_2",
        items=[item(product="prod_seats")])], {"status.code": "active",
        "notices.0.code": "other_debt", "notices.0.link.url": f"{PAY}&subscription=sub_2",
        "other_subscriptions.0.access.allowed": False}, ["voor Extra gebruikers"]),
    Row("an abandoned checkout", [sub(id="sub_1"), sub(id="sub_2", status="incomplete")],
        {"other_subscriptions": [], "notices": []}, never=["Achterstallig"]),
    Row("another customer's subscription", [sub(customer="cus_stranger")], {"status.code": "none"},
        never=["Pro"]),
)  # fmt: skip

COMING = (
    Row("a trial without a method that will be cancelled", [without_method("cancel")],
        {"notices.0.code": "trial_without_payment_method", "notices.0.level": "warning",
        "notices.0.link.url": METHOD, "yearly_saving": None, "next_billing_date": None},
        ["stopt je abonnement op 29 november 2026"], ["betaalde abonnement in"]),
    Row("a trial without a method that will be paused", [without_method("pause")],
        {"next_billing_date": None}, ["op pauze"], ["betaalde abonnement in"]),
    Row("a trial without a method that gets an invoice", [without_method("create_invoice",
        trial_end=DECEMBER_16)], {"notices.0.level": "info", "next_billing_date": "2026-12-16"},
        ["krijg je op 16 december 2026 een factuur"]),
    Row("a trial that was cancelled", [trial(cancel_at=NEXT_WEEK)], {"price": None,
        "next_billing_date": None}, ["stopt op 29 november 2026", "niets af."],
        ["blijft werken"]),
    Row("a downgrade at the period's end", [planned(phase(DECEMBER_16, product=BASIC))],
        {"upcoming_change.code": "plan", "upcoming_change.date": "2026-12-16",
        "upcoming_change.plan": "Basic",
        "upcoming_change.text": "Op 16 december 2026 ga je over naar Basic."}, never=["verlengd"]),
    Row("a downgrade to a free plan", [planned(phase(DECEMBER_12, product=BASIC, unit_amount=0))],
        {"next_billing_date": None, "date": None, "upcoming_change.code": "plan"}),
    Row("another period", [planned(phase(DECEMBER_16, interval="year", unit_amount=29000))],
        {"upcoming_change.code": "period"}, ["betaal je € 290,00 per jaar"]),
    Row("another price", [planned(phase(DECEMBER_16, unit_amount=3500))],
        {"upcoming_change.code": "price"}, ["Vanaf 16 december 2026 betaal je € 35,00 per maand"]),
    Row("another quantity", [planned({"start_date": DECEMBER_16,
        "items": [{"price": item()["price"], "quantity": 3}]})],
        {"upcoming_change.code": "quantity"}, ["wordt het aantal 3"]),
    Row("a phase that changes nothing", [planned({"start_date": DECEMBER_16,
        "items": [{"price": item()["price"]}]})], {"upcoming_change": None}, ["verlengd"]),
    Row("a phase whose prices nobody may read", [planned({"start_date": DECEMBER_16,
        "items": [{"price": "price_x"}]})], {"upcoming_change": None}),
    Row("a pause before the renewal", [planned(pauses=[(NEXT_WEEK, JANUARY_12)])],
        {"upcoming_change.code": "pause", "upcoming_change.date": "2026-11-29",
        "next_billing_date": None, "date": None}, never=["verlengd"]),
    Row("a pause that is over before the renewal", [planned(pauses=[(NEXT_WEEK,
        at("2026-12-05"))])], {"upcoming_change.code": "pause", "next_billing_date": "2026-12-12"}),
    Row("a period that will be free", [planned(phase(DECEMBER_16, interval="year",
        unit_amount=0))],
        {"upcoming_change.text": "Op 16 december 2026 verandert je factureringsperiode."}),
    Row("a change after the end",
        [planned(phase(JANUARY_12, product=BASIC), cancel_at=DECEMBER_16)],
        {"upcoming_change": None}),
    Row("a fixed term", [planned(cancel_at=JANUARY_12, canceled_at=at("2026-01-12"))],
        {"status.label": "Wordt opgezegd"}, ["loopt tot 12 januari 2027"], ["opgezegd.",
        "intrekken"]),
    Row("an end at the close of a day", [sub(cancel_at=JANUARY_11)],
        says=["tot en met 11 januari 2027"], never=["tot 11 januari"]),
    Row("a card that expires before the charge", [sub(default_payment_method=visa(2026, 11))],
        {"notices.0.code": "card_expires", "notices.0.level": "warning",
        "notices.0.link.url": METHOD, "payment_method.expires": "2026-11"},
        ["geldig tot en met 11/2026"]),
    Row("a card that expires long from now", [sub(default_payment_method=visa(2027, 3),
        items=[item(interval="year", current_period_end=at("2027-06-01"))])],
        {"notices.0.level": "info"}),
    Row("a card that outlives the charge", [sub(default_payment_method=visa(2026, 12))],
        {"notices": [],
        "payment_method.text": "Visa eindigend op 4242, geldig tot en met 12/2026"}),
    Row("a debit", [sub(default_payment_method={"type": "sepa_debit",
        "sepa_debit": {"last4": "3000"}})],
        {"payment_method.text": "SEPA-incasso, rekening eindigend op 3000"}),
    Row("a method that nobody has heard of", [sub(default_payment_method={"type": "hologram"})],
        {"payment_method": None}),
    Row("paused for a failed payment", [sub(status="paused",
        status_details=paused_because("final_payment_failure"))],
        {"notices.0.code": "paused_payment_failed", "notices.0.link.url": METHOD,
        "access.allowed": False}),
    Row("a pause that voids invoices keeps the customer out",
        [sub(pause_collection={"behavior": "void", "resumes_at": None})],
        {"access.allowed": False}),
    Row("a pause that keeps drafts does not", [sub(pause_collection={"behavior": "keep_as_draft",
        "resumes_at": None})], {"access.allowed": True}),
    Row("a free plan beside a paid trial", [sub(id="sub_1", created=9, **FREE), trial(id="sub_2",
        created=1)], {"subscription": "sub_2", "plan": "Pro"}),
    Row("an end that has passed keeps the customer out", [sub(cancel_at=at("2026-11-21"))],
        {"status.code": "canceling", "access.allowed": False}),
    Row("an unknown status", [sub(status="hibernating")], {"access.allowed": None}),
    Row("an end of the future is not history", [sub(status="canceled", ended_at=DECEMBER_12)],
        {"date": None}),
)  # fmt: skip

ROWS = (*MONEY, *DEBTS, *COMING)
