"""What a status means for this customer: a sentence or two that are true together. Pure."""

from __future__ import annotations

from .calendar import Calendar
from .facts import Subscription
from .notices import is_overdue, is_under_way
from .pricing import costs_nothing
from .rules import Caption, Code, Decision, lacks_method_in_trial


def meaning(sub: Subscription | None, decision: Decision, calendar: Calendar) -> str:
    """What to say below the facts of ``sub``, or to a customer without one."""
    text = calendar.language.text
    if sub is None:
        return text("Je hebt op dit moment geen betaald abonnement.")
    match decision.code:
        case Code.ACTIVE:
            return _active(sub, decision, calendar)
        case Code.TRIALING:
            return _trialing(sub, decision, calendar)
        case Code.CANCELING:
            return _canceling(sub, decision, calendar)
        case Code.PAUSED:
            return _paused(decision, calendar)
        case Code.PAST_DUE:
            return _past_due(sub, calendar)
        case Code.CANCELED:
            return text("Je abonnement is beëindigd. Je facturen vind je nog in het klantportaal.")
        case _:
            return text(
                "De status van je abonnement kunnen we hier nu niet tonen. "
                "In het klantportaal zie je alles."
            )


def _active(sub: Subscription, decision: Decision, calendar: Calendar) -> str:
    text = calendar.language.text
    if decision.coming is not None:
        return text("Je abonnement loopt.")
    if costs_nothing(sub, calendar.now):
        return text("Je abonnement loopt. We schrijven nu niets af.")
    return text("Je abonnement loopt en wordt automatisch verlengd.")


def _trialing(sub: Subscription, decision: Decision, calendar: Calendar) -> str:
    language, ends = calendar.language, decision.date
    if ends is None:
        left = language.text("Je zit in de proefperiode.")
    elif calendar.days_left(ends.moment) <= 0:
        left = language.text("Vandaag is de laatste dag van je proefperiode.")
    else:
        left = language.plural(
            "Je proefperiode duurt nog {count} dag.",
            "Je proefperiode duurt nog {count} dagen.",
            calendar.days_left(ends.moment),
        )
    follows = decision.next_billing is not None or (ends is None and not _is_uncertain(sub))
    if not follows or decision.coming is not None or lacks_method_in_trial(sub):
        return left
    follows_on = language.text("Daarna gaat je betaalde abonnement in.")
    return f"{left} {follows_on}"


def _is_uncertain(sub: Subscription) -> bool:
    """Whether it is open what comes after a trial whose end is not known."""
    return sub.is_free or sub.pause_collection is not None


def _canceling(sub: Subscription, decision: Decision, calendar: Calendar) -> str:
    """That it stops, and when. Where a schedule says so, nobody has to have cancelled."""
    text, ends, planned = calendar.language.text, decision.date, sub.schedule is not None
    if ends is not None and calendar.is_past(ends.moment):
        if planned:
            return text("Je abonnement is afgelopen. We ronden het nu af.")
        return text("Je abonnement is opgezegd. We verwerken je opzegging nu.")
    stops = _stops(sub, decision, calendar)
    if planned:
        return stops
    revocable = text("Tot dan kun je de opzegging nog intrekken.")
    return f"{stops} {revocable}"


def _stops(sub: Subscription, decision: Decision, calendar: Calendar) -> str:
    text, ends, planned = calendar.language.text, decision.date, sub.schedule is not None
    if ends is None:
        if planned:
            return text("Je abonnement stopt binnenkort.")
        return text("Je abonnement is opgezegd en stopt binnenkort.")
    day, until = calendar.words(ends.moment), calendar.until(ends.moment)
    if sub.status == "trialing" and decision.second_date is None:
        words = text("Je proefperiode stopt op {day}. We schrijven niets af.")
    elif sub.status == "paused":
        words = text("Je abonnement is gepauzeerd en stopt op {day}.")
    elif planned:
        words = text("Je abonnement loopt {until} en stopt dan.")
    elif decision.allowed is False:
        words = text("Je abonnement is opgezegd en stopt op {day}.")
    else:
        words = text("Je abonnement is opgezegd. Alles blijft werken {until}.")
    return words.format(day=day, until=until)


def _paused(decision: Decision, calendar: Calendar) -> str:
    text, resumes = calendar.language.text, decision.date
    if resumes is None or resumes.caption is not Caption.RESUMES:
        return text("Je abonnement staat op pauze. Zolang dat zo is, schrijven we niets af.")
    return text(
        "Je abonnement staat op pauze. Op {day} gaat het verder. Tot dan schrijven we niets af."
    ).format(day=calendar.words(resumes.moment))


def _past_due(sub: Subscription, calendar: Calendar) -> str:
    text = calendar.language.text
    if is_under_way(sub):
        return text("We wachten tot je betaling binnen is.")
    if sub.status == "incomplete":
        return text("Je hebt een abonnement aangevraagd. Het is nog niet ingegaan.")
    if sub.status == "unpaid":
        return text("Eerdere betalingen zijn niet gelukt. We proberen het niet vanzelf opnieuw.")
    if sub.collection_method != "send_invoice":
        return text("Er staat een betaling voor je abonnement open.")
    if is_overdue(sub, calendar):
        return text("De betaaltermijn van een factuur is verstreken.")
    return text("Er staat een factuur voor je abonnement open.")
