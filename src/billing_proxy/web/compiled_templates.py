"""What templates are compiled to, kept for the next process, as Python keeps its own ``.pyc``.

Compiling them is the largest part of a first page's work. Jinja's folder for it is this user's
alone, in the one for temporary files; where there can be none, each process compiles anew.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.metadata import version

from flask import Flask
from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket

from .responses import VERSION


class CompiledTemplates(FileSystemBytecodeCache):
    """Jinja's; but a disk that is full, or a folder that has gone, costs nobody a page.

    Jinja looks whether a template's source is still the same, and not which release of Jinja
    compiled it: after an older one is put back, what a newer one made may not run.
    """

    def __init__(self) -> None:
        super().__init__(pattern=f"billing-proxy-{VERSION}-jinja-{version('jinja2')}-%s.cache")

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read what is there; what a crash of the machine left of it is compiled anew."""
        with suppress(Exception):  # a pickle that is cut off raises almost anything
            super().load_bytecode(bucket)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, where that is possible."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def keep_compiled_templates(app: Flask) -> None:
    """Let ``app``, before its first template, keep them where that is possible and safe."""
    with suppress(OSError, RuntimeError):
        app.jinja_options = {**app.jinja_options, "bytecode_cache": CompiledTemplates()}
