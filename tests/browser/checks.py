"""What a page is looked over for: faults a reader would meet, and what axe finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.browser.chromium import AXE_SCRIPT, BrowserContext, Frame, Page

METERS = """
window.meters = { shifts: [], refused: [], whole: 0 };
new PerformanceObserver((list) => window.meters.shifts.push(...list.getEntries()))
  .observe({ type: "layout-shift", buffered: true });
document.addEventListener("securitypolicyviolation", (event) => {
  window.meters.refused.push(`${event.effectiveDirective} refuses ${event.blockedURI}`);
});
document.addEventListener("DOMContentLoaded", () => requestAnimationFrame(() =>
  requestAnimationFrame(() => { window.meters.whole = performance.now(); })));
"""
"""Runs before a page's own scripts; the page's Content-Security-Policy does not apply to it."""

SETTLED = """
async () => {
  await document.fonts.ready;
  const painted = await new Promise((done) =>
    new PerformanceObserver((list) =>
      list.getEntriesByName("first-contentful-paint").forEach((entry) => done(entry.startTime)),
    ).observe({ type: "paint", buffered: true }));
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  await new Promise((done) => setTimeout(done));
  return painted;
}
"""
"""Waits until the page has been painted and stands still; tells when it was painted first."""

READ_METERS = """
(painted) => {
  const stands = Math.max(painted, window.meters.whole);
  const shifts = window.meters.shifts.filter((shift) => shift.startTime >= stands);
  return [...window.meters.refused, ...shifts.map((shift) => `layout shift of ${shift.value}`)];
}
"""
"""What moves before the first paint was never seen elsewhere, and does not count. Nor does what
moves until two frames after the last of the page has been read: a busy machine paints it in parts.
"""

OVERFLOWING = """
(width) => [...document.querySelectorAll("body, body *:not(script)")]
  .filter((element) => !element.closest(".billing-unseen"))
  .filter((element) => {
    const box = element.getBoundingClientRect();
    const inline = getComputedStyle(element).display === "inline";
    const scrolls = getComputedStyle(element).overflowX === "auto";
    return box.right > width + 0.5 || box.left < -0.5
      || (!inline && !scrolls && element.scrollWidth > element.clientWidth + 1);
  })
  .filter((element) => !element.parentElement.closest("pre, .scroll"))
  .map((element) => `${element.localName}.${element.className} is wider than its place`)
"""

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@contextmanager
def watched(page: Page, origin: str) -> Iterator[list[str]]:
    """Collect what the page reports, and every request that leaves `origin`."""
    found: list[str] = []

    def report(message: Any) -> None:
        if message.type in ("error", "warning"):
            found.append(f"console: {message.text} {message.location.get('url', '')}")

    def crash(error: Any) -> None:
        found.append(f"script: {error}")

    def leave(request: Any) -> None:
        url = urlsplit(request.url)
        if url.scheme != "data" and f"{url.scheme}://{url.netloc}" != origin:
            found.append(f"request to {request.url}")

    page.on("console", report)
    page.on("pageerror", crash)
    page.on("request", leave)
    try:
        yield found
    finally:
        page.remove_listener("console", report)
        page.remove_listener("pageerror", crash)
        page.remove_listener("request", leave)


def measured(context: BrowserContext) -> BrowserContext:
    """`context` with meters in every page that opens in it from now on."""
    context.add_init_script(METERS)
    return context


def faults(page: Page, url: str, origin: str, *, status: int = 200) -> list[str]:
    """Open `url` in a page with meters; everything that is wrong there, in words."""
    with watched(page, origin) as found:
        response = page.goto(url)
        metered = readings(page)
    assert response is not None
    if response.status != status:
        found.append(f"status {response.status}")
    elif status >= 400:  # Chromium itself reports the page's own status
        own = f"console: Failed to load resource: the server responded with a status of {status}"
        found = [fault for fault in found if not fault.startswith(own)]
    return found + metered + overflowing(page)


def readings(document: Page | Frame) -> list[str]:
    """What the meters of a document say, once it has settled."""
    found: list[str] = document.evaluate(READ_METERS, document.evaluate(SETTLED))
    return found


def overflowing(page: Page) -> list[str]:
    """What is wider than the viewport or than its own box, apart from what is made to scroll."""
    assert page.viewport_size is not None
    width = page.viewport_size["width"]
    found: list[str] = page.evaluate(OVERFLOWING, width)
    if page.evaluate("document.documentElement.scrollWidth") > width:
        found.append("the page scrolls sideways")
    return found


def axe(document: Page | Frame) -> list[str]:
    """What axe finds in a document: rule, element and explanation of each violation."""
    document.evaluate(AXE_SCRIPT)
    options = {"runOnly": WCAG, "resultTypes": ["violations"]}
    answer = document.evaluate("(options) => axe.run(options)", options)
    return [
        f"{violation['id']}: {node['html']} {node['failureSummary']}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]
