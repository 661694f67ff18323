"""A room's recording from start to player: what is kept, what consent keeps out, what a crash and a full disk leave."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from interpreting.commands import SetConsent, StartRecording, StopRecording, TakeMic
from interpreting.ids import VENUE
from media.stream import PART_S, StreamFailed
from server.recordings.archive import RecordingUnknown
from server.recordings.index import Kind
from server.recordings.recorder import Pause
from tests.server.recordings.listening import decode, strength
from tests.server.recordings.packaging import sound_parts
from tests.server.recordings.stage import ANNA, ANNAS, PLENTY, STREAM, TECHNICIAN, Stage


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path / "recordings")
    await stage.open()
    stage.hall()
    yield stage
    await stage.recordings.aclose()


async def finished(stage: Stage, parts: int = 23) -> str:
    """Record so many parts and stop; the recording's id."""
    stage.say(StartRecording(TECHNICIAN))
    id = stage.id
    stage.package(parts)
    stage.say(StopRecording(TECHNICIAN))
    await stage.pass_time(2)
    return id


async def test_nothing_is_recorded_until_somebody_starts_it(stage: Stage) -> None:
    assert stage.streams.running == {}
    assert list(stage.root.iterdir()) == []


async def test_picture_floor_channels_and_the_hall_are_tracks(stage: Stage) -> None:
    stage.say(StartRecording(TECHNICIAN))
    assert stage.streams.tracks() == ["video", "floor", "de", "uk", "stem:venue"]
    buses = {track.name: track.bus for track in stage.streams.running[STREAM].tracks}
    assert buses["video"] == "plenary/rec"
    assert buses["uk"] == "plenary/rec:uk"
    assert buses["stem:venue"] == "plenary/stem:venue"


async def test_what_was_recorded_can_be_played(stage: Stage) -> None:
    id = await finished(stage, parts=23)
    card = stage.recordings.archive.card(id)
    assert [track.name for track in card.tracks] == ["video", "floor", "de", "uk", "stem-venue"]
    assert card.duration_s == pytest.approx(23 * PART_S, abs=0.01)
    reel = await stage.recordings.archive.reel(id)
    assert reel.playlist("de").count("#EXTINF") == 3
    assert "#EXT-X-ENDLIST" in reel.playlist("video")
    assert 'LANGUAGE="uk"' in reel.master(with_picture=True)
    slices = [reel.header("uk", 0), *(reel.segment("uk", msn) for msn in range(3))]
    whole = b"".join((stage.root / id / one.file).read_bytes()[one.offset : one.offset + one.length] for one in slices)
    (stage.root / "uk.mp4").write_bytes(whole)
    heard = decode(stage.root / "uk.mp4")
    assert len(heard) == pytest.approx(23 * PART_S * 48_000, abs=1024)
    assert strength(heard, 500) == pytest.approx(0.3, abs=0.02)


async def test_a_microphone_without_consent_has_no_stem(stage: Stage) -> None:
    stage.say(TakeMic(ANNA))
    stage.say(StartRecording(TECHNICIAN))
    assert f"stem:{ANNAS}" not in stage.streams.tracks()
    # Even if the engine made it, nothing of it would be kept.
    stage.hand_in(sound_parts(STREAM, f"stem:{ANNAS}", 700, 3))
    stage.package(3)
    await stage.settle()
    assert not [file for file in stage.folder.glob("*.mp4") if "de-uk" in file.name]


async def test_who_consents_while_it_runs_is_added_with_an_offset(stage: Stage) -> None:
    stage.say(StartRecording(TECHNICIAN))
    id = stage.id
    stage.package(20)
    stage.say(SetConsent(ANNA, ANNAS, True))
    assert stage.streams.tracks()[-1] == f"stem:{ANNAS}"
    stage.package(10, first_msn=2)
    stage.say(StopRecording(TECHNICIAN))
    await stage.pass_time(2)
    tracks = {track.name: track for track in stage.recordings.archive.card(id).tracks}
    assert tracks["stem-de-uk-1"].kind is Kind.STEM
    assert tracks["stem-de-uk-1"].offset_s == pytest.approx(20 * PART_S, abs=0.001)
    assert tracks["floor"].offset_s == 0.0


