"""The words of the stand-in portal, in Dutch and in English, and how it writes dates and money."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from billing_proxy.testing.account.objects import JSON

_SIGNS = {"eur": "€", "usd": "US$"}
_ZONE = ZoneInfo("Europe/Amsterdam")
_MONTHS = {
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "en": "January February March April May June July August September October November December",
}
_INTERVALS = {
    "nl": {
        "day": ("dag", "dagen"),
        "week": ("week", "weken"),
        "month": ("maand", "maanden"),
        "year": ("jaar", "jaar"),
    },
    "en": {
        "day": ("day", "days"),
        "week": ("week", "weeks"),
        "month": ("month", "months"),
        "year": ("year", "years"),
    },
}

TEXTS: dict[str, dict[str, str]] = {
    "nl": {
        "title": "Klantportaal",
        "demo": "Demo – dit is niet Stripe",
        "demo_more": "Niets hier is echt. We schrijven niets af.",
        "back": "Terug naar {name}",
        "subscriptions": "Abonnementen",
        "no_subscriptions": "Je hebt geen abonnement.",
        "payment_method": "Betaalmethode",
        "no_payment_method": "Je hebt nog geen betaalmethode.",
        "new_method": "Nieuwe betaalmethode",
        "update_payment_method": "Betaalmethode opslaan",
        "your_details": "Je gegevens",
        "name": "Naam",
        "email": "E-mailadres",
        "line1": "Straat en huisnummer",
        "postal_code": "Postcode",
        "city": "Plaats",
        "vat": "Btw-nummer",
        "update_customer": "Gegevens opslaan",
        "invoices": "Facturen",
        "no_invoices": "Er zijn nog geen facturen.",
        "date": "Datum",
        "amount": "Bedrag",
        "status": "Status",
        "number": "Nummer",
        "unknown_product": "Onbekend product",
        "usage": "naar gebruik",
        "ends": "Eindigt op {date}",
        "renews": "Wordt verlengd op {date}",
        "from": "vanaf {date}",
        "changes": "Op {date} ga je over naar {name}",
        "pauses": "Pauze vanaf {date}",
        "resumes": "Hervat op {date}",
        "change_price": "Plan of periode wijzigen",
        "keep_price": "Geplande wijziging intrekken",
        "new_price": "Nieuw plan",
        "cancel": "Abonnement opzeggen",
        "cancel_why": "Waarom zeg je op?",
        "renew": "Opzegging intrekken",
        "pause": "Pauzeren",
        "resume_when": "Wanneer ga je verder?",
        "resume_manual": "Als ik dat zelf kies",
        "resume_month": "Over een maand",
        "resume": "Nu hervatten",
        "resume_collection": "Betalingen hervatten",
        "done": "Je wijziging is opgeslagen.",
        "to_portal": "Naar het klantportaal",
        "gone_title": "Deze link werkt niet meer",
        "gone": "Een link naar het portaal werkt maar kort. Open het portaal opnieuw.",
        "conflict_title": "Dat kan nu niet",
        "conflict": "Deze wijziging past niet meer bij je abonnement. Ga terug en kijk opnieuw.",
        "no_invoice_title": "We vinden deze factuur niet",
        "no_invoice": "Kijk of de link klopt. Open anders je facturen in het klantportaal.",
        "invoice": "Factuur",
        "from_business": "Van {name}",
        "due": "Betaal uiterlijk op {date}.",
        "pay": "Betalen",
        "pay_with": "Waarmee betaal je?",
        "card": "Kaart",
        "ideal": "iDEAL",
        "sepa_debit": "SEPA-incasso",
        "invoice_paid": "Deze factuur is betaald. Je kunt dit tabblad sluiten.",
        "invoice_processing": "Je betaling is onderweg. Dat duurt een paar dagen. "
        "Betaal niet nog een keer.",
        "invoice_closed": "Deze factuur hoef je niet meer te betalen.",
    },
    "en": {
        "title": "Customer portal",
        "demo": "Demo – this is not Stripe",
        "demo_more": "Nothing here is real: nothing is charged.",
        "back": "Return to {name}",
        "subscriptions": "Subscriptions",
        "no_subscriptions": "You have no subscription.",
        "payment_method": "Payment method",
        "no_payment_method": "There is no payment method on file yet.",
        "new_method": "New payment method",
        "update_payment_method": "Save payment method",
        "your_details": "Your details",
        "name": "Name",
        "email": "E-mail address",
        "line1": "Street and number",
        "postal_code": "Postal code",
        "city": "City",
        "vat": "VAT number",
        "update_customer": "Save details",
        "invoices": "Invoices",
        "no_invoices": "There are no invoices yet.",
        "date": "Date",
        "amount": "Amount",
        "status": "Status",
        "number": "Number",
        "unknown_product": "Unknown product",
        "usage": "by usage",
        "ends": "Ends on {date}",
        "renews": "Renews on {date}",
        "from": "from {date}",
        "changes": "Changes to {name} on {date}",
        "pauses": "Paused from {date}",
        "resumes": "Resumes on {date}",
        "change_price": "Change plan or period",
        "keep_price": "Undo the scheduled change",
        "new_price": "New plan",
        "cancel": "Cancel subscription",
        "cancel_why": "Why are you cancelling?",
        "renew": "Undo the cancellation",
        "pause": "Pause",
        "resume_when": "When do you want to continue?",
        "resume_manual": "When I choose to",
        "resume_month": "In a month",
        "resume": "Resume now",
        "resume_collection": "Resume payments",
        "done": "Your change has been saved.",
        "to_portal": "To the customer portal",
        "gone_title": "This link no longer works",
        "gone": "A link to the portal works for a short time only. Open the portal again.",
        "conflict_title": "That is not possible right now",
        "conflict": "This change no longer fits your subscription. Go back and look again.",
        "no_invoice_title": "We cannot find this invoice",
        "no_invoice": "Check the link, or open your invoices in the customer portal.",
        "invoice": "Invoice",
        "from_business": "From {name}",
        "due": "Pay by {date}.",
        "pay": "Pay",
        "pay_with": "How would you like to pay?",
        "card": "Card",
        "ideal": "iDEAL",
        "sepa_debit": "SEPA Direct Debit",
        "invoice_paid": "This invoice is paid. You can close this tab.",
        "invoice_processing": "Your payment is under way. It takes a few days. Do not pay twice.",
        "invoice_closed": "This invoice no longer has to be paid.",
    },
}

STATUSES: dict[str, dict[str, str]] = {
    "nl": {
        "active": "Actief",
        "trialing": "Proefperiode",
        "past_due": "Betaling mislukt",
        "unpaid": "Onbetaald",
        "incomplete": "Wacht op betaling",
        "incomplete_expired": "Verlopen",
        "paused": "Gepauzeerd",
        "canceled": "Beëindigd",
        "collection_paused": "Betalingen gepauzeerd",
        "paid": "Betaald",
        "processing": "Onderweg",
        "open": "Open",
        "void": "Vervallen",
        "draft": "Concept",
        "uncollectible": "Oninbaar",
    },
    "en": {
        "incomplete_expired": "Expired",
        "past_due": "Past due",
        "collection_paused": "Payments paused",
    },
}
FEEDBACK: dict[str, dict[str, str]] = {
    "nl": {
        "too_expensive": "Te duur",
        "missing_features": "Ik mis iets",
        "unused": "Ik gebruik het niet",
        "other": "Iets anders",
    },
    "en": {
        "too_expensive": "Too expensive",
        "missing_features": "Something is missing",
        "unused": "I do not use it",
        "other": "Something else",
    },
}


def status(value: str, language: str) -> str:
    """A status in words; one without words of its own is shown as it is."""
    return STATUSES[language].get(value, value.replace("_", " ").capitalize())


def day(moment: int, language: str) -> str:
    """The calendar day in Amsterdam of a moment in Unix seconds: `12 december 2026`."""
    local = datetime.fromtimestamp(moment, _ZONE)
    return f"{local.day} {_MONTHS[language].split()[local.month - 1]} {local.year}"


def money(amount: int, currency: str, language: str) -> str:
    """An amount in hundredths of a currency: `€ 1.290,00`, `RSD 1.499,50` or `€1,290.00`."""
    number, sign = f"{amount / 100:,.2f}", _SIGNS.get(currency, currency.upper())
    if language == "en":
        return f"{sign}{number}" if sign in _SIGNS.values() else f"{sign} {number}"
    return f"{sign} {number}".translate(str.maketrans(",.", ".,"))


def price(price: JSON, language: str) -> str:
    """A price and how often it is due: `€ 29,00 per maand`."""
    recurring = price["recurring"]
    often = per(recurring["interval"], recurring["interval_count"], language)
    if price["unit_amount"] is None:
        return f"{TEXTS[language]['usage']} {often}"
    return f"{money(price['unit_amount'], price['currency'], language)} {often}"


def payment_method(method: JSON, language: str) -> str:
    """A payment method: `Visa •••• 4242`, `SEPA-incasso •••• 3000`, `PayPal`."""
    kind = method["type"]
    details = method[kind]
    names = {**TEXTS[language], "paypal": "PayPal"}
    name = details.get("brand", "").capitalize() or names.get(kind, kind.replace("_", " ").title())
    return f"{name} •••• {details['last4']}" if "last4" in details else name


def per(interval: str, count: int, language: str) -> str:
    """How often: `per maand`, `per 3 maanden`."""
    one, many = _INTERVALS[language][interval]
    word = "per" if language == "nl" else "every"
    return f"{word} {one}" if count == 1 else f"{word} {count} {many}"
