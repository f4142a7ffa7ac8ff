"""``StripeApi``: the only file that knows Stripe's SDK.

Every error of the SDK becomes one of ours here. What Stripe said stays inside: its messages name
keys, accounts and customers, so the log gets the status, the code and the request id, no more.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote

import stripe

from ..errors import (
    CustomerNotFound,
    InvalidEvent,
    StripeKeyRefused,
    StripeMisconfigured,
    StripePermissionMissing,
    StripeRateLimited,
    StripeUnavailable,
)
from ..metrics.observer import SILENT, CallOutcome, Observer
from . import transport
from .calls import CALLS

API_VERSION = "2026-10-28.endive"
"""The version whose objects ``subscription.py`` reads: https://docs.stripe.com/api/versioning"""

CONNECT_TIMEOUT = 3.05
"""Seconds; a little over a multiple of three, TCP's first retransmission."""

LONGEST_READ = 25.0
"""Seconds; the deadline of ``transport`` is shorter wherever there is one."""

log = logging.getLogger(__name__)


class Page(NamedTuple):
    """One page of a list; ``request_id`` is Stripe's, for the log."""

    data: list[Mapping[str, Any]]
    has_more: bool
    request_id: str


class StripeApi:
    """Stripe's REST API, in decoded JSON. Safe to share between threads.

    Args:
        secret_key: ``sk_…`` or ``rk_…``.
        api_base: Stripe's address, or another for tests and the demo.
        connections: how many connections to keep open.
        observer: hears of every call, how it ended and how long it took.

    Every method gives up at ``until`` (``time.monotonic``), and raises StripeUnavailable,
    StripeMisconfigured or CustomerNotFound.
    """

    def __init__(
        self, secret_key: str, *, api_base: str, connections: int, observer: Observer = SILENT
    ) -> None:
        self._observer = observer
        # At INFO the SDK logs Stripe's error messages, at DEBUG whole answers.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        self._secret_key = secret_key
        self._api_base = api_base
        self._http_client = _Client(
            timeout=(CONNECT_TIMEOUT, LONGEST_READ),
            session=transport.session(api_base, connections=connections),
        )

    @cached_property
    def _client(self) -> stripe.StripeClient:
        """Made by the first call: it brings most of the SDK along, which a start can do without."""
        return stripe.StripeClient(
            self._secret_key,
            stripe_version=API_VERSION,
            base_addresses={"api": self._api_base},
            max_network_retries=1,
            http_client=self._http_client,
        )

    def list(self, resource: str, params: Mapping[str, Any], *, until: float) -> Page:
        """One page of ``resource``, such as ``subscriptions``."""
        what = f"{resource}.list"
        answer, request_id = self._call(what, "get", _path(resource), params, until)
        data = answer.get("data")
        if not isinstance(data, list) or not all(isinstance(obj, Mapping) for obj in data):
            raise StripeUnavailable(f"Stripe's answer to {what} is not a list")
        return Page(data, answer.get("has_more") is True, request_id)

    def retrieve(
        self, resource: str, id_: str, *, expand: Sequence[str] = (), until: float
    ) -> Mapping[str, Any]:
        """The object of ``resource`` with this id, and what ``expand`` names with it."""
        path = f"{_path(resource)}/{quote(id_, safe='')}"
        params = {"expand": list(expand)} if expand else {}
        return self._call(f"{resource}.retrieve", "get", path, params, until)[0]

    def create(
        self, resource: str, params: Mapping[str, Any], *, until: float
    ) -> Mapping[str, Any]:
        """A new object of ``resource``."""
        return self._call(f"{resource}.create", "post", _path(resource), params, until)[0]

    def _call(
        self, what: str, method: str, path: str, params: Mapping[str, Any], until: float
    ) -> tuple[Mapping[str, Any], str]:
        """The JSON object that Stripe answers, and the id of Stripe's request.

        Raw, since the SDK's own objects read fields that nobody here needs, and fail on odd ones.
        """
        if what not in CALLS:
            raise LookupError(f"{what} is not in the list of calls")
        started, outcome = time.perf_counter(), CallOutcome.UNREADABLE
        try:
            with transport.deadline(until):
                answer = self._client.raw_request(method, path, **params)
            body, request_id = answer.data, answer.request_id
            if isinstance(body, Mapping):
                outcome = CallOutcome.OK
        except stripe.StripeError as error:
            outcome = _outcome(error)
            _translate(what, error)
        except Exception as error:  # noqa: BLE001 -- the SDK trips over some odd bodies
            log.warning("Stripe's answer to %s is unreadable: %s", what, type(error).__name__)
            raise StripeUnavailable(f"Stripe's answer to {what} is unreadable") from None
        finally:
            self._observer.stripe_called(what, outcome, time.perf_counter() - started)
        if not isinstance(body, Mapping):
            raise StripeUnavailable(f"Stripe's answer to {what} is not an object")
        return body, safe(request_id)


