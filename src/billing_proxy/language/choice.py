"""In which language somebody is answered: whose wishes there are, and whose go first. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from .words import AUTO, LANGUAGES

_TAGS = {tag.lower(): tag for tag in LANGUAGES}

LONGEST = 35
"""Characters of a tag: https://www.rfc-editor.org/rfc/rfc5646#section-4.4.1"""


class Choice(NamedTuple):
    """Wishes as language tags, the most wanted first: any text will do.

    ``setting`` is ``BILLING_LOCALE``, ``site`` what the site itself has chosen for this reader,
    ``browser`` what ``Accept-Language`` says.
    """

    setting: str = AUTO
    site: tuple[str, ...] = ()
    browser: tuple[str, ...] = ()

    def led_by(self, tag: str | None) -> Choice:
        """The same, but for the site's wish ``tag``, which goes before all others."""
        return self._replace(site=(tag, *self.site)) if tag else self

    @property
    def varies(self) -> bool:
        """Whether two readers may be answered in two languages."""
        return self.setting == AUTO or bool(self.site)

    def tag(self, customer: Iterable[str] = ()) -> str:
        """The language to speak; ``customer`` are the wishes that the customer has at Stripe."""
        others = (*customer, *self.browser) if self.setting == AUTO else (self.setting,)
        return negotiate((*self.site, *others)) or LANGUAGES[0]


NO_WISH = Choice()
"""Nobody but the customer says anything."""


def negotiate(wanted: Iterable[str]) -> str | None:
    """The first of these tags that is spoken here, each with less and less of its end.

    As RFC 4647 section 3.4 looks up a language, but for the separators: ``nl_BE`` will do.
    """
    return next(filter(None, (_spoken(tag[:LONGEST]) for tag in wanted)), None)


@lru_cache(maxsize=256)
def _spoken(tag: str) -> str | None:
    rest = re.sub(r"[_.@]", "-", tag).lower()
    while rest:
        if rest in _TAGS:
            return _TAGS[rest]
        rest = rest.rpartition("-")[0]
    return None
