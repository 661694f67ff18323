"""Video messages over HTTP: sent, prepared, seen beforehand, cued, deleted; and what is no video message."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientError

from interpreting.roles import Role
from server.config import load_config
from server.keys import REELS
from server.reels.reels import MAX_ASSETS
from server.reels.shelf import free_bytes
from server.reels.subtitles import MAX_BYTES
from server.store.sqlite import SqliteStore
from server.tokens import Invitation
from tests.fakes import FlakyStore
from tests.media.clips import Clip
from tests.server.conftest import SECRET, Site, running

WAIT_S = 120.0
VTT = """WEBVTT

NOTE nur so

00:01.000 --> 00:02.500 align:start
<v Bürgermeister>Guten <i>Tag</i>

00:03.000 --> 00:04.000
meine Damen
und Herren
"""
SRT = "1\r\n00:00:01,000 --> 00:00:02,500\r\nДобрий день\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\n{\\an8}панове\r\n"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return Clip(seconds=2.0).write(tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


async def send(site: Site, who: Invitation, body: Any, name: str = "Grußwort.mp4", **query: str) -> Any:
    """Send a file; the answer's status and JSON."""
    params = {"name": name, **query}
    async with site.client.post("/reels/plenary", params=params, data=body, headers=site.bearer(who)) as answer:
        return answer.status, await answer.json()


async def reels(site: Site, who: Invitation) -> list[dict[str, Any]]:
    async with site.client.get("/reels/plenary?lang=de", headers=site.bearer(who)) as answer:
        assert answer.status == 200
        return list((await answer.json())["reels"])


async def prepared(site: Site, who: Invitation, asset: str) -> dict[str, Any]:
    """The message when it is prepared, or has failed."""
    async with asyncio.timeout(WAIT_S):
        while True:
            found = next(one for one in await reels(site, who) if one["asset"] == asset)
            if found["standing"] != "preparing":
                return found
            await asyncio.sleep(0.1)


async def until(happened: Callable[[], bool]) -> None:
    """Ask until it is so."""
    async with asyncio.timeout(WAIT_S):
        while True:
            if happened():
                return
            await asyncio.sleep(0.02)


def left(site: Site) -> list[Path]:
    """The files that are kept."""
    return [file for file in (site.config.data / "reels").rglob("*") if file.is_file()]


async def test_a_message_is_sent_prepared_seen_and_deleted(site: Site, clip: bytes) -> None:
    sofia, olena = site.invite(Role.MODERATOR, "sofia"), site.invite(Role.INTERPRETER, "olena")
    page = await site.page(olena)
    await page.next("welcome")
    status, sent = await send(site, sofia, clip, item="opening")
    assert (status, sent["standing"], sent["by"], sent["item"]) == (201, "preparing", "Sofia", "opening")
    assert (await page.next("reels"))["room"] == "plenary"
    ready = await prepared(site, olena, sent["asset"])
    assert (ready["standing"], ready["is_silent"], ready["name"]) == ("ready", False, "Grußwort.mp4")
    assert ready["seconds"] == pytest.approx(2.0, abs=0.1)
    assert [file.name for file in left(site) if file.name == "upload"] == []
    address = f"/reels/plenary/{sent['asset']}/preview.mp4?as=olena"
    headers = {**site.cookie(olena), "Range": "bytes=4-7"}
    async with site.client.get(address, headers=headers) as answer:
        assert (answer.status, await answer.read(), answer.content_type) == (206, b"ftyp", "video/mp4")
        assert answer.headers["Content-Range"].startswith("bytes 4-7/")
    async with site.client.delete(f"/reels/plenary/{sent['asset']}", headers=site.bearer(sofia)) as answer:
        assert answer.status == 204
    assert await reels(site, olena) == []
    assert left(site) == []


