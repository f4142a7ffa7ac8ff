"""One tree of errors; each class knows its HTTP status and what may be said about it in public.

``title`` and ``detail`` are for API clients (RFC 9457), ``heading`` and ``advice`` are the Dutch
words on the page. None of them ever holds a word of Stripe's, a key or a customer's data; the
reason for the operator goes to the log.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from typing import Any, ClassVar

from .language.words import mark

AGAIN = mark("Probeer het opnieuw")
BACK = mark("Naar je abonnement")
SIGN_IN = mark("Inloggen")
HOME = mark("Naar onze website")
_NO_PORTAL = mark("Het klantportaal gaat nu niet open")


class BillingError(Exception):
    """Base of all errors of this package; on its own it stands for a fault on our side.

    ``retry_after`` is a number of seconds, or None when trying again soon does not help.
    ``request_id`` is Stripe's, for the log only. ``way_out`` is the link on the page: to the same
    address (``AGAIN``) or to the page with the card (``BACK``).
    """

    status: ClassVar[int] = 500
    type: ClassVar[str] = "about:blank"
    title: ClassVar[str] = "Internal error"
    detail: ClassVar[str] = "The service could not answer this request."
    heading: ClassVar[str] = mark("Er ging iets mis")
    advice: ClassVar[str] = mark("Dat ligt aan ons, niet aan jou. Probeer het later opnieuw.")
    way_out: ClassVar[str] = AGAIN

    @property
    def portal_heading(self) -> str:
        """What the heading is where the portal was to open."""
        return _NO_PORTAL if self.status >= 500 else self.heading

    def __init__(
        self,
        reason: str = "",
        *,
        request_id: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(reason or self.title)
        self.reason = reason
        self.request_id = request_id
        self.retry_after = retry_after

    def again(self) -> BillingError:
        """A fresh error with the same content, so that each waiting request raises its own."""
        return copy(self)


class ConfigError(BillingError):
    """The settings cannot be used. ``problems`` holds every one, each with the way to mend it."""

    title = "Service misconfigured"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        lines = "\n".join(f"  - {problem}" for problem in self.problems)
        super().__init__(f"billing-proxy cannot start with these settings:\n{lines}")


class NotIdentified(BillingError):
    """Nobody is signed in, or the token is forged, expired or meant for somebody else."""

    status = 401
    title = "Customer not identified"
    detail = "Send a valid customer token, or open a fresh link to this page."
    heading = mark("Je bent niet ingelogd")
    advice = mark("Open deze pagina opnieuw via de link op onze website of in je account.")
    way_out = BACK


class Expired(NotIdentified):
    """A link, a pass or a session that was good once. ``customer`` is whom it was for."""

    title = "Credential expired"
    heading = mark("Je link of sessie is verlopen")

    def __init__(self, reason: str = "", *, customer: str = "", **more: Any) -> None:
        super().__init__(reason, **more)
        self.customer = customer


class CustomerLoaderFailed(BillingError):
    """The site's own customer loader is missing, raises, or returns something else than an id."""

    title = "Customer loader failed"
    detail = "The site could not tell who is asking. The operator must act."


class Forbidden(BillingError):
    """The request is known and refused, whoever asks."""

    status = 403
    title = "Request refused"
    detail = "This address can only be opened by a person following a link."
    heading = mark("Deze link werkt hier niet")
    advice = mark("Ga terug naar je abonnement en gebruik de knop op die pagina.")
    way_out = BACK


class LinkOfAnotherCustomer(BillingError):
    """The link stood on a page of another customer than the one who is signed in now.

    ``name`` is what the site calls the one who is.
    """

    status = 403
    title = "Link of another customer"
    detail = "This link stood on the page of another customer than the one who is signed in now."
    heading = mark("Dit hoort bij een andere klant")
    advice = mark(
        "Je bent intussen ingelogd als een andere klant. We hebben niets geopend of gewijzigd."
    )
    way_out = BACK

    def __init__(self, reason: str = "", *, name: str = "", **more: Any) -> None:
        super().__init__(reason, **more)
        self.name = name


class NoCustomer(BillingError):
    """Who asks is signed in, and has never paid: there is no portal to open."""

    status = 404
    title = "No customer"
    detail = "This person has no customer at the payment provider yet, so there is no portal."
    heading = mark("Je hebt nog geen betaald abonnement")
    advice = mark("Er is dus nog niets te beheren. Zodra je een plan hebt gekozen, kan dat wel.")
    way_out = BACK


class CustomerNotFound(BillingError):
    """Stripe does not know this customer."""

    status = 404
    title = "Customer unknown"
    detail = "The payment provider does not know this customer."
    heading = mark("We kunnen je abonnement niet vinden")
    advice = mark("Neem contact met ons op, dan zoeken we uit wat er aan de hand is.")

    @property
    def portal_heading(self) -> str:
        """Who wanted the portal did not look for a subscription."""
        return _NO_PORTAL


