"""The command ``billing-proxy``: the standalone service's settings, from the environment."""

from __future__ import annotations

import logging

from flask.cli import ScriptInfo

from .app import create_app
from .cli.commands import commands


def main() -> None:
    """Run the command line; a service that could not start says why and exits 1."""
    # What a command finds it says itself; the service's log lines would say it twice.
    logging.getLogger("billing_proxy").addHandler(logging.NullHandler())
    commands.main(obj=ScriptInfo(create_app=lambda: create_app()), prog_name="billing-proxy")


if __name__ == "__main__":
    main()