async def test_a_silent_message_is_said_to_be_silent(site: Site, tmp_path: Path) -> None:
    sofia = site.invite(Role.MODERATOR, "sofia")
    body = Clip(seconds=1.5, has_sound=False).write(tmp_path / "silent.mp4").read_bytes()
    _, sent = await send(site, sofia, body)
    assert (await prepared(site, sofia, sent["asset"]))["is_silent"]


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield bytes(1 << 20)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "reel_empty"),
        (b"Das ist ein Text.\n" * 500, 422, "reel_not_media"),
        (b"%PDF-1.4\n%%EOF\n", 422, "reel_not_media"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n", 422, "reel_not_media"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", 422, "reel_not_media"),
        (os.urandom(100_000), 422, "reel_not_media"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nHallo\n\n", 422, "reel_not_media"),
    ],
)
async def test_what_is_no_film_is_refused_and_nothing_is_kept(site: Site, body: bytes, status: int, code: str) -> None:
    answered, told = await send(site, site.invite(Role.TECHNICIAN), body, "film.mp4")
    assert (answered, told["error"]["code"]) == (status, code)
    assert left(site) == []


async def test_a_film_that_was_cut_off_is_refused(site: Site, clip: bytes, tmp_path: Path) -> None:
    sofia = site.invite(Role.MODERATOR, "sofia")
    status, told = await send(site, sofia, clip[: len(clip) // 2])
    assert (status, told["error"]["code"]) == (422, "reel_broken"), "without its table of contents"
    long = Clip(seconds=20.0, size=(320, 240)).write(tmp_path / "long.mkv").read_bytes()
    status, told = await send(site, sofia, long[: len(long) // 3])
    assert (status, told["error"]["code"]) == (422, "reel_broken"), "with it, but shorter than it says"
    still = Clip(seconds=0.2, has_sound=False).write(tmp_path / "short.mp4").read_bytes()
    status, told = await send(site, sofia, still)
    assert (status, told["error"]["code"]) == (422, "reel_too_short")
    assert left(site) == []


async def test_an_endless_body_ends_at_the_limit(tmp_path: Path) -> None:
    environment = {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET, "TOLMACH_REELS_MAX_MB": "3"}
    config = load_config(None, environment)
    async with SqliteStore.open(tmp_path / "test.sqlite3") as store, running(config, FlakyStore(store)) as site:
        sofia = site.invite(Role.MODERATOR, "sofia")
        status, told = await send(site, sofia, endless())
        assert (status, told["error"]["code"]) == (413, "reel_too_large")
        status, told = await send(site, sofia, BytesIO(bytes(4 << 20)))
        assert (status, told["error"]["code"]) == (413, "reel_too_large")
        assert left(site) == []


async def test_a_full_disk_is_said(site: Site, clip: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.client.app[REELS], "_free", lambda folder: 1000)
    status, told = await send(site, site.invite(Role.MODERATOR, "sofia"), clip)
    assert (status, told["error"]["code"]) == (507, "disk_full")
    assert left(site) == []


async def test_a_sender_that_breaks_off_leaves_nothing(site: Site, clip: bytes) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield clip[:5000]
        await asyncio.sleep(0.1)
        raise ConnectionResetError

    with suppress(OSError, ClientError):
        await send(site, site.invite(Role.MODERATOR, "sofia"), broken())
    await until(lambda: not left(site))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("..", ".."),
        ("Грамота <b>&.mov", "Грамота <b>&.mov"),
    ],
)
async def test_a_name_leads_nowhere(site: Site, clip: bytes, name: str, kept: str) -> None:
    sofia = site.invite(Role.MODERATOR, "sofia")
    status, sent = await send(site, sofia, clip, name)
    assert (status, sent["name"]) == (201, kept)
    folder = site.config.data / "reels" / "plenary" / sent["asset"]
    assert folder.is_dir()
    await prepared(site, sofia, sent["asset"])
    assert {file.name for file in left(site)} <= {"asset.json", "reel.mp4"}


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a/", "\x07"])
async def test_a_message_has_a_name(site: Site, clip: bytes, name: str) -> None:
    status, told = await send(site, site.invite(Role.MODERATOR, "sofia"), clip, name)
    assert (status, told["error"]["code"]) == (400, "request_invalid")


async def test_an_item_that_is_not_there_is_refused(site: Site, clip: bytes) -> None:
    status, told = await send(site, site.invite(Role.MODERATOR, "sofia"), clip, item="nowhere")
    assert (status, told["error"]["code"]) == (404, "item_unknown")


@pytest.mark.parametrize("asset", ["0" * 16, "x", "%2e%2e%2f%2e%2e"])
async def test_a_message_that_is_not_there(site: Site, asset: str) -> None:
    sofia = site.invite(Role.MODERATOR, "sofia")
    async with site.client.delete(f"/reels/plenary/{asset}", headers=site.bearer(sofia)) as answer:
        assert answer.status in (404, 405)
    async with site.client.get(f"/reels/plenary/{asset}/preview.mp4?as=sofia", headers=site.cookie(sofia)) as answer:
        assert answer.status == 404


async def test_a_message_of_another_room_is_not_this_rooms(site: Site, clip: bytes) -> None:
    technician = site.invite(Role.TECHNICIAN)
    _, sent = await send(site, technician, clip)
    await prepared(site, technician, sent["asset"])
    async with site.client.get(
        f"/reels/workshop-1/{sent['asset']}/subtitles", headers=site.bearer(technician)
    ) as answer:
        assert answer.status == 404
    page = await site.page(technician, "workshop-1")
    assert (await page.say("cue_playout", item=None, asset=sent["asset"], seconds=2))["code"] == "reel_unknown"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.PARTICIPANT, Role.SPEAKER, Role.VENUE, Role.INTERPRETER])
