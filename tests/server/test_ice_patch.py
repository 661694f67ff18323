"""PATCH of a session by its status codes: candidates, ICE restart, and what is refused (RFC 9725 section 4.3)."""

from __future__ import annotations

import pytest

from interpreting.roles import Role
from server.limits import FRAGMENT_MAX_BYTES
from tests.server.conftest import Site

TYPE = {"Content-Type": "application/trickle-ice-sdpfrag"}
CURRENT, ANY = {"If-Match": '"1"'}, {"If-Match": "*"}


def fragment(ufrag: str = "them") -> str:
    return (
        f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:passwordpasswordpassword\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
        "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n"
    )


@pytest.mark.parametrize("kind", ["whip", "whep"])
async def test_candidates_and_then_a_restart(site: Site, kind: str) -> None:
    venue = site.invite(Role.VENUE)
    address = await site.whip(venue) if kind == "whip" else await site.whep("de", venue)
    bearer = site.bearer(venue)
    trickle = await site.client.patch(address, data=fragment(), headers={**TYPE, **CURRENT, **bearer})
    assert (trickle.status, await trickle.text()) == (204, "")
    restart = await site.client.patch(address, data=fragment("anew"), headers={**TYPE, **ANY, **bearer})
    assert (restart.status, restart.content_type) == (200, "application/trickle-ice-sdpfrag")
    assert restart.headers["ETag"] == '"11"'
    assert "ETag" in restart.headers["Access-Control-Expose-Headers"]
    answer = await restart.text()
    assert "a=ice-ufrag:11\r\n" in answer
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n" in answer
    stale = await site.client.patch(address, data=fragment("anew"), headers={**TYPE, **CURRENT, **bearer})
    assert (stale.status, (await stale.json())["error"]["code"]) == (412, "etag_stale")
    fresh = await site.client.patch(address, data=fragment("more"), headers={**TYPE, "If-Match": '"11"', **bearer})
    assert (fresh.status, fresh.headers["ETag"]) == (200, '"111"')


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (fragment(), TYPE, 428, "if_match_missing"),
        (fragment(), {**TYPE, "If-Match": '"other"'}, 412, "etag_stale"),
        (fragment(), {**TYPE, "If-Match": 'W/"1"'}, 412, "etag_stale"),
        (fragment(), {**TYPE, "If-Match": "nonsense"}, 412, "etag_stale"),
        (fragment(), {**TYPE, "If-Match": '"other", "1"'}, 204, None),
        (fragment(), {**TYPE, **ANY}, 204, None),
        (fragment(), {"Content-Type": "application/sdp", **CURRENT}, 415, "type_unsupported"),
        ("v=0\r\n", {**TYPE, **CURRENT}, 400, "fragment_malformed"),
        ("ä", {**TYPE, **CURRENT}, 400, "fragment_malformed"),
        ("", {**TYPE, **CURRENT}, 400, "fragment_malformed"),
        ("a" * (FRAGMENT_MAX_BYTES + 1), {**TYPE, **CURRENT}, 413, "too_large"),
    ],
)
async def test_what_is_refused(site: Site, body: str, headers: dict[str, str], status: int, code: str | None) -> None:
    address = await site.whep("de")
    answer = await site.client.patch(address, data=body.encode(), headers=headers)
    assert answer.status == status
    if code:
        assert (await answer.json())["error"]["code"] == code
    if status == 415:
        assert answer.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"


async def test_the_address_alone_restarts_nobody(site: Site) -> None:
    owner, other = site.invite(Role.VENUE), site.invite(Role.VENUE, "other-venue")
    address = await site.whip(owner)
    for headers, status in (({}, 401), (site.bearer(other), 403)):
        answer = await site.client.patch(address, data=fragment("anew"), headers={**TYPE, **ANY, **headers})
        assert answer.status == status
    assert site.engine.ice == {}


async def test_a_session_that_is_gone(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    address = await site.whip(venue)
    # The engine has lost the peer, and its word has not come yet.
    site.engine.publishers.clear()
    for place in (address, "/whip/plenary/none"):
        answer = await site.client.patch(place, data=fragment(), headers={**TYPE, **ANY, **site.bearer(venue)})
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "session_unknown")
