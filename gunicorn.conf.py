"""Read by ``gunicorn`` from the folder it is started in: all of it is in the package."""

from billing_proxy.serving import *  # noqa: F403