async def test_others_do_not_send(site: Site, role: Role) -> None:
    status, told = await send(site, site.invite(role), b"x")
    assert (status, told["error"]["code"]) == (403, "forbidden")


async def test_the_length_of_what_is_cued_is_ours_and_what_is_cued_stays(site: Site, clip: bytes) -> None:
    sofia = site.invite(Role.MODERATOR, "sofia")
    page = await site.page(sofia)
    _, sent = await send(site, sofia, clip)
    asset = sent["asset"]
    await prepared(site, sofia, asset)
    assert (await page.say("cue_playout", item=None, asset="0" * 16, seconds=9))["code"] == "reel_unknown"
    assert (await page.say("cue_playout", item=None, asset=asset, seconds=9999))["type"] == "done"
    playout = site.conductor.room(sofia.room).playout
    assert playout is not None
    assert playout.asset == asset
    assert playout.seconds == pytest.approx(2.0, abs=0.1)
    async with site.client.delete(f"/reels/plenary/{asset}", headers=site.bearer(sofia)) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (409, "reel_in_use")
    assert (await page.say("start_playout"))["type"] == "done"
    reel, at_s, start = site.engine.reels["plenary/playout"]
    assert (reel.path.name, at_s) == ("reel.mp4", 0.0)
    assert start == pytest.approx(site.monotonic() + 5.0)
    await site.engine.flow("plenary/playout")
    assert site.engine.gains("plenary/floor") == {"plenary/playout": 1.0}
    site.now.at += 6.0
    assert (await page.say("pause_playout"))["type"] == "done"
    assert site.engine.reels == {}
    await site.engine.fall_silent("plenary/playout")
    site.now.at += 60.0
    assert (await page.say("start_playout"))["type"] == "done"
    _, at_s, start = site.engine.reels["plenary/playout"]
    assert at_s == pytest.approx(1.0)
    assert start == pytest.approx(site.monotonic())
    await site.engine.flow("plenary/playout")
    await site.engine.fall_silent("plenary/playout")
    assert site.engine.reels == {}
    assert site.conductor.view(sofia.room, Role.MODERATOR)["playout"] is None


async def test_what_is_not_ready_is_not_cued(site: Site, clip: bytes) -> None:
    sofia = site.invite(Role.MODERATOR, "sofia")
    page = await site.page(sofia)
    _, sent = await send(site, sofia, clip)
    assert (await page.say("cue_playout", item=None, asset=sent["asset"], seconds=2))["code"] == "reel_not_ready"
    async with site.client.get(
        f"/reels/plenary/{sent['asset']}/preview.mp4?as=sofia", headers=site.cookie(sofia)
    ) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (409, "reel_not_ready")


