"""A page as its reader meets it: captions with their values, badges, links, and all the words."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

BUTTONS = ("Abonnement bijwerken", "Abonnement beheren", "Abonnement kiezen")


@dataclass
class Element:
    """An element that may hold words: its name, its attributes and the text inside it."""

    name: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Page(HTMLParser):
    """The HTML of an answer, read."""

    html: str
    elements: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    _EMPTY = ("meta", "link", "base", "br", "img", "input", "hr")

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.elements.append(element)
        if tag not in self._EMPTY:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self._EMPTY:
            assert self._open.pop().name == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, name: str, part_of_class: str = "") -> list[Element]:
        """The elements of that name, in order, or those with ``part_of_class`` in their class."""
        return [
            element
            for element in self.elements
            if element.name == name and part_of_class in (element.attributes.get("class") or "")
        ]

    @property
    def facts(self) -> dict[str, str]:
        """The card's values by caption, in the order of the page."""
        captions, values = self.all("dt"), self.all("dd")
        assert len(captions) == len(values)
        pairs = zip(captions, values, strict=True)
        return {caption.text.strip(): value.text.strip() for caption, value in pairs}

    @property
    def words(self) -> str:
        """Everything there is to read, in one line."""
        return " ".join(
            " ".join(
                e.text for e in self.elements if e.name in ("p", "li", "h1", "h2", "dt", "dd")
            ).split()
        )

    @property
    def buttons(self) -> list[Element]:
        """The contract's button, the quiet one beside a cure too."""
        return [a for a in self.all("a") if a.text.strip().startswith(BUTTONS)]

    @property
    def portal_links(self) -> list[Element]:
        """The links that lead to the portal route."""
        return [a for a in self.all("a") if "/portal" in (a.attributes.get("href") or "")]
