"""What HTTP says about a request and its answer: decisions over headers, without a framework.

``headers`` are a request's, by their names as the standards write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

from ..loader import Outcome

Pair: TypeAlias = tuple[str, str]
"""A header: its name and its value."""

PRIVATE = "private, no-cache"
"""Only the customer's own browser keeps it, and asks each time whether it is still right."""

NEVER_STORED = "no-store"

IMMUTABLE = "public, max-age=31536000, immutable"
"""For a file whose address changes with its content (RFC 8246)."""

ASK_AGAIN = "no-cache"
"""For a file at an address that another release may have made up."""

VARY = ("Accept", "Accept-Language", "Authorization", "Cookie", "Sec-Fetch-Dest")

_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_FOREIGN_PORTS = {"https": 80, "http": 443}


class Headers(Protocol):
    """A request's headers: a mapping, or what a framework has for one."""

    def get(self, name: str, default: str, /) -> str:
        """The header with that name."""


def prefers_json(accept: Iterable[tuple[str, float]]) -> bool:
    """Whether the client would rather have JSON; HTML wins ties, ``*/*`` and an empty header.

    ``accept`` are the media ranges of the header, each with its quality.
    """
    ranges: dict[str, float] = {}
    for value, quality in accept:
        media_range = value.partition(";")[0].strip().lower()
        ranges[media_range] = max(quality, ranges.get(media_range, 0.0))
    json_quality = max(_quality(ranges, "json"), _quality(ranges, "problem+json"))
    return json_quality > _quality(ranges, "html", "text")


def _quality(ranges: Mapping[str, float], subtype: str, type_: str = "application") -> float:
    """How much a media type is wanted: the most specific range decides (RFC 9110 12.5.1)."""
    wanted = (f"{type_}/{subtype}", f"{type_}/*", "*/*")
    return next((ranges[media_range] for media_range in wanted if media_range in ranges), 0.0)


def why_no_navigation(headers: Headers) -> str | None:
    """Why this is not a person following a link, or None where it may be one.

    Sources: https://www.w3.org/TR/fetch-metadata/ and the Sec-Purpose header of the Fetch standard.
    """
    purposes = headers.get("Sec-Purpose", "") + headers.get("Purpose", "")
    if "prefetch" in purposes or "prerender" in purposes:
        return "a prefetch is no navigation"
    if headers.get("Sec-Fetch-Dest", "document") != "document":
        return "the answer would not become a document in a tab"
    if headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return "a script asks, not a navigation"
    return None


def becomes_document(headers: Headers) -> bool:
    """Whether the answer becomes a document, in a frame or a tab, rather than part of one.

    A browser says so, over HTTPS (https://www.w3.org/TR/fetch-metadata/). Where none does, a
    navigation alone asks for XHTML: scripts and programs do not, unless they are told to.
    """
    if dest := headers.get("Sec-Fetch-Dest", ""):
        return dest in ("iframe", "frame", "object", "embed", "document")
    return "application/xhtml+xml" in headers.get("Accept", "").lower()


def is_addressable(*, host: str, prefix: str, has_host: bool, protocol: str) -> bool:
    """Whether an absolute address for this request can be made (RFC 9112 section 3.2).

    ``host`` is empty where the framework does not believe it; ``prefix`` is the path that a proxy
    says the service is under; ``protocol`` is such as ``HTTP/1.1``, which asks for a Host.
    """
    named = has_host or protocol in ("HTTP/1.0", "HTTP/0.9")
    return named and bool(host) and _PREFIX.fullmatch(prefix.rstrip("/")) is not None


def reachable(address: str) -> str:
    """``address``, without a port that belongs to the other scheme.

    A proxy that ends TLS and says ``X-Forwarded-Port: 80`` speaks of its own side; no browser gets
    an answer from ``https://…:80``.
    """
    parts = urlsplit(address)
    if parts.port is None or parts.port != _FOREIGN_PORTS.get(parts.scheme):
        return address
    return parts._replace(netloc=parts.netloc.rpartition(":")[0]).geturl()


def static_cache_control(asked_version: str | None, version: str) -> str:
    """How long a static file may be kept: for good only at the address of this very ``version``.

    While one release replaces another, either may be asked for the other's file.
    """
    return IMMUTABLE if asked_version == version else ASK_AGAIN


def is_unchanged(if_none_match: str, etag: str) -> bool:
    """Whether a client that sends ``If-None-Match`` has the answer with ``etag`` already."""
    known = if_none_match.strip()
    return bool(known) and (known == "*" or etag in known)


@lru_cache(maxsize=256)
def cache_headers(
    outcome: Outcome, age: int, left: int, milliseconds: float = 0.0
) -> tuple[Pair, ...]:
    """Where the card came from: ``Age``, ``Cache-Status`` (RFC 9211), ``Server-Timing``.

    ``age`` and what is ``left`` of the card's time are in whole seconds, so that answers from the
    cache have the same headers for a second; ``milliseconds``, in tenths, is what finding it took.
    A card that stands in for a newer one has less than nothing left.
    """
    if outcome is Outcome.HIT:
        status = f"hit; ttl={left}"
    elif outcome is Outcome.STALE:
        status = f"hit; ttl={min(-1, left)}; detail=stale-if-error"
    else:
        status = "fwd=miss; stored" if outcome is Outcome.MISS else "fwd=miss; collapsed"
    return (
        ("Age", str(max(0, age))),
        ("Cache-Status", f"billing-proxy; {status}"),
        ("Server-Timing", f"card;dur={milliseconds:.1f}"),
    )


def security_headers(frame_ancestors: str) -> dict[str, str]:
    """What a browser's protections ask for; ``frame_ancestors`` is a source list of CSP.

    Sources: https://www.w3.org/TR/CSP3/, https://www.w3.org/TR/referrer-policy/
    """
    headers = {
        "Content-Security-Policy": (
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
            "img-src 'self' data:; base-uri 'none'; form-action 'none'; "
            f"frame-ancestors {frame_ancestors}"
        ),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
    if frame_ancestors == "'none'":
        headers["X-Frame-Options"] = "DENY"
    return headers
