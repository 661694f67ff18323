"""`tolmach publish` against a WHIP server that is told how to behave, heard by what aiortc decodes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from yarl import URL

from server import publisher as publisher_module
from server import whip_client as whip_module
from server.feed_source import FeedError, Kind, parse_source
from server.publisher import Publication, publish
from server.whip_client import PublishRefused
from tests.server.clips import write_clip
from tests.server.real_redis import free_port
from tests.server.whip_server import TOKEN, Received, WhipServer, lines_of
from tests.tries import retried

ENDLESS = "lavfi:testsrc=size=160x120:rate=15[out0];sine=frequency=1000[out1]"
SOUND = "lavfi:sine=frequency=1000"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "BACKOFF_S", (0.05,))


@pytest.fixture
async def server() -> AsyncIterator[WhipServer]:
    async with WhipServer() as server:
        yield server


def publication(
    server: WhipServer, *sources: str, repeat: bool = False, kinds: frozenset[Kind] = frozenset({"audio", "video"})
) -> Publication:
    return Publication(tuple(map(parse_source, sources)), URL(server.url), TOKEN, repeat, kinds)


@asynccontextmanager
async def publishing(wanted: Publication) -> AsyncIterator[list[str]]:
    """Publish while the context lasts; yields the list of what it tells."""
    told: list[str] = []
    task = asyncio.create_task(publish(wanted, told.append))
    try:
        yield told
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def loudest_hz(received: Received) -> float:
    frames = received.frames["audio"][-20:]
    sound = np.concatenate([frame.to_ndarray().reshape(-1, 2)[:, 0] for frame in frames]).astype(float)
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.fft.rfftfreq(len(sound), 1 / 48000)[spectrum.argmax()])


@retried
async def test_a_recording_arrives_whole_and_takes_its_leave(server: WhipServer, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", 1.5, hz=1000)
    told: list[str] = []
    async with asyncio.timeout(60):
        await publish(publication(server, str(clip)), told.append)
    received = server.sessions[-1]
    assert received.deleted
    assert len(received.frames["audio"]) > 50
    assert abs(loudest_hz(received) - 1000) < 20
    assert received.frames["video"]
    assert (received.frames["video"][0].width, received.frames["video"][0].height) == (320, 240)
    assert server.requests[-2:] == [
        ("POST", "/whip/hall", f"Bearer {TOKEN}"),
        ("DELETE", f"/whip/hall/{len(server.sessions) - 1}", f"Bearer {TOKEN}"),
    ]
    assert told[0] == f"publishing audio and video to {server.url}"


async def test_the_offer_prefers_h264_and_opus_and_sends_only(server: WhipServer) -> None:
    async with publishing(publication(server, ENDLESS)):
        await server.until(lambda: server.sessions)
    offer = server.sessions[0].offer
    audio, video = lines_of(offer, "m=")
    assert audio.startswith("m=audio")
    for line, codec in ((audio, "opus/48000/2"), (video, "H264/90000")):
        assert f"a=rtpmap:{line.split()[3]} {codec}" in offer
    assert lines_of(offer, "a=sendonly") == ["a=sendonly"] * 2
    assert "a=group:BUNDLE" in offer
    # Only this machine's own addresses: nobody outside was asked for one.
    assert not [line for line in lines_of(offer, "a=candidate") if "srflx" in line]


async def test_sound_alone_when_it_is_wanted(server: WhipServer) -> None:
    async with publishing(publication(server, ENDLESS, kinds=frozenset({"audio"}))):
        await server.until(lambda: server.sessions and server.sessions[0].frames["audio"])
    assert [line.split()[0] for line in lines_of(server.sessions[0].offer, "m=")] == ["m=audio"]


async def test_stopping_takes_leave_of_the_server(server: WhipServer) -> None:
    async with publishing(publication(server, SOUND)):
        await server.until(lambda: server.sessions and server.sessions[0].frames["audio"])
    assert server.sessions[0].deleted


async def test_a_redirect_is_followed_with_the_token(server: WhipServer) -> None:
    server.answers = [web.Response(status=307, headers={"Location": "/whip/elsewhere"})]
    async with publishing(publication(server, SOUND)):
        await server.until(lambda: server.sessions and server.sessions[0].frames["audio"])
    assert server.requests[:2] == [
        ("POST", "/whip/hall", f"Bearer {TOKEN}"),
        ("POST", "/whip/elsewhere", f"Bearer {TOKEN}"),
    ]


async def test_it_comes_back_when_the_server_restarts(server: WhipServer) -> None:
    async with publishing(publication(server, SOUND)) as told:
        await server.until(lambda: server.sessions and server.sessions[0].frames["audio"])
        await server.stop()
        await server.start()
        await server.until(lambda: len(server.sessions) > 1 and len(server.sessions[1].frames["audio"]) > 25)
        assert abs(loudest_hz(server.sessions[1]) - 1000) < 20
    assert told[:2] == [f"publishing audio to {server.url}", "the server has closed the connection; trying again"]
    assert told.count(f"publishing audio to {server.url}") == 2


async def test_it_notices_a_server_that_is_silently_gone(server: WhipServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whip_module, "SILENCE_S", 0.5)
    monkeypatch.setattr(whip_module, "LOOK_S", 0.1)
    async with publishing(publication(server, SOUND)) as told:
        # Reports come every second or so, which is silence enough between the first and the second.
        await server.until(lambda: len(server.sessions) > 1)
    assert "the server has fallen silent; trying again" in told


async def test_a_server_that_is_away_or_full_is_waited_for_and_told_of_once(server: WhipServer) -> None:
    await server.stop()
    server.answers = [web.Response(status=503, headers={"Retry-After": "0"}) for _ in range(3)]
    server.answers.append(web.Response(status=500))
    async with publishing(publication(server, SOUND)) as told, asyncio.timeout(30):
        while not told:  # noqa: ASYNC110 - what is told comes by a plain call
            await asyncio.sleep(0.02)
        await server.start()
        await server.until(lambda: server.sessions and server.sessions[0].frames["audio"])
    assert told == [
        "the server cannot be reached (ClientConnectorError); trying again",
        "the server cannot take us now (503); trying again",
        "the server cannot take us now (500); trying again",
        f"publishing audio to {server.url}",
    ]


def redirect(location: str | None) -> web.Response:
    return web.Response(status=307, headers={} if location is None else {"Location": location})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (web.Response(status=401), "the token is not accepted. Make a new link with: tolmach invite (401)"),
        (web.Response(status=403, text="<html>"), "this token may not publish here"),
        (web.Response(status=404), "there is no such room"),
        (web.Response(status=415), "this address does not take WHIP"),
        (
            web.json_response({"error": {"code": "no_bundle", "text": "The offer has no BUNDLE."}}, status=422),
            "the server refuses what we offer (422: no_bundle, The offer has no BUNDLE.)",
        ),
        (web.Response(status=200, text="hello"), "the server refuses what we offer (200)"),
        (web.Response(status=201, text="no description"), "the server's answer cannot be understood"),
        (
            web.Response(
                status=201, text="v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 96\r\nm=video 0 UDP/TLS/RTP/SAVPF 97\r\n"
            ),
            "the server takes no video from this token. Add --audio-only",
        ),
        (redirect(None), "without saying where"),
        (redirect("ftp://elsewhere/"), "would give the token away"),
    ],
)
async def test_a_refusal_ends_it_with_a_reason(server: WhipServer, answer: web.Response, said: str) -> None:
    server.answers = [answer]
    with pytest.raises(PublishRefused) as refusal:
        async with asyncio.timeout(30):
            await publish(publication(server, SOUND), lambda _: None)
    assert said in str(refusal.value)
    assert TOKEN not in str(refusal.value)
    assert len(server.requests) == 1


async def test_redirects_in_a_circle_end(server: WhipServer) -> None:
    server.answers = [redirect("/whip/hall") for _ in range(10)]
    with pytest.raises(PublishRefused, match="in a circle"):
        await publish(publication(server, SOUND), lambda _: None)
    assert len(server.requests) == whip_module.MAX_REDIRECTS


async def test_a_server_without_media_is_tried_again(server: WhipServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whip_module, "CONNECT_S", 0.3)
    nowhere = [f"m=audio {free_port()} UDP/TLS/RTP/SAVPF 96", "c=IN IP4 127.0.0.1", "a=mid:0", "a=recvonly"]
    ice = ["a=ice-ufrag:abcd", "a=ice-pwd:abcdefghijklmnopqrstuvwx", "a=rtcp-mux", "a=setup:passive"]
    fingerprint = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
    candidate = f"a=candidate:1 1 udp 2130706431 127.0.0.1 {free_port()} typ host"
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "a=ice-lite"]
    sdp = "\r\n".join([*head, *nowhere, "a=rtpmap:96 opus/48000/2", *ice, fingerprint, candidate, ""])
    server.answers = [web.Response(status=201, text=sdp, content_type="application/sdp")]
    async with publishing(publication(server, SOUND)) as told:
        await server.until(lambda: server.sessions and server.sessions[0].frames["audio"])
    assert told[0].startswith("no media connection comes about. Is the server's UDP port open?")


async def test_a_source_that_breaks_off_ends_it_with_a_reason(server: WhipServer, tmp_path: Path) -> None:
    # A recording repeated whose file is gone when it is to begin again.
    clip = write_clip(tmp_path / "clip.mkv", 0.5)
    wanted = publication(server, str(clip), repeat=True)
    task = asyncio.create_task(publish(wanted, lambda _: None))
    await server.until(lambda: server.sessions and server.sessions[0].frames["audio"])
    clip.unlink()
    with pytest.raises(FeedError, match=r"clip\.mkv cannot be opened: no such file"):
        async with asyncio.timeout(30):
            await task
    assert server.sessions[0].deleted


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_the_program_ends_in_order_on_a_signal(server: WhipServer, number: signal.Signals, code: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", "publish", SOUND, "--whip", server.url),
        env=os.environ | {"TOLMACH_TOKEN": f"https://congress.example.org/join/{TOKEN}"},
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await server.until(lambda: server.sessions and server.sessions[0].frames["audio"])
        process.send_signal(number)
        async with asyncio.timeout(30):
            _, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == code
    assert err.decode() == f"publishing audio to {server.url}\n"
    assert server.sessions[0].deleted
