"""Recordings over the real web server: who may start, see, publish, download and delete them, and what forgers get."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from interpreting.roles import Role
from media.stream import PART_S
from server.config import load_config
from server.keys import RECORDINGS
from server.recordings.rooms import Recordings
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore
from tests.server.conftest import SECRET, Page, Site, running
from tests.server.recordings.listening import decode, strength
from tests.server.recordings.packaging import sound_init, sound_parts, video

STREAM = "plenary/rec"
PARTS = 13


def recordings(site: Site) -> Recordings:
    return site.client.app[RECORDINGS]


async def technician(site: Site) -> Page:
    return await site.page(site.invite(Role.TECHNICIAN))


async def settle(site: Site) -> None:
    """Until what was handed in is on disk and what ended is put away."""
    site.monotonic.at += 3
    found = recordings(site)
    await found.tick()
    await asyncio.to_thread(found._writer.settle)
    for _ in range(200):
        await asyncio.sleep(0.01)
        if not found._closing and len(found._tasks) == 1:
            return
    raise AssertionError("a recording is not put away")


async def record(site: Site) -> str:
    """Record the hall for some parts, and return the recording's id."""
    await site.engine.flow("plenary/venue")
    page = await technician(site)
    assert (await page.say("start_recording"))["type"] == "done"
    id = recordings(site).running["plenary"]
    for track in site.engine.streams[STREAM].tracks:
        if track.name == "video":
            for event in video(STREAM, PARTS):
                await site.engine.tell(event)
            continue
        await site.engine.tell(sound_init(STREAM, track.name))
        for part in sound_parts(STREAM, track.name, 440.0, PARTS):
            await site.engine.tell(part)
    assert (await page.say("stop_recording"))["type"] == "done"
    await page.socket.close()
    await settle(site)
    return id


async def publish(site: Site, id: str, action: str = "publish", role: Role = Role.MODERATOR) -> int:
    answer = await site.client.post(f"/recordings/{id}/{action}", headers=site.bearer(site.invite(role)))
    return answer.status


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.PARTICIPANT, Role.SPEAKER, Role.INTERPRETER, Role.VENUE])
async def test_only_those_who_run_the_room_start_one(site: Site, role: Role | None) -> None:
    page = await site.page(site.invite(role) if role else None)
    answer = await page.say("start_recording")
    assert (answer["type"], answer["code"]) == ("refused", "forbidden")
    assert recordings(site).running == {}


async def test_everybody_in_the_room_is_told(site: Site) -> None:
    viewer = await site.page()
    page = await technician(site)
    await page.say("start_recording")
    state = await viewer.state_where(lambda state: state["recording"] is not None)
    assert state["recording"]["id"] == recordings(site).running["plenary"]


ROUND_TABLE = """
[[conference]]
id = "closed"
title = { en = "Closed" }

[[conference.room]]
id = "plenary"
title = { en = "Round table" }
languages = ["de", "uk"]
floor_language = "de"
recording = false
booth = [{ id = "de-uk", languages = ["de", "uk"] }]
"""


async def test_a_room_may_forbid_it(tmp_path: Path) -> None:
    (tmp_path / "closed.toml").write_text(ROUND_TABLE)
    config = load_config(tmp_path / "closed.toml", {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET})
    async with SqliteStore.open(tmp_path / "test.sqlite3") as store, running(config, FlakyStore(store)) as site:
        page = await technician(site)
        assert (await page.say("start_recording"))["code"] == "recording_off"
        await page.leave()


async def test_before_it_is_published_only_staff_see_it(site: Site) -> None:
    id = await record(site)
    for path in ("", "/index.m3u8", "/uk.m3u8", "/uk/0.m4s", "/uk/init-0.mp4", "/download/all.mp4"):
        answer = await site.client.get(f"/recordings/{id}{path}")
        assert (answer.status, (await answer.json())["error"]["code"]) == (403, "recording_not_public"), path
        viewer = await site.client.get(f"/recordings/{id}{path}", headers=site.cookie(site.invite(Role.INTERPRETER)))
        assert viewer.status == 403, path
    for role in (Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER):
        answer = await site.client.get(f"/recordings/{id}", headers=site.cookie(site.invite(role)))
        assert answer.status == 200


async def test_published_it_is_everybodys_and_taken_back_it_is_not(site: Site) -> None:
    id = await record(site)
    assert await publish(site, id) == 204
    page = await site.client.get(f"/recordings/{id}")
    assert page.status == 200
    master = await (await site.client.get(f"/recordings/{id}/index.m3u8")).text()
    assert [line for line in master.splitlines() if line.endswith("video.m3u8")]
    assert await publish(site, id, "unpublish") == 204
    assert (await site.client.get(f"/recordings/{id}/index.m3u8")).status == 403


async def test_the_conference_lists_what_one_may_see(site: Site) -> None:
    id = await record(site)
    link = f'data-recording="{id}"'
    assert link not in await (await site.client.get("/c/demo")).text()
    staff = site.cookie(site.invite(Role.TECHNICIAN))
    assert link in await (await site.client.get("/c/demo", headers=staff)).text()
    await publish(site, id)
    assert link in await (await site.client.get("/c/demo")).text()