class SubscriptionNotFound(BillingError):
    """The customer has no such subscription; whether anybody else has it is not said."""

    status = 404
    title = "Subscription unknown"
    detail = "This customer has no such subscription."
    heading = mark("Dit abonnement vinden we niet")
    advice = mark("Ga terug naar je abonnement en gebruik de knop op die pagina.")
    way_out = BACK


class TooManyRequests(BillingError):
    """One customer asks for more than a person would; ``retry_after`` says when to come back."""

    status = 429
    title = "Too many requests"
    detail = "This customer has opened the portal too often. Try again shortly."
    heading = mark("Even wachten")
    advice = mark(
        "Je hebt het klantportaal net een paar keer geopend. "
        "Wacht een paar seconden en probeer het dan opnieuw."
    )

    def __init__(self, reason: str = "", *, retry_after: float = 1, **more: Any) -> None:
        super().__init__(reason, retry_after=max(1, math.ceil(retry_after)), **more)


class InvalidEvent(BillingError):
    """A webhook call that is not Stripe's, or not meant for this service."""

    status = 400
    title = "Event refused"
    detail = "The signature or the body of this event is not valid."


class StripeUnavailable(BillingError):
    """Stripe is out of reach, too slow, too busy, or answers with something unreadable.

    The last known card may stand in for it; it never means "no subscription".
    """

    status = 503
    title = "Billing data unavailable"
    detail = "The payment provider cannot be reached right now. Try again shortly."
    heading = mark("Je abonnement is nu niet op te halen")
    advice = mark(
        "Onze betaaldienst is even niet bereikbaar. Er verandert niets aan je abonnement. "
        "Probeer het over een minuut opnieuw."
    )

    def __init__(
        self, reason: str = "", *, request_id: str | None = None, retry_after: int | None = 5
    ) -> None:
        super().__init__(reason, request_id=request_id, retry_after=retry_after)


class StripeTooSlow(StripeUnavailable):
    """Stripe did not answer in the time there was."""


class StripeRateLimited(StripeUnavailable):
    """Stripe answered that it is asked too often (HTTP 429)."""


class ReadBudgetSpent(StripeUnavailable):
    """The service itself keeps to its limit of reads per second."""


class StripeMisconfigured(BillingError):
    """Stripe answers, and refuses: the key, its permissions, the portal settings or our request.

    No outage: waiting does not mend it, an operator does.
    """

    status = 502
    title = "Billing service misconfigured"
    detail = "The payment provider refused the request of this service. The operator must act."
    heading = mark("Je abonnement is nu niet op te halen")
    advice = mark(
        "Er klopt iets niet in onze instellingen. Er verandert niets aan je abonnement. "
        "Neem contact met ons op als dit zo blijft."
    )


class StripePermissionMissing(StripeMisconfigured):
    """The key may not do this. ``permission`` is the one it lacks, such as ``rak_invoice_read``."""

    def __init__(self, reason: str = "", *, permission: str | None = None, **more: Any) -> None:
        super().__init__(reason, **more)
        self.permission = permission


class StripeKeyRefused(StripeMisconfigured):
    """Stripe refuses the key itself, or that it reads subscriptions: nobody can be served."""


def shared_error(name: str) -> BillingError:
    """The error of class ``name`` that another process's reading has just ended with."""
    kinds = (
        StripeTooSlow,
        StripeRateLimited,
        ReadBudgetSpent,
        StripeMisconfigured,
        StripeKeyRefused,
    )
    kind = next((kind for kind in kinds if kind.__name__ == name), StripeUnavailable)
    return kind("another process could not read it")


class BadRequest(BillingError):
    """A request that HTTP itself refuses."""

    status = 400
    title = "Bad request"
    detail = "The request is not one that this service understands."
    heading = mark("Dit verzoek begrijpen we niet")
    advice = mark("Ga terug naar je abonnement en probeer het nog eens.")
    way_out = BACK


class PageNotFound(BillingError):
    """There is no such route."""

    status = 404
    title = "Not found"
    detail = "There is nothing at this address."
    heading = mark("Deze pagina bestaat niet")
    advice = mark("Het adres klopt niet helemaal, of de pagina is er niet meer.")
    way_out = BACK


class MethodNotSupported(BillingError):
    """The route exists, but not with this method."""

    status = 405
    title = "Method not allowed"
    detail = "This address does not support that method."
    heading = mark("Dat kan hier niet")
    advice = mark("Ga terug naar je abonnement.")
    way_out = BACK


def from_status(status: int) -> BillingError:
    """The words for an HTTP error ``status`` that did not come from this package."""
    if status == 404:
        return PageNotFound()
    if status == 405:
        return MethodNotSupported()
    return BadRequest() if status < 500 else BillingError()
