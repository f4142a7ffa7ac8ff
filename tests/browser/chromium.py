"""What these tests take besides pytest: Playwright, axe and Chromium.

Every test module imports from here. Where something is missing a plain run skips the module and
says what it lacks; with `CI=true` that is a failure.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

from demo.browser import chromium


def lacking(what: str) -> NoReturn:
    """Skip the module, and say why; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"The browser tests cannot run: {what}", pytrace=False)
    pytest.skip(f"not in a browser: {what}", allow_module_level=True)


try:
    from axe_playwright_python.base import AXE_SCRIPT
    from playwright.sync_api import BrowserContext, Frame, Locator, Page, Response, Route, expect
except ImportError as error:
    lacking(f"{error.name} is not installed (requirements-dev.txt has it)")

if chromium() is None:
    lacking("Chromium is not on PATH (apt install chromium)")

__all__ = [
    "AXE_SCRIPT",
    "BrowserContext",
    "Frame",
    "Locator",
    "Page",
    "Response",
    "Route",
    "expect",
    "lacking",
]
