"""What a technician mends: trims reach the engine, microphones go off air, senders restart, listeners move."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from interpreting.roles import Role
from media.trim import Trim
from server.keys import LOGBOOK, PAGE_WORDS
from tests.server.conftest import PLENARY, Site

FLAT: dict[str, Any] = {"gain_db": 0, "delay_ms": 0, "high_pass": False, "gate": False, "muted": False}


async def post(site: Site, path: str, role: Role = Role.TECHNICIAN, raw: bytes | None = None) -> tuple[int, object]:
    headers = {**site.bearer(site.invite(role, "tom")), "Content-Type": "application/json"}
    async with site.client.post(f"/rooms/plenary/{path}", data=raw, headers=headers) as answer:
        return answer.status, await answer.json() if answer.content_type == "application/json" else None


async def noted(site: Site, act: str) -> list[tuple[str | None, dict[str, object]]]:
    """What the log book says."""
    entries = await asyncio.to_thread(site.client.app[LOGBOOK].read, PLENARY, 0.0, 4e9)
    return [(entry.by, dict(entry.facts)) for entry in entries if entry.kind == "act" and entry.facts["act"] == act]


async def test_a_trim_reaches_the_engine_is_shown_and_is_undone(site: Site) -> None:
    desk = await site.page(site.invite(Role.TECHNICIAN, "tom"))
    wanted: dict[str, Any] = {**FLAT, "gain_db": -6.04, "delay_ms": 120, "high_pass": True}
    assert (await desk.say("set_trim", source="venue", **wanted))["type"] == "done"
    assert site.engine.trims == {"plenary/venue": Trim(-6.0, 120, high_pass=True)}
    assert (await desk.say("set_trim", source="venue", **wanted))["type"] == "done"
    assert (await desk.say("set_trim", source="venue", **FLAT))["type"] == "done"
    assert site.engine.trims == {"plenary/venue": Trim()}
    assert site.conductor.room(PLENARY).trims == {}
    await desk.leave()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"gain_db": 20.5}, "trim_invalid"),
        ({"gain_db": -61}, "trim_invalid"),
        ({"delay_ms": 501}, "trim_invalid"),
        ({"delay_ms": 0.5}, "command_invalid"),
        ({"muted": "yes"}, "command_invalid"),
        ({"source": "radio"}, "source_unknown"),
        ({"source": "mic:nobody"}, "source_unknown"),
    ],
)
async def test_a_trim_out_of_range_or_of_nothing_is_refused(site: Site, change: dict[str, Any], code: str) -> None:
    desk = await site.page(site.invite(Role.TECHNICIAN, "tom"))
    answer = await desk.say("set_trim", **{"source": "venue", **FLAT, **change})
    assert (answer["type"], answer["code"]) == ("refused", code)
    assert site.engine.trims == {}
    await desk.leave()


async def test_others_mend_nothing(site: Site) -> None:
    for role in (Role.MODERATOR, Role.ORGANISER, Role.VENUE, Role.INTERPRETER):
        page = await site.page(site.invite(role, "ann"))
        answer = await page.say("set_trim", source="venue", **FLAT)
        assert answer["code"] == "forbidden"
        answer = await page.say("cut_mic", booth="de-uk", person="olena")
        assert answer["code"] == "forbidden"
        await page.leave()
        for path in ("sources/venue/restart", "listeners/move"):
            assert (await post(site, path, role, b"{}"))[0] == 403


async def test_a_microphone_is_taken_off_air(site: Site) -> None:
    booth = await site.page(site.invite(Role.INTERPRETER, "olena"))
    await booth.enter()
    await site.engine.flow("plenary/mic:olena")
    assert (await booth.say("take_mic"))["type"] == "done"
    assert site.engine.gains("plenary/uk") == {"plenary/mic:olena": 1.0}
    desk = await site.page(site.invite(Role.TECHNICIAN, "tom"))
    assert (await desk.say("cut_mic", booth="de-uk", person="olena"))["type"] == "done"
    assert "plenary/mic:olena" not in site.engine.gains("plenary/uk")
    assert (await desk.say("cut_mic", booth="de-uk", person="olena"))["code"] == "not_on_air"
    await desk.leave()
    await booth.leave()


async def test_a_sender_is_restarted(site: Site) -> None:
    assert (await post(site, "sources/venue/restart"))[0] == 404
    await site.whip(site.invite(Role.VENUE, "hall"))
    assert len(site.engine.publishers) == 1
    assert (await post(site, "sources/venue/restart"))[0] == 204
    assert not site.engine.publishers
    await site.whip(site.invite(Role.VENUE, "hall"))
    assert len(site.engine.publishers) == 1
    assert await noted(site, "restart_source") == [("Tom", {"act": "restart_source", "source": "venue"})]


async def test_a_group_of_listeners_is_moved(site: Site) -> None:
    for channel in ("uk", "uk", "de"):
        await site.whep(channel)
    await site.whep("uk?original=under")
    await site.whep("uk", site.invite(Role.INTERPRETER, "olena"))
    before = sorted(site.engine.listeners.values())
    assert before == ["plenary/de", "plenary/uk", "plenary/uk", "plenary/uk", "plenary/uk+floor"]
    answer = await post(site, "listeners/move", raw=b'{"from": "uk", "to": "en"}')
    assert answer == (200, {"moved": 3})
    after = sorted(site.engine.listeners.values())
    assert after == ["plenary/de", "plenary/en", "plenary/en", "plenary/en+floor", "plenary/uk"]
    assert await post(site, "listeners/move", raw=b'{"from": "uk", "to": "floor"}') == (200, {"moved": 0})
    assert (await noted(site, "move_listeners"))[0] == (
        "Tom",
        {"act": "move_listeners", "channel": "uk", "to": "en", "moved": 3},
    )


async def test_pages_are_told_of_a_move_also_when_their_line_was_cut(site: Site) -> None:
    viewer, booth = await site.page(), await site.page(site.invite(Role.INTERPRETER))
    assert ((await viewer.next("welcome"))["moves"], (await booth.next("welcome"))["moves"]) == ([], [])
    assert (await post(site, "listeners/move", raw=b'{"from": "uk", "to": "floor"}'))[0] == 200
    told = await viewer.next("moved")
    assert told == {"type": "moved", "channel": "uk", "to": "floor", "at": int(site.now() * 1000)}
    back, desk = await site.page(), await site.page(site.invite(Role.INTERPRETER, "olena"))
    assert (await back.next("welcome"))["moves"] == [{"channel": "uk", "to": "floor", "at": told["at"]}]
    assert (await desk.next("welcome"))["moves"] == []
    for page in (viewer, booth, back, desk):
        await page.leave()


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b'{"from": "uk"}', 400),
        (b'{"from": "uk", "to": 1}', 400),
        (b'{"from": "uk", "to": "en", "more": 1}', 400),
        (b'{"from": "uk", "to": "xx"}', 404),
        (b'{"from": "xx", "to": "uk"}', 404),
    ],
)
async def test_a_move_that_is_none_is_refused(site: Site, raw: bytes, status: int) -> None:
    assert (await post(site, "listeners/move", raw=raw))[0] == status


REPORT = {
    "type": "report",
    "lost_percent": 1.0,
    "jitter_buffer_ms": 60,
    "concealed_percent": 0.5,
    "round_trip_ms": None,
}


async def test_pages_words_are_summed_up_and_name_nobody(site: Site) -> None:
    desk = await site.page(site.invite(Role.TECHNICIAN, "tom"))
    pages = [await site.page() for _ in range(3)]
    for lost, page in zip((0.0, 1.0, 8.0), pages, strict=True):
        await page.next("welcome")
        await page.socket.send_json({**REPORT, "lost_percent": lost})
        # Too soon after the first one: it does not count.
        await page.socket.send_json({**REPORT, "lost_percent": 99.0})
    async with asyncio.timeout(30):
        while (facts := await desk.next("facts"))["reports"]["pages"] < 3:
            pass
    assert facts["reports"] == {
        "pages": 3,
        "lost_percent": {"median": 1.0, "worst": 8.0},
        "jitter_buffer_ms": {"median": 60.0, "worst": 60.0},
        "concealed_percent": {"median": 0.5, "worst": 0.5},
        "round_trip_ms": None,
    }
    site.monotonic.at += 20
    assert site.client.app[PAGE_WORDS].summary(PLENARY, site.monotonic())["pages"] == 0
    for page in (*pages, desk):
        await page.leave()


async def test_a_flood_of_reports_ends_the_connection(site: Site) -> None:
    page = await site.page()
    await page.next("welcome")
    text = json.dumps(REPORT)
    for _ in range(400):
        await page.socket.send_str(text)
    assert (await page.next("closing"))["code"] == "too_fast"


async def test_a_report_that_is_none_ends_the_connection(site: Site) -> None:
    page = await site.page()
    await page.next("welcome")
    await page.socket.send_json({**REPORT, "person": "olena"})
    assert (await page.next("closing"))["code"] == "bad_message"


async def test_facts_tell_lines_and_listeners_by_way(site: Site) -> None:
    site.engine.figures = {
        "plenary/venue": {
            "audio_packets": 100,
            "audio_bytes": 16_000,
            "audio_lost": 0,
            "audio_jitter_ms": 1.5,
            "audio_drift_ppm": 12.5,
            "sound_depth_ms": 60.0,
            "video_packets": 10,
            "video_bytes": 1000,
            "video_lost": 0,
            "video_jitter_ms": 2.0,
            "video_round_ms": 33.0,
            "video_pictures": 5,
            "video_keyframe_age_ms": 1400,
            "video_width": 1280,
            "video_height": 720,
        }
    }
    await site.whep("uk")
    desk = await site.page(site.invite(Role.TECHNICIAN, "tom"))
    await desk.next("facts")
    facts = await desk.next("facts")
    audio, video = facts["sources"]["venue"]["audio"], facts["sources"]["venue"]["video"]
    assert (audio["delay_ms"], audio["drift_ppm"], audio["round_trip_ms"], audio["bitrate_kbps"]) == (
        60.0,
        12.5,
        None,
        0,
    )
    assert (video["width"], video["height"], video["keyframe_age_s"], video["round_trip_ms"]) == (1280, 720, 1.4, 33.0)
    assert facts["listeners"]["uk"] == {"webrtc": 1, "hls": 0}
    assert facts["edges"] == []
    await desk.leave()
