"""People far away at the server: page, sound, their own mix, the door, being removed, a floor that is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from interpreting.ids import PersonId, RoomId
from interpreting.roles import Role
from server import floor_keeper
from server.conductor import ABSENCE_S
from server.config import load_config
from server.floor_keeper import FloorKeeper
from server.store.sqlite import SqliteStore
from server.tokens import Invitation
from tests.fakes import FlakyStore
from tests.server.conftest import OFFER, PLENARY, SECRET, Page, Site, running

SDP = {"Content-Type": "application/sdp"}
ANNA = "anna"


async def come(
    site: Site, role: Role = Role.PARTICIPANT, person: str = ANNA, **args: object
) -> tuple[Invitation, Page]:
    """Somebody opens their page and comes in."""
    invitation = site.invite(role, person)
    page = await site.page(invitation)
    answer = await page.say("enter_room", name="x", language="de")
    assert answer["type"] == "done", answer
    return invitation, page


async def listen(site: Site, owner: Invitation | None, channel: str, query: str = "", room: str = "plenary") -> Any:
    """Ask to hear a channel; the answer as it is."""
    headers = {**SDP, **(site.bearer(owner) if owner else {})}
    return await site.client.post(f"/whep/{room}/{channel}{query}", data=OFFER, headers=headers)


async def code_of(answer: Any) -> tuple[int, str]:
    return answer.status, (await answer.json())["error"]["code"]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


def bus(site: Site) -> str:
    """What the only listener hears."""
    (heard,) = site.engine.listeners.values()
    return heard


async def test_an_open_workshop_takes_in_strangers_by_their_name(site: Site) -> None:
    form = {"name": "  Anna   Beispiel "}
    answer = await site.client.post("/r/workshop-1/workshop", data=form, allow_redirects=False)
    assert answer.status == 303
    path = answer.headers["Location"]
    assert path.startswith("/r/workshop-1/workshop?as=")
    page = Page(await site.client.ws_connect(f"/ws?room=workshop-1&as={path.partition('=')[2]}"))
    welcome = await page.next("welcome")
    assert (welcome["you"]["role"], welcome["you"]["name"]) == ("participant", "Anna Beispiel")
    assert (await page.say("enter_room", name="Somebody else", language="uk"))["type"] == "done"
    (attendee,) = site.conductor.room(RoomId("workshop-1")).people.values()
    assert (attendee.name, attendee.place.value, attendee.hears) == ("Anna Beispiel", "seated", "uk")


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b"])
async def test_a_name_is_needed_to_come_in(site: Site, name: str) -> None:
    answer = await site.client.post("/r/workshop-1/workshop", data={"name": name}, allow_redirects=False)
    assert answer.status == 400
    assert 'href="/r/workshop-1/workshop"' in await answer.text()  # the way back to the form


async def test_other_sites_and_other_rooms_let_nobody_in(site: Site) -> None:
    foreign = await site.client.post(
        "/r/workshop-1/workshop", data={"name": "x"}, headers={"Origin": "https://evil.example"}, allow_redirects=False
    )
    assert foreign.status == 403
    invited_only = await site.client.post("/r/plenary/workshop", data={"name": "x"}, allow_redirects=False)
    assert invited_only.status == 403


async def test_nobody_hears_or_speaks_before_they_came(site: Site) -> None:
    anna = site.invite(Role.PARTICIPANT, ANNA)
    assert await code_of(await listen(site, anna, "de")) == (409, "not_in_room")
    sent = await site.client.post("/whip/plenary", data=OFFER, headers={**SDP, **site.bearer(anna)})
    assert await code_of(sent) == (409, "not_in_room")


async def test_who_waits_at_the_door_hears_nothing(site: Site) -> None:
    _, moderator = await come(site, Role.MODERATOR, "sofia")
    assert (await moderator.say("set_door", door="waiting"))["type"] == "done"
    anna, _ = await come(site)
    assert await code_of(await listen(site, anna, "de")) == (403, "not_admitted")
    await moderator.say("admit", person=ANNA)
    assert (await listen(site, anna, "de")).status == 201


async def test_who_gets_the_floor_is_on_their_own_mix_before_they_are_heard(site: Site) -> None:
    await site.engine.flow("plenary/venue")
    _, moderator = await come(site, Role.MODERATOR, "sofia")
    anna, page = await come(site)
    assert (await listen(site, anna, "floor")).status == 201
    assert bus(site) == "plenary/de"
    await site.whip(anna)
    await site.engine.flow("plenary/speaker:anna")
    assert "plenary/speaker:anna" not in site.engine.gains("plenary/floor")
    calls: list[tuple[str, str]] = []
    told = site.engine.set_mix

    def note(name: str, mix: Any) -> None:
        calls.append((name, bus(site)))
        told(name, mix)

    site.engine.set_mix = note  # type: ignore[method-assign, assignment]
    await moderator.say("give_floor", person=ANNA)
    assert site.engine.gains("plenary/floor") == {"plenary/venue": 1.0, "plenary/speaker:anna": 1.0}
    assert site.engine.gains("plenary/minus:de:anna") == {"plenary/venue": 1.0}
    assert ("plenary/floor", "plenary/minus:de:anna") in calls
    assert calls[0][0] == "plenary/minus:de:anna"
    await page.say("select_channel", channel="uk")
    assert bus(site) == "plenary/minus:uk:anna"
    await page.say("yield_floor")
    assert "plenary/speaker:anna" not in site.engine.gains("plenary/floor")
    assert bus(site) == "plenary/minus:uk:anna", "their voice still fades out of the others"
    await until(lambda: bus(site) == "plenary/uk")
    await until(lambda: site.engine.gains("plenary/minus:uk:anna") == {})
    switch = await site.client.put("/whep/plenary/floor/x/channel", json={"channel": "en"}, headers=site.bearer(anna))
    assert switch.status == 404


async def test_faces_keep_their_slot_and_the_newest_has_the_stage(site: Site) -> None:
    _, moderator = await come(site, Role.MODERATOR, "sofia")
    for person in ("anna", "boris"):
        await come(site, person=person)
        await moderator.say("give_floor", person=person)
    assert site.engine.pictures["plenary/face:0"] == "plenary/speaker:anna/small"
    assert site.engine.pictures["plenary/face:1"] == "plenary/speaker:boris/small"
    assert site.engine.pictures["plenary/stage"] == "plenary/speaker:boris"
    await moderator.say("take_floor", person="anna")
    assert site.engine.pictures["plenary/face:0"] is None
    (speaker,) = cast("list[dict[str, object]]", site.conductor.view(PLENARY, Role.MODERATOR)["speakers"])
    assert (speaker["person"], speaker["face"]) == ("boris", 1)


async def test_the_pictures_asked_for_go_to_the_engine(site: Site) -> None:
    assert (await listen(site, None, "de", "?pictures=hall,stage,face:5")).status == 201
    (seen,) = site.engine.seen.values()
    assert seen == ("plenary", "plenary/stage", "plenary/face:5")
    for query in ("?pictures=", "?pictures=face:6", "?pictures=../x", "?pictures=" + ",".join(["hall"] * 9)):
        assert await code_of(await listen(site, None, "de", query)) == (400, "pictures_invalid")


async def test_a_removed_person_is_out_on_every_connection(site: Site) -> None:
    _, moderator = await come(site, Role.MODERATOR, "sofia")
    anna, page = await come(site)
    second = await site.page(anna)
    await listen(site, anna, "de")
    await site.whip(anna)
    await moderator.say("remove", person=ANNA)
    assert (await page.next("closing"))["code"] == "removed"
    await second.ended()
    await until(lambda: not site.engine.listeners and not site.engine.publishers)
    assert await code_of(await listen(site, anna, "de")) == (403, "removed")
    sent = await site.client.post("/whip/plenary", data=OFFER, headers={**SDP, **site.bearer(anna)})
    assert await code_of(sent) == (403, "removed")
    again = await site.page(anna)
    assert (await again.next("closing"))["code"] == "removed"
    await moderator.say("admit", person=ANNA)
    back = await site.page(anna)
    assert (await back.next("welcome"))["state"]["own"]["place"] == "seated"


async def test_who_stays_away_leaves_the_room(site: Site) -> None:
    _, moderator = await come(site, Role.MODERATOR, "sofia")
    _, page = await come(site)
    await page.leave()
    state = await moderator.state_where(lambda state: any(not one["present"] for one in state["people"]))
    assert [one["person"] for one in state["people"]] == ["sofia", ANNA]
    await site.conductor.tick(site.monotonic() + ABSENCE_S)
    state = await moderator.state_where(lambda state: len(state["people"]) == 1)
    assert state["people"][0]["person"] == "sofia"


async def test_a_dead_network_frees_the_floor(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor_keeper, "DEAD_S", 0.05)
    monkeypatch.setattr(floor_keeper, "CLOSED_S", 0.3)
    _, moderator = await come(site, Role.MODERATOR, "sofia")
    anna, _ = await come(site)
    await site.whip(anna)
    await moderator.say("give_floor", person=ANNA)
    await site.engine.flow("plenary/speaker:anna")
    assert site.engine.patience["plenary/speaker:anna"] == floor_keeper.SILENT_ON_FLOOR_S
    await site.engine.fall_silent("plenary/speaker:anna")
    state = await moderator.state_where(lambda state: state["floor_lost"])
    assert (state["speakers"], state["floor_lost"][0]["person"]) == ([], ANNA)


async def test_a_page_that_is_reloaded_keeps_the_floor(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floor_keeper, "DEAD_S", 0.05)
    monkeypatch.setattr(floor_keeper, "CLOSED_S", 60.0)
    _, moderator = await come(site, Role.MODERATOR, "sofia")
    anna, _ = await come(site)
    address = await site.whip(anna)
    await moderator.say("give_floor", person=ANNA)
    await site.engine.flow("plenary/speaker:anna")
    assert (await site.client.delete(address, headers=site.bearer(anna))).status == 200
    await site.engine.fall_silent("plenary/speaker:anna")
    await asyncio.sleep(0.2)
    assert site.conductor.room(PLENARY).holder(PersonId(ANNA)) is not None
    assert waits_for_voices()
    await site.whip(anna)
    await site.engine.flow("plenary/speaker:anna")
    async with asyncio.timeout(30):
        while waits_for_voices():  # noqa: ASYNC110 - tasks tell of their end to those alone who have them
            await asyncio.sleep(0.01)
    assert site.conductor.room(PLENARY).holder(PersonId(ANNA)) is not None


def waits_for_voices() -> int:
    """For how many voices the server waits, to free the floor when they do not come back."""
    names = [getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks()]
    return names.count(FloorKeeper._wait.__qualname__)


@pytest.mark.parametrize(
    ("role", "channel", "status"),
    [
        (Role.VENUE, "return", 201),
        (Role.VENUE, "return:uk", 201),
        (Role.VENUE, "return:fr", 404),
        (Role.INTERPRETER, "return", 403),
        (None, "return", 403),
        (Role.TECHNICIAN, "solo:venue", 201),
        (Role.TECHNICIAN, "solo:mic:olena", 201),
        (Role.MODERATOR, "solo:mic:olena", 403),
        (Role.MODERATOR, "solo:venue", 201),
        (Role.TECHNICIAN, "solo:mic:nobody", 404),
        (Role.TECHNICIAN, "bus:uk+floor", 201),
        (Role.TECHNICIAN, "bus:nothing", 404),
        (Role.VENUE, "bus:uk", 403),
        (Role.PARTICIPANT, "solo:venue", 403),
        (None, "solo:venue", 403),
    ],
)
async def test_what_only_some_may_hear(site: Site, role: Role | None, channel: str, status: int) -> None:
    await site.engine.flow("plenary/venue")
    await site.engine.flow("plenary/mic:olena")
    answer = await listen(site, site.invite(role) if role else None, channel)
    assert answer.status == status
    if status == 201 and channel.startswith("solo:"):
        source = channel.removeprefix("solo:")
        assert site.engine.gains(bus(site)) == {f"plenary/{source}": 1.0}


async def test_an_interpreter_of_several_rooms_changes_between_them(site: Site) -> None:
    olena = replace(site.invite(Role.INTERPRETER, "olena"), also=(RoomId("workshop-1"),))
    for room, status in (("plenary", 200), ("workshop-1", 200), ("workshop-2", 403)):
        page = await site.client.get(f"/r/{room}/booth/de-uk?as=olena", headers=site.cookie(olena))
        assert page.status == status
    there = await site.page(olena, "workshop-1")
    await there.enter()
    assert site.conductor.room(RoomId("workshop-1")).booth_of(PersonId("olena")) is not None


CLOSED = """
[[conference]]
id = "c"
title = { de = "K", uk = "К", en = "C" }
[[conference.room]]
id = "table"
title = { de = "Runder Tisch", uk = "Круглий стіл", en = "Round table" }
languages = ["de", "uk"]
floor_language = "de"
closed = true
booth = [{ id = "de-uk", languages = ["de", "uk"] }]
[[conference.room]]
id = "hall"
title = { de = "Saal", uk = "Зала", en = "Hall" }
languages = ["de", "uk"]
floor_language = "de"
booth = [{ id = "de-uk", languages = ["de", "uk"] }]
"""


@asynccontextmanager
async def round_table(tmp_path: Path) -> AsyncIterator[Site]:
    """A server with a closed room, and in the same conference an open one."""
    file = tmp_path / "closed.toml"
    file.write_text(CLOSED)
    config = load_config(file, {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET, "TOLMACH_PORT": "8080"})
    async with SqliteStore.open(tmp_path / "c.sqlite3") as store, running(config, FlakyStore(store)) as site:
        yield site


@pytest.mark.parametrize("role", [None, *Role])
async def test_a_closed_room_is_shut_to_every_other_kind_of_token(tmp_path: Path, role: Role | None) -> None:
    """Invitations to the open room next door, whatever their role; the desk's are for both rooms, and are let in."""
    async with round_table(tmp_path) as site:
        other = None if role is None else site.invite(role, room="hall", booth="de-uk")
        is_desk = role in (Role.TECHNICIAN, Role.ORGANISER)
        cookie = site.cookie(other) if other else {}
        bearer = site.bearer(other) if other else {}
        query = f"as={other.id}" if other else ""
        doors = [
            *((f"/r/table{page}?{query}", cookie) for page in ("", "/workshop", "/moderator", "/venue", "/screen")),
            (f"/r/table/booth/de-uk?{query}", cookie),
            (f"/r/table/lectern?{query}", cookie),
            ("/r/table/qr.svg", cookie),
            ("/hls/table/index.m3u8", bearer),
            ("/hls/table/video/0.m4s", bearer),
            (f"/ws?room=table&{query}", cookie),
            ("/papers/table/opening", bearer),
            ("/reels/table", bearer),
            ("/chain/table", bearer),
            ("/rooms/table/pushes", bearer),
        ]
        for path, headers in doors:
            answer = await site.client.get(path, headers=headers)
            assert answer.status in ((401, 403, 404, 200, 400) if is_desk else (401, 403, 404)), path
        for path in ("/whep/table/de", "/whep/table/floor", "/whep/table/return", "/whep/table/bus:de", "/whip/table"):
            answer = await site.client.post(path, data=OFFER, headers={**SDP, **bearer})
            assert answer.status in ((403, 404, 201) if is_desk else (401, 403, 404)), path
        form = await site.client.post("/r/table/workshop", data={"name": "x"}, headers=cookie)
        assert form.status in (403, 404)
        assert is_desk or not site.engine.listeners | site.engine.publishers
        assert "table" not in await (await site.client.get("/c/c")).text()


async def test_a_closed_room_does_not_exist_for_strangers(tmp_path: Path) -> None:
    async with round_table(tmp_path) as site:
        for path in ("/r/table", "/r/table/workshop", "/r/table/embed", "/hls/table/index.m3u8", "/ws?room=table"):
            assert (await site.client.get(path)).status == 404, path
        assert "table" not in await (await site.client.get("/c/c")).text()
        assert (await listen(site, None, "de", room="table")).status == 404
        viewer = site.invite(Role.VIEWER, room="table")
        assert (await listen(site, viewer, "de", room="table")).status == 404
        for role in (Role.PARTICIPANT, Role.SPEAKER, Role.MODERATOR, Role.INTERPRETER):
            nobody = replace(site.invite(role, room="table"), name="")
            assert await code_of(await listen(site, nobody, "de", room="table")) == (403, "name_needed")
        foreign = site.invite(Role.TECHNICIAN, room="elsewhere")
        assert (await listen(site, foreign, "de", room="table")).status == 403
        anna = site.invite(Role.PARTICIPANT, ANNA, room="table")
        page = await site.page(anna, "table")
        assert (await page.say("enter_room", name="x", language=None))["type"] == "done"
        assert (await listen(site, anna, "de", room="table")).status == 201
