"""The real nginx with our configuration before a real server: who waits, what is asked of the server, what is kept."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from deploy.load.nginx import nginx
from interpreting.roles import Role
from server.config import Config, load_config
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore
from tests.server.conftest import OFFER, SECRET, running
from tests.server.livestream.conftest import Stage
from tests.server.livestream.reel import payload_of


@dataclass
class Town:
    """The server behind nginx, and somebody in front of it."""

    stage: Stage
    url: str
    session: aiohttp.ClientSession
    is_sent: asyncio.Semaphore

    @property
    def asked(self) -> int:
        """How often the server was asked for the livestream."""
        return self.stage.plenary.audience.playlists + self.stage.plenary.audience.media

    async def get(self, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        async with self.session.get(f"{self.url}/hls/plenary/{path}", headers=headers) as answer:
            return answer.status, await answer.read(), dict(answer.headers)

    async def crowd(self, path: str, size: int) -> list[asyncio.Task[tuple[int, bytes, dict[str, str]]]]:
        """So many who ask for what is not there yet; returns when nginx has all their requests."""
        tasks = [asyncio.create_task(self.get(path)) for _ in range(size)]
        async with asyncio.timeout(30):
            for _ in range(size):
                await self.is_sent.acquire()
        # What came later has been answered, so what came before has been read.
        async with self.session.get(f"{self.url}/healthz") as answer:
            assert answer.status == 200
        return tasks


@pytest.fixture
async def town(config: Config, tmp_path: Path) -> AsyncIterator[Town]:
    folder = tmp_path / "nginx"
    folder.mkdir()
    is_sent = asyncio.Semaphore(0)

    async def sent(*_: object) -> None:
        is_sent.release()

    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(sent)
    async with (
        SqliteStore.open(tmp_path / "test.sqlite3") as store,
        running(config, FlakyStore(store)) as site,
        nginx(folder, f"127.0.0.1:{site.client.port}") as (url, _),
        aiohttp.ClientSession(
            auto_decompress=False,
            connector=aiohttp.TCPConnector(limit=0),
            headers={"Accept-Encoding": "identity"},
            trace_configs=[trace],
        ) as session,
    ):
        yield Town(Stage(site), url, session, is_sent)


async def test_a_crowd_that_waits_for_a_part_is_one_request(town: Town) -> None:
    reel = await town.stage.start(1, parts=2)
    before = town.asked
    crowd = await town.crowd("de/1.2.m4s", 40)
    assert town.asked == before + 1
    await town.stage.tell(reel.part("de", 1, 2))
    answers = await asyncio.gather(*crowd)
    assert {(status, body) for status, body, _ in answers} == {(200, payload_of("de", 1, 2))}
    assert town.asked == before + 1


async def test_a_crowd_that_waits_for_a_playlist_is_one_request(town: Town) -> None:
    reel = await town.stage.start(1, parts=2)
    before = town.asked
    crowd = await town.crowd("de.m3u8?_HLS_msn=1&_HLS_part=2", 40)
    await town.stage.tell(reel.part("de", 1, 2))
    answers = await asyncio.gather(*crowd)
    assert {status for status, _, _ in answers} == {200}
    assert len({body for _, body, _ in answers}) == 1
    assert town.asked == before + 1


async def test_parts_are_kept_and_asked_for_once(town: Town) -> None:
    await town.stage.start(1, parts=2)
    before = town.asked
    for _ in range(3):
        for path in ("de/1.0.m4s", "de/0.m4s", "de/init-0.mp4", "de/1.0.m4s?other=1"):
            status, _, headers = await town.get(path)
            assert status == 200
            assert headers["Cache-Control"].endswith("immutable")
            assert headers["Access-Control-Allow-Origin"] == "*"
    assert town.asked == before + 3


async def test_each_question_has_a_copy_of_its_own(town: Town) -> None:
    await town.stage.start(20, parts=2)
    _, whole, _ = await town.get("de.m3u8")
    _, delta, _ = await town.get("de.m3u8?_HLS_skip=YES")
    assert b"EXT-X-SKIP" in delta
    assert b"EXT-X-SKIP" not in whole
    before = town.asked
    assert (await town.get("de.m3u8"))[1] == whole
    assert (await town.get("de.m3u8?_HLS_skip=YES&session=7"))[1] == delta
    assert town.asked == before


async def test_errors_are_not_kept(town: Town) -> None:
    reel = await town.stage.start(1, parts=2)
    assert (await town.get("de/1.3.m4s"))[0] == 404
    assert (await town.get("de.m3u8?_HLS_msn=9"))[0] == 400
    await town.stage.tell(reel.part("de", 1, 2), reel.part("de", 1, 3))
    status, body, _ = await town.get("de/1.3.m4s")
    assert (status, body) == (200, payload_of("de", 1, 3))


async def test_ranges_and_packing_are_nginxs_own(town: Town) -> None:
    await town.stage.start(12, parts=2)
    status, body, _ = await town.get("de/11.m4s", Range="bytes=3-6")
    assert (status, body) == (206, payload_of("de", 11, 0)[3:7])
    _, plain, _ = await town.get("de.m3u8", **{"Accept-Encoding": "identity"})
    _, packed, headers = await town.get("de.m3u8", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == plain


async def test_what_was_kept_is_shown_while_the_server_is_away(town: Town) -> None:
    await town.stage.start(3, parts=2)
    _, playlist, _ = await town.get("de.m3u8")
    _, part, _ = await town.get("de/2.m4s")
    await town.stage.site.client.server.close()
    # Parts for ever; a playlist is out of date after a second, and shown for ten more when nothing better is to be had.
    assert (await town.get("de/2.m4s"))[:2] == (200, part)
    await asyncio.sleep(2.1)
    assert (await town.get("de.m3u8"))[:2] == (200, playlist)
    assert (await town.get("de/0.m4s"))[0] == 502


async def test_only_reading_is_let_through(town: Town) -> None:
    await town.stage.start(1)
    for method, status in {"POST": 403, "PUT": 403, "DELETE": 403, "PATCH": 403, "HEAD": 200, "OPTIONS": 204}.items():
        async with town.session.request(method, f"{town.url}/hls/plenary/de/0.m4s") as answer:
            assert answer.status == status, method


async def test_a_stolen_cookie_or_bearer_makes_no_copy_for_others(town: Town) -> None:
    await town.stage.start(1)
    headers = {"Authorization": "Bearer nonsense", "Cookie": "tolmach_x=nonsense"}
    assert (await town.get("de/0.m4s", **headers))[0] == 200
    assert (await town.get("de/0.m4s"))[0] == 200


async def test_sockets_and_whip_and_whep_come_through(town: Town) -> None:
    site = town.stage.site
    async with town.session.ws_connect(f"{town.url}/ws?room=plenary") as socket:
        assert json.loads(await socket.receive_str())["type"] == "welcome"
    bearer = {**site.bearer(site.invite(Role.VENUE)), "Content-Type": "application/sdp"}
    async with town.session.post(f"{town.url}/whip/plenary", data=OFFER, headers=bearer) as answer:
        assert answer.status == 201
    async with town.session.post(
        f"{town.url}/whep/plenary/de", data=OFFER, headers={"Content-Type": "application/sdp"}
    ) as answer:
        assert answer.status == 201
        location = answer.headers["Location"]
    async with town.session.delete(f"{town.url}{location}") as answer:
        assert answer.status == 200
    async with town.session.get(f"{town.url}/r/plenary") as answer:
        assert answer.status == 200
    async with town.session.get(f"{town.url}/metrics") as answer:
        assert answer.status == 403


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return load_config(None, {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET, "TOLMACH_PORT": "8080"})
