"""The words on the card: labels, captions, buttons, prices and what else is a fact. Pure."""

from __future__ import annotations

from ..language.words import Language, mark
from .calendar import Calendar
from .facts import Discount, PaymentMethod
from .pricing import Amount, Saving
from .rules import Action, Caption, Code
from .upcoming import Change, Kind

LABELS = {
    Code.ACTIVE: mark("Actief"),
    Code.TRIALING: mark("Proefperiode"),
    Code.CANCELING: mark("Wordt opgezegd"),
    Code.CANCELED: mark("Opgezegd"),
    Code.PAST_DUE: mark("Achterstallig"),
    Code.PAUSED: mark("Gepauzeerd"),
}

CAPTIONS = {
    Caption.NEXT_BILLING: mark("Volgende factureringsdatum"),
    Caption.NEXT_ATTEMPT: mark("Volgende betaalpoging"),
    Caption.INVOICE_DUE: mark("Vervaldatum factuur"),
    Caption.TRIAL_ENDS: mark("Proefperiode eindigt op"),
    Caption.RESUMES: mark("Hervat op"),
    Caption.ENDS: mark("Eindigt op"),
    Caption.ENDED: mark("Beëindigd op"),
}

BUTTONS = {
    Action.UPDATE: mark("Abonnement bijwerken"),
    Action.MANAGE: mark("Abonnement beheren"),
    Action.CHOOSE: mark("Abonnement kiezen"),
}
RESUBSCRIBE = mark("Opnieuw abonneren")

FLOWS = {
    "payment_method_update": mark("Betaalmethode wijzigen"),
    "customer_update": mark("Factuurgegevens wijzigen"),
    "subscription_update": mark("Plan of periode wijzigen"),
    "subscription_cancel": mark("Abonnement opzeggen"),
}
"""The portal's deep links: https://docs.stripe.com/customer-management/portal-deep-links"""

BY_INVOICE = mark("Op factuur")

NAMELESS_PLAN = mark("Abonnement")
NAMELESS_PART = mark("overig")
MIXED_INTERVALS = mark("Gemengd")


BRANDS = {
    "amex": "American Express",
    "cartes_bancaires": "Cartes Bancaires",
    "diners": "Diners Club",
    "discover": "Discover",
    "eftpos_au": "eftpos",
    "jcb": "JCB",
    "link": "Link",
    "mastercard": "Mastercard",
    "unionpay": "UnionPay",
    "visa": "Visa",
}
"""Of cards, in their owners' spelling: https://docs.stripe.com/api/payment_methods/object"""

METHODS = {
    "amazon_pay": "Amazon Pay",
    "au_becs_debit": "BECS",
    "bacs_debit": "Bacs",
    "bancontact": "Bancontact",
    "cashapp": "Cash App Pay",
    "eps": "EPS",
    "ideal": "iDEAL",
    "klarna": "Klarna",
    "link": "Link",
    "paypal": "PayPal",
    "revolut_pay": "Revolut Pay",
    "sofort": "Sofort",
    "twint": "TWINT",
    "us_bank_account": "ACH",
}
"""Types of payment methods that a name says enough of."""


def price(amount: Amount, lang: Language, *, before_discount: bool = False) -> str | None:
    """What is paid per period: ``€ 60,00 per maand (12 × € 5,00), exclusief btw``."""
    per = lang.per_interval(amount.interval, amount.interval_count)
    if amount.amount == 0:
        return lang.text("Gratis")
    if per is None:
        return None
    text = f"{lang.money(amount.amount, amount.currency)} {per}"
    if amount.unit_amount is not None and amount.quantity is not None and amount.quantity > 1:
        text += f" ({amount.quantity} × {lang.money(amount.unit_amount, amount.currency)})"
    return text + price_note(amount, lang, before_discount=before_discount)


