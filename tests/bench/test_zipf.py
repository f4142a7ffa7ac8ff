"""The least that must be read for a series of views, found in another way than the service does."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bench.zipf import View, least_reads, zipf_views

TTL = 3.0
MOMENTS = st.lists(st.integers(0, 12).map(float), max_size=7)


def fewest(moments: frozenset[float]) -> int:
    """The least number of reads, by trying every view as the one that the last read is made at."""
    if not moments:
        return 0
    return 1 + min(
        fewest(frozenset(m for m in moments if m < read))
        for read in moments
        if all(m < read + TTL for m in moments)
    )


@given(MOMENTS)
def test_no_choice_of_reads_needs_fewer(moments: list[float]) -> None:
    views = [View(moment, customer=1) for moment in moments]
    assert least_reads(views, ttl=TTL) == fewest(frozenset(moments))


def test_each_customer_is_read_for_themselves() -> None:
    views = [View(0.0, 1), View(1.0, 2), View(2.9, 1), View(3.0, 1)]
    assert least_reads(views, ttl=TTL) == 3


def test_views_come_in_order_and_the_first_customers_look_most() -> None:
    views = zipf_views(views=5000, customers=50, seconds=60)
    assert len(views) == 5000
    assert all(earlier.at <= later.at for earlier, later in pairwise(views))
    assert 0 <= views[0].at <= views[-1].at <= 60
    counts = [sum(view.customer == number for view in views) for number in (0, 1, 49)]
    assert counts[0] > 1.5 * counts[1] > 10 * counts[2] > 0


def test_the_same_seed_gives_the_same_minute() -> None:
    once, again = (zipf_views(views=20, customers=5, seconds=9, seed=3) for _ in range(2))
    assert once == again != zipf_views(views=20, customers=5, seconds=9, seed=4)
