"""What players may ask, and what they get: the rules of blocking, caches, ranges, and everything forged."""

from __future__ import annotations

import asyncio
import gzip

import m3u8
import pytest

from media.stream import PARTS_A_SEGMENT, StreamFailed
from tests.server.livestream.conftest import STREAM, Stage, waiting
from tests.server.livestream.reel import payload_of

FOREVER = "public, max-age=31536000, immutable"
MOMENT = "public, max-age=0, s-maxage=1, stale-while-revalidate=1, stale-if-error=10"
WHOLE = b"".join(payload_of("de", 0, part) for part in range(PARTS_A_SEGMENT))


# Playlists


async def test_the_first_request_starts_the_stream_and_waits_for_a_segment(stage: Stage) -> None:
    asks = await waiting(stage.text("index.m3u8"))
    assert [track.name for track in stage.site.engine.streams[STREAM].tracks] == ["video", "floor", "de", "uk", "en"]
    assert [track.bus for track in stage.site.engine.streams[STREAM].tracks] == [
        "plenary", "plenary/floor", "plenary/de", "plenary/uk", "plenary/en"
    ]  # fmt: skip
    await stage.start(1)
    read = m3u8.loads(str(await asks))
    assert [one.name for one in read.media] == ["Original", "Deutsch", "Українська", "English"]
    assert [one.language for one in read.media] == ["mul", "de", "uk", "en"]
    assert [one.uri for one in read.playlists] == ["video.m3u8"]
    sound = m3u8.loads(await stage.text("audio.m3u8"))
    assert [one.uri for one in sound.playlists] == ["floor.m3u8"]


async def test_a_stream_that_does_not_start_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.livestream.hls.START_S", 0.01)
    async with await stage.get("index.m3u8") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        assert answer.headers["Cache-Control"] == "no-store"
    assert await stage.code("de.m3u8") == (503, "livestream_starting")


async def test_a_playlist_is_for_everybody_and_for_a_moment(stage: Stage) -> None:
    await stage.start(2, parts=3)
    async with await stage.get("de.m3u8", headers={"Origin": "https://elsewhere.example"}) as answer:
        headers = answer.headers
        assert headers["Content-Type"] == "application/vnd.apple.mpegurl"
        assert headers["Cache-Control"] == MOMENT
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in headers
        assert "Date" in headers
        tag, text = headers["ETag"], await answer.text()
    assert 'URI="de/2.3.m4s"' in text
    async with await stage.get("de.m3u8", headers={"If-None-Match": tag}) as again:
        assert (again.status, await again.read()) == (304, b"")


async def test_the_written_answer_has_all_headers_that_others_have(stage: Stage) -> None:
    await stage.start(1)
    async with await stage.get("de/0.m4s") as quick, await stage.get("de/0.m4s", headers={"Range": "bytes=0-"}) as slow:
        assert (quick.status, slow.status) == (200, 206)
        assert dict(slow.headers) | {"Date": ""} == dict(quick.headers) | {
            "Date": "", "Content-Range": f"bytes 0-{len(WHOLE) - 1}/{len(WHOLE)}"
        }  # fmt: skip


async def test_long_playlists_are_packed_for_who_can_unpack_them(stage: Stage) -> None:
    await stage.start(12)
    client = stage.site.client
    async with client.get("/hls/plenary/de.m3u8", headers={"Accept-Encoding": "identity"}) as answer:
        plain = await answer.read()
        assert "Content-Encoding" not in answer.headers
    async with client.get("/hls/plenary/de.m3u8", headers={"Accept-Encoding": "gzip"}, auto_decompress=False) as answer:
        packed = await answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in answer.headers["Vary"]
    assert gzip.decompress(packed) == plain
    assert len(packed) < len(plain) / 3


# Blocking reload, 6.2.5.2


async def test_a_reload_waits_for_its_part_and_all_wake_with_it(stage: Stage) -> None:
    reel = await stage.start(1, parts=2)
    asks = [await waiting(stage.text("de.m3u8?_HLS_msn=1&_HLS_part=2")) for _ in range(3)]
    await stage.tell(reel.part("de", 1, 2))
    texts = [str(await one) for one in asks]
    assert len(set(texts)) == 1
    assert 'URI="de/1.2.m4s"' in texts[0]
    assert 'PRELOAD-HINT:TYPE=PART,URI="de/1.3.m4s"' in texts[0]


async def test_a_reload_without_a_part_waits_for_the_whole_segment(stage: Stage) -> None:
    reel = await stage.start(1, parts=9)
    asks = await waiting(stage.text("de.m3u8?_HLS_msn=1"))
    await stage.tell(reel.part("de", 1, 9))
    assert "\nde/1.m4s\n" in str(await asks)


