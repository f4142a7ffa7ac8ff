"""`python -m bench [--only warm,cold]`: how fast and frugal, against what else there is.

Starts everything itself on the loopback interface, prints one table and on what it was measured.
Rounds alternate between the two sides of a comparison, so ratios hold on a busy machine too; the
numbers beside them do not. The exit code is 0 when everything could be measured, whatever came of
it: a busy machine is no failure, and the table says what is met.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

from bench import cold, hanging, host, memory, shared, start, warm
from bench.emulated import Stripe
from bench.load import generator
from bench.processes import OTHERS, run_on
from bench.ratios import Row, table

SECTIONS: dict[str, Callable[[Stripe], Iterator[Row]]] = {
    "warm": warm.measure,
    "host": host.measure,
    "shared": shared.measure,
    "cold": cold.measure,
    "memory": memory.measure,
    "start": start.measure,
    "hanging": hanging.measure,
}
PACKAGES = ("flask", "werkzeug", "gunicorn", "stripe", "requests")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and say whether the aims are met."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("--only", default="", help=f"some of {','.join(SECTIONS)}")
    names = [name for name in parser.parse_args(arguments).only.split(",") if name]
    if unknown := set(names) - set(SECTIONS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    run_on(os.getpid(), OTHERS)
    started, load_before = time.monotonic(), os.getloadavg()
    rows: list[Row] = []
    for name in names or SECTIONS:
        _say(f"measuring: {name}")
        rows += _measured(name)
    print(table(rows))
    print(f"\n{machine()}")
    print(f"Load average before {load_before[0]:.2f}, after {os.getloadavg()[0]:.2f}.", end=" ")
    print(f"Took {time.monotonic() - started:.0f} s.")
    return 1 if any(row.value is None for row in rows) else 0


def _measured(name: str) -> list[Row]:
    rows: list[Row] = []
    try:
        with Stripe() as stripe:
            for row in SECTIONS[name](stripe):
                rows.append(row)
                _say(f"  {table([row]).splitlines()[-1]}")
    except (OSError, RuntimeError, subprocess.SubprocessError) as problem:
        rows.append(Row(name, note=str(problem).replace("\n", " ")[:200]))
    return rows


def machine() -> str:
    """What this ran on, in a sentence or two."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"Measured on {_processor()}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.release()}; Python {platform.python_version()}; {packages}. "
        f"Load: {generator()}. {'A server has one CPU' if OTHERS else 'Servers have all CPUs'}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
