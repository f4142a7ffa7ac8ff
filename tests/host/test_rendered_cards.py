"""A card's HTML may be given again only where rendering it anew would give the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest
from flask import Flask, request, template_rendered

from billing_proxy import NO_CUSTOMER
from billing_proxy.web.rendered import OURS
from demo.emulator import Emulator
from tests.host.sites import AT_ONCE, MakeSite, named_by_header, visitor
from tests.stage.clock import Clock

FRAGMENT = "billing/fragment.html"
STEPS = 100


@contextmanager
def renderings(app: Flask) -> Iterator[list[str]]:
    """The templates of ours that are rendered meanwhile."""
    rendered: list[str] = []

    def note(_app: Flask, template: Any, **_more: Any) -> None:
        rendered.append(template.name)

    with template_rendered.connected_to(note, app):
        yield rendered


def test_a_card_is_rendered_when_it_changes_and_only_then(
    make_site: MakeSite, emulator: Emulator, anna: str, clock: Clock
) -> None:
    (item,) = emulator.account["subscription", "sub_anna"]["items"]["data"]
    item["current_period_end"] = int(clock()) + 1800
    app = make_site(named_by_header, BILLING_CACHE_TTL=3600)
    client = app.test_client()

    def views() -> str:
        with renderings(app) as rendered:
            seen = {client.get("/account", headers=visitor(anna)).text for _ in range(3)}
        assert rendered.count(FRAGMENT) == len(seen) == 1
        return seen.pop()

    dated = views()
    clock.advance(1801)  # the date has passed, and may stand there no more
    undated = views()
    assert ["Volgende factureringsdatum" in view for view in (dated, undated)] == [True, False]
    item["quantity"] = 2
    clock.advance(3600)  # what is read anew makes another card
    assert views() != undated
    emulator.fail(times=None, headers=AT_ONCE)
    clock.advance(3600)
    assert "Dit is de stand van" in views()


def test_whatever_happens_it_is_what_a_site_that_keeps_nothing_shows(
    make_site: MakeSite, emulator: Emulator, anna: str, bob: str, clock: Clock
) -> None:
    def prepare(app: Flask) -> None:
        @app.url_defaults
        def shop(_endpoint: str, values: dict[str, Any]) -> None:
            values.update(request.args)

    sites = [
        make_site(
            named_by_header,
            prepare=prepare,
            BILLING_LOCALE="auto",
            BILLING_UPGRADE_URL="/plans",
            BILLING_CACHE_TTL=3600,
            BILLING_PAGE_CACHE_BYTES=size,
        )
        for size in (20_000, 0)
    ]
    dice = Random(1)
    clients = [app.test_client() for app in sites]
    requests = list(
        product(
            ("https://a.example", "https://b.example/klant"),
            ("/account", "/account?shop=1"),
            (anna, bob, NO_CUSTOMER),
            ("nl", "en"),
        )
    )
    (item,) = emulator.account["subscription", "sub_anna"]["items"]["data"]
    events: list[Callable[[], Any]] = [
        lambda: clock.advance(dice.choice([1, 3600, 86_400])),
        lambda: item.update(current_period_end=int(clock()) + dice.choice([1800, 90_000])),
    ]
    with renderings(sites[0]) as few, renderings(sites[1]) as many:
        for _ in range(STEPS):
            if dice.random() < 0.3:
                dice.choice(events)()
            where, path, who, language = dice.choice(requests)
            headers = visitor(who, **{"Accept-Language": language})
            kept, anew = (c.get(path, base_url=where, headers=headers).text for c in clients)
            assert kept == anew
    assert few.count(FRAGMENT) < many.count(FRAGMENT)


@pytest.mark.parametrize("name", ["billing/_card.html", "billing/_links.html", FRAGMENT])
def test_where_a_template_is_the_sites_own_every_view_is_rendered(
    make_site: MakeSite, anna: str, tmp_path: Path, name: str
) -> None:
    def prepare(app: Flask) -> None:
        app.template_folder = str(tmp_path)

    own = tmp_path / name
    own.parent.mkdir()
    varying = (OURS / name).read_text().replace("{{ link.label }}", "{{ request.args.n }}")
    own.write_text(varying + "{{ request.args.n }}")
    client = make_site(named_by_header, prepare=prepare).test_client()
    seen = {client.get(f"/account?n={n}", headers=visitor(anna)).text for n in range(3)}
    assert len(seen) == 3


def test_while_templates_are_reloaded_every_view_is_rendered(
    make_site: MakeSite, anna: str
) -> None:
    app = make_site(named_by_header, TEMPLATES_AUTO_RELOAD=True)
    with renderings(app) as rendered:
        for _ in range(3):
            app.test_client().get("/account", headers=visitor(anna))
    assert rendered.count(FRAGMENT) == 3
