"""Downloads: every track as it was, at its time, with its language and title; takes one after another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import av
import pytest

from interpreting.commands import SetConsent, StartRecording, StopRecording
from media.stream import PART_S
from server.recordings.downloads import Downloads
from server.recordings.remux import download_names, make_download
from server.recordings.tags import iso_639_2
from tests.server.recordings.listening import HZ, decode, strength
from tests.server.recordings.stage import ANNA, ANNAS, TECHNICIAN, Stage


@pytest.fixture
async def folder(tmp_path: Path) -> AsyncIterator[Path]:
    """A recording of two takes: 23 parts, a stem from the twentieth on, then 10 parts of the next server."""
    stage = Stage(tmp_path / "recordings")
    await stage.open()
    stage.hall()
    stage.say(StartRecording(TECHNICIAN))
    folder = stage.folder
    stage.package(20)
    stage.say(SetConsent(ANNA, ANNAS, True))
    stage.package(3, first_msn=2)
    await stage.settle()
    again = Stage(stage.root, stage.room)
    await again.open()
    again.package(10)
    again.say(StopRecording(TECHNICIAN))
    await again.pass_time(2)
    yield folder
    await again.recordings.aclose()
    await stage.recordings.aclose()


async def test_one_file_has_the_picture_and_every_language(folder: Path) -> None:
    file = make_download(folder, "all.mp4")
    with av.open(str(file)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio", "audio", "audio"]
        tags = [stream.metadata for stream in container.streams.audio]
        assert [tag["language"] for tag in tags] == ["mul", "deu", "ukr"]
        assert [tag["handler_name"] for tag in tags] == ["Original", "Deutsch", "Українська"]
        assert container.metadata["title"] == "Saal"
        assert container.metadata["date"] == "2027-01-15"
        for stream in container.streams:
            assert stream.duration is not None
            assert stream.time_base is not None
            assert float(stream.duration * stream.time_base) == pytest.approx(33 * PART_S, abs=0.03)
    for track, hertz in enumerate((300.0, 400.0, 500.0)):
        heard = decode(file, track)
        assert len(heard) == pytest.approx(33 * PART_S * HZ, abs=2048)
        assert strength(heard, hertz) == pytest.approx(0.3, abs=0.03)


async def test_pictures_of_both_takes_are_decoded(folder: Path) -> None:
    with av.open(str(make_download(folder, "all.mp4"))) as container:
        times = [frame.time for frame in container.decode(video=0)]
    assert len(times) == 330
    assert times == sorted(times)


async def test_a_channel_alone(folder: Path) -> None:
    file = make_download(folder, "uk.m4a")
    with av.open(str(file)) as container:
        [stream] = container.streams
        assert (stream.type, stream.metadata["language"]) == ("audio", "ukr")
    assert strength(decode(file), 500) == pytest.approx(0.3, abs=0.03)


async def test_a_stem_says_where_it_begins(folder: Path) -> None:
    file = make_download(folder, "stem-de-uk-1.m4a")
    with av.open(str(file)) as container:
        first = next(packet for packet in container.demux(audio=0) if packet.pts is not None)
        assert first.pts is not None
        assert first.time_base is not None
        assert float(first.pts * first.time_base) == pytest.approx(20 * PART_S, abs=0.03)


async def test_it_is_made_once(folder: Path) -> None:
    downloads = Downloads()
    file = await downloads.get(folder, "floor.m4a")
    assert file is not None
    made = file.stat().st_mtime_ns
    assert await downloads.get(folder, "floor.m4a") == file
    assert file.stat().st_mtime_ns == made
    assert [one.name for one in file.parent.iterdir()] == ["floor.m4a"]
    await downloads.aclose()


async def test_who_will_not_wait_is_told_to_come_again(folder: Path) -> None:
    downloads = Downloads()
    assert await downloads.get(folder, "all.mp4", wait_s=0) is None
    assert await downloads.get(folder, "all.mp4") is not None
    await downloads.aclose()


@pytest.mark.parametrize("name", ["../index.jsonl", "index.jsonl", "fr.m4a", "all.mp4/", "stem-de-uk-2.m4a", ""])
async def test_a_name_that_is_none_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(KeyError):
        make_download(folder, name)


def test_languages_have_their_codes() -> None:
    assert [iso_639_2(tag) for tag in ("de", "uk", "en", "pt-br", "ar", "rom", "xx")] == [
        "deu", "ukr", "eng", "por", "ara", "rom", "und"
    ]  # fmt: skip


async def test_every_download_has_a_name(folder: Path) -> None:
    from server.recordings.folders import read_folder

    recording = read_folder(folder)
    assert recording is not None
    assert download_names(recording) == (
        "all.mp4", "floor.m4a", "de.m4a", "uk.m4a", "stem-venue.m4a", "stem-de-uk-1.m4a"
    )  # fmt: skip