async def test_what_is_there_is_answered_at_once_and_whole(stage: Stage) -> None:
    await stage.start(2, parts=1)
    whole = await stage.text("de.m3u8")
    for query in ("_HLS_msn=0", "_HLS_msn=0&_HLS_part=99", "_HLS_msn=1&_HLS_part=3", "_HLS_msn=2&_HLS_part=0"):
        assert await stage.text(f"de.m3u8?{query}") == whole


async def test_a_part_past_the_end_is_the_first_of_the_next_segment(stage: Stage) -> None:
    reel = await stage.start(2)
    asks = await waiting(stage.text("de.m3u8?_HLS_msn=1&_HLS_part=10"))
    await stage.tell(reel.part("de", 2, 0))
    assert 'URI="de/2.0.m4s"' in str(await asks)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("_HLS_part=1", "directive_invalid"),
        ("_HLS_part=1&_HLS_skip=YES", "directive_invalid"),
        ("_HLS_msn=", "directive_invalid"),
        ("_HLS_msn=1e99", "directive_invalid"),
        ("_HLS_msn=-1", "directive_invalid"),
        ("_HLS_msn=%2B1", "directive_invalid"),
        ("_HLS_msn=0x10", "directive_invalid"),
        ("_HLS_msn=1.0", "directive_invalid"),
        ("_HLS_msn=NaN", "directive_invalid"),
        ("_HLS_msn=%D9%A1", "directive_invalid"),  # an Arabic digit
        ("_HLS_msn=1&_HLS_msn=1", "directive_invalid"),
        ("_HLS_msn=1&_HLS_part=1&_HLS_part=2", "directive_invalid"),
        ("_HLS_msn=1&_HLS_part=-1", "directive_invalid"),
        ("_HLS_msn=" + "9" * 5000, "directive_invalid"),
        ("_HLS_msn=4", "too_far_ahead"),
        ("_HLS_msn=1000000000000000000000000000000", "too_far_ahead"),
        ("_HLS_msn=2&_HLS_part=9", "too_far_ahead"),
        ("_HLS_msn=2&_HLS_part=99999999999999999999999999999999999999", "too_far_ahead"),
    ],
)
async def test_what_cannot_be_asked(stage: Stage, query: str, code: str) -> None:
    await stage.start(2, parts=1)
    assert await stage.code(f"de.m3u8?{query}") == (400, code)


async def test_nothing_within_three_target_durations_is_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from server.livestream import hls

    assert hls.LATE_S == 15.0
    monkeypatch.setattr(hls, "LATE_S", 0.05)
    await stage.start(1, parts=1)
    async with await stage.get("de.m3u8?_HLS_msn=1&_HLS_part=1") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert await stage.code("de/1.1.m4s") == (503, "livestream_stalled")


