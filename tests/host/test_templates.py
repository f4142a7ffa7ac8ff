"""The site's own templates, by path, and its own words, by ``texts=``; also when they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import StrictUndefined

from tests.host.sites import AT_ONCE, OUR_FAULT, MakeSite, named_by_header, visitor
from tests.stage.pages import Page

OWN_CARD = """<section class="own" data-code="{{ card.status.code }}">{{ card.plan }}
<a href="{{ portal_url }}">Wijzigen</a></section>"""
BROKEN = {
    "syntax": "<p>{{ card.plan </p>",
    "unknown filter": "<p>{{ card.plan | shout }}</p>",
    "an error at work": "<p>{{ 1 // 0 }}</p>",
    "another template that is not there": "{% extends 'billing/gone.html' %}",
}
PARTIALS = ("billing/_card.html", "billing/fragment.html")


@pytest.fixture
def use(tmp_path: Path) -> Any:
    """Give a site a template folder of its own, with sources by path."""

    def give(templates: dict[str, str]) -> Any:
        for name, source in templates.items():
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(source, encoding="utf-8")

        def prepare(app: Any) -> None:
            app.template_folder = str(tmp_path)

        return prepare

    return give


@pytest.mark.parametrize("path", ["/account", "/billing/card", "/billing/"])
def test_a_card_of_the_sites_own_takes_the_place_of_ours(
    make_site: MakeSite, use: Any, anna: str, path: str
) -> None:
    app = make_site(named_by_header, prepare=use({"billing/_card.html": OWN_CARD}))
    html = app.test_client().get(path, headers=visitor(anna)).text
    assert '<section class="own" data-code="active">Pro' in html
    assert '<a href="/billing/portal?for=' in html
    assert "billing-card" not in html


@pytest.mark.parametrize("name", PARTIALS)
@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_card_of_the_sites_own_that_fails_leaves_the_page_standing_and_says_where_in_the_log(
    make_site: MakeSite,
    use: Any,
    anna: str,
    caplog: pytest.LogCaptureFixture,
    name: str,
    source: str,
) -> None:
    app = make_site(named_by_header, prepare=use({name: source}))
    answer = app.test_client().get("/account", headers=visitor(anna))
    assert answer.status_code == 200
    assert "Mijn account" in answer.text
    assert OUR_FAULT in Page(answer.text).words
    assert "the card could not be rendered" in caplog.text
    assert name in caplog.text or "billing/gone.html" in caplog.text
    assert [record.levelname for record in caplog.records] == ["ERROR"]


@pytest.mark.parametrize("path", ["/billing/", "/billing/card"])
@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_a_page_of_ours_around_a_card_that_fails_is_an_error_in_our_words(
    make_site: MakeSite,
    use: Any,
    anna: str,
    caplog: pytest.LogCaptureFixture,
    path: str,
    source: str,
) -> None:
    app = make_site(named_by_header, prepare=use({"billing/_card.html": source}))
    answer = app.test_client().get(path, headers=visitor(anna))
    assert answer.status_code == 500
    assert OUR_FAULT in Page(answer.text).words
    assert "Traceback" not in answer.text
    assert "_card.html" in caplog.text or "billing/gone.html" in caplog.text


def test_a_site_that_forbids_undefined_names_shows_the_card(
    make_site: MakeSite, emulator: Any, anna: str
) -> None:
    def prepare(app: Any) -> None:
        app.jinja_env.undefined = StrictUndefined

    client = make_site(named_by_header, prepare=prepare).test_client()
    for path in ("/account", "/billing/", "/billing/card"):
        page = Page(client.get(path, headers=visitor(anna)).text)
        assert page.facts["Huidig plan"] == "Pro"
    framed = client.get("/billing/card", headers=visitor(anna, **{"Sec-Fetch-Dest": "iframe"}))
    assert framed.status_code == 200
    emulator.fail(times=None, headers=AT_ONCE)
    assert client.get("/account", headers=visitor("cus_other")).status_code == 200


OWN_WORDS = {
    "nl": {
        "Abonnement bijwerken": "Wijzig je lidmaatschap",
        "Actief": "Loopt",
        "Huidig plan": "Jouw lidmaatschap",
        "Je abonnement loopt en wordt automatisch verlengd.": "Je bent lid <b>zolang</b> je wilt.",
        "Je bent niet ingelogd": "Wie ben je?",
    },
    "en": {"Abonnement bijwerken": "Change your membership"},
}


def test_the_sites_own_words_take_the_place_of_ours_everywhere(
    make_site: MakeSite, anna: str
) -> None:
    app = make_site(named_by_header, options={"texts": OWN_WORDS})
    client = app.test_client()
    for path in ("/account", "/billing/", "/billing/card"):
        html = client.get(path, headers=visitor(anna)).text
        page = Page(html)
        assert page.facts["Jouw lidmaatschap"] == "Pro"
        assert page.facts["Abonnementsstatus"] == "Loopt"
        assert "Wijzig je lidmaatschap" in html
        assert "Je bent lid &lt;b&gt;zolang&lt;/b&gt; je wilt." in html
    body = client.get("/billing/subscription.json", headers=visitor(anna)).get_json()
    assert body["status"]["code"] == "active"
    assert body["status"]["label"] == "Loopt"
    assert body["button"]["label"] == "Wijzig je lidmaatschap"
    assert "Wie ben je?" in client.get("/account").text