async def test_a_restart_stops_what_played_and_goes_on_preparing(site: Site, clip: bytes, tmp_path: Path) -> None:
    sofia = site.invite(Role.MODERATOR, "sofia")
    page = await site.page(sofia)
    _, sent = await send(site, sofia, clip)
    await prepared(site, sofia, sent["asset"])
    await page.say("cue_playout", item=None, asset=sent["asset"], seconds=2)
    await page.say("start_playout")
    _, second = await send(site, sofia, clip)
    folder = site.config.data / "reels" / "plenary"
    (folder / ("f" * 16)).mkdir()
    shutil.copy(folder / second["asset"] / "asset.json", tmp_path / "before.json")
    await prepared(site, sofia, second["asset"])
    shutil.copy(tmp_path / "before.json", folder / second["asset"] / "asset.json")
    (folder / second["asset"] / "upload").write_bytes(clip)
    site.now.at += 7.0
    async with running(site.config, site.store, site.now) as again:
        await until(lambda: again.conductor.room(sofia.room).playout is None)
        assert again.engine.reels == {}
        assert not (folder / ("f" * 16)).exists(), "what no message is left of is deleted"
        assert (await prepared(again, sofia, second["asset"]))["standing"] == "ready"


@pytest.mark.parametrize("body", [VTT, SRT])
async def test_subtitles_are_read_with_their_times(site: Site, clip: bytes, body: str) -> None:
    sofia, olena = site.invite(Role.MODERATOR, "sofia"), site.invite(Role.INTERPRETER, "olena")
    _, sent = await send(site, sofia, clip)
    address = f"/reels/plenary/{sent['asset']}/subtitles"
    async with site.client.put(address, data=body.encode(), headers=site.bearer(sofia)) as answer:
        assert (answer.status, await answer.json()) == (200, {"cues": 2})
    async with site.client.get(address, headers=site.bearer(olena)) as answer:
        cues = (await answer.json())["cues"]
    assert [(cue["from_s"], cue["to_s"]) for cue in cues] == [(1.0, 2.5), (3.0, 4.0)]
    assert [cue["text"] for cue in cues] in (
        ["Guten Tag", "meine Damen und Herren"],
        ["Добрий день", "панове"],
    )
    assert (await reels(site, olena))[0]["has_subtitles"]
    async with site.client.put(address, data=b"x", headers=site.bearer(olena)) as answer:
        assert answer.status == 403
    await prepared(site, sofia, sent["asset"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "subtitles_invalid"),
        (b"WEBVTT\n\n", 422, "subtitles_invalid"),
        ("1\n00:00:01,000 --> 00:00:02,000\nGrüße\n".encode("cp1252"), 422, "subtitles_invalid"),
        (b"1\n00:00:05,000 --> 00:00:02,000\nx\n", 422, "subtitles_invalid"),
        (b"1\nsoon --> later\nx\n", 422, "subtitles_invalid"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n" + b"x" * 1001, 422, "subtitles_invalid"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n&#" + b"9" * 5000 + b";", 422, "subtitles_invalid"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n" + b"<" * 500_000, 422, "subtitles_invalid"),
        (b"x" * (MAX_BYTES + 1), 413, "subtitles_too_large"),
        (b"00:00:01,000 --> 00:00:02,000\nx\n\n" * 10_001, 413, "subtitles_too_large"),
    ],
)
async def test_what_are_no_subtitles_is_refused(site: Site, clip: bytes, body: bytes, status: int, code: str) -> None:
    sofia = site.invite(Role.MODERATOR, "sofia")
    _, sent = await send(site, sofia, clip)
    address = f"/reels/plenary/{sent['asset']}/subtitles"
    async with site.client.put(address, data=BytesIO(body), headers=site.bearer(sofia)) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
    async with site.client.delete(f"/reels/plenary/{sent['asset']}", headers=site.bearer(sofia)) as answer:
        assert answer.status == 204, "also while it is prepared"
    assert left(site) == []


async def test_a_room_has_so_many_and_no_more(site: Site, clip: bytes) -> None:
    sofia, found = site.invite(Role.MODERATOR, "sofia"), site.client.app[REELS]
    _, sent = await send(site, sofia, clip)
    await prepared(site, sofia, sent["asset"])
    known = found.asset(sofia.room, sent["asset"])
    for number in range(MAX_ASSETS - 1):
        copy = replace(known, id=type(known.id)(f"{number:016x}"))
        found._assets[copy.id] = copy
    status, told = await send(site, sofia, clip)
    assert (status, told["error"]["code"]) == (409, "reels_full")
    assert free_bytes(site.config.data) > 0
