"""Pages of other sites with the card on them, one for each CSS framework in docs/embedding.md.

The recipes are read from that document, the frameworks themselves from `build/hosts`, where
`make hosts` puts them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = _ROOT / "build" / "hosts" / "node_modules"
_RECIPES = _ROOT / "docs" / "embedding.md"


@dataclass(frozen=True)
class Host:
    """A site made with a framework: `file` is its stylesheet, or the script that makes one."""

    name: str
    file: str
    dark: str
    """What a site writes on `<html>` for its dark mode; `light` in it becomes the other one."""
    page: str
    """The site's own body; `{card}` is where the card stands."""

    @property
    def is_installed(self) -> bool:
        """Whether `make hosts` has been here."""
        return (_PACKAGES / self.file).exists()

    @property
    def recipe(self) -> str:
        """What the document tells such a site to add to its stylesheet."""
        text = _RECIPES.read_text(encoding="utf-8")
        found = re.search(rf"\*\*{self.name}\*\*.*?```css\n(.*?)```", text, re.DOTALL)
        if found is None:
            raise LookupError(f"{_RECIPES.name} has no recipe for {self.name}")
        return found.group(1)

    def html(self, card: str, scheme: str) -> str:
        """The page in `scheme`, `light` or `dark`, with `card`."""
        framework = (_PACKAGES / self.file).read_text(encoding="utf-8")
        script = self.file.endswith(".js")
        tag, of_site = ("script", "style type='text/tailwindcss'") if script else ("style", "style")
        return (
            f"<!doctype html><html lang='nl' {self.dark.format(scheme=scheme)}>"
            f"<meta charset='utf-8'><title>{self.name}</title>"
            f"<meta name='viewport' content='width=device-width, initial-scale=1'>"
            f"<{tag}>{framework}</{tag}><{of_site}>{self.recipe}</style>"
            f"<body>{self.page.format(card=card)}"
        )


HOSTS = (
    Host(
        "Bootstrap",
        "bootstrap/dist/css/bootstrap.min.css",
        'data-bs-theme="{scheme}"',
        '<nav class="navbar bg-body-tertiary mb-4"><div class="container">'
        '<a class="navbar-brand" href="#">Voorbeeld</a></div></nav>'
        '<main class="container"><h1 class="h3 mb-3">Mijn account</h1>{card}'
        '<p class="mt-4"><a class="btn btn-primary" href="#">Naar het overzicht</a></p></main>',
    ),
    Host(
        "Tailwind",
        "@tailwindcss/browser/dist/index.global.js",
        'class="{scheme} scheme-{scheme}"',
        '<div class="min-h-screen bg-[light-dark(var(--color-gray-50),var(--color-gray-950))] '
        'p-6 text-[light-dark(var(--color-gray-900),var(--color-gray-100))]">'
        '<main class="mx-auto max-w-3xl"><h1 class="mb-4 text-2xl font-semibold">Mijn account</h1>'
        '{card}<p class="mt-6"><a href="#" class="inline-block rounded-lg bg-indigo-600 px-4 py-2 '
        'font-semibold text-white">Naar het overzicht</a></p></main></div>',
    ),
    Host(
        "Pico",
        "@picocss/pico/css/pico.min.css",
        'data-theme="{scheme}"',
        '<main class="container"><h1>Mijn account</h1>{card}'
        '<p><a role="button" href="#">Naar het overzicht</a></p></main>',
    ),
    Host(
        "Bulma",
        "bulma/css/bulma.min.css",
        'data-theme="{scheme}"',
        '<section class="section"><main class="container"><h1 class="title">Mijn account</h1>'
        '{card}<p class="mt-5"><a class="button is-primary" href="#">Naar het overzicht</a></p>'
        "</main></section>",
    ),
)
