"""The card for one request: read once, and shown as a page, a fragment, in a frame or as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

from flask import Request

from ..card.links import PORTAL, Links, Target
from ..language.choice import Choice
from ..service import Served
from .http_rules import reachable
from .responses import address, render
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
        """``template`` around the card. Who came with a token is elsewhere: absolute addresses.

        Three of the addresses have names of their own, for the templates of a site.
        """
        by_token, card = self.visitor.by is By.TOKEN, self.served.card
        mark = None if by_token else self.state.signers.link_mark(self.visitor.customer)
        links = self._links(external=by_token, mark=mark)
        return render(
            template,
            self.state.languages[card.language],
            self.state.config,
            external=by_token,
            card=card,
            links=links,
            portal_url=links.url(PORTAL),
            payment_url=links.url(Target("payment_method_update")),
            upgrade_url=links.upgrade,
            name=self.visitor.name,
            refresh=None if by_token else address("card", external=False, **self._of_page(mark)),
            live=not by_token,
        )

    def json(self) -> dict[str, Any]:
        """The JSON API's object."""
        return self.served.card.to_json(self._links(external=True))

    def _links(self, *, external: bool, mark: str | None = None) -> Links:
        """Where the card leads; a client that came with a token has no cookie and gets a pass.

        ``mark`` ties the links of a page to its customer, should the browser sign in as another.
        """
        more = self._of_page(mark)
        if self.visitor.by is By.TOKEN:
            now = self.state.clock()
            more["pass"] = self.state.signers.portal_pass(self.visitor.customer, now=now)
        return Links(address("portal", external=external), urlencode(more), self._upgrade())

    def _of_page(self, mark: str | None) -> dict[str, str]:
        """What a link says about the page that it stands on."""
        more = {MARK: mark} if mark else {}
        return {**more, LOCALE: self.served.card.language} if self.keeps_language else more

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
