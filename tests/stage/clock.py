"""Time in these tests: a clock that goes on only when told to, and a moment to start from."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: str) -> int:
    """The Unix seconds of a moment in UTC, such as ``2076-12-12 11:00:00``."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NOW = moment("2026-11-22 11:00")


class Clock:
    """Unix seconds, to be passed as ``clock`` to the service and to the emulator."""

    def __init__(self, now: float = NOW) -> None:
        self.now = float(now)

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
