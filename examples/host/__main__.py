"""``python -m examples.host``: the site on this machine, with the demo's emulator as its Stripe."""

from __future__ import annotations

import secrets
import signal

import click
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server

from demo.emulator import Emulator
from demo.personas import populate
from examples.host import create_app

HOST = "127.0.0.1"


@click.command()
@click.option("--port", default=8001, show_default=True, help=f"On {HOST}; 0 takes any free one.")
@click.option("--root", default="/", show_default=True, help="A path to mount the site at.")
def main(port: int, root: str) -> None:
    """Serve the example site until Ctrl-C, on the loopback interface."""
    root = f"/{root.strip('/')}"
    mount = DispatcherMiddleware(NotFound())
    server = make_server(HOST, port, mount, threaded=True)
    start = f"http://{HOST}:{server.port}{root}".rstrip("/")
    with Emulator(populate()) as emulator:
        site = create_app(
            {
                "SECRET_KEY": secrets.token_urlsafe(48),
                "HTTPS": False,
                "SERVER_NAME": f"{HOST}:{server.port}",
                "APPLICATION_ROOT": root,
                "STRIPE_SECRET_KEY": emulator.key,
                "STRIPE_API_BASE": emulator.url,
                "BILLING_UPGRADE_URL": f"{start}/#prijzen",
            }
        )
        if root == "/":
            mount.app = site
        else:
            mount.mounts = {root: site}
        click.echo(f"Example site on {start}/ – Stripe is an emulator here; Ctrl-C stops")
        # Started in the background by a shell, Ctrl-C is ignored; a stop still has to stop it.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        server.serve_forever()


if __name__ == "__main__":
    main()
