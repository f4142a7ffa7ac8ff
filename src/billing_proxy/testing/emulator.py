"""`Emulator`: an embedded Stripe that the real SDK reaches over real HTTP.

```python
with Emulator() as emulator:
    emulator.account.add_customer("cus_1")
    emulator.account.add_subscription("cus_1")
    client = StripeClient(emulator.key, base_addresses={"api": emulator.url})
```
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Self

from flask import Blueprint, Flask
from markupsafe import Markup

from .account.account import Account
from .account.invoices import PAGES
from .account.objects import JSON
from .api.api import Api, ApiCall
from .api.faults import Fault
from .api.keys import DEFAULT_KEY, Keys
from .catalogue import account_with_catalogue
from .customers import put
from .server import LoopbackServer


class Emulator:
    """Stripe's API on the loopback interface.

    Attributes: `url`, `key` (a secret key), `account` (the state, to add to and to change),
    `requests` (every API call so far, in order; `clear()` starts anew) and `latency` (seconds
    that every API call takes, at the least).
    """

    def __init__(
        self,
        account: Account | None = None,
        *,
        clock: Callable[[], float] = time.time,
        port: int = 0,
        latency: float = 0.0,
        key: str = DEFAULT_KEY,
        host: str = "127.0.0.1",
    ) -> None:
        """Bind to `host` and `port` (0: any free one); `start` or `with` begins to answer.

        Without an `account` a new one is made with the catalogue and no customers, on `clock`
        (Unix seconds); an account that is given brings its own clock. Raises ValueError for a
        live key and for a host that is not loopback, OSError when the port is taken.
        """
        self.account = account or account_with_catalogue(clock)
        self.key = key
        self.latency = latency
        self._api = Api(self.account, Keys(key), latency=lambda: self.latency)
        self.requests: list[ApiCall] = self._api.calls
        app = Flask(__name__)
        app.config["PROPAGATE_EXCEPTIONS"] = True
        for blueprint in (self._api.blueprint(), *self.pages()):
            app.register_blueprint(blueprint)
        self._server = LoopbackServer(app, host, port)
        self.url = f"http://{host}:{self._server.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What a site is configured with to ask here: each time anew, and as often as it likes."""
        return {
            "STRIPE_SECRET_KEY": self.key,
            "STRIPE_API_BASE": self.url,
            "BILLING_CACHE_TTL": "0",
            "BILLING_STRIPE_MAX_RATE": "1000",
        }

    def customer(self, state: str) -> str:
        """Add a customer in `state`, a key of `CUSTOMERS`; gives its id. ValueError: no state."""
        id: str = self.account.add_customer()["id"]
        put(self.account, id, state)
        return id

    def change(self, customer: str, state: str) -> None:
        """Put a customer in another `state`, whatever it had. ValueError: no state."""
        put(self.account, customer, state)

    def pages(self) -> Iterable[Blueprint]:
        """What is answered beside the API, where people get to: one line, with a way back."""
        blueprint = Blueprint("pages", __name__)
        blueprint.add_url_rule("/p/session/<secret>", view_func=self._page)
        blueprint.add_url_rule(f"{PAGES}<secret>", view_func=self._page)
        return (blueprint,)

    def _page(self, secret: str) -> str:
        visit = self.account.visits.get(secret)
        back = visit.session["return_url"] if visit else None
        link = Markup(' <a href="{}">Back to the site</a>').format(back) if back else ""
        return f"<!doctype html><title>Stripe</title>A page of Stripe's would be here.{link}"

    def start(self) -> Self:
        """Begin to answer, in a thread of its own."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Stop answering and close every connection, those that hang included."""
        self.clear_faults()
        self._server.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def calls(self, path_prefix: str | None = None) -> int:
        """How many API calls came in, or how many whose path starts with `path_prefix`."""
        return sum(call.path.startswith(path_prefix or "") for call in list(self.requests))

    def add_key(self, key: str, permissions: Iterable[str] | None = None) -> str:
        """Add a key with `permissions` such as `subscriptions:read`; None allows everything.

        Resources: coupons, customers, invoices, payment_intents, payment_methods, portal, prices,
        products, subscriptions. Expanding a reference takes the permission to read what it names.
        Raises ValueError for a live key.
        """
        self._api.keys.add(key, permissions)
        return key

    def fail(
        self,
        path_prefix: str = "/v1/",
        *,
        status: int = 500,
        times: int | None = 1,
        method: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: JSON | str | None = None,
        hang: bool = False,
        drop: bool = False,
    ) -> None:
        """Let the next `times` calls of a path fail; None: all until `clear_faults`.

        The answer is `status` with Stripe's body for it, or with `body`; with `drop` the
        connection closes without an answer, with `hang` nothing comes until `clear_faults`.
        """
        self._api.faults.add(
            Fault(path_prefix, method, status, headers or {}, body, times, hang, drop)
        )

    def clear_faults(self) -> None:
        """Let every call succeed again, and let go of those that hang."""
        self._api.faults.clear()
