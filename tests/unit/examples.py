"""How much effort a property test makes."""

from __future__ import annotations

from hypothesis import HealthCheck, settings


def examples(count: int) -> settings:
    """So many examples, however slow the machine is today."""
    return settings(max_examples=count, deadline=None, suppress_health_check=[HealthCheck.too_slow])
