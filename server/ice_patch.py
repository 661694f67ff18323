"""PATCH of a WHIP or WHEP session: trickled candidates and ICE restart (RFC 9725 section 4.3)."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from media.errors import PeerUnknown
from server.keys import CONDUCTOR
from server.limits import FRAGMENT_MAX_BYTES, read_body, require_type
from server.problems import Problem
from server.sessions import Session

FRAGMENT: Final = "application/trickle-ice-sdpfrag"


async def patch_ice(request: web.Request, session: Session) -> web.Response:
    """Answer 204 to candidates, and 200 with our side's fragment and its ETag to an ICE restart.

    Raises Problem type_unsupported, if_match_missing (428), too_large, fragment_malformed, session_unknown; and
    MediaError etag_stale (412) when ICE was restarted since the entity tag was given.
    """
    require_type(request, FRAGMENT, "Accept-Patch")
    etags = _etags(request)
    body = await read_body(request, FRAGMENT_MAX_BYTES)
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError:
        raise Problem("fragment_malformed") from None
    try:
        answer = await request.app[CONDUCTOR].switchboard.update_ice(session, text, etags)
    except PeerUnknown:
        raise Problem("session_unknown") from None
    if answer is None:
        return web.Response(status=204)
    return web.Response(text=answer.sdp, content_type=FRAGMENT, headers={"ETag": answer.etag})


def _etags(request: web.Request) -> frozenset[str] | None:
    """Return the entity tags named by If-Match, None for `*`. Weak ones match nothing (RFC 9110 section 13.1.1)."""
    named = request.if_match
    if named is None:
        raise Problem("if_match_missing")
    if any(etag.value == "*" for etag in named):
        return None
    return frozenset(f'"{etag.value}"' for etag in named if not etag.is_weak)
