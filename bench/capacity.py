"""The capacity calculator beside customers who are played out: ``python -m bench.capacity``.

For more customers, and longer, than the tests have time for. Reads are per second.
"""

from __future__ import annotations

import argparse
import time

from billing_proxy.capacity import MONTH, Setup, Site, average
from tests.capacity.simulation import play, reads
from tests.capacity.sites import a_setup, a_site

CASES: dict[str, tuple[dict[str, float], dict[str, float]]] = {
    "twice a month, in visits of two": (dict(views=4, views_per_visit=2, view_gap=20), {}),
    "the same, 32 processes": (dict(views=4, views_per_visit=2, view_gap=20), dict(processes=32)),
    "ten times a day": (dict(views=300), {}),
    "once a minute": (dict(views=MONTH / 60), {}),
    "once a minute, 8 processes": (dict(views=MONTH / 60), dict(processes=8)),
    "once a minute, 8 processes, shared": (
        dict(views=MONTH / 60),
        dict(processes=8, shared=True),
    ),
    "once a minute, Zipf": (dict(views=MONTH / 60, zipf=1), {}),
    "long visits, often": (dict(views=MONTH / 30, views_per_visit=5, view_gap=10), {}),
}


def main() -> None:
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=500_000, help="views to play out in each case")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"{'':36} {'views':>9} {'simulated':>10} {'formula':>10} {'ratio':>7} {'seconds':>8}")
    for name, (site, setup) in CASES.items():
        compare(
            name, a_site(customers=20_000, **site), a_setup(**setup), options.views, options.seed
        )


def compare(name: str, site: Site, setup: Setup, views: int, seed: int) -> None:
    """Play out so many views, after as long a warm-up as ten windows are."""
    started, warm_up = time.perf_counter(), 10 * setup.ttl
    seconds = views / (site.customers * site.views / MONTH)
    missed = reads(play(site, setup, warm_up + seconds, seed), setup.ttl)
    simulated = sum(view.moment >= warm_up for view in missed) / seconds
    formula = average(site, setup).subscriptions
    took = time.perf_counter() - started
    print(
        f"{name:36} {views:9,} {simulated:10.4f} {formula:10.4f} "
        f"{simulated / formula:7.4f} {took:8.1f}"
    )


if __name__ == "__main__":
    main()
