"""`python -m demo.pictures`: take the documents' pictures of the running demo.

The page as a person sees it: on a desktop with a phone before it, and a debt beside its cure, each
in light and in dark; and the card on the pages of other sites. Takes Chromium, `make hosts`, and
the font Inter (Debian: fonts-inter) as a stand-in for what a visitor's own system would bring.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from demo.browser import launched
from demo.emulator import Emulator
from demo.hosts import HOSTS, Host
from demo.personas import populate
from demo.service import Service, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Scheme: TypeAlias = Literal["light", "dark"]

SCHEMES: tuple[Scheme, ...] = ("light", "dark")
PICTURES = Path(__file__).resolve().parent.parent / "docs" / "images"
DESKTOP = (1120, 820)
PHONE = (360, 740)
OTHER_SITE = (620, 700)
SHARPNESS = 1.5

WELL = "cus_demo_pro_maand"
OWING = "cus_demo_incasso_mislukt"

AS_SEEN = ".billing-banner { display: none } .billing-page { --billing-font: Inter, sans-serif }"
"""Without the demo's own line, and in a font as good as a visitor's."""

SCENE = """<!doctype html><style>
body {{ display: inline-flex; gap: 40px; margin: 0; padding: 24px 24px 40px; }}
img {{ display: block; border: 1px solid #8884; border-radius: 14px; }}
img {{ box-shadow: 0 12px 32px #0004; }}
.phone {{ width: 300px; border: 7px solid #16181d; border-radius: 30px; }}
.desktop {{ width: 960px; }}
.site {{ width: 560px; }}
.desktop + .phone {{ align-self: end; margin: 0 0 -16px -150px; }}
</style><body>{images}"""


@contextmanager
def stage() -> Iterator[tuple[Browser, Service]]:
    """Chromium, and the demo with all its customers as they are at the start."""
    with (
        Emulator(populate()) as emulator,
        served(emulator, "demo.wsgi:app") as service,
        launched() as browser,
    ):
        yield browser, service


@contextmanager
def opened(browser: Browser, scheme: Scheme, size: tuple[int, int]) -> Iterator[Page]:
    """A tab of that size in CSS pixels, with more pixels of the screen to each."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        device_scale_factor=SHARPNESS,
        color_scheme=scheme,
        bypass_csp=True,
    )
    try:
        yield context.new_page()
    finally:
        context.close()


def seen(page: Page, url: str) -> bytes:
    """What a visitor of `url` has before him, as a PNG."""
    page.goto(url)
    page.add_style_tag(content=AS_SEEN)
    page.evaluate("document.fonts.ready")
    return page.screenshot()


def compose(browser: Browser, picture: Path, **screens: bytes) -> None:
    """Write `picture`: the screens side by side, in the frame that its name begins with."""
    images = "".join(
        f'<img class="{name.partition("_")[0]}" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        for name, png in screens.items()
    )
    with opened(browser, "light", (1400, 1000)) as page:
        page.set_content(SCENE.format(images=images))
        page.locator("body").screenshot(path=picture, omit_background=True)
    print(picture.name)


def overview(browser: Browser, service: Service, scheme: Scheme) -> None:
    """The page on a desktop, and on a phone before it."""
    with opened(browser, scheme, DESKTOP) as page:
        desktop = seen(page, service.link(WELL))
    with opened(browser, scheme, PHONE) as page:
        phone = seen(page, service.link(WELL))
    compose(browser, PICTURES / f"page-{scheme}.png", desktop=desktop, phone=phone)


def cure(browser: Browser, service: Service, scheme: Scheme) -> None:
    """A debt on a phone, and the page once it has been paid."""
    with opened(browser, scheme, PHONE) as page:
        owing = seen(page, service.link(OWING))
        with page.expect_popup() as portal:
            page.locator(".billing-cure a").click()
        portal.value.get_by_role("button").first.click()
        portal.value.close()
        paid = seen(page, f"{service.url}/billing/return")
    compose(browser, PICTURES / f"cure-{scheme}.png", phone_before=owing, phone_after=paid)


def on_site(browser: Browser, service: Service, host: Host) -> None:
    """The card on a page of another site, in that site's light and dark."""
    screens = {}
    for scheme in SCHEMES:
        with opened(browser, scheme, OTHER_SITE) as page:
            card = page.request.get(service.link(WELL, "/billing/card")).text()
            page.set_content(host.html(card, scheme), wait_until="networkidle")
            page.add_style_tag(content="html { font-family: Inter, sans-serif }")
            screens[f"site_{scheme}"] = page.screenshot()
    compose(browser, PICTURES / f"on-{host.name.lower()}.png", **screens)


def main() -> None:
    """Write every picture into `docs/images`."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for scheme in SCHEMES:
        with stage() as (browser, service):
            overview(browser, service, scheme)
            cure(browser, service, scheme)
    with stage() as (browser, service):
        for host in HOSTS:
            on_site(browser, service, host)


if __name__ == "__main__":
    main()
