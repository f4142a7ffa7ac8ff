"""Wrong settings, said on the command line: a list on one screen, and no traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

import click

from ..config.settings import BillingConfig
from ..errors import ConfigError
from ..gateway.calls import link_to_a_new_key


class SettingsRefused(ConfigError, click.ClickException):
    """A ``ConfigError`` that Click shows as it is, in ``billing-proxy`` as in any ``flask …``."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Print every problem to standard error, and where a key comes from if that is one."""
        click.echo(self.message, file, err=True)
        if any(problem.startswith("STRIPE_SECRET_KEY ") for problem in self.problems):
            click.echo(f"This page makes the right key:\n  {link_to_a_new_key()}", file, err=True)


def read_settings(source: Mapping[str, Any], *, standalone: bool) -> BillingConfig:
    """``BillingConfig.from_mapping``, for an app that may be loaded by a command line.

    Raises:
        ConfigError: with every problem at once.
    """
    try:
        return BillingConfig.from_mapping(source, standalone=standalone)
    except ConfigError as error:
        raise SettingsRefused(error.problems) from None
