"""What Stripe answers when it refuses: HTTP status, type, code, param and wording.

Source: https://docs.stripe.com/api/errors, https://docs.stripe.com/error-codes and answers of the
API that people quote in public. A field without a value is left out of the body, as Stripe does.
"""

from __future__ import annotations

from ..account.objects import JSON

_HELP = "We're here to help at https://support.stripe.com/."


class RefusedError(Exception):
    """An answer that is an error instead of an object."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        type: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self._fields = {"type": type, "code": code, "message": message, "param": param}

    def body(self, account: str, request_id: str) -> JSON:
        """The JSON body: `{"error": {…}}` with a link to the request in the Dashboard."""
        error = {name: value for name, value in self._fields.items() if value is not None}
        if "code" in error:
            page = error["code"].replace("_", "-")
            error["doc_url"] = f"https://docs.stripe.com/error-codes#{page}"
        log = f"https://dashboard.stripe.com/{account}/test/workbench/logs?object={request_id}"
        return {"error": {**error, "request_log_url": log}}


def missing(kind: str, id: str, param: str, status: int = 400) -> RefusedError:
    """No object of that kind: 404 where the id stands in the path, 400 for a parameter."""
    name = kind.rpartition(".")[2]
    return RefusedError(status, f"No such {name}: '{id}'", code="resource_missing", param=param)


def unknown_url(method: str, path: str) -> RefusedError:
    """A path or a method that the API does not have, or that the emulator does not play."""
    return RefusedError(
        404,
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we "
        "can help at https://support.stripe.com/.",
    )


def not_expandable(path: str, hint: bool = False) -> RefusedError:
    """An expansion of something that is no reference; on lists with a `hint` at `data.`."""
    advice = f" You may want to try expanding 'data.{path}' instead." if hint else ""
    return RefusedError(400, f"This property cannot be expanded ({path}).{advice}")


def too_deep(path: str) -> RefusedError:
    """An expansion over more than four levels, `data` counted.

    https://docs.stripe.com/expand#multiple-levels
    """
    return RefusedError(
        400,
        f"You cannot expand more than 4 levels of a property. Property: {path}",
        code="property_expansion_max_depth",
    )


def no_key() -> RefusedError:
    """A request without an API key."""
    return RefusedError(
        401,
        "You did not provide an API key. You need to provide your API key in the Authorization "
        "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
        f"https://stripe.com/docs/api#authentication for details, or {_HELP}",
    )


def wrong_key(masked: str) -> RefusedError:
    """A request with a key that is none of the account's."""
    return RefusedError(401, f"Invalid API Key provided: {masked}")


def not_permitted(masked: str, account: str, permission: str) -> RefusedError:
    """A restricted key without the permission. Stripe names the key and the account."""
    return RefusedError(
        403,
        f"The provided key '{masked}' does not have the required permissions for this endpoint "
        f"on account '{account}'. Having the '{permission}' permission would allow this request "
        "to continue.",
    )
