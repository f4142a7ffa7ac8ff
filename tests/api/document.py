"""``docs/openapi.yaml``, and what its schemas say of a body."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.api.needs import need

jsonschema = need("jsonschema")

PATH = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every path, method and operation."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield path, method.upper(), operation


def resolved(thing: dict[str, Any]) -> dict[str, Any]:
    """What a reference refers to, or the thing itself."""
    if "$ref" not in thing:
        return thing
    found: Any = DOCUMENT
    for part in thing["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return resolved(found)


def problems(body: Any, schema: str) -> list[str]:
    """What is wrong with ``body`` by the schema of this name, undocumented fields included."""
    validator = jsonschema.Draft202012Validator(
        {**_CLOSED, "$ref": f"#/components/schemas/{schema}"},
        format_checker=jsonschema.FormatChecker(["date", "date-time"]),
    )
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def header_problems(headers: Any, response: dict[str, Any]) -> list[str]:
    """What is wrong with ``headers`` by what ``response`` documents."""
    found = []
    for name, header in resolved(response).get("headers", {}).items():
        header, value = resolved(header), headers.get(name)
        if value is None:
            found += [f"{name} is missing"] if header.get("required") else []
            continue
        schema = header["schema"]
        typed = int(value) if schema["type"] == "integer" else value
        validator = jsonschema.Draft202012Validator(schema)
        found += [f"{name}: {error.message}" for error in validator.iter_errors(typed)]
    return found


def _closed(schema: Any) -> Any:
    """A copy in which no object may have other fields than those that are described."""
    schema = copy.deepcopy(schema)
    _close(schema)
    return schema


def _close(schema: Any) -> None:
    if isinstance(schema, dict):
        if "properties" in schema:
            schema["additionalProperties"] = False
        for part in schema.values():
            _close(part)
    elif isinstance(schema, list):
        for part in schema:
            _close(part)


_CLOSED = _closed({"components": {"schemas": DOCUMENT["components"]["schemas"]}})
