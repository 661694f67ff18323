"""Addresses that nobody gave out: unknown, forged, of rooms without a livestream; and a server that stops."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from yarl import URL

from server.config import Config
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore
from tests.server.conftest import running
from tests.server.livestream.conftest import Stage, waiting


@pytest.mark.parametrize(
    "path",
    [
        "../secret",
        "..%2f..%2fsecret",
        "%2e%2e/secret",
        "de/..%2f..%2fsecret",
        "de/../../secret",
        "de/%2e%2e%2f%2e%2e%2f%2e%2e%2fsecret",
        "de/0.m4s%00",
        "de/0.m4s/",
        "de/0.m4s.m4s",
        "de/0..m4s",
        "de/-1.m4s",
        "de/1e9.m4s",
        "de/%D9%A1.m4s",
        "de/" + "9" * 300 + ".m4s",
        "de/0." + "9" * 15 + ".m4s",
        "de/init-" + "9" * 15 + ".mp4",
        "de/inits.json",
        "de/secret",
        "journal-0.txt",
        "nobody/0.m4s",
        "nobody.m3u8",
        "..m3u8",
        "%2e%2e%2fsecret.m3u8",
    ],
)
async def test_forged_addresses_reach_no_file(stage: Stage, path: str) -> None:
    await stage.start(1)
    await stage.broadcasts.disk.settle()
    server = stage.site.client.server
    url = URL(f"http://{server.host}:{server.port}/hls/plenary/{path}", encoded=True)
    async with stage.site.client.session.get(url) as answer:
        assert answer.status == 404
        assert b"0123456789abcdef" not in await answer.read()


async def test_unknown_rooms_and_tracks(stage: Stage) -> None:
    await stage.start(1)
    client = stage.site.client
    for path, code in {
        "nowhere/index.m3u8": "room_unknown",
        "nowhere/de/0.m4s": "room_unknown",
        "plenary/fr.m3u8": "track_unknown",
        "plenary/fr/0.m4s": "track_unknown",
        "plenary/small.m3u8": "track_unknown",
    }.items():
        async with client.get(f"/hls/{path}") as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (404, code)
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_other_methods_are_refused_and_options_answered(stage: Stage) -> None:
    client = stage.site.client
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        async with client.request(method, "/hls/plenary/de.m3u8") as answer:
            assert (answer.status, answer.headers["Allow"]) == (405, "GET,HEAD,OPTIONS")
    async with client.options("/hls/plenary/de/0.m4s", headers={"Origin": "https://x.example"}) as answer:
        assert answer.status == 204
        assert "Range" in answer.headers["Access-Control-Allow-Headers"]


async def test_media_alone_starts_no_stream(stage: Stage) -> None:
    assert (await stage.code("de/0.m4s"))[0] == 404
    assert (await stage.code("nobody.m3u8"))[0] == 404
    assert stage.site.engine.streams == {}


async def test_a_server_that_stops_lets_the_waiting_go(stage: Stage) -> None:
    await stage.start(1, parts=1)
    playlist = await waiting(stage.code("de.m3u8?_HLS_msn=1&_HLS_part=1"))
    part = await waiting(stage.code("de/1.1.m4s"))
    stage.broadcasts.hush()
    assert await playlist == (503, "livestream_stalled")
    assert await part == (404, "segment_unknown")


async def test_a_room_may_have_no_livestream(config: Config, tmp_path: Path) -> None:
    [conference] = config.conferences
    rooms = tuple(replace(room, livestream=room.id != "workshop-1") for room in conference.rooms)
    config = replace(config, conferences=(replace(conference, rooms=rooms),))
    async with SqliteStore.open(tmp_path / "other.sqlite3") as store, running(config, FlakyStore(store)) as site:
        await site.engine.flow("workshop-1/venue")
        assert site.engine.streams == {}
        for path in ("index.m3u8", "de.m3u8", "de/0.m4s"):
            async with site.client.get(f"/hls/workshop-1/{path}") as answer:
                assert (answer.status, (await answer.json())["error"]["code"]) == (404, "livestream_off")