async def test_no_file_and_no_line_names_a_person(stage: Stage) -> None:
    stage.say(SetConsent(ANNA, ANNAS, True))
    id = await finished(stage)
    texts = [file.name for file in (stage.root / id).iterdir()] + [(stage.root / id / "index.jsonl").read_text()]
    assert any("stem-de-uk-1" in text for text in texts)
    assert not [text for text in texts if "secret" in text.lower()]


async def test_withdrawing_deletes_the_stem_and_keeps_the_rest_out(stage: Stage) -> None:
    stage.say(SetConsent(ANNA, ANNAS, True))
    stage.say(StartRecording(TECHNICIAN))
    id = stage.id
    stage.package(10)
    await stage.settle()
    assert list(stage.folder.glob("stem-de-uk-1*"))
    stage.say(SetConsent(ANNA, ANNAS, False))
    stage.package(10, first_msn=1)
    await stage.settle()
    assert not list(stage.folder.glob("stem-de-uk-1*"))
    stage.say(StopRecording(TECHNICIAN))
    await stage.pass_time(2)
    assert "stem-de-uk-1" not in {track.name for track in stage.recordings.archive.card(id).tracks}


async def test_who_withdraws_and_consents_again_has_what_came_since(stage: Stage) -> None:
    stage.say(SetConsent(ANNA, ANNAS, True))
    stage.say(StartRecording(TECHNICIAN))
    id = stage.id
    stage.package(10)
    stage.say(SetConsent(ANNA, ANNAS, False))
    stage.package(10, first_msn=1)
    stage.say(SetConsent(ANNA, ANNAS, True))
    stage.package(10, first_msn=2)
    stage.say(StopRecording(TECHNICIAN))
    await stage.pass_time(2)
    [stem] = [one for one in stage.recordings.archive.card(id).tracks if one.name == "stem-de-uk-1"]
    assert stem.duration_s == pytest.approx(10 * PART_S, abs=0.001)
    assert stem.offset_s == pytest.approx(20 * PART_S, abs=0.001)


async def test_the_hall_without_consent_has_no_stem(stage: Stage) -> None:
    stage.say(SetConsent(TECHNICIAN, VENUE, False))
    stage.say(StartRecording(TECHNICIAN))
    assert stage.streams.tracks() == ["video", "floor", "de", "uk"]


async def test_one_that_was_killed_is_playable_up_to_its_last_part(stage: Stage, tmp_path: Path) -> None:
    stage.say(StartRecording(TECHNICIAN))
    id = stage.id
    stage.package(17)
    await stage.settle()
    with (stage.folder / "floor.1-0.mp4").open("ab") as file:
        file.write(b"half a part")
    with (stage.folder / "index.jsonl").open("a") as file:
        file.write('{"is":"run","file":"floor.1-0.m')
    again = Stage(stage.root)
    await again.open()
    await again.pass_time(1)
    card = again.recordings.archive.card(id)
    assert card.duration_s == pytest.approx(17 * PART_S, abs=0.01)
    heard = decode(stage.root / id / "floor.1-0.mp4")
    assert len(heard) == pytest.approx(17 * PART_S * 48_000, abs=1024)
    await again.recordings.aclose()


async def test_the_next_server_goes_on_with_what_the_room_still_records(stage: Stage) -> None:
    stage.say(SetConsent(ANNA, ANNAS, True))
    stage.say(StartRecording(TECHNICIAN))
    id = stage.id
    stage.package(17)
    await stage.settle()
    again = Stage(stage.root, stage.room)
    await again.open()
    first = again.streams.started[0].first_msn
    assert first > 1
    assert again.recordings.running == {"plenary": id}
    again.package(10)
    again.say(StopRecording(TECHNICIAN))
    await again.pass_time(2)
    assert again.recordings.archive.card(id).duration_s == pytest.approx(27 * PART_S, abs=0.01)
    reel = await again.recordings.archive.reel(id)
    for track in ("video", "floor", "uk"):
        assert reel.playlist(track).count("#EXT-X-DISCONTINUITY\n") == 1
        assert reel.playlist(track).count("#EXT-X-MAP") == 2
    await again.recordings.aclose()


