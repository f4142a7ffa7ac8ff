"""Which limits a site breaks, how far it may grow, and what it is told to set."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing_proxy.capacity import MONTH, Setup, Site, average, peak, population, restart
from billing_proxy.capacity_plan import (
    MAX_REFUSED,
    MOST_CUSTOMERS,
    REFUSED,
    TTLS,
    Limits,
    budget_rate,
    demands,
    make_plan,
    most_reads,
    process_rate,
)
from billing_proxy.config import SETTINGS, BillingConfig
from billing_proxy.setting_values import number
from tests.capacity.sites import a_setup, a_site, a_view_every
from tests.unit.examples import examples

SITES = st.builds(
    a_site,
    customers=st.integers(1, 10**9),
    views=st.just(0.0) | st.floats(0.001, 10_000),
    peak_factor=st.floats(1, 100),
    views_per_visit=st.integers(1, 20),
    view_gap=st.floats(0, 600),
    portal_share=st.floats(0, 1),
    detail_share=st.floats(0, 1),
    zipf=st.sampled_from([0.0, 0.7, 1.0, 1.5]),
    products=st.integers(0, 100),
)
SETUPS = st.builds(
    a_setup,
    ttl=st.sampled_from([0.0, 0.5, 30.0, 3600.0, 86_400.0]),
    machines=st.integers(1, 50),
    processes=st.integers(1, 8),
    shared=st.booleans(),
)


def broken(site: Site, setup: Setup, limits: Limits | None = None) -> set[str]:
    """The limits that do not do."""
    return {found.name for found in demands(site, setup, limits or Limits()) if not found.fits}


def busy(views: float, **more: float) -> Site:
    """A million customers with so many views per second, none of whom comes back in time."""
    return a_site(customers=10**6, views=views * MONTH / 10**6, transactions=10**6, **more)


@examples(60)
@given(SITES, SETUPS)
def test_no_view_costs_more_than_one_read_and_no_cache_reads_a_card_twice_in_its_time(
    site: Site, setup: Setup
) -> None:
    calls = average(replace(site, portal_share=0.0), setup)
    assert calls.subscriptions <= calls.views * (1 + 1e-9)
    if setup.ttl and site.views_per_visit == 1:
        assert calls.subscriptions <= site.customers * setup.caches / setup.ttl * (1 + 1e-9)


@examples(60)
@given(SITES, SETUPS)
def test_a_restart_costs_the_most_and_the_peak_more_than_the_average(
    site: Site, setup: Setup
) -> None:
    rates = [at(site, setup).reads for at in (average, peak, restart)]
    assert rates[0] <= rates[1] * (1 + 1e-9)
    assert rates[1] <= rates[2] * (1 + 1e-9)


@examples(60)
@given(SITES, SETUPS)
def test_customers_who_are_alike_are_the_worst_case(site: Site, setup: Setup) -> None:
    alike = average(replace(site, zipf=0.0), setup).subscriptions
    assert average(site, setup).subscriptions <= alike * (1 + 1e-9)


@pytest.mark.parametrize("zipf", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("customers", [1, 63, 64, 65, 1000, 10**12])
def test_groups_of_customers_are_all_the_customers_with_all_the_views(
    customers: int, zipf: float
) -> None:
    groups = list(population(customers, zipf))
    assert sum(count for count, _ in groups) == customers
    assert sum(count * times for count, times in groups) == pytest.approx(customers)


def test_groups_of_ranks_weigh_what_zipfs_law_says() -> None:
    weights = [rank**-1.0 for rank in range(1, 1001)]
    (first, head), *_ = population(1000, 1.0)
    assert first == 1
    assert head == pytest.approx(1000 * weights[0] / sum(weights), rel=1e-4)


@pytest.mark.parametrize(("views", "ttl"), [(4.0, 3600.0), (4000.0, 3600.0), (4.0, 0.0)])
def test_a_product_is_read_once_in_its_time_by_each_process_and_no_oftener_than_cards_are(
    views: float, ttl: float
) -> None:
    site, setup = a_site(views=views, products=5), a_setup(processes=3, catalog_ttl=ttl)
    calls = average(site, setup)
    often = 5 * 3 / ttl if ttl else float("inf")
    assert 0.5 * min(often, calls.subscriptions) <= calls.catalog
    assert calls.catalog <= min(often, calls.subscriptions)
    assert average(replace(site, products=0), setup).catalog == 0


def test_a_long_window_does_not_count_on_a_peak_that_has_only_begun() -> None:
    site = a_site(views=a_view_every(7200), peak_factor=20.0, peak_seconds=600.0)
    short, long = a_setup(ttl=600.0), a_setup(ttl=601.0)
    assert peak(site, long).subscriptions > peak(site, short).subscriptions
    assert peak(site, long).subscriptions < restart(site, long).subscriptions


@pytest.mark.parametrize(
    ("site", "setup", "limits", "expected"),
    [
        (busy(15), a_setup(), Limits(), set()),
        (busy(21), a_setup(), Limits(), {"subscriptions, reads/s", REFUSED}),
        (busy(21), a_setup(), Limits(share=1.0), set()),
        (busy(21), a_setup(), Limits(endpoint=100.0), set()),
        (
            busy(8, detail_share=1.0),
            a_setup(shared=True),
            Limits(account=15.0, share=1.0),
            {"the account, reads/s", REFUSED},
        ),
        (
            busy(15, portal_share=1.0),
            a_setup(),
            Limits(),
            {"subscriptions, reads/s", REFUSED},
        ),
        (busy(15), a_setup(processes=16), Limits(), {REFUSED}),
        (busy(15), a_setup(processes=16, max_rate=20.0), Limits(), set()),
        (busy(15), a_setup(processes=16, shared=True), Limits(), set()),
    ],
)
def test_each_limit_breaks_where_it_is_too_small(
    site: Site, setup: Setup, limits: Limits, expected: set[str]
) -> None:
    assert broken(site, setup, limits) == expected


@pytest.mark.parametrize(
    ("transactions", "reads", "fits"),
    [(0, 7_900, True), (0, 8_100, False), (100, 39_000, True), (100, 41_000, False)],
)
def test_a_month_allows_500_reads_a_transaction_and_never_less_than_10_000(
    transactions: int, reads: float, fits: bool
) -> None:
    site = a_site(customers=10_000, views=reads / 10_000, transactions=transactions)
    assert ("30 days, reads" not in broken(site, a_setup())) is fits


@examples(40)
@given(SITES, SETUPS)
def test_as_many_customers_fit_as_it_says_and_not_many_more(site: Site, setup: Setup) -> None:
    plan = make_plan(site, setup, Limits())
    assert plan.fits == (plan.most_customers >= site.customers)

    def fits(customers: int) -> bool:
        transactions = site.transactions * customers / site.customers
        grown = replace(site, customers=customers, transactions=transactions)
        return make_plan(grown, setup, Limits()).fits

    if plan.most_customers > 0:
        assert fits(plan.most_customers)
    if plan.most_customers < MOST_CUSTOMERS:
        assert not fits(int(plan.most_customers * 1.002) + 1)


def test_where_few_customers_are_too_many_for_a_month_the_many_who_fit_are_found() -> None:
    site = a_site(customers=200_000, views=360.0, products=10, transactions=200_000.0)
    setup = a_setup(processes=16, shared=True)
    few = replace(site, customers=30, transactions=30)
    assert broken(few, setup) == {"30 days, reads"}
    assert 100_000 < make_plan(site, setup, Limits()).most_customers < 200_000


@examples(40)
@given(SITES, SETUPS)
def test_what_it_advises_fits_and_a_shorter_time_to_live_does_not(site: Site, setup: Setup) -> None:
    advice = make_plan(site, setup, Limits()).advice
    shared = replace(setup, shared=True)
    for ttl, used in ((advice.ttl, setup), (advice.ttl_if_shared, shared)):
        tried = [setup.ttl, *(other for other in TTLS if other > setup.ttl)]
        shorter = [other for other in tried if ttl is None or other < ttl]
        assert ttl is None or not broken(site, replace(used, ttl=ttl))
        assert all(broken(site, replace(used, ttl=other)) for other in shorter)
    assert (advice.ask is None) == (advice.ttl is not None or advice.ttl_if_shared is not None)


@examples(40)
@given(SITES, SETUPS, st.sampled_from([0.5, 2.0, 25.0]))
def test_what_it_says_to_ask_stripe_for_is_enough(site: Site, setup: Setup, allowed: float) -> None:
    limits = Limits(endpoint=allowed, account=allowed)
    ask = make_plan(site, setup, limits).advice.ask
    if ask is not None:
        assert ask.endpoint or ask.account or ask.transactions
        granted = Limits(endpoint=max(ask.endpoint, allowed), account=max(ask.account, allowed))
        site = replace(site, transactions=max(ask.transactions, site.transactions))
        assert not broken(site, replace(setup, shared=True), granted)


def test_a_rate_that_is_set_too_low_is_told_what_it_should_be() -> None:
    plan = make_plan(busy(15), a_setup(max_rate=2.0), Limits())
    assert not plan.fits
    assert plan.advice.max_rate == 20


@pytest.mark.parametrize("ttl", TTLS)
def test_the_settings_take_every_time_to_live_that_may_be_advised(ttl: float) -> None:
    assert number(0, 86_400)(str(ttl)) == ttl


@pytest.mark.parametrize("processes", [1, 2, 3, 7, 20, 21, 30, 41, 160, 200])
def test_the_advised_rates_of_all_processes_stay_within_our_share(processes: int) -> None:
    setup = a_setup(processes=processes)
    rate = make_plan(a_site(), setup, Limits()).advice.max_rate
    assert rate is not None
    assert most_reads(setup, Limits()) <= 20 * (1 + 1e-9)
    environ = {
        "STRIPE_SECRET_KEY": "sk_test_capacity",
        "SECRET_KEY": "signs nothing",
        "BILLING_STRIPE_MAX_RATE": f"{rate:g}",
    }
    config = BillingConfig.from_mapping(environ, standalone=False)
    assert budget_rate(config.stripe_max_rate) == budget_rate(rate)


def test_one_process_is_advised_the_default_rate() -> None:
    plan = make_plan(a_site(), a_setup(), Limits())
    assert plan.advice.max_rate == SETTINGS["BILLING_STRIPE_MAX_RATE"]


def test_more_processes_than_the_setting_can_divide_by_are_refused_a_rate() -> None:
    assert process_rate(20 / 201) is None
    assert REFUSED in broken(a_site(), a_setup(processes=201))


def test_small_budgets_refuse_far_below_their_rate() -> None:
    one, many = (a_setup(processes=count) for count in (1, 20))
    assert REFUSED not in broken(busy(15), one)
    found = {demand.name: demand for demand in demands(busy(15), many, Limits())}
    assert found[REFUSED].needs > 10 * 100 * MAX_REFUSED


@pytest.mark.parametrize(
    ("views", "least", "most"), [(0.1, 10_000, 10_000), (200, 650_000, 1_200_000)]
)
def test_the_advised_size_holds_every_card_that_an_outage_may_need(
    views: float, least: int, most: int
) -> None:
    plan = make_plan(busy(views), a_setup(shared=True), Limits())
    assert least <= plan.advice.maxsize <= most
    assert plan.advice.process_bytes == plan.advice.maxsize * 2048
