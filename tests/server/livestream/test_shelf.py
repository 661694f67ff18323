"""A room's tracks on one numbering, on disk, and after a new start of the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from random import Random

import m3u8
import pytest

from media.stream import PART_S, PARTS_A_SEGMENT, InitMade, PartMade
from server.livestream.archive import Archive, Format
from server.livestream.broadcasts import PACE
from server.livestream.disk import Disk
from server.livestream.shelf import Shelf
from tests.hls_rules import read
from tests.server.livestream.reel import Reel, payload_of

TRACKS = ("video", "floor", "de")
STREAM = "plenary/live"


class Shop:
    """A shelf over a folder; `free` is what its disk says is left."""

    def __init__(self, folder: Path, disk: Disk, window_s: float = 3600.0) -> None:
        self.free = 10**12
        self.archive = Archive(folder, lambda path: self.free)
        self.disk = disk
        self.shelf = Shelf(self.archive, disk, PACE, window_s)
        self.shelf.restore(self.archive.load(), self.archive.reached())
        self.shelf.expect(TRACKS)

    def take(self, *events: InitMade | PartMade) -> None:
        for event in events:
            if isinstance(event, PartMade):
                self.shelf.take_part(event)
            else:
                looks = (event.width, event.height, event.frame_rate)
                self.shelf.take_init(
                    event.track, event.init, event.payload, Format(event.codec, event.bandwidth, *looks)
                )

    def run(self, segments: int, parts: int = 0, at: float = 1_795_000_000.0) -> Reel:
        """A start of the packager with so many whole segments, and parts of the next."""
        first = self.shelf.begin_run(at)
        reel = Reel(STREAM, TRACKS, first, at)
        self.take(*reel.inits(), *reel.parts(first, first + segments - 1))
        self.take(*(reel.part(track, first + segments, part) for part in range(parts) for track in TRACKS))
        return reel

    def playlist(self, track: str = "de") -> str:
        return b"".join(self.shelf.renditions[track].playlist(is_delta=False).body).decode()


@pytest.fixture
async def disk() -> AsyncIterator[Disk]:
    made = Disk()
    made.open()
    yield made
    await made.aclose()


@pytest.fixture
def shop(tmp_path: Path, disk: Disk) -> Callable[..., Shop]:
    """Opens the shop, each time as a new start of the server would."""
    return lambda **more: Shop(tmp_path / "hls" / "plenary", disk, **more)


async def test_segments_lie_on_disk_as_they_were_sent(shop: Callable[..., Shop], disk: Disk) -> None:
    here = shop()
    here.run(2, parts=3)
    await disk.settle()
    whole = b"".join(payload_of("de", 1, part) for part in range(PARTS_A_SEGMENT))
    assert here.archive.segment_file("de", 1).read_bytes() == whole
    assert here.archive.segment_file("de", 2).read_bytes() == b"".join(payload_of("de", 2, part) for part in range(3))
    assert (here.archive.folder / "video" / "init-0.mp4").read_bytes() == b"init video 0"


async def test_a_new_server_goes_on_with_higher_numbers(shop: Callable[..., Shop], disk: Disk) -> None:
    shop().run(3, parts=4)
    await disk.settle()
    again = shop()
    assert again.shelf.is_playable
    again.run(1, parts=1, at=1_795_000_060.0)
    read = m3u8.loads(again.playlist())
    # Of the segment that was being made, what was written is one of its own, and shorter.
    assert [(one.uri, round(one.duration, 2)) for one in read.segments if one.uri][-3:] == [
        ("de/2.m4s", 4.27), ("de/3.m4s", 1.71), ("de/4.m4s", 4.27)
    ]  # fmt: skip
    assert [one.uri for one in read.segments if one.discontinuity] == ["de/4.m4s"]
    assert [len(read.segment_map), read.discontinuity_sequence] == [1, 0]


async def test_tracks_that_were_cut_at_different_places_meet_again(shop: Callable[..., Shop], disk: Disk) -> None:
    here = shop()
    reel = here.run(2)
    here.take(*(reel.part("video", 2, part) for part in range(3)))
    await disk.settle()
    again = shop()
    again.run(1, at=1_795_000_060.0)
    lists = {track: m3u8.loads(again.playlist(track)) for track in TRACKS}
    assert {read.segments[3].uri.partition("/")[2] for read in lists.values()} == {"3.m4s"}
    assert {read.segments[3].discontinuity for read in lists.values()} == {True}
    assert [read.segments[2].gap_tag for read in lists.values()] == [None, True, True]


@pytest.mark.parametrize("seed", range(40))
async def test_tracks_agree_where_each_timeline_begins_whatever_was_cut_off(
    shop: Callable[..., Shop], disk: Disk, seed: int
) -> None:
    """Players lay a language beside the picture by these numbers: where they differ, one is waited for in vain."""
    chance = Random(seed)
    here, at = shop(), 1_795_000_000.0
    for _ in range(6):
        if chance.random() < 0.5:
            await disk.settle()
            here = shop()
        at += chance.choice([0.5, 5, 30, 400])
        first = here.shelf.begin_run(at)
        reel = Reel(STREAM, TRACKS, first, at)
        here.take(*reel.inits())
        parts = chance.choice([0, 1, 7, 12, 34])
        for track in TRACKS:
            missing = chance.choice([0, 0, 1, parts])
            here.take(*(reel.part(track, first + n // 10, n % 10) for n in range(parts - missing)))
        at += parts * PART_S
        if chance.random() < 0.5:
            here.shelf.end_run(at)
        playable = [track for track, one in here.shelf.renditions.items() if one.is_playable]
        readings = [read(here.playlist(track)) for track in playable]
        told: dict[int, set[int]] = {}
        for one in readings:
            for segment in (*one.segments, *filter(None, [one.open])):
                told.setdefault(segment.msn, set()).add(segment.discontinuity)
        assert [msn for msn, numbers in told.items() if len(numbers) > 1] == []


async def test_a_part_that_was_half_written_is_left_out(shop: Callable[..., Shop], disk: Disk) -> None:
    here = shop()
    here.run(1, parts=2)
    await disk.settle()
    with here.archive.segment_file("de", 1).open("ab") as file:
        file.write(b"half")
    with (here.archive.folder / "journal-0.txt").open("a") as journal:
        journal.write("de 1 2 0 0 4 0.42")
    again = shop()
    last = again.shelf.renditions["de"].listing.last
    assert last is not None
    assert (last.msn, len(last.parts)) == (1, 2)
    assert here.archive.segment_file("de", 1).read_bytes() == payload_of("de", 1, 0) + payload_of("de", 1, 1)


async def test_a_segment_whose_file_is_gone_or_short_is_a_gap(shop: Callable[..., Shop], disk: Disk) -> None:
    here = shop()
    here.run(4)
    await disk.settle()
    here.archive.segment_file("de", 1).unlink()
    here.archive.segment_file("de", 2).write_bytes(b"short")
    read = m3u8.loads(shop().playlist())
    assert [one.gap_tag for one in read.segments[:4]] == [None, True, True, None]


async def test_a_restart_of_the_packager_alone_uses_the_same_initialisation(shop: Callable[..., Shop]) -> None:
    here = shop()
    here.run(2, parts=1)
    here.run(2)
    text = here.playlist()
    assert text.count("#EXT-X-MAP") == 1
    assert text.count("#EXT-X-DISCONTINUITY\n") == 1


async def test_a_start_from_which_nothing_came_is_no_discontinuity(shop: Callable[..., Shop]) -> None:
    here = shop()
    here.run(2)
    first = here.shelf.begin_run(0.0)
    assert here.shelf.begin_run(0.0) == first == 2
    here.run(1)
    assert m3u8.loads(here.playlist()).segments[2].discontinuity
    assert here.shelf.renditions["de"].listing.segments[-1].run == 1


async def test_another_initialisation_gets_a_number_of_its_own(shop: Callable[..., Shop]) -> None:
    here = shop()
    here.run(2)
    first = here.shelf.begin_run(0.0)
    reel = Reel(STREAM, TRACKS, first)
    here.take(*(InitMade(STREAM, track, 0, b"another", "mp4a.40.2", 1) for track in TRACKS))
    here.take(*reel.parts(first, first))
    assert '#EXT-X-MAP:URI="de/init-1.mp4"' in here.playlist()
    assert here.shelf.renditions["de"].init(0) is not None


async def test_late_and_torn_parts_are_left_out(shop: Callable[..., Shop]) -> None:
    here = shop()
    reel = here.run(2)
    first = here.shelf.begin_run(0.0)
    before = here.shelf.parts
    here.take(reel.part("de", first - 1, 3), reel.part("de", first, 1))
    assert here.shelf.parts == before


async def test_the_window_is_kept_on_disk_too(shop: Callable[..., Shop], disk: Disk) -> None:
    here = shop(window_s=60.0)
    here.run(40)
    await disk.settle()
    files = {int(file.stem) for file in (here.archive.folder / "de").glob("*.m4s")}
    oldest = here.shelf.renditions["de"].listing.segments[0].segment.msn
    # A dropped segment can be had a little longer (6.2.2), and then no more.
    assert files == set(range(oldest - 3, 40))
    assert here.shelf.file("de", oldest - 1) is not None
    assert here.shelf.file("de", oldest - 4) is None


async def test_old_journals_go(shop: Callable[..., Shop], disk: Disk) -> None:
    here = shop(window_s=60.0)
    reel = Reel(STREAM, ("de",), here.shelf.begin_run(0.0))
    here.take(*reel.inits())
    for msn in range(256 * 3 + 60):
        here.take(*reel.parts(msn, msn))
        if msn % 50 == 0:
            await disk.settle()
    await disk.settle()
    journals = sorted(file.name for file in here.archive.folder.glob("journal-*.txt"))
    assert "journal-0.txt" not in journals
    assert "journal-3.txt" in journals


async def test_a_full_disk_costs_the_rewind_and_not_the_stream(shop: Callable[..., Shop], disk: Disk) -> None:
    here = shop()
    reel = here.run(3)
    await disk.settle()
    here.free = 1000
    here.take(*reel.parts(3, 6))
    await disk.settle()
    assert disk.is_failing
    assert disk.failed >= 4 * len(TRACKS)
    assert here.playlist().count("#EXTINF") == 7
    assert here.shelf.renditions["de"].whole(5) is not None
    here.free = 10**12
    here.take(*reel.parts(7, 20))
    await disk.settle()
    assert not disk.is_failing
    # What was never kept has left memory: it is listed no more, and all that is listed can be had.
    read = m3u8.loads(here.playlist())
    assert read.media_sequence == 7
    assert here.archive.segment_file("de", 20).exists()


async def test_numbers_do_not_go_back_when_the_disk_was_full_at_the_end(shop: Callable[..., Shop], disk: Disk) -> None:
    here = shop()
    reel = here.run(3)
    await disk.settle()
    here.free = 1000
    here.take(*reel.parts(3, 12))
    await disk.settle()
    assert shop().shelf.begin_run(0.0) == 13


async def test_a_disk_that_hangs_is_told_by_its_queue(tmp_path: Path) -> None:
    stuck = Disk(queue_items=2)
    told: list[int] = []
    for number in range(4):
        stuck.write(lambda: None, partial(told.append, number))
    assert told == [2, 3]
    assert stuck.is_failing
    stuck.open()
    await stuck.settle()
    stuck.write(lambda: None, lambda: None)
    await stuck.settle()
    await stuck.aclose()
    assert stuck.failed == 2
    assert not stuck.is_failing
