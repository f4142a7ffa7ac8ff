"""The HTML of cards, kept for as long as it would come out the same.

For sites, whose every page may hold the card. A template of ours depends on the card, on what is
``Around`` it, and on the settings. The card is the same while the facts that it was made from are
the very ones in the cache, and no date on it has passed. A site's own template may depend on
anything else, so where one takes the place of ours nothing is kept.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cachetools import LRUCache
from flask import current_app
from jinja2 import Environment, TemplateNotFound
from jinja2.meta import find_referenced_templates

from ..card.card import BillingCard
from ..card.facts import Billing
from ..card.links import PORTAL, Links, Target, with_query
from ..config.settings import BillingConfig
from ..language.words import Language
from ..service import Served
from .responses import address, render

OURS = Path(__file__).parent / "templates"

_OVERHEAD = 2000
"""Bytes, roughly, that kept HTML takes in memory besides its text."""


class Around(NamedTuple):
    """What a reader's request adds to the card: whatever else the HTML depends on has to be here.

    ``name`` is what the site calls the customer; ``elsewhere`` is who came with a token, and needs
    absolute addresses. Those of our files and of the card depend on the request as that of the
    portal, in ``links``, does.
    """

    links: Links
    name: str
    elsewhere: bool


class _Kept(NamedTuple):
    """HTML, and what it was made from; it holds from ``since`` to ``until`` (Unix seconds)."""

    html: str
    around: Around
    billing: Billing
    stale: bool
    since: float
    until: float

    def is_of(self, served: Served, around: Around) -> bool:
        return (
            self.billing is served.billing
            and self.stale is served.stale
            and self.since <= served.now < self.until
            and self.around == around
        )


class RenderedCards:
    """What each customer of one app was shown last, in ``maxsize`` bytes; 0 keeps nothing."""

    def __init__(
        self, config: BillingConfig, languages: Mapping[str, Language], *, maxsize: int
    ) -> None:
        self._config = config
        self._languages = languages
        self._lock = threading.Lock()
        self._kept: LRUCache[tuple[str | None, ...], _Kept] = LRUCache(
            maxsize, getsizeof=lambda kept: sys.getsizeof(kept.html) + _OVERHEAD
        )
        self._only_ours: dict[str, bool] = {}

    def html(self, template: str, served: Served, around: Around) -> str:
        """``template`` around the card of ``served``."""
        key = (template, served.language, served.billing.customer)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept.is_of(served, around):
            return kept.html
        html = self._render(template, served.card, around)
        if self._is_certain(template):
            made = _Kept(html, around, served.billing, served.stale, served.now, served.valid_until)
            with self._lock, suppress(ValueError):  # it is too large
                self._kept[key] = made
        return html

    def _render(self, template: str, card: BillingCard, around: Around) -> str:
        """Three of the addresses have names of their own, for the templates of a site."""
        links, elsewhere = around.links, around.elsewhere
        of_card = None if elsewhere else address("card", external=False)
        return render(
            template,
            self._languages[card.language],
            self._config,
            external=elsewhere,
            card=card,
            links=links,
            portal_url=links.url(PORTAL),
            payment_url=links.url(Target("payment_method_update")),
            upgrade_url=links.upgrade,
            name=around.name,
            refresh=with_query(of_card, links.query) if of_card else None,
            live=not elsewhere,
        )

    def _is_certain(self, template: str) -> bool:
        """Whether to keep it: it is all ours, and stays so unless templates are reloaded."""
        environment = current_app.jinja_env
        if not self._kept.maxsize or environment.auto_reload or environment.cache is None:
            return False
        if template not in self._only_ours:
            self._only_ours[template] = all(_ours(environment, template))
        return self._only_ours[template]


def _ours(environment: Environment, template: str | None) -> Iterator[bool]:
    """Whether ``template``, and each that it takes in, is a file of ours."""
    try:
        file = Path(environment.get_template(template or "").filename or "")
    except TemplateNotFound:  # one that may be missing, or is named only when it is rendered
        yield False
        return
    yield file.is_relative_to(OURS)
    for name in find_referenced_templates(environment.parse(file.read_text(encoding="utf-8"))):
        yield from _ours(environment, name)
