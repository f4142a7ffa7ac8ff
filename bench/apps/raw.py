"""A raw WSGI function: sends the answers in the file ``BENCH_ANSWERS``, as ``bare`` does."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ANSWERS = {
    path: (
        str(answer["status"]) + " .",
        list(map(tuple, answer["headers"])),
        answer["body"].encode(),
    )
    for path, answer in json.loads(Path(os.environ["BENCH_ANSWERS"]).read_text()).items()
}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The answer for the path; 404 for any other."""
    status, headers, body = ANSWERS.get(environ["PATH_INFO"], ("404 .", [], b""))
    start_response(status, headers[:])
    return [body]
