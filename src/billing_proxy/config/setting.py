"""What is said of a setting where it is declared, and how it is read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """One setting: how it is read, and what is said of it.

    ``kind`` parses a text, raising ``ValueError`` with the end of a sentence that begins with
    ``name``. ``mend`` says where the value of a required one comes from; ``doc`` is one line of
    documentation, and ``unset`` what holds where nothing is set, if that is no plain value.
    """

    name: str
    field: str
    kind: Callable[[str], Any]
    default: Any
    doc: str
    mend: str = ""
    unset: str = "–"

    @classmethod
    def of(cls, declared: Field[Any]) -> Setting:
        """The setting of a field that ``setting`` made."""
        return cls(field=declared.name, default=declared.default, **declared.metadata)

    @property
    def required(self) -> bool:
        return self.default is MISSING

    @property
    def shown_default(self) -> str:
        """The default as the documents have it."""
        if self.required:
            return "required"
        return f"`{self.default}`" if self.default not in (None, ()) else self.unset

    def read(self, source: Mapping[str, Any]) -> Any:
        """The value in ``source``, or the default; an empty text counts as not set.

        Raises:
            ValueError: what is wrong, as ``kind`` says it.
        """
        if raw := text_of(source, self.name):
            return self.kind(raw)
        if self.required:
            raise ValueError(f"is missing: {self.mend}")
        return self.default


def setting(
    name: str,
    kind: Callable[[str], Any],
    doc: str,
    *,
    default: Any = None,
    secret: bool = False,
    **more: str,
) -> Any:
    """A field of a dataclass that is read from the setting ``name``; ``more`` is of ``Setting``."""
    told = {"name": name, "kind": kind, "doc": doc, **more}
    return field(default=default, repr=not secret, metadata=told)


def text_of(source: Mapping[str, Any], name: str) -> str:
    """``source[name]`` as an environment would have it; empty where nothing is set."""
    value = source.get(name)
    if isinstance(value, bytes):  # Flask allows bytes as its SECRET_KEY
        return value.hex()
    if isinstance(value, (list, tuple)):  # as Flask wants its TRUSTED_HOSTS
        return " ".join(str(part) for part in value)
    return "" if value is None else str(value).strip()
