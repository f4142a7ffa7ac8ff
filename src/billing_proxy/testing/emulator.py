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

from .account.account import Account
from .account.objects import JSON
from .api.api import Api, ApiCall
from .api.faults import Fault
from .api.keys import DEFAULT_KEY, Keys
from .catalogue import account_with_catalogue
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

    def pages(self) -> Iterable[Blueprint]:
        """What is answered beside the API, over the same account: nothing here."""
        return ()

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
