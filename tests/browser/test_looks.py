"""Where things stand: what asks comes first, facts in equal columns, changes that move nothing."""

from __future__ import annotations

import pytest

from demo.service import Service
from tests.browser.checks import axe, measured, overflowing, readings
from tests.browser.chromium import Locator, Page, Route, expect
from tests.browser.conftest import NewContext
from tests.browser.portal import button

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 800}
DEBTS = ("incasso_mislukt", "factuur_te_laat", "achterstallig_opgezegd", "onbetaald", "onvolledig")


@pytest.fixture
def page(new_context: NewContext) -> Page:
    """A tab whose page may be given other styles."""
    return measured(new_context(bypass_csp=True, viewport=DESKTOP)).new_page()


def places(found: Locator) -> list[tuple[int, int, int]]:
    """Where each element begins, from the left and from the top, and how wide it is."""
    boxes = [each.bounding_box() for each in found.all()]
    return [(round(box["x"]), round(box["y"]), round(box["width"])) for box in boxes if box]


@pytest.mark.parametrize("persona", DEBTS)
def test_the_cure_of_a_debt_is_seen_on_a_phone_without_scrolling(
    page: Page, demo: Service, persona: str
) -> None:
    page.set_viewport_size(PHONE)
    page.goto(demo.link(f"cus_demo_{persona}"))
    solid = page.locator(".billing-button")
    expect(solid).to_have_count(1)
    expect(solid).to_be_in_viewport(ratio=1)
    assert places(solid)[0][1] < places(page.locator(".billing-facts"))[0][1]


@pytest.mark.parametrize(
    ("persona", "facts"), [("pro_maand", 3), ("pauze", 2), ("opzegging_met_betaling", 4)]
)
def test_facts_stand_in_equal_columns_and_never_three_and_one(
    page: Page, demo: Service, persona: str, facts: int
) -> None:
    page.goto(demo.link(f"cus_demo_{persona}"))
    for width, columns in ((1280, facts), (700, 2 if facts == 4 else facts), (360, 1)):
        page.set_viewport_size({"width": width, "height": 800})
        found = places(page.locator(".billing-fact"))
        assert len(found) == facts
        assert len({x for x, _, _ in found}) == columns
        assert len({y for _, y, _ in found}) == facts / columns
        assert len({width for _, _, width in found}) == 1


def test_the_explanation_stands_in_columns_where_there_is_room(page: Page, demo: Service) -> None:
    page.goto(demo.link("cus_demo_pro_maand"))
    tops = [y for _, y, _ in places(page.locator(".billing-text"))]
    assert tops == [tops[0]] * 3


@pytest.mark.parametrize("persona", [*DEBTS, "meerdere", "opzegging_met_betaling", "team"])
def test_text_of_twice_the_size_fits_a_phone_with_every_word_whole(
    page: Page, demo: Service, persona: str
) -> None:
    page.set_viewport_size(PHONE)
    page.goto(demo.link(f"cus_demo_{persona}"))
    page.add_style_tag(content="html { font-size: 200% } * { overflow-wrap: normal !important }")
    assert overflowing(page) == []


def test_ended_subscriptions_unfold(page: Page, demo: Service) -> None:
    page.goto(demo.link("cus_demo_veel_beeindigd"))
    rows = page.locator(".billing-rows li")
    expect(rows).to_have_count(4)
    expect(rows.first).to_be_hidden()
    page.get_by_text("Beëindigde abonnementen (4)").click()
    expect(rows.last).to_be_visible()
    name = "Beheren Business (opent in een nieuw tabblad)"
    expect(rows.last.get_by_role("link")).to_have_accessible_name(name)
    assert axe(page) == []


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_a_card_that_changed_says_so_at_its_edge_and_moves_nothing(
    page: Page, demo: Service, customer: str, motion: str
) -> None:
    page.emulate_media(reduced_motion="reduce" if motion == "reduce" else "no-preference")
    page.goto(demo.link(customer))
    page.locator(".billing-card").evaluate("card => { card.dataset.billingVersion = 'older' }")
    before = places(page.locator(".billing-card > :not(.billing-updated)"))
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    sign = page.get_by_text("Bijgewerkt", exact=True)
    expect(sign).to_be_visible()
    assert places(page.locator(".billing-card > :not(.billing-updated)")) == before
    assert readings(page) == []
    moves = sign.evaluate("sign => sign.getAnimations().length")
    assert moves == (0 if motion == "reduce" else 1)


def test_a_button_keeps_its_shape_where_colours_are_forced(page: Page, demo: Service) -> None:
    page.emulate_media(forced_colors="active")
    for persona in ("pro_maand", "incasso_mislukt"):
        page.goto(demo.link(f"cus_demo_{persona}"))
        edge = button(page).evaluate("b => [b.offsetHeight, getComputedStyle(b).border]")
        assert edge[0] >= 44
        assert edge[1].startswith("1px solid rgb(")
        assert axe(page) == []


def test_a_browser_that_knows_no_light_dark_shows_a_light_card(page: Page, demo: Service) -> None:
    def older(route: Route) -> None:
        style = route.fetch().text().replace("light-dark(", "unknown(")
        route.fulfill(body=style, content_type="text/css")

    page.route("**/billing.css?*", older)
    page.emulate_media(color_scheme="dark")
    for persona in ("incasso_mislukt", "veel_beeindigd"):
        page.goto(demo.link(f"cus_demo_{persona}"))
        card = page.locator(".billing-card")
        expect(card).to_have_css("background-color", "rgb(255, 255, 255)")
        assert axe(page) == []
