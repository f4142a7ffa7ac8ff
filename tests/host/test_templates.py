"""The site's own templates, by path, and its own words, by ``texts=``; also when they fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import render_template, render_template_string
from jinja2 import StrictUndefined

from billing_proxy import BillingProxy
from tests.host.sites import AT_ONCE, OUR_FAULT, MakeSite, named_by_header, visitor
from tests.web.pages import Page

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


def test_what_a_customer_is_called_is_escaped_in_the_sites_own_card_too(
    make_site: MakeSite, use: Any, emulator: Any
) -> None:
    name = '<script>alert("1")</script>'
    emulator.account.add_product(name, "prod_odd")
    emulator.account.add_price("prod_odd", 500, "month", 1, "price_odd")
    emulator.account.add_customer("cus_odd")
    emulator.account.add_subscription("cus_odd", ["price_odd"])
    for own in ({}, {"billing/_card.html": OWN_CARD}):
        client = make_site(named_by_header, prepare=use(own)).test_client()
        html = client.get("/account", headers=visitor("cus_odd")).text
        assert "&lt;script&gt;alert" in html
        assert "<script>alert" not in html


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


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN.keys())
def test_even_an_error_template_that_fails_leaves_the_page_standing(
    make_site: MakeSite, use: Any, anna: str, caplog: pytest.LogCaptureFixture, source: str
) -> None:
    own = use({"billing/_card.html": source, "billing/_error.html": source})
    answer = (
        make_site(named_by_header, prepare=own).test_client().get("/account", headers=visitor(anna))
    )
    assert answer.status_code == 200
    assert OUR_FAULT in Page(answer.text).words
    assert "billing/_error.html" in caplog.text


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


@pytest.mark.parametrize("path", ["/billing/", "/billing/?token=forged", "/billing/portal"])
def test_a_base_template_that_fails_still_ends_in_an_answer_of_ours(
    make_site: MakeSite, use: Any, anna: str, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """``billing/base.html`` is under every page of ours, that of an error included."""
    app = make_site(named_by_header, prepare=use({"billing/base.html": BROKEN["syntax"]}))
    answer = app.test_client().get(path, headers={} if "portal" in path else visitor(anna))
    assert answer.status_code >= 400
    assert "Traceback" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "billing/base.html" in caplog.text


def test_the_card_works_inside_of_a_macro_that_is_imported_without_context(
    make_site: MakeSite, use: Any, anna: str
) -> None:
    macros = "{% macro block() %}<div id='in-macro'>{{ billing_card() }}</div>{% endmacro %}"
    page = "{% from 'macros.html' import block %}{{ block() }}"
    app = make_site(named_by_header, prepare=use({"macros.html": macros, "macro_page.html": page}))
    app.add_url_rule("/macro", "macro", lambda: render_template("macro_page.html"))
    html = app.test_client().get("/macro", headers=visitor(anna)).text
    assert html.index("in-macro") < html.index("billing-card")


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


def test_names_that_the_site_gives_to_all_its_templates_do_not_reach_the_card(
    make_site: MakeSite, anna: str
) -> None:
    def prepare(app: Any) -> None:
        app.context_processor(
            lambda: {"t": "text", "card": "Visa 4242", "language": "fr", "live": False}
        )

    client = make_site(named_by_header, prepare=prepare).test_client()
    html = client.get("/account", headers=visitor(anna)).text
    assert Page(html).facts["Huidig plan"] == "Pro"
    assert 'lang="nl"' in html
    assert "data-billing-refresh" in html


def test_outside_of_a_request_the_card_is_a_sentence(
    make_site: MakeSite, anna: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A mail, say, rendered by a job: nobody is asking."""
    for locale in ("nl", "auto"):
        app = make_site(named_by_header, BILLING_LOCALE=locale)
        with app.app_context():
            html = render_template_string("<p>Beste Anna</p>{{ billing_card() }}")
        assert "Beste Anna" in html
        assert "Huidig plan" not in html
    assert caplog.records


def test_two_cards_on_one_page_cost_one_reading(
    make_site: MakeSite, anna: str, emulator: Any
) -> None:
    app = make_site(named_by_header)
    app.add_url_rule(
        "/two",
        "two",
        lambda: render_template_string("<div>{{ billing_card() }}{{ billing_card() }}</div>"),
    )
    html = app.test_client().get("/two", headers=visitor(anna)).text
    assert html.count('class="billing-card"') == 2
    assert emulator.calls("/v1/subscriptions") == 1


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


def test_own_words_are_by_language(make_site: MakeSite, anna: str) -> None:
    app = make_site(named_by_header, options={"texts": OWN_WORDS}, BILLING_LOCALE="en")
    html = app.test_client().get("/account", headers=visitor(anna)).text
    assert "Change your membership" in html
    assert Page(html).facts["Subscription status"] == "Active"


def test_own_words_in_a_language_that_the_card_does_not_speak_are_refused() -> None:
    """Else a slip such as leaving the language out would change nothing, without a word."""
    for texts in ({"sv": {"Actief": "Actif"}}, {"Actief": "Loopt"}):
        with pytest.raises((TypeError, ValueError), match="texts"):
            BillingProxy(texts=texts)  # type: ignore[arg-type]


def test_own_words_that_could_not_be_filled_in_are_refused_at_once() -> None:
    """Else every customer on trial would get an error in the place of the card."""
    trial = "Je proefperiode duurt nog {count} dagen."
    assert BillingProxy(texts={"nl": {trial: "Nog {count} dagen, {{dan}} betaal je."}})
    assert BillingProxy(texts={"nl": {trial: "Nog even op proef.", "Actief": "{Loopt}"}})
    for own in ("Nog {dagen} dagen.", "Nog {} dagen.", "Nog {count dagen."):
        with pytest.raises((TypeError, ValueError), match="texts"):
            BillingProxy(texts={"nl": {trial: own}})
