"""The service's server, for applications that have none of its settings to check."""

from billing_proxy.serving import *  # noqa: F403


def on_starting(server: object) -> None:
    """Nothing, in place of what the service does."""
