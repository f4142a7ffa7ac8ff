"""A gunicorn worker with threads for whom clients may be slow: it waits for them in its loop.

gthread (27) waits for the first byte in a thread, reads heads and bodies there without a limit,
lingers over closed connections in the loop that serves all others, and ends when descriptors do.
"""

from __future__ import annotations

import errno
import re
import selectors
import socket
import threading
import time
from functools import partial
from typing import Any

from gunicorn.http import Request, RequestParser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

REQUEST_WITHIN = 10.0
"""Seconds in which a request has to have come, head and body."""

ANSWER_WITHIN = 10.0
"""Seconds in which a client has to take what is written to it."""

ENOUGH = 65_536
"""Bytes that are collected without a thread; only a larger body, or a chunked one, takes one."""

LINGERING = 64
"""Connections at a time that may go on after their answer, until the client hangs up."""

LINGERS = 1.0
"""Seconds that each of them may."""

_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,9})")


def can_begin(received: bytes | bytearray) -> bool:
    """Whether a thread can go on with what has come, without waiting for the client.

    So it is when head and body are here. A body that has no length, waits to be asked for, or is
    larger than ``ENOUGH`` is read by the thread.
    """
    end = received.find(b"\r\n\r\n")
    if len(received) >= ENOUGH or end < 0:
        return len(received) >= ENOUGH
    head = received[:end].lower()
    if b"\ntransfer-encoding:" in head or b"\nexpect:" in head:
        return True
    length = _LENGTH.search(head)
    return length is None or len(received) - end - 4 >= int(length[1])


class Connection(TConn):
    """A client from whom the loop reads, until a thread can begin.

    ``until`` is the moment on ``time.monotonic`` by which its request has to be here.
    """

    parser: RequestParser | None

    def __init__(
        self, worker: PatientWorker, sock: socket.socket, client: Any, server: Any
    ) -> None:
        super().__init__(worker.cfg, sock, client, server)
        self.worker = worker
        self.received = bytearray()
        self.until = 0.0

    def expect_request(self) -> None:
        """A request begins, perhaps with what came along with the one before."""
        self.sock.setblocking(False)
        self.until = time.monotonic() + REQUEST_WITHIN
        if self.parser is not None:
            self.received += self.parser.unreader.take_buffered()

    def receive(self) -> bool:
        """Take what has come; False when the client has hung up."""
        try:
            data = self.sock.recv(ENOUGH)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.received += data
        return data != b""

    def init(self) -> None:
        """In the thread, before each request: hand over what has been read."""
        super().init()
        if self.parser is not None:
            if not isinstance(self.parser.unreader, PatientUnreader):
                self.parser.unreader = PatientUnreader(self)
            self.parser.unreader.unread(bytes(self.received))
        self.received.clear()
        self.sock.settimeout(ANSWER_WITHIN)

    def close(self, graceful: bool = False) -> None:
        """Close at once, or when the client has seen the answer."""
        if graceful:
            self.worker.linger(self.sock)
        else:
            super().close()


class PatientUnreader(SocketUnreader):
    """Reads on in the thread, within the request's time; after it, the client counts as gone."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection.sock)
        self._connection = connection

    def chunk(self, size_hint: int | None = None) -> bytes:
        """What comes next, or nothing: out of time, or as many others wait for a body already."""
        left = self._connection.until - time.monotonic()
        bodies = self._connection.worker.bodies
        if left <= 0 or not bodies.acquire(blocking=False):
            return b""
        try:
            self.sock.settimeout(left)
            return super().chunk(size_hint)  # type: ignore[call-arg] # new in 27
        except TimeoutError:
            return b""
        finally:
            bodies.release()
            self.sock.settimeout(ANSWER_WITHIN)


class PatientWorker(ThreadWorker):
    """gthread, where no client that is slow or silent holds a thread, or a descriptor for long."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bodies = threading.BoundedSemaphore(max(1, self.cfg.threads // 4))
        # Both in the order of their deadlines, since each of them waits equally long.
        self._waiting: dict[Connection, None] = {}
        self._lingering: dict[socket.socket, float] = {}

    def accept(self, listener: socket.socket) -> None:
        """Accept a client; where there is no room, at the cost of who has been silent longest."""
        if self.cfg.is_ssl:
            super().accept(listener)
            return
        try:
            sock, address = listener.accept()
        except OSError as problem:
            if problem.errno in _NO_ROOM:
                self._drop_the_oldest()
            elif problem.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        self.nr_conns += 1
        self.enqueue_req(Connection(self, sock, address, listener.getsockname()))
        if self.nr_conns >= self.worker_connections:
            self._drop_the_oldest()

    def enqueue_req(self, conn: TConn) -> None:
        """Hand ``conn`` to a thread as soon as its request is here."""
        if not isinstance(conn, Connection):
            super().enqueue_req(conn)
            return
        conn.expect_request()
        if not conn.receive():
            self.nr_conns -= 1
            conn.close()
        elif can_begin(conn.received):
            self._begin(conn)
        else:
            self._waiting[conn] = None
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._read, conn))

    def handle_request(self, req: Request, conn: TConn) -> bool:
        """gthread's; a client that does not take its answer counts as gone."""
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            raise BrokenPipeError(errno.EPIPE, "the answer was not taken in time") from None

    def murder_pending(self) -> None:
        """Called by the loop once a second at least: end what has had its time."""
        super().murder_pending()
        now = time.monotonic()
        while self._waiting and (conn := next(iter(self._waiting))).until <= now:
            if b"\r\n\r\n" in conn.received:
                self._stop_waiting(conn)
                self._begin(conn)  # to be told that its body did not come
            else:
                self._drop(conn)
        while self._lingering and next(iter(self._lingering.values())) <= now:
            self._end(next(iter(self._lingering)))

    def linger(self, sock: socket.socket) -> None:
        """Close ``sock`` when the client does, so that the answer is not cut off.

        Source: RFC 9112 section 9.6.
        """
        try:
            sock.shutdown(socket.SHUT_WR)
            sock.setblocking(False)
        except OSError:
            sock.close()
            return
        self.nr_conns += 1
        self._lingering[sock] = time.monotonic() + LINGERS
        self.poller.register(sock, selectors.EVENT_READ, self._drain)
        self._drain(sock)
        if len(self._lingering) > LINGERING:
            self._end(next(iter(self._lingering)))

    def _read(self, conn: Connection, _: Any = None) -> None:
        if conn not in self._waiting:
            return  # dropped by another event of the same turn
        if not conn.receive():
            self._drop(conn)
        elif can_begin(conn.received):
            self._stop_waiting(conn)
            self._begin(conn)

    def _begin(self, conn: Connection) -> None:
        conn.data_ready = True
        super().enqueue_req(conn)

    def _drop_the_oldest(self) -> None:
        if self._waiting:
            self._drop(next(iter(self._waiting)))

    def _drop(self, conn: Connection) -> None:
        self._stop_waiting(conn)
        self.nr_conns -= 1
        conn.close()

    def _stop_waiting(self, conn: Connection) -> None:
        del self._waiting[conn]
        self.poller.unregister(conn.sock)

    def _drain(self, sock: Any) -> None:
        if sock not in self._lingering:
            return
        try:
            if sock.recv(ENOUGH):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._end(sock)

    def _end(self, sock: socket.socket) -> None:
        del self._lingering[sock]
        self.poller.unregister(sock)
        self.nr_conns -= 1
        sock.close()