async def test_its_segments_are_what_was_handed_in(site: Site, tmp_path: Path) -> None:
    id = await record(site)
    await publish(site, id)
    whole = b""
    for path in ("uk/init-0.mp4", "uk/0.m4s", "uk/1.m4s"):
        answer = await site.client.get(f"/recordings/{id}/{path}")
        assert (answer.status, answer.content_type) == (200, "audio/mp4")
        whole += await answer.read()
    (tmp_path / "uk.mp4").write_bytes(whole)
    heard = decode(tmp_path / "uk.mp4")
    assert len(heard) == pytest.approx(PARTS * PART_S * 48_000, abs=1024)
    assert strength(heard, 440) == pytest.approx(0.3, abs=0.02)


async def test_the_download_has_every_language(site: Site, tmp_path: Path) -> None:
    id = await record(site)
    await publish(site, id)
    answer = await site.client.get(f"/recordings/{id}/download/all.mp4")
    assert (answer.status, answer.content_type) == (200, "video/mp4")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{id}-all.mp4"'
    (tmp_path / "all.mp4").write_bytes(await answer.read())
    assert strength(decode(tmp_path / "all.mp4", 3), 440) == pytest.approx(0.3, abs=0.03)
    part = await site.client.get(f"/recordings/{id}/download/all.mp4", headers={"Range": "bytes=4-7"})
    assert (part.status, await part.read()) == (206, b"ftyp")
    past = await site.client.get(f"/recordings/{id}/download/all.mp4", headers={"Range": "bytes=99999999-"})
    assert past.status == 416


async def test_stems_are_for_technician_and_organiser_alone(site: Site) -> None:
    id = await record(site)
    await publish(site, id)
    address = f"/recordings/{id}/download/stem-venue.m4a"
    for role in (Role.VIEWER, Role.INTERPRETER, Role.MODERATOR):
        assert (await site.client.get(address, headers=site.cookie(site.invite(role)))).status == 403
    assert (await site.client.get(address)).status == 403
    for role in (Role.TECHNICIAN, Role.ORGANISER):
        assert (await site.client.get(address, headers=site.cookie(site.invite(role)))).status == 200
    assert (await site.client.get(f"/recordings/{id}/stem-venue.m3u8")).status == 404


async def test_staff_of_elsewhere_are_nobody(site: Site) -> None:
    id = await record(site)
    elsewhere = site.invite(Role.MODERATOR, "elsewhere", room="workshop-1")
    assert (await site.client.get(f"/recordings/{id}", headers=site.cookie(elsewhere))).status == 403
    answer = await site.client.post(f"/recordings/{id}/publish", headers=site.bearer(elsewhere))
    assert (answer.status, (await answer.json())["error"]["code"]) == (403, "wrong_room")


async def test_what_is_deleted_is_gone(site: Site) -> None:
    id = await record(site)
    await publish(site, id)
    refused = await site.client.delete(f"/recordings/{id}", headers=site.bearer(site.invite(Role.MODERATOR)))
    assert refused.status == 403
    gone = await site.client.delete(f"/recordings/{id}", headers=site.bearer(site.invite(Role.ORGANISER)))
    assert gone.status == 204
    for path in ("", "/index.m3u8", "/uk/0.m4s", "/download/all.mp4"):
        answer = await site.client.get(f"/recordings/{id}{path}")
        assert (answer.status, (await answer.json())["error"]["code"]) == (404, "recording_unknown")
    assert not (recordings(site).archive.root / id).exists()


async def test_one_that_runs_is_nobodys_yet(site: Site) -> None:
    page = await technician(site)
    await page.say("start_recording")
    id = recordings(site).running["plenary"]
    staff = site.cookie(site.invite(Role.TECHNICIAN))
    assert (await site.client.get(f"/recordings/{id}", headers=staff)).status == 404
    assert await publish(site, id) == 404


@pytest.mark.parametrize(
    "path",
    [
        "fr.m3u8",
        "..%2findex.m3u8",
        "uk/99.m4s",
        "uk/-1.m4s",
        "uk/0x1.m4s",
        "uk/%D9%A1.m4s",
        f"uk/{'9' * 30}.m4s",
        "uk/init-9.mp4",
        "uk/init--1.mp4",
        "..%2f..%2fsecret/0.m4s",
        "download/..%2findex.jsonl",
        "download/index.jsonl",
        "download/%2e%2e%2f%2e%2e%2fsecret",
        "index.jsonl",
        "uk.1-0.mp4",
    ],
)
async def test_forged_addresses_find_nothing(site: Site, path: str) -> None:
    id = await record(site)
    await publish(site, id)
    answer = await site.client.get(f"/recordings/{id}/{path}")
    assert answer.status == 404


@pytest.mark.parametrize("id", ["plenary-99", "..%2f..", "plenary-%D9%A1", "plenary", "x" * 300, "plenary-1%00"])
async def test_forged_ids_find_nothing(site: Site, id: str) -> None:
    for path in ("", "/index.m3u8", "/uk/0.m4s", "/download/all.mp4"):
        assert (await site.client.get(f"/recordings/{id}{path}")).status == 404


async def test_the_figures_tell_of_it(site: Site) -> None:
    page = await technician(site)
    await page.say("start_recording")
    text = await (await site.client.get("/metrics")).text()
    assert 'tolmach_recording_running{room="plenary"} 1' in text
