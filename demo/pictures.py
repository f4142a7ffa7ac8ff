"""`python -m demo.pictures`: take the README's pictures of the running demo."""

from __future__ import annotations

from pathlib import Path

from demo.browser import launched
from demo.emulator import Emulator
from demo.personas import populate
from demo.service import served

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "images"
CUSTOMER = "cus_demo_pro_maand"
WIDTH = 640

_ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Write `card-light.png` and `card-dark.png`: the card alone, with transparent corners."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    emulated = Emulator(populate())
    with emulated as emulator, served(emulator, "demo.wsgi:app") as service, launched() as browser:
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": WIDTH, "height": 800},
                device_scale_factor=2,
                color_scheme="dark" if scheme == "dark" else "light",
                bypass_csp=True,
            )
            page = context.new_page()
            page.goto(service.link(CUSTOMER))
            picture = PICTURES / f"card-{scheme}.png"
            page.locator(".billing-card").screenshot(
                path=picture, omit_background=True, style=".billing-page { background: none }"
            )
            context.close()
            print(picture.relative_to(_ROOT))


if __name__ == "__main__":
    main()
