"""What the customer should know or do, each with a link to where it is done. Pure.

The order is that of importance: what is owed, what stands still, what is going to go wrong. The
codes are stable: they stand in the JSON.
"""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from ..language.words import Language, mark
from .calendar import Calendar
from .facts import Invoice, Subscription
from .links import PORTAL, Link, Target
from .pricing import costs_nothing
from .rules import Code, Decision, lacks_method_in_trial
from .wanted import DEBTS

TRIAL_IS_SHORT = 7
"""Days before the end of a trial from which on a missing payment method is a warning."""

CARD_IS_SHORT = 30
"""Days before a card expires from which on that is a warning."""

METHOD = "payment_method_update"


class Level(StrEnum):
    """How much a notice asks for."""

    WARNING = "warning"
    INFO = "info"


class Notice(NamedTuple):
    """One thing to know or to do."""

    code: str
    level: Level
    text: str
    link: Link | None = None


_PAUSES = {
    "trial_end_without_payment_method": (
        "paused_without_payment_method",
        mark(
            "Je abonnement staat op pauze, omdat we geen betaalmethode van je hebben. "
            "Voeg er een toe om verder te gaan."
        ),
        mark("Betaalmethode toevoegen"),
    ),
    **dict.fromkeys(
        ("first_payment_failure", "final_payment_failure"),
        (
            "paused_payment_failed",
            mark(
                "Je abonnement staat op pauze, omdat een betaling niet is gelukt. "
                "Werk je betaalmethode bij om verder te gaan."
            ),
            mark("Betaalmethode bijwerken"),
        ),
    ),
}

_TRIALS = {
    "cancel": mark(
        "We hebben nog geen betaalmethode van je. Zonder betaalmethode stopt je abonnement {when}."
    ),
    "pause": mark(
        "We hebben nog geen betaalmethode van je. "
        "Zonder betaalmethode gaat je abonnement {when} op pauze."
    ),
    "create_invoice": mark(
        "We hebben nog geen betaalmethode van je. Zonder betaalmethode krijg je {when} een factuur."
    ),
}


def notices(
    decided: Sequence[tuple[Subscription, Decision]],
    calendar: Calendar,
    plan_of: Callable[[Subscription], str],
) -> tuple[Notice, ...]:
    """All notices of a customer whose card shows the first of ``decided``."""
    if not decided:
        return ()
    (shown, decision), others = decided[0], decided[1:]
    found = [*_of_shown(shown, decision, calendar)]
    found += [_other_debt(sub, plan_of(sub), calendar) for sub, _ in others if owes(sub)]
    return tuple(found)


def owes(sub: Subscription) -> bool:
    """Whether ``sub`` has a payment open that the customer has to make."""
    return sub.status in DEBTS and not is_under_way(sub)


def is_under_way(sub: Subscription) -> bool:
    """Whether the open payment has been made, and takes its time."""
    return sub.open_invoice is not None and sub.open_invoice.processing


def is_overdue(sub: Subscription, calendar: Calendar) -> bool:
    """Whether the term of the open invoice is known to have passed."""
    return sub.open_invoice is not None and calendar.is_past(sub.open_invoice.due_date)


def _of_shown(sub: Subscription, decision: Decision, calendar: Calendar) -> Iterator[Notice]:
    found = (
        _payment(sub, calendar),
        _pause(sub, decision, calendar),
        _trial(sub, decision, calendar),
        _card_expires(sub, decision, calendar),
        _update_pending(sub, calendar),
    )
    yield from (notice for notice in found if notice is not None)


_UNDER_WAY = mark(
    "Je betaling is onderweg. Dat kan een paar dagen duren. Betaal niet nog een keer."
)
_OWED = {
    "payment_failed": mark(
        "De laatste betaling is niet gelukt. Er staat nog {invoice} open. "
        "Betaal snel, anders verlies je de toegang."
    ),
    "invoice_open": mark("Er staat nog {invoice} open. Betaal die op tijd."),
    "invoices_unpaid": mark(
        "Er staat nog {invoice} open. Betaal om je abonnement weer te gebruiken."
    ),
    "first_payment_open": mark(
        "Je eerste betaling is nog niet afgerond. Er staat nog {invoice} open. "
        "Na je betaling gaat je abonnement in."
    ),
    "debt_while_ending": mark(
        "Je abonnement stopt, maar er staat nog {invoice} open. Betaal die nog."
    ),
}
_OWED_UNTIL = {
    "invoice_open": mark("Er staat nog {invoice} open. Betaal die uiterlijk op {day}."),
    "debt_while_ending": mark(
        "Je abonnement stopt op {day}, maar er staat nog {invoice} open. Betaal die nog."
    ),
}
_OVERDUE = mark(
    "Er staat nog {invoice} open en de betaaltermijn is verstreken. "
    "Betaal snel, anders verlies je de toegang."
)


