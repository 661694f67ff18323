"""WHIP by its status codes: who may send what, and what a session's address opens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from interpreting.ids import PersonId
from interpreting.roles import Role
from media.errors import OfferRejected, Overloaded
from server.keys import REVOCATIONS
from server.limits import SDP_MAX_BYTES
from server.tokens import Invitation, issue
from tests.server.conftest import OFFER, SECRET, Site

SDP = {"Content-Type": "application/sdp"}


@pytest.mark.parametrize(
    ("role", "tracks"),
    [
        (Role.VENUE, ("plenary/venue", "plenary/venue")),
        (Role.INTERPRETER, ("plenary/mic:interpreter", None)),
        (Role.SPEAKER, ("plenary/speaker:speaker", "plenary/speaker:speaker")),
    ],
)
async def test_the_role_says_as_what_one_sends(site: Site, role: Role, tracks: tuple[str, str | None]) -> None:
    headers = {**SDP, **site.bearer(site.invite(role))}
    answer = await site.client.post("/whip/plenary", data=OFFER, headers=headers)
    assert answer.status == 201
    assert answer.content_type == "application/sdp"
    assert answer.headers["Location"].startswith("/whip/plenary/")
    assert len(answer.headers["Location"].rpartition("/")[2]) >= 24
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Location" in answer.headers["Access-Control-Expose-Headers"]
    assert list(site.engine.publishers.values()) == [tracks]


async def test_both_ways_name_the_process_that_took_the_session_as_the_websocket_does(site: Site) -> None:
    page = await site.page()
    boot = (await page.next("welcome"))["boot"]
    headers = {**SDP, **site.bearer(site.invite(Role.VENUE))}
    for address in ("/whip/plenary", "/whep/plenary/de"):
        answer = await site.client.post(address, data=OFFER, headers=headers)
        assert (answer.status, answer.headers["Tolmach-Boot"]) == (201, boot)
        assert "Tolmach-Boot" in answer.headers["Access-Control-Expose-Headers"]
    await page.leave()


async def test_the_hall_sends_further_microphones_beside_its_first(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    await site.whip(venue)
    headers = {**SDP, **site.bearer(venue)}
    for microphone in ("2", "4"):
        answer = await site.client.post(f"/whip/plenary?microphone={microphone}", data=OFFER, headers=headers)
        assert answer.status == 201
    assert sorted(str(audio) for audio, _ in site.engine.publishers.values()) == [
        "plenary/hall:2",
        "plenary/hall:4",
        "plenary/venue",
    ]


@pytest.mark.parametrize(
    ("role", "is_backup", "microphone", "status"),
    [
        (Role.VENUE, False, "1", 201),
        (Role.VENUE, False, "5", 400),
        (Role.VENUE, False, "two", 400),
        (Role.VENUE, True, "2", 403),
        (Role.SPEAKER, False, "2", 403),
        (Role.INTERPRETER, False, "2", 403),
    ],
)
async def test_further_microphones_are_the_usual_venues_alone(
    site: Site, role: Role, is_backup: bool, microphone: str, status: int
) -> None:
    invitation = replace(site.invite(role), is_backup=is_backup)
    headers = {**SDP, **site.bearer(invitation)}
    answer = await site.client.post(f"/whip/plenary?microphone={microphone}", data=OFFER, headers=headers)
    assert answer.status == status


async def test_a_newer_session_takes_the_place_of_the_older(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    older, newer = await site.whip(venue), await site.whip(venue)
    assert len(site.engine.publishers) == 1
    assert (await site.client.delete(older, headers=site.bearer(venue))).status == 404
    assert (await site.client.delete(newer, headers=site.bearer(venue))).status == 200
    assert (await site.client.delete(newer, headers=site.bearer(venue))).status == 404
    assert site.engine.publishers == {}


async def test_who_comes_back_by_itself_does_not_take_the_hall_from_another_page(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    headers = {**SDP, **site.bearer(venue)}
    older, newer = await site.whip(venue), await site.whip(venue)
    back = f"/whip/plenary?after={older.rpartition('/')[2]}"
    await site.engine.flow("plenary/venue")
    refused = await site.client.post(back, data=OFFER, headers=headers)
    assert (refused.status, (await refused.json())["error"]["code"]) == (410, "sent_elsewhere")
    assert (await site.client.delete(newer, headers=site.bearer(venue))).status == 200
    assert (await site.client.post(back, data=OFFER, headers=headers)).status == 201


async def test_who_comes_back_takes_a_place_that_is_its_own_or_where_nothing_flows(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    headers = {**SDP, **site.bearer(venue)}
    older, newer = await site.whip(venue), await site.whip(venue)
    silent = await site.client.post(f"/whip/plenary?after={older.rpartition('/')[2]}", data=OFFER, headers=headers)
    assert silent.status == 201
    await site.engine.flow("plenary/venue")
    own = silent.headers["Location"].rpartition("/")[2]
    assert own != newer.rpartition("/")[2]
    assert (await site.client.post(f"/whip/plenary?after={own}", data=OFFER, headers=headers)).status == 201
    assert len(site.engine.publishers) == 1


async def test_an_address_alone_opens_nothing(site: Site) -> None:
    address = await site.whip(site.invite(Role.VENUE))
    other = site.invite(Role.VENUE, "other-venue")
    assert (await site.client.delete(address)).status == 401
    answer = await site.client.delete(address, headers=site.bearer(other))
    assert (answer.status, (await answer.json())["error"]["code"]) == (403, "session_not_yours")
    assert len(site.engine.publishers) == 1


async def test_a_peer_that_ended_is_forgotten(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    address = await site.whip(venue)
    await site.engine.lose_peer(next(iter(site.engine.publishers)))
    assert (await site.client.delete(address, headers=site.bearer(venue))).status == 404


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (OFFER.encode(), {"Content-Type": "text/plain"}, 415, "type_unsupported"),
        (OFFER.encode(), {"Content-Type": "application/sdp; charset=utf-8"}, 201, None),
        (b"\xff\xfe", SDP, 400, "offer_malformed"),
        (b"v" * (SDP_MAX_BYTES + 1), SDP, 413, "too_large"),
    ],
)
async def test_bad_bodies(site: Site, body: bytes, headers: dict[str, str], status: int, code: str | None) -> None:
    bearer = site.bearer(site.invite(Role.VENUE))
    answer = await site.client.post("/whip/plenary", data=body, headers={**headers, **bearer})
    assert answer.status == status
    if code is not None:
        assert (await answer.json())["error"]["code"] == code


async def test_a_body_of_unknown_length_is_bounded_too(site: Site) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield b"v" * 1024

    headers = {**SDP, **site.bearer(site.invite(Role.VENUE))}
    answer = await site.client.post("/whip/plenary", data=endless(), headers=headers)
    assert answer.status == 413


async def test_what_the_engine_refuses_keeps_its_code(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    await site.whip(venue)
    headers = {**SDP, **site.bearer(venue)}
    for error, status, retry in (
        (OfferRejected("sdp_data_channel"), 422, None),
        (OfferRejected("sdp_malformed", 400), 400, None),
        (OfferRejected("something_new", 422), 422, None),
        (Overloaded("overloaded"), 503, "5"),
    ):
        site.engine.refuse_with = error
        answer = await site.client.post("/whip/plenary", data=OFFER, headers=headers)
        assert (answer.status, answer.headers.get("Retry-After")) == (status, retry)
        assert (await answer.json())["error"]["code"] == error.code
    assert len(site.engine.publishers) == 1


async def test_tokens_that_open_nothing(site: Site) -> None:
    good = site.invite(Role.VENUE)
    foreign = issue("another-secret-another-secret-32", good)
    expired = issue(SECRET, site.invite(Role.VENUE, "late", hours=-1))
    for token, code in (
        ("", "token_invalid"),
        ("x", "token_invalid"),
        ("x" * 8000, "token_invalid"),
        (foreign, "token_invalid"),
        (expired, "token_expired"),
    ):
        headers = {**SDP, "Authorization": f"Bearer {token}"}
        answer = await site.client.post("/whip/plenary", data=OFFER, headers=headers)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert (await answer.json())["error"]["code"] == code
    basic = await site.client.post("/whip/plenary", data=OFFER, headers={**SDP, "Authorization": "Basic eDp5"})
    assert basic.status == 401


async def test_a_withdrawn_token_opens_nothing_even_without_the_store(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    headers = {**SDP, **site.bearer(venue)}
    await site.store.revoke(venue.id, venue.forgotten_at)
    await site.client.app[REVOCATIONS].look()
    for is_down in (False, True):
        site.store.is_down = is_down
        answer = await site.client.post("/whip/plenary", data=OFFER, headers=headers)
        assert (answer.status, (await answer.json())["error"]["code"]) == (401, "token_revoked")


async def test_a_cookie_does_not_publish(site: Site) -> None:
    headers = {**SDP, **site.cookie(site.invite(Role.VENUE))}
    assert (await site.client.post("/whip/plenary", data=OFFER, headers=headers)).status == 401


async def test_a_token_bears_a_minute_of_wrong_clocks(site: Site) -> None:
    venue = site.invite(Role.VENUE)
    site.now.at = venue.expires_at + 59
    await site.whip(venue)
    site.now.at = venue.expires_at + 61
    answer = await site.client.post("/whip/plenary", data=OFFER, headers={**SDP, **site.bearer(venue)})
    assert answer.status == 401


async def test_options_for_programs_of_other_origins(site: Site) -> None:
    answer = await site.client.options("/whip/plenary")
    assert (answer.status, answer.headers["Accept-Post"]) == (204, "application/sdp")
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    session = await site.client.options("/whip/plenary/x")
    assert session.headers["Access-Control-Allow-Methods"] == "PATCH, DELETE"
    assert session.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"


async def test_an_unknown_room(site: Site) -> None:
    somewhere = Invitation.new(
        "nowhere",  # type: ignore[arg-type]
        Role.VENUE,
        person=PersonId("x"),
        now=site.now(),
    )
    answer = await site.client.post("/whip/nowhere", data=OFFER, headers={**SDP, **site.bearer(somewhere)})
    assert (answer.status, (await answer.json())["error"]["code"]) == (404, "room_unknown")
