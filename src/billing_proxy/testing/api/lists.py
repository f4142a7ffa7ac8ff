"""Lists: filtered, newest first, one page at a time.

Source: https://docs.stripe.com/api/pagination
"""

from __future__ import annotations

from collections.abc import Callable

from ..account.account import Account
from ..account.objects import JSON
from .refusals import RefusedError, missing
from .strict import Check, limit, strings, text

PAGE: dict[str, Check] = {
    "limit": limit,
    "starting_after": text,
    "ending_before": text,
    "expand": strings,
}
"""The parameters that every list takes."""

_DEFAULT_LIMIT = 10


def page(
    account: Account,
    kind: str,
    url: str,
    params: JSON,
    keep: Callable[[JSON], bool] = lambda _: True,
) -> JSON:
    """One page of the objects of `kind` that `keep` lets through."""
    rows = account.all(kind, params.get("customer"))
    cursor, forward = _cursor(account, kind, params)
    if cursor is not None:
        order = {row["id"]: place for place, row in enumerate(account.all(kind))}
        at = order[cursor["id"]]
        rows = [
            row for row in rows if (order[row["id"]] > at if forward else order[row["id"]] < at)
        ]
    return cut([row for row in rows if keep(row)], url, params, forward)


def cut(rows: list[JSON], url: str, params: JSON, forward: bool = True) -> JSON:
    """A list answer with the first page of `rows`, or the last one when going backwards."""
    size = params.get("limit", _DEFAULT_LIMIT)
    data = rows[:size] if forward else rows[-size:]
    return {"object": "list", "data": data, "has_more": len(rows) > size, "url": url}


def _cursor(account: Account, kind: str, params: JSON) -> tuple[JSON | None, bool]:
    given = [name for name in ("starting_after", "ending_before") if name in params]
    found = {name: account.get(kind, params[name]) for name in given}
    for name, row in found.items():
        if row is None or row.get("deleted"):
            raise missing(kind, params[name], name)
    if len(given) > 1:
        raise RefusedError(
            400,
            "Received both starting_after and ending_before parameters. Please pass in only one.",
        )
    if not given:
        return None, True
    return found[given[0]], given[0] == "starting_after"


def within(moment: int | None, bounds: JSON | None) -> bool:
    """Whether `moment` (Unix seconds) lies within `gt`, `gte`, `lt` and `lte`."""
    if not bounds:
        return True
    return (
        moment is not None
        and moment > bounds.get("gt", moment - 1)
        and moment >= bounds.get("gte", moment)
        and moment < bounds.get("lt", moment + 1)
        and moment <= bounds.get("lte", moment)
    )