def _payment(sub: Subscription, calendar: Calendar) -> Notice | None:
    """What is owed, and how it is paid; one notice, whatever there is to say of it."""
    code = _code_of_debt(sub)
    if code is None:
        return None
    language = calendar.language
    if is_under_way(sub):
        return Notice("payment_processing", Level.INFO, language.text(_UNDER_WAY))
    due, level = sub.open_invoice.due_date if sub.open_invoice else None, Level.WARNING
    moment = sub.end if code == "debt_while_ending" else due
    words, day = _OWED[code], ""
    if code == "invoice_open" and is_overdue(sub, calendar):
        words = _OVERDUE
    elif code in _OWED_UNTIL and moment is not None and not calendar.is_past(moment):
        words, day = _OWED_UNTIL[code], calendar.words(moment)
    if code == "invoice_open" and words is not _OVERDUE and (day or sub.status not in DEBTS):
        level = Level.INFO
    text = language.text(words).format(invoice=_in_words(sub, language), day=day)
    return Notice(code, level, text, _pay(sub, language))


def _code_of_debt(sub: Subscription) -> str | None:
    if sub.status in DEBTS and sub.ends:
        return "debt_while_ending"
    if sub.status in ("unpaid", "incomplete"):
        return "invoices_unpaid" if sub.status == "unpaid" else "first_payment_open"
    if sub.collection_method == "send_invoice":
        owed = sub.status == "past_due" or (sub.open_invoice and sub.status != "canceled")
        return "invoice_open" if owed else None
    return "payment_failed" if sub.status == "past_due" else None


def _in_words(sub: Subscription, language: Language) -> str:
    invoice, by_invoice = sub.open_invoice, sub.collection_method == "send_invoice"
    if invoice is None or invoice.amount_remaining is None or invoice.currency is None:
        return language.text("een factuur") if by_invoice else language.text("een betaling")
    amount = language.money(invoice.amount_remaining, invoice.currency)
    words = (
        language.text("een factuur van {amount}")
        if by_invoice
        else language.text("een betaling van {amount}")
    )
    return words.format(amount=amount)


def _pay(sub: Subscription, language: Language, *, named: bool = False) -> Link:
    """To Stripe's page for the invoice; where there is none, to the portal, which lists them."""
    invoice = sub.latest_invoice
    if invoice is None or (isinstance(invoice, Invoice) and not invoice.payable):
        return Link(language.text("Facturen bekijken"), PORTAL)
    return Link(language.text("Nu betalen"), Target("pay", sub.id if named else None))


def _pause(sub: Subscription, decision: Decision, calendar: Calendar) -> Notice | None:
    reason = _PAUSES.get(sub.pause_reason or "") if sub.status == "paused" else None
    if reason is None or decision.code is not Code.PAUSED:
        return None
    code, words, label = reason
    language = calendar.language
    link = Link(language.text(label), Target(METHOD))
    return Notice(code, Level.WARNING, language.text(words), link)


def _trial(sub: Subscription, decision: Decision, calendar: Calendar) -> Notice | None:
    end, words = sub.trial_end, _TRIALS.get(sub.missing_payment_method or "")
    if decision.code is not Code.TRIALING or not lacks_method_in_trial(sub) or words is None:
        return None
    if costs_nothing(sub, end or calendar.now):
        return None
    language = calendar.language
    when, level = language.text("na je proefperiode"), Level.INFO
    if end is not None and not calendar.is_past(end):
        when = language.text("op {day}").format(day=calendar.words(end))
        level = Level.WARNING if calendar.days_left(end) <= TRIAL_IS_SHORT else Level.INFO
    link = Link(language.text("Betaalmethode toevoegen"), Target(METHOD))
    text = language.text(words).format(when=when)
    return Notice("trial_without_payment_method", level, text, link)


def _card_expires(sub: Subscription, decision: Decision, calendar: Calendar) -> Notice | None:
    method, charge = sub.payment_method, decision.next_billing
    if method is None or method.exp_month is None or method.exp_year is None or charge is None:
        return None
    last = dt.date(
        method.exp_year, method.exp_month, monthrange(method.exp_year, method.exp_month)[1]
    )
    if sub.collection_method == "send_invoice" or last >= calendar.day(charge):
        return None
    language, left = calendar.language, (last - calendar.today).days
    if left < 0:
        text = language.text("Je kaart is verlopen. Werk je betaalmethode bij vóór {day}.")
    else:
        text = language.text(
            "Je kaart verloopt eind {month}, vóór de volgende betaling. "
            "Werk je betaalmethode bij vóór {day}."
        )
    return Notice(
        "card_expires",
        Level.WARNING if left <= CARD_IS_SHORT else Level.INFO,
        text.format(month=language.month(last), day=calendar.words(charge)),
        Link(language.text("Betaalmethode bijwerken"), Target(METHOD)),
    )


def _update_pending(sub: Subscription, calendar: Calendar) -> Notice | None:
    until, language = sub.update_expires_at, calendar.language
    if not sub.pending_update or calendar.is_past(until) or sub.status == "canceled":
        return None
    if is_under_way(sub):
        return None
    if until is None:
        text = language.text("Je wijziging wacht op een betaling.")
    else:
        text = language.text(
            "Je wijziging wacht op een betaling. Betaal uiterlijk op {day}, "
            "anders gaat de wijziging niet door."
        ).format(day=calendar.words(until))
    return Notice("update_pending", Level.INFO, text, _pay(sub, language))


def _other_debt(sub: Subscription, plan: str, calendar: Calendar) -> Notice:
    text = calendar.language.text("Er staat ook nog een betaling open voor {plan}.")
    link = _pay(sub, calendar.language, named=True)
    return Notice("other_debt", Level.WARNING, text.format(plan=plan), link)
