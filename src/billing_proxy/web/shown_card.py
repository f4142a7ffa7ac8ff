"""The card for one request: read once, and shown as a page, a fragment, in a frame or as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from flask import Request

from ..card.links import Links, encoded
from ..language.choice import Choice
from ..service import Served
from .http_rules import reachable
from .rendered import Around
from .responses import address
from .state import BillingState
from .visitor import LOCALE, MARK, By, Visitor, choice_of, not_before


@dataclass(frozen=True, slots=True)
class ShownCard:
    """What ``visitor`` is shown; with ``keeps_language`` its links lead to answers in the same."""

    state: BillingState
    request: Request
    visitor: Visitor
    served: Served
    keeps_language: bool

    def html(self, template: str) -> str:
        """``template`` around the card. Who came with a token is elsewhere: absolute addresses."""
        elsewhere = self.visitor.by is By.TOKEN
        mark = None if elsewhere else self.state.signers.link_mark(self.visitor.customer)
        links = self._links(external=elsewhere, mark=mark)
        around = Around(links, self.visitor.name, elsewhere)
        return self.state.rendered.html(template, self.served, around)

    def json(self) -> dict[str, Any]:
        """The JSON API's object."""
        return self.served.card.to_json(self._links(external=True))

    def _links(self, *, external: bool, mark: str | None = None) -> Links:
        """Where the card leads; a client that came with a token has no cookie and gets a pass.

        ``mark`` ties the links of a page to its customer, should the browser sign in as another.
        """
        more = {MARK: mark, LOCALE: self.served.language if self.keeps_language else None}
        if self.visitor.by is By.TOKEN:
            now = self.state.clock()
            more["pass"] = self.state.signers.portal_pass(self.visitor.customer, now=now)
        return Links(address("portal", external=external), encoded(more), self._upgrade())

    def _upgrade(self) -> str | None:
        """Where a subscription can be chosen, as an absolute address."""
        url = self.state.config.upgrade_url
        return urljoin(reachable(self.request.host_url), url) if url else None


def read_card(
    state: BillingState, request: Request, visitor: Visitor, choice: Choice | None = None
) -> ShownCard:
    """The card of ``visitor``, as fresh as this browser needs it.

    ``choice`` is what the request says about the language, if that has been asked already.

    Raises:
        CustomerNotFound, StripeUnavailable, StripeMisconfigured
    """
    choice = (choice or choice_of(state, request)).led_by(visitor.locale)
    served = state.service.card(
        visitor.customer, choice=choice, not_before=not_before(state, request)
    )
    return ShownCard(state, request, visitor, served, keeps_language=choice.varies)
