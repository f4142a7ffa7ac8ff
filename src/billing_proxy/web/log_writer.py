"""The service's log lines: collected for a moment, and written together by a thread of their own.

A thread that writes a line itself gives up the interpreter meanwhile, and others wait for that one:
a warm answer lost more of its time by this than by anything else. What a line needs can wait as
well: ``later`` makes it, in its turn, in that thread.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, TextIO

PAUSE = 0.05
"""Seconds in which lines are collected; a warning, or worse, ends them."""

ROOM = 10_000
"""Lines that wait at most, where nobody takes them; what comes then is counted, and lost."""

PIECE = 4096
"""Characters written at a time: such a piece is not torn by what other workers write (pipe(7))."""

FLUSHED_WITHIN = 1.0
"""Seconds that ``flush``, at the end of the process, waits for a stream that nobody reads."""

log = logging.getLogger("billing_proxy.log")


class LineFormatter(logging.Formatter):
    """Writes ``%(asctime)s %(levelname)s %(name)s %(message)s``, in little more than half the time.

    The lines of a second begin alike, and there is one for each request.
    """

    def usesTime(self) -> bool:  # noqa: N802 -- the name in logging
        """``formatMessage`` makes it."""
        return False

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """The line, but for what belongs to an exception."""
        moment = f"{_local_time(int(record.created))},{int(record.msecs):03}"
        return f"{moment} {record.levelname} {record.name} {record.message}"


@lru_cache(maxsize=1)
def _local_time(seconds: int) -> str:
    return time.strftime(logging.Formatter.default_time_format, time.localtime(seconds))


class LogWriter(logging.Handler):
    """A handler that keeps the order of the lines, and never lets a request wait for the stream.

    The thread begins with the first line, in whatever process writes it, and ends with the process.
    """

    def __init__(self, stream: TextIO, *, pause: float = PAUSE, room: int = ROOM) -> None:
        super().__init__()
        self._stream = stream
        self._pause = pause
        self._room = room
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """With nothing collected: that of a parent process is the parent's to write."""
        self._collected: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()
        self._lines: list[str] = []
        self._writer = 0
        self._lost = 0
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._some = threading.Event()
        self._at_once = threading.Event()
        self._thread: threading.Thread | None = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the lock that other handlers need: a deque is safe between threads."""
        passed = self.filter(record)
        if passed:  # it may be another record, from Python 3.12 on
            self.emit(passed if isinstance(passed, logging.LogRecord) else record)
        return bool(passed)

    def emit(self, record: logging.LogRecord) -> None:
        """Collect ``record``; it is made a line later, in the other thread."""
        if self._writer == threading.get_ident():  # it has waited for its turn already
            self._add(record)
            return
        self.later(self._add, record)
        if record.levelno >= logging.WARNING:
            self._at_once.set()

    def later(self, log_it: Callable[..., object], *args: object) -> None:
        """Call ``log_it``, which logs a line, in its turn: after what was logged before."""
        if len(self._collected) >= self._room:
            self._lose(1)
            return
        self._collected.append((log_it, args))
        if not self._some.is_set():
            self._some.set()
            self._start()

    def flush(self) -> None:
        """Write what has been collected so far; ``logging`` calls this when the process ends."""
        if self._writing.acquire(timeout=FLUSHED_WITHIN):
            try:
                self._write()
            finally:
                self._writing.release()

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None:
                return
            thread = threading.Thread(target=self._run, name="billing-log", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the process ends, or may not have another thread
                self._some.clear()
            else:
                self._thread = thread
                return
        self.flush()

    def _run(self) -> None:
        while True:
            self._some.wait()
            self._at_once.wait(self._pause)
            self._some.clear()
            self._at_once.clear()
            with self._writing:
                self._write()

    def _write(self) -> None:
        calls = [self._collected.popleft() for _ in range(len(self._collected))]
        with self._lock:
            lost, self._lost = self._lost, 0
        if lost:
            said = "%d lines of this log are lost: not taken in time, or not to be made"
            record = log.makeRecord(log.name, logging.WARNING, __file__, 0, said, (lost,), None)
            calls.append((self.handle, (record,)))
        self._writer = threading.get_ident()
        for log_it, args in calls:
            try:
                log_it(*args)
            except Exception:  # noqa: BLE001 -- a filter's, or of a handler that others have added
                self._lose(1)
        lines, self._lines, self._writer = self._lines, [], 0
        try:
            for piece in _pieces(lines):
                self._stream.write(piece)
                self._stream.flush()
        except (OSError, ValueError):  # nobody reads it any more
            self._lose(len(lines) + lost)

    def _add(self, record: logging.LogRecord) -> None:
        self._lines.append(self._line(record))

    def _line(self, record: logging.LogRecord) -> str:
        try:
            return f"{self.format(record)}\n"
        except Exception:  # noqa: BLE001 -- whatever an argument's own __str__ raises
            self.handleError(record)
            return ""

    def _lose(self, lines: int) -> None:
        with self._lock:
            self._lost += lines


def _pieces(lines: Iterable[str]) -> Iterator[str]:
    """``lines``, as many together as fit."""
    piece = ""
    for line in lines:
        if piece and len(piece) + len(line) > PIECE:
            yield piece
            piece = ""
        piece += line
    if piece:
        yield piece
