"""What these tests take besides pytest: the validators of OpenAPI documents, and Schemathesis.

Where one is missing a plain run skips the module and says so; with `CI=true` that is a failure.
"""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest


def need(module: str) -> Any:
    """The module of this name."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        lacking = f"{error.name} is not installed (requirements-dev.txt has it)"
    if os.environ.get("CI") == "true":
        pytest.fail(f"The tests of the API's document cannot run: {lacking}", pytrace=False)
    pytest.skip(f"no tests of the API's document: {lacking}", allow_module_level=True)