def verify_signature(body: bytes, header: str, secret: str, *, tolerance: int) -> None:
    """Check the ``Stripe-Signature`` of a webhook's ``body``; ``tolerance`` is in seconds back.

    Raises:
        InvalidEvent
    """
    try:
        stripe.WebhookSignature.verify_header(body.decode(), header, secret, tolerance)
    except (stripe.SignatureVerificationError, ValueError):
        raise InvalidEvent("the signature does not fit, or is too old") from None


def _path(resource: str) -> str:
    return f"/v1/{resource.replace('.', '/')}"


class _Client(stripe.RequestsClient):
    """The SDK's client, which gives up trying again when no time is left for it."""

    def _should_retry(self, *args: Any, **kwargs: Any) -> bool:
        left = transport.remaining()
        if left is not None and left < 2 * self.INITIAL_DELAY:
            return False
        return bool(super()._should_retry(*args, **kwargs))


_HINTS = {
    "billing_portal.sessions.create": (
        ": save the customer portal's settings in the Stripe Dashboard, "
        "and see what billing-proxy check says"
    ),
    "billing_portal.configurations.retrieve": ": STRIPE_PORTAL_CONFIGURATION names none of yours",
}


def _outcome(error: stripe.StripeError) -> CallOutcome:
    match error:
        case stripe.AuthenticationError():
            return CallOutcome.KEY_REFUSED
        case stripe.PermissionError():
            return CallOutcome.PERMISSION_REFUSED
        case stripe.InvalidRequestError():
            return CallOutcome.REQUEST_REFUSED
        case stripe.RateLimitError():
            return CallOutcome.RATE_LIMITED
        case stripe.APIConnectionError():
            return CallOutcome.NO_ANSWER
        case _:
            return CallOutcome.FAILED


def _translate(what: str, error: stripe.StripeError) -> NoReturn:
    """Raise ours for Stripe's: without its text, and without a chain that would show it."""
    code = safe(getattr(error.error, "code", None))
    request_id = safe(error.request_id)
    log.warning(
        "Stripe refused or failed %s: %s, HTTP status %s, code %s, request %s",
        what, type(error).__name__, error.http_status, code, request_id,
    )  # fmt: skip
    match error:
        case stripe.AuthenticationError():
            reason = "Stripe refuses STRIPE_SECRET_KEY: it is wrong, revoked or expired"
            raise StripeKeyRefused(reason, request_id=request_id) from None
        case stripe.PermissionError():
            permission = _permission(error)
            reason = f"STRIPE_SECRET_KEY may not do {what}: give it that permission in Stripe"
            raise StripePermissionMissing(
                reason, permission=permission, request_id=request_id
            ) from None
        case stripe.InvalidRequestError() if _names_customer(error):
            raise CustomerNotFound(request_id=request_id) from None
        case stripe.InvalidRequestError():
            reason = f"Stripe refuses {what} with code {code}" + _HINTS.get(what, "")
            raise StripeMisconfigured(reason, request_id=request_id) from None
        case stripe.RateLimitError():
            reason = "Stripe's rate limit is reached"
            raise StripeRateLimited(reason, request_id=request_id) from None
        case _:
            reason = f"Stripe failed at {what}"
            raise StripeUnavailable(reason, request_id=request_id) from None


def _permission(error: stripe.PermissionError) -> str | None:
    """The permission that Stripe's message names: the one word of it that is safe to repeat."""
    found = re.search(r"\brak_[a-z_]{1,60}\b", str(getattr(error.error, "message", "") or ""))
    return found[0] if found else None


def _names_customer(error: stripe.InvalidRequestError) -> bool:
    return error.code == "resource_missing" and error.param == "customer"


def safe(value: Any) -> str:
    """A code or id of Stripe's, fit for a log line; a dash for anything else."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w.-]{1,80}", value) else "-"