async def test_who_waits_too_long_ends_nobody_elses_waiting(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    reel = await stage.start(1, parts=1)
    patient = await waiting(stage.text("de.m3u8?_HLS_msn=1&_HLS_part=1"))
    monkeypatch.setattr("server.livestream.hls.LATE_S", 0.01)
    assert (await stage.code("de.m3u8?_HLS_msn=1&_HLS_part=1"))[0] == 503
    await stage.tell(reel.part("de", 1, 1))
    assert 'URI="de/1.1.m4s"' in str(await patient)


async def test_a_delta_is_given_to_who_asks_for_one(stage: Stage) -> None:
    await stage.start(20, parts=1)
    read = m3u8.loads(await stage.text("de.m3u8?_HLS_skip=YES"))
    assert read.skip.skipped_segments == 20 - len([one for one in read.segments if one.uri])
    again = m3u8.loads(await stage.text("de.m3u8?_HLS_msn=20&_HLS_part=0&_HLS_skip=v2"))
    assert again.skip.skipped_segments == read.skip.skipped_segments
    assert "EXT-X-SKIP" not in await stage.text("de.m3u8?_HLS_skip=NO")


async def test_other_words_in_the_query_change_nothing(stage: Stage) -> None:
    await stage.start(2, parts=1)
    whole = await stage.text("de.m3u8")
    assert await stage.text("de.m3u8?session=1&_HLS_report=x&_HLS_msn=1") == whole


# Parts, segments, initialisations


async def test_media_is_the_same_for_ever(stage: Stage) -> None:
    await stage.start(1, parts=2)
    bodies = {"de/0.m4s": WHOLE, "de/1.1.m4s": payload_of("de", 1, 1), "de/init-0.mp4": b"init de 0"}
    for path, body in bodies.items():
        async with await stage.get(path) as answer:
            assert await answer.read() == body
            assert answer.headers["Content-Type"] == "video/mp4"
            assert answer.headers["Cache-Control"] == FOREVER
            assert answer.headers["Access-Control-Allow-Origin"] == "*"
            tag = answer.headers["ETag"]
        async with await stage.get(path, headers={"If-None-Match": tag}) as again:
            assert again.status == 304


async def test_a_hinted_part_waits_and_an_unannounced_one_does_not(stage: Stage) -> None:
    reel = await stage.start(1, parts=2)
    asks = await waiting(stage.get("de/1.2.m4s"))
    for path in ("de/1.3.m4s", "de/2.0.m4s", "de/1.m4s", "de/init-1.mp4", "uk/7.m4s"):
        assert await stage.code(path) == (404, "segment_unknown"), path
    await stage.tell(reel.part("de", 1, 2))
    answer = await asks
    assert await answer.read() == payload_of("de", 1, 2)  # type: ignore[attr-defined]


async def test_a_hinted_part_that_is_never_made_is_not_found(stage: Stage) -> None:
    await stage.start(1, parts=2)
    asks = await waiting(stage.code("de/1.2.m4s"))
    del stage.site.engine.streams[STREAM]
    await stage.tell(StreamFailed(STREAM, "ValueError"))
    stage.site.monotonic.at += 2
    stage.broadcasts.tick(stage.site.monotonic())
    reel = await stage.start(1)
    assert reel.first == 2
    assert await asks == (404, "segment_unknown")


async def test_old_segments_come_from_disk(stage: Stage) -> None:
    await stage.start(30)
    await stage.broadcasts.disk.settle()
    assert stage.plenary.shelf.renditions["de"].whole(0) is None
    async with await stage.get("de/0.m4s") as answer:
        assert (answer.status, await answer.read()) == (200, WHOLE)
        assert answer.headers["Content-Type"] == "video/mp4"
        assert answer.headers["Cache-Control"] == FOREVER
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    async with await stage.get("de/0.m4s", headers={"Range": "bytes=3-6"}) as answer:
        assert (answer.status, await answer.read()) == (206, WHOLE[3:7])
    assert await stage.code("de/0.3.m4s") == (404, "segment_unknown")


@pytest.mark.parametrize(
    ("asked", "status", "body"),
    [
        ("bytes=0-3", 206, WHOLE[:4]),
        ("bytes=5-", 206, WHOLE[5:]),
        ("bytes=-4", 206, WHOLE[-4:]),
        ("bytes=4-99999", 206, WHOLE[4:]),
        ("bytes=-99999", 206, WHOLE),
        ("bytes=9-3", 200, WHOLE),
        ("bytes=0-1,3-4", 200, WHOLE),
        ("bytes=-", 200, WHOLE),
        ("lines=0-3", 200, WHOLE),
        ("bytes=99999-", 416, None),
        ("bytes=-0", 416, None),
        ("bytes=" + "9" * 40 + "-", 200, WHOLE),
    ],
)
async def test_ranges(stage: Stage, asked: str, status: int, body: bytes | None) -> None:
    await stage.start(1)
    async with await stage.get("de/0.m4s", headers={"Range": asked}) as answer:
        assert answer.status == status
        if body is not None:
            assert await answer.read() == body
        else:
            assert answer.headers["Content-Range"] == f"bytes */{len(WHOLE)}"
            assert (await answer.json())["error"]["code"] == "range_unsatisfiable"


async def test_a_range_of_another_version_is_the_whole(stage: Stage) -> None:
    await stage.start(1)
    async with await stage.get("de/0.m4s", headers={"Range": "bytes=0-3", "If-Range": '"older"'}) as answer:
        assert (answer.status, await answer.read()) == (200, WHOLE)


async def test_head_says_what_get_would(stage: Stage) -> None:
    await stage.start(1, parts=1)
    for path in ("index.m3u8", "de.m3u8", "de/0.m4s", "de/1.0.m4s", "de/init-0.mp4"):
        async with (
            stage.site.client.head(f"/hls/plenary/{path}") as head,
            await stage.get(path, headers={"Accept-Encoding": "identity"}) as get,
        ):
            assert (head.status, await head.read()) == (200, b"")
            for name in ("Content-Type", "Content-Length", "Cache-Control", "ETag"):
                assert head.headers[name] == get.headers[name], (path, name)


async def test_an_old_client_is_served_and_its_connection_closed(stage: Stage) -> None:
    await stage.start(1)
    server = stage.site.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"GET /hls/plenary/de/0.m4s HTTP/1.0\r\nHost: x\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    assert answer.startswith(b"HTTP/1.0 200")
    assert answer.endswith(WHOLE)


async def test_requests_in_one_go_are_answered_in_their_order(stage: Stage) -> None:
    await stage.start(1)
    server = stage.site.client.server
    reader, writer = await asyncio.open_connection(server.host, server.port)
    lines = b"".join(b"GET /hls/plenary/de/0.%d.m4s HTTP/1.1\r\nHost: x\r\n\r\n" % part for part in range(3))
    writer.write(lines + b"GET /hls/plenary/de/0.9.m4s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    places = [answer.index(payload_of("de", 0, part)) for part in (0, 1, 2, 9)]
    assert places == sorted(places)
