"""Whether a request comes from a page of ours: where a cookie speaks for somebody, a foreign page must not."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from server.keys import CONFIG
from server.problems import Problem


def check_origin(request: web.Request) -> None:
    """Raise Problem origin_foreign for a page of another site; programs send no Origin (RFC 6455 section 10.2)."""
    origin = request.headers.get("Origin")
    if origin is None or origin == request.app[CONFIG].public_url:
        return
    try:
        parts = urlsplit(origin)
    except ValueError:
        raise Problem("origin_foreign") from None
    if parts.scheme not in ("http", "https") or parts.netloc != request.host:
        raise Problem("origin_foreign")
