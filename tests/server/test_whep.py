"""WHEP by its status codes, and the switch of channels without a new connection."""

from __future__ import annotations

import pytest

from interpreting.roles import Role
from tests.server.conftest import OFFER, Site

SDP = {"Content-Type": "application/sdp"}


@pytest.mark.parametrize(
    ("address", "bus"),
    [
        ("/whep/plenary/floor", "plenary/floor"),
        ("/whep/plenary/uk", "plenary/uk"),
        ("/whep/plenary/uk?original=none", "plenary/uk"),
        ("/whep/plenary/uk?original=under", "plenary/uk+floor"),
        ("/whep/plenary/floor?original=under", "plenary/floor"),
    ],
)
async def test_anybody_hears_a_channel(site: Site, address: str, bus: str) -> None:
    answer = await site.client.post(address, data=OFFER, headers=SDP)
    assert answer.status == 201
    location = answer.headers["Location"]
    assert location.startswith(address.partition("?")[0] + "/")
    assert answer.headers["Link"] == f'<{location}/channel>; rel="urn:tolmach:whep:ext:channel"'
    assert list(site.engine.listeners.values()) == [bus]
    assert (await site.client.delete(location)).status == 200
    assert site.engine.listeners == {}
    assert (await site.client.delete(location)).status == 404


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/whep/plenary/fr", 404, "channel_unknown"),
        ("/whep/nowhere/de", 404, "room_unknown"),
        ("/whep/plenary/de?original=loud", 400, "original_invalid"),
        ("/whep/plenary/de?ptime=40", 400, "request_invalid"),
    ],
)
async def test_what_is_not_there(site: Site, address: str, status: int, code: str) -> None:
    answer = await site.client.post(address, data=OFFER, headers=SDP)
    assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)


@pytest.mark.parametrize(("query", "frames"), [("", 1), ("?ptime=20", 1), ("?ptime=60", 3)])
async def test_packets_are_as_long_as_asked_for(site: Site, query: str, frames: int) -> None:
    assert (await site.client.post(f"/whep/plenary/de{query}", data=OFFER, headers=SDP)).status == 201
    assert list(site.engine.frames.values()) == [frames]


async def test_the_channel_is_switched_in_place(site: Site) -> None:
    address = await site.whep("de")
    for wish, bus in (
        ({"channel": "uk"}, "plenary/uk"),
        ({"channel": "en", "original": "under"}, "plenary/en+floor"),
        ({"channel": "floor", "original": "under"}, "plenary/floor"),
    ):
        answer = await site.client.put(f"{address}/channel", json=wish)
        assert answer.status == 204
        assert list(site.engine.listeners.values()) == [bus]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"channel":"fr"}', 404, "channel_unknown"),
        ('{"channel":7}', 404, "channel_unknown"),
        ('{"channel":"uk","original":"loud"}', 400, "original_invalid"),
        ('{"channel":"uk","original":null}', 400, "original_invalid"),
        ('{"channel":"uk","volume":1}', 400, "request_invalid"),
        ('{"channel":"uk","channel":"de"}', 400, "request_invalid"),
        ("{}", 400, "request_invalid"),
        ("[]", 400, "request_invalid"),
        ("", 400, "request_invalid"),
        ("{" * 5000, 413, "too_large"),
    ],
)
async def test_a_bad_switch_changes_nothing(site: Site, body: str, status: int, code: str) -> None:
    address = await site.whep("de")
    answer = await site.client.put(f"{address}/channel", data=body, headers={"Content-Type": "application/json"})
    assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
    assert list(site.engine.listeners.values()) == ["plenary/de"]


async def test_a_switch_wants_json(site: Site) -> None:
    address = await site.whep("de")
    assert (await site.client.put(f"{address}/channel", data='{"channel":"uk"}')).status == 415


async def test_a_session_with_an_owner_is_the_owners(site: Site) -> None:
    olena, jonas = site.invite(Role.INTERPRETER, "olena"), site.invite(Role.INTERPRETER, "jonas")
    address = await site.whep("floor", olena)
    for headers in ({}, site.bearer(jonas)):
        assert (await site.client.delete(address, headers=headers)).status == 403
        switched = await site.client.put(f"{address}/channel", json={"channel": "de"}, headers=headers)
        assert switched.status == 403
    assert (await site.client.delete(address, headers=site.bearer(olena))).status == 200


async def test_a_session_whose_peer_is_gone(site: Site) -> None:
    address = await site.whep("de")
    site.engine.listeners.clear()
    answer = await site.client.put(f"{address}/channel", json={"channel": "uk"})
    assert (answer.status, (await answer.json())["error"]["code"]) == (404, "session_unknown")


async def test_a_whip_session_is_none_of_whep(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    session = (await site.whip(venue)).rpartition("/")[2]
    answer = await site.client.delete(f"/whep/plenary/de/{session}", headers=site.bearer(venue))
    assert answer.status == 404
    assert len(site.engine.publishers) == 1


async def test_head_and_options(site: Site) -> None:
    head = await site.client.head("/whep/plenary/de")
    assert (head.status, head.content_type) == (200, "application/sdp")
    assert (await site.client.head("/whep/plenary/fr")).status == 404
    for address, methods in (
        ("/whep/plenary/de", "POST, HEAD"),
        ("/whep/plenary/de/x", "PATCH, DELETE"),
        ("/whep/plenary/de/x/channel", "PUT"),
    ):
        answer = await site.client.options(address)
        assert (answer.status, answer.headers["Access-Control-Allow-Methods"]) == (204, methods)
        assert ("Accept-Post" in answer.headers) == ("POST" in methods)
        assert ("Accept-Patch" in answer.headers) == ("PATCH" in methods)
