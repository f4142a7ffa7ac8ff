"""Load from a process of its own: wrk where it is installed, else a small client in Python.

``python -m bench.load '{"url": …, "headers": …, "seconds": …, "connections": …}'`` is that client;
it prints how many requests per second were answered.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

CONNECTIONS = 8

WRK = shutil.which("wrk")


def generator() -> str:
    """What makes the load, in words."""
    if WRK:
        return "wrk, 1 thread"
    return "the bench's own client in Python (wrk is not installed: apt install wrk)"


def requests_per_second(
    url: str, headers: Mapping[str, str], *, seconds: float, connections: int = CONNECTIONS
) -> float:
    """How many requests for ``url`` are answered in a second, over connections that stay open.

    Raises:
        RuntimeError: when an answer is an error.
    """
    if WRK:
        return _wrk(WRK, url, headers, seconds, connections)
    order = {"url": url, "headers": headers, "seconds": seconds, "connections": connections}
    command = [sys.executable, "-m", "bench.load", json.dumps(order)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _wrk(
    program: str, url: str, headers: Mapping[str, str], seconds: float, connections: int
) -> float:
    command = [
        program,
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "30s",
    ]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    output = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or re.search(r"Socket errors: .*[1-9]", output):
        raise RuntimeError(f"some requests failed: {output[-400:]}")
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", output)[0])


def main(order: str) -> None:
    """The client itself: one thread per connection, each sending the same bytes again."""
    plan = json.loads(order)
    parts = urlsplit(plan["url"])
    target = parts._replace(scheme="", netloc="", path=parts.path or "/").geturl()
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in plan["headers"].items()]
    request = "\r\n".join([*lines, "", ""]).encode()
    until = time.monotonic() + plan["seconds"]
    counts: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: counts.append(_ask(parts.hostname, parts.port, request, until))
        )
        for _ in range(plan["connections"])
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) < len(threads):
        raise SystemExit("a connection failed")
    print(sum(counts) / (time.monotonic() - started))


def _ask(host: str | None, port: int | None, request: bytes, until: float) -> int:
    count = 0
    with socket.create_connection((host, port), timeout=30) as connection:
        stream = connection.makefile("rb")
        while time.monotonic() < until:
            connection.sendall(request)
            status, length = stream.readline(), 0
            if status.split()[1] not in (b"200", b"304"):
                raise RuntimeError(status.decode())
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            stream.read(length)
            count += 1
    return count


if __name__ == "__main__":
    main(sys.argv[1])