async def test_a_stem_from_before_the_restart_is_deleted_when_consent_is_withdrawn(stage: Stage) -> None:
    stage.say(SetConsent(ANNA, ANNAS, True))
    stage.say(StartRecording(TECHNICIAN))
    stage.package(10)
    await stage.settle()
    again = Stage(stage.root, stage.room)
    await again.open()
    again.say(SetConsent(ANNA, ANNAS, False))
    await again.settle()
    assert not list(stage.folder.glob("stem-de-uk-1*"))
    await again.recordings.aclose()


async def test_a_recording_is_not_closed_while_the_store_may_know_better(stage: Stage) -> None:
    stage.say(StartRecording(TECHNICIAN))
    id = stage.id
    stage.package(10)
    await stage.settle()
    again = Stage(stage.root)
    again.is_loaded = False
    await again.open()
    await again.pass_time(1)
    with pytest.raises(RecordingUnknown):
        again.recordings.archive.card(id)
    await again.recordings.aclose()


async def test_a_full_disk_pauses_it_and_room_lets_it_go_on(stage: Stage) -> None:
    stage.say(StartRecording(TECHNICIAN))
    id = stage.id
    stage.package(10)
    await stage.settle()
    stage.free = 50 * 1024**2
    stage.monotonic.at += 3
    stage.package(1, first_msn=1)
    await stage.settle()
    assert stage.recordings.troubles == {"plenary": Pause.DISK}
    assert stage.troubles == [Pause.DISK]
    assert stage.streams.running == {}
    await stage.pass_time(10)
    assert stage.recordings.troubles == {"plenary": Pause.DISK}
    stage.free = PLENTY
    await stage.pass_time(1)
    assert stage.recordings.troubles == {}
    assert stage.troubles == [Pause.DISK, None]
    stage.package(10)
    stage.say(StopRecording(TECHNICIAN))
    await stage.pass_time(2)
    assert stage.recordings.archive.card(id).duration_s == pytest.approx(20 * PART_S, abs=0.01)


async def test_a_stream_that_failed_is_begun_again(stage: Stage) -> None:
    stage.say(StartRecording(TECHNICIAN))
    stage.package(3)
    stage.recordings.take_in(StreamFailed(STREAM, "ValueError"))
    assert stage.recordings.troubles == {"plenary": Pause.STREAM}
    await stage.settle()
    await stage.pass_time(10)
    assert stage.recordings.troubles == {}
    assert len(stage.streams.started) == 2


async def test_one_in_which_nothing_happened_is_not_kept(stage: Stage) -> None:
    stage.say(StartRecording(TECHNICIAN))
    id = stage.id
    stage.say(StopRecording(TECHNICIAN))
    await stage.pass_time(2)
    assert id not in stage.recordings.archive.cards
    assert list(stage.root.iterdir()) == []


async def test_it_is_kept_as_long_as_was_said_and_no_longer(stage: Stage) -> None:
    id = await finished(stage)
    until = stage.recordings.archive.card(id).keep_until
    assert until == pytest.approx(stage.now() + 30 * 86_400, abs=5)
    await stage.pass_time(30 * 86_400 - 3600)
    assert id in stage.recordings.archive.cards
    await stage.pass_time(7200)
    assert id not in stage.recordings.archive.cards
    assert list(stage.root.iterdir()) == []


async def test_the_index_is_short_once_it_is_over(stage: Stage) -> None:
    id = await finished(stage, parts=20)
    lines = [json.loads(line) for line in (stage.root / id / "index.jsonl").read_text().splitlines()]
    runs = [line for line in lines if line["is"] == "run" and line["file"].startswith("floor")]
    assert [run["msn"] for run in runs] == [0, 1]


@pytest.mark.parametrize("id", ["../../etc", "plenary", "plenary-", "-1", "a/b-1", "PLENARY-1", "plenary-1/..", ""])
async def test_a_forged_id_is_unknown(stage: Stage, id: str) -> None:
    with pytest.raises(RecordingUnknown):
        stage.recordings.archive.card(id)
    with pytest.raises(RecordingUnknown):
        stage.recordings.archive.folder(id)