def price_note(amount: Amount, lang: Language, *, before_discount: bool = False) -> str:
    """How a price ends that is not all there is to say: ``, exclusief btw``."""
    if amount.amount == 0:
        return ""
    if amount.excludes_tax and before_discount:
        return lang.text(", exclusief btw en korting")
    if amount.excludes_tax:
        return lang.text(", exclusief btw")
    return lang.text(", exclusief korting") if before_discount else ""


def saving(saving: Saving, lang: Language) -> str:
    """What paying yearly saves."""
    return lang.text("Betaal je per jaar, dan bespaar je {amount} per jaar ({percent}).").format(
        amount=lang.money(saving.amount, saving.currency), percent=lang.percent(saving.percent)
    )


def discount(discount: Discount, until: str | None, lang: Language) -> str:
    """``10% korting tot en met 31 maart 2027``; ``until`` is its last day, in words."""
    if discount.percent_off is not None:
        amount = lang.percent(discount.percent_off)
        once, days, always = _PERCENT_OFF
    else:
        amount = lang.money(discount.amount_off or 0, discount.currency or "")
        once, days, always = _AMOUNT_OFF
    words = days if until else once if discount.once else always
    return lang.text(words).format(amount=amount, day=until)


_PERCENT_OFF = (
    mark("{amount} korting op de volgende factuur"),
    mark("{amount} korting tot en met {day}"),
    mark("{amount} korting"),
)
_AMOUNT_OFF = (
    mark("{amount} korting op de volgende factuur"),
    mark("{amount} korting per factuur tot en met {day}"),
    mark("{amount} korting per factuur"),
)


def payment_method(method: PaymentMethod, lang: Language) -> str | None:
    """``Visa eindigend op 4242, geldig tot en met 12/2026``; None for a type nobody knows here."""
    if method.type == "card":
        text = BRANDS.get(method.brand or "") or lang.text("Kaart")
    elif method.type == "sepa_debit":
        text = lang.text("SEPA-incasso")
        if method.last4:
            text += lang.text(", rekening eindigend op {last4}").format(last4=method.last4)
        return text
    else:
        return METHODS.get(method.type)
    if method.last4:
        text = lang.text("{brand} eindigend op {last4}").format(brand=text, last4=method.last4)
    if method.exp_month and method.exp_year:
        month = f"{method.exp_month:02}/{method.exp_year}"
        text += lang.text(", geldig tot en met {month}").format(month=month)
    return text


def change(coming: Change, plan: str | None, amount: Amount | None, calendar: Calendar) -> str:
    """``Op 16 december 2026 ga je over naar Basic.``, or what else ``coming`` is about."""
    lang, day = calendar.language, calendar.words(coming.moment)
    then = price(amount, lang) if amount and amount.amount else None
    match coming.kind:
        case Kind.PAUSE if coming.resumes_at is not None:
            text = lang.text("Op {day} gaat je abonnement op pauze, tot {until}.")
            return text.format(day=day, until=calendar.words(coming.resumes_at))
        case Kind.PAUSE:
            return lang.text("Op {day} gaat je abonnement op pauze.").format(day=day)
        case Kind.PLAN if plan:
            return lang.text("Op {day} ga je over naar {plan}.").format(day=day, plan=plan)
        case Kind.PLAN:
            return lang.text("Op {day} ga je over naar een ander plan.").format(day=day)
        case Kind.QUANTITY if len(coming.items) == 1:
            text = lang.text("Op {day} wordt het aantal {count}.")
            return text.format(day=day, count=coming.items[0].quantity)
        case Kind.QUANTITY:
            return lang.text("Op {day} verandert het aantal.").format(day=day)
        case _ if then:
            text = lang.text("Vanaf {day} betaal je {price}.")
            return text.format(day=day, price=then)
        case Kind.PERIOD:
            return lang.text("Op {day} verandert je factureringsperiode.").format(day=day)
        case _:
            return lang.text("Op {day} verandert je prijs.").format(day=day)
