"""Playlists of a recording, read by a parser that is not ours: complete, aligned, and every address answered."""

from __future__ import annotations

import re
from pathlib import Path

import m3u8
import pytest

from interpreting.commands import StartRecording, StopRecording
from media.stream import PART_S
from server.recordings.reel import Reel
from tests.server.recordings.stage import TECHNICIAN, Stage


@pytest.fixture
async def reel(tmp_path: Path) -> Reel:
    """Of 23 parts, one of the floor alone before the next server was killed as well, and 8 of the third."""
    root = tmp_path / "recordings"
    first = Stage(root)
    await first.open()
    first.hall()
    first.say(StartRecording(TECHNICIAN))
    id = first.id
    first.package(23)
    await first.recordings.aclose()
    second = Stage(root, first.room)
    await second.open()
    second.package(1, only="floor")
    await second.recordings.aclose()
    third = Stage(root, first.room)
    await third.open()
    third.package(8)
    third.say(StopRecording(TECHNICIAN))
    await third.pass_time(2)
    found = await third.recordings.archive.reel(id)
    await third.recordings.aclose()
    return found


def test_the_master_names_every_language(reel: Reel) -> None:
    master = m3u8.loads(reel.master(with_picture=True))
    assert master.is_variant
    [variant] = master.playlists
    assert variant.uri == "video.m3u8"
    assert variant.stream_info.resolution == (160, 96)
    assert [(one.uri, one.language, one.name) for one in master.media] == [
        ("floor.m3u8", "mul", "Original"),
        ("de.m3u8", "de", "Deutsch"),
        ("uk.m3u8", "uk", "Українська"),
    ]


def test_the_sound_alone_is_playable_too(reel: Reel) -> None:
    [variant] = m3u8.loads(reel.master(with_picture=False)).playlists
    assert variant.uri == "floor.m3u8"
    assert variant.stream_info.resolution is None


@pytest.mark.parametrize("track", ["video", "floor", "de", "uk"])
def test_every_track_is_whole_and_aligned(reel: Reel, track: str) -> None:
    found = m3u8.loads(reel.playlist(track))
    assert found.is_endlist
    assert found.playlist_type == "vod"
    assert [segment.discontinuity for segment in found.segments].count(True) == 1
    assert sum(segment.duration for segment in found.segments) == pytest.approx(31 * PART_S, abs=0.01)
    assert all(round(segment.duration) <= found.target_duration for segment in found.segments)
    for segment in found.segments:
        header = re.fullmatch(rf"{track}/init-(\d+)\.mp4", segment.init_section.uri)
        address = re.fullmatch(rf"{track}/(\d+)\.m4s", segment.uri)
        assert header
        assert address
        assert reel.header(track, int(header[1])).file == reel.segment(track, int(address[1])).file


@pytest.mark.parametrize("track", ["stem-venue", "fr", "", "../floor"])
def test_nothing_else_is_played(reel: Reel, track: str) -> None:
    with pytest.raises(KeyError):
        reel.playlist(track)
    with pytest.raises(KeyError):
        reel.segment(track, 0)
    with pytest.raises(KeyError):
        reel.header(track, 0)
