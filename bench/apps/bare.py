"""A bare Flask view: sends the answers in the file ``BENCH_ANSWERS``, and does nothing else.

The file is JSON: ``{path: {"status", "headers": [[name, value]], "body"}}``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask, Response


def view(answer: dict[str, Any]) -> Callable[[], Response]:
    """A view that returns ``answer``, made anew each time as a view does."""
    status, headers, body = answer["status"], answer["headers"], answer["body"].encode()
    return lambda: Response(body, status, headers)


app = Flask(__name__, static_folder=None)
for path, answer in json.loads(Path(os.environ["BENCH_ANSWERS"]).read_text()).items():
    app.add_url_rule(path, path.replace(".", "_"), view(answer))
