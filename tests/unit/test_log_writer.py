"""Lines of the log are written together, in order, by a thread that may wait for the stream."""

from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Callable, Iterator

import pytest

from billing_proxy.web.log_writer import LineFormatter, LogWriter

WAITS = 10
"""Seconds, for what happens at once."""


class Stream(io.StringIO):
    """Remembers each write; takes one only while ``free``."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.asked, self.free = threading.Semaphore(0), threading.Event()
        self.free.set()

    def write(self, text: str) -> int:
        self.asked.release()
        assert self.free.wait(WAITS)
        self.writes.append(text)
        return len(text)


class Broken(Stream):
    """Nobody reads it any more."""

    def write(self, text: str) -> int:
        super().write(text)
        raise BrokenPipeError


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    """The package's, with no handler but the one that is tested."""
    logger = logging.getLogger("billing_proxy")
    logger.setLevel(logging.INFO)
    yield logger
    logger.setLevel(logging.NOTSET)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)


@pytest.fixture
def collect(logger: logging.Logger) -> Callable[..., LogWriter]:
    def collect(stream: Stream, **options: float) -> LogWriter:
        writer = LogWriter(stream, **{"pause": 3600, **options})  # type: ignore[arg-type]
        logger.addHandler(writer)
        return writer

    return collect


def test_lines_are_written_together_and_at_once_for_a_warning(
    logger: logging.Logger, collect: Callable[..., LogWriter]
) -> None:
    stream = Stream()
    writer = collect(stream)
    for number in range(3):
        logger.info("line %d", number)
    assert stream.writes == []
    logger.warning("look")
    assert stream.asked.acquire(timeout=WAITS)
    writer.flush()  # waits for the write that is under way
    assert "".join(stream.writes) == "line 0\nline 1\nline 2\nlook\n"


def test_what_is_collected_is_written_at_the_end(
    logger: logging.Logger, collect: Callable[..., LogWriter]
) -> None:
    stream = Stream()
    writer = collect(stream)
    logger.info("%s", "the last one")
    writer.flush()
    assert stream.writes == ["the last one\n"]


def test_no_line_is_torn_by_what_another_worker_writes(
    logger: logging.Logger, collect: Callable[..., LogWriter]
) -> None:
    stream = Stream()
    writer = collect(stream)
    for number in range(200):
        logger.info("%d %s", number, "x" * 100)
    writer.flush()
    assert 5 < len(stream.writes) < 10
    assert all(len(w) <= 4096 and w.endswith("x\n") for w in stream.writes)


def test_a_stream_that_nobody_reads_holds_up_nobody_and_the_loss_is_said(
    logger: logging.Logger, collect: Callable[..., LogWriter]
) -> None:
    stream = Stream()
    writer = collect(stream, pause=0, room=5)
    stream.free.clear()
    logger.info("begins to be written")
    assert stream.asked.acquire(timeout=WAITS)
    for number in range(8):
        logger.info("line %d", number)
    stream.free.set()
    while "3 lines of this log are lost" not in "".join(stream.writes):
        assert stream.asked.acquire(timeout=WAITS)
        writer.flush()
    assert "line 4\n" in "".join(stream.writes)
    assert "line 5\n" not in "".join(stream.writes)


def test_a_broken_stream_breaks_nothing_else(
    logger: logging.Logger, collect: Callable[..., LogWriter]
) -> None:
    stream = Broken()
    writer = collect(stream)
    for _ in range(2):
        logger.info("nobody reads this")
        writer.flush()
    assert len(stream.writes) == 2


def test_a_line_that_cannot_be_made_costs_no_other(
    logger: logging.Logger, collect: Callable[..., LogWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    stream = Stream()
    writer = collect(stream)
    logger.info("%d", "no number")
    logger.info("fine")
    writer.flush()
    assert stream.writes == ["fine\n"]


def test_a_line_may_be_made_later_in_its_turn(
    logger: logging.Logger, collect: Callable[..., LogWriter]
) -> None:
    stream = Stream()
    writer = collect(stream)
    logger.info("first")
    writer.later(logger.info, "%s", "second")
    logger.info("third")
    writer.flush()
    assert stream.writes == ["first\nsecond\nthird\n"]


def test_what_goes_wrong_later_costs_no_other_line_and_is_said(
    logger: logging.Logger, collect: Callable[..., LogWriter]
) -> None:
    stream = Stream()
    writer = collect(stream)
    writer.later(int, "no number")
    writer.later(logger.info, "fine")
    writer.flush()
    writer.flush()
    assert stream.writes[0] == "fine\n"
    assert "1 lines of this log are lost" in stream.writes[1]


def test_a_line_is_what_logging_itself_makes_of_the_record() -> None:
    ours = LineFormatter()
    theirs = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    raised = (ValueError, ValueError("odd"), None)
    for second, args, error in ((0, (), None), (0, ("50%", 7), raised), (1_790_000_000, (), None)):
        record = logging.LogRecord(
            "a.b", logging.ERROR, __file__, 1, "%s %d" if args else "%s", args, error
        )
        record.created, record.msecs = second + 0.0079, 7.0
        assert ours.format(record) == theirs.format(record)


def test_a_child_process_begins_anew(
    logger: logging.Logger, collect: Callable[..., LogWriter]
) -> None:
    stream = Stream()
    writer = collect(stream)
    logger.info("the parent's")
    if (child := os.fork()) == 0:
        logger.info("the child's")
        logger.warning("and more")
        arrived = stream.asked.acquire(timeout=WAITS)
        writer.flush()
        good = arrived and "".join(stream.writes) == "the child's\nand more\n"
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    writer.flush()
    assert stream.writes == ["the parent's\n"]
