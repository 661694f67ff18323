"""Which rooms an invitation opens: every role against its own room, its conference's, another conference's."""

from __future__ import annotations

import tomllib

import pytest

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.config_rooms import parse_conferences
from server.config_table import Table
from server.coverage import covers, rooms_of
from server.tokens import Invitation
from tests.server.conftest import OFFER, Page, Site

TWO = """
[[conference]]
id = "congress"
title = { en = "Congress" }
room = [
  { id = "hall", title = { en = "Hall" }, languages = ["de", "en"], floor_language = "de" },
  { id = "annex", title = { en = "Annex" }, languages = ["de", "en"], floor_language = "de" },
]
[[conference]]
id = "fair"
title = { en = "Fair" }
room = [{ id = "tent", title = { en = "Tent" }, languages = ["de", "en"], floor_language = "de" }]
"""
CONFERENCES = parse_conferences(Table(tomllib.loads(TWO)))
WIDE = {Role.TECHNICIAN, Role.ORGANISER}
ROOMS = ("hall", "annex", "tent")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("room", ROOMS)
def test_only_who_looks_after_a_conference_has_all_its_rooms_and_nobody_anothers(role: Role, room: str) -> None:
    invitation = Invitation.new(RoomId(room), role)
    conference = {"hall": {"hall", "annex"}, "annex": {"hall", "annex"}, "tent": {"tent"}}[room]
    expected = conference if role in WIDE else {room}
    assert set(rooms_of(invitation, CONFERENCES)) == expected
    assert {other for other in ROOMS if covers(invitation, RoomId(other), CONFERENCES)} == expected


def test_an_invitation_for_a_room_that_is_gone_opens_nothing() -> None:
    gone = Invitation.new(RoomId("cellar"), Role.ORGANISER)
    assert rooms_of(gone, CONFERENCES) == ()
    assert not covers(gone, RoomId("cellar"), CONFERENCES)


@pytest.mark.parametrize("role", Role)
async def test_doors_of_another_room(site: Site, role: Role) -> None:
    """The same answer at every door: WHEP by bearer, the watch page and the WebSocket by cookie."""
    here = site.invite(role, room="workshop-1", booth="de-uk" if role is Role.INTERPRETER else None)
    headers = {**site.bearer(here), "Content-Type": "application/sdp"}
    whep = await site.client.post("/whep/plenary/de", data=OFFER, headers=headers)
    watch = await site.client.get(f"/r/plenary?as={here.id}", headers=site.cookie(here))
    socket = await site.client.get(f"/ws?room=plenary&as={here.id}", headers=site.cookie(here))
    if role in WIDE:
        assert (whep.status, watch.status) == (201, 200)
        assert socket.status == 400  # let in, and no WebSocket
    else:
        assert (whep.status, watch.status, socket.status) == (403, 403, 403)


async def test_a_technician_gives_commands_in_every_room_of_the_conference(site: Site) -> None:
    technician = site.invite(Role.TECHNICIAN)
    for room in ("plenary", "workshop-1", "workshop-2"):
        page: Page = await site.page(technician, room)
        assert (await page.say("set_floor_language", language="uk"))["type"] == "done"
        await page.leave()
