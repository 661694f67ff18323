"""The writer's thread: all or nothing of a part, room left on the disk, deletion that also happens on a full one."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.recordings import writer as under_test
from server.recordings.folders import mend, read_folder
from server.recordings.index import Begun, Ended, FileBegun, Kind, Run, TakeBegun, TrackNamed
from server.recordings.writer import Append, Erase, Finish, Header, Note, Writer
from tests.fakes import ManualClock

PART = b"\0\0\0\x18moof0123456789abcdef"
HEAD = b"\0\0\0\x10ftypiso60000"


class Disk:
    """How much is free, and the writer on it."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "plenary-1"
        self.free = 10**9
        self.failed: list[Path] = []
        self.finished: list[Path] = []
        self.clock = ManualClock()
        self.writer = Writer(10**6, self.failed.append, self.finished.append, lambda _: self.free, self.clock)
        self.writer.open()

    def begin(self) -> None:
        """A recording with one track and its file."""
        self.writer.put(Note(self.folder, Begun("plenary-1", "plenary", 1.0, 30, {"de": "Saal"})))
        self.writer.put(Note(self.folder, TrackNamed("floor", Kind.CHANNEL)))
        self.take(1)

    def take(self, number: int) -> None:
        """A take with a file of its own."""
        self.writer.put(Note(self.folder, TakeBegun(number, 0, 1.0)))
        file = FileBegun(f"floor.{number}-0.mp4", "floor", number, len(HEAD), "mp4a.40.2", 96_000, 0, 0, 0.0)
        self.writer.put(Header(self.folder, file, HEAD))

    def part(self, msn: int, take: int = 1) -> bool:
        """One part."""
        run = Run(f"floor.{take}-0.mp4", msn, 0, len(PART), 0.5, float(msn))
        return self.writer.put(Append(self.folder, run, PART))

    def runs(self) -> list[int]:
        """The segments that the index names."""
        self.writer.settle()
        found = read_folder(self.folder)
        assert found is not None
        return [run.msn for run in found.tracks["floor"].runs]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    disk = Disk(tmp_path)
    yield disk
    disk.writer.close()


def test_parts_lie_one_after_another_with_their_lines(disk: Disk) -> None:
    disk.begin()
    for msn in range(3):
        disk.part(msn)
    assert disk.runs() == [0, 1, 2]
    assert (disk.folder / "floor.1-0.mp4").read_bytes() == HEAD + 3 * PART


def test_half_a_part_is_cut_off_when_the_disk_is_full(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    disk.begin()
    disk.part(0)
    disk.writer.settle()
    write, left = os.write, [len(PART) // 2]

    def stingy(number: int, payload: bytes) -> int:
        if not left:
            raise OSError(errno.ENOSPC, "full")
        return write(number, payload[: left.pop()])

    monkeypatch.setattr(os, "write", stingy)
    disk.part(1)
    disk.part(2)
    disk.writer.settle()
    monkeypatch.setattr(os, "write", write)
    assert disk.failed == [disk.folder]
    assert (disk.folder / "floor.1-0.mp4").read_bytes() == HEAD + PART
    disk.part(3)
    assert disk.runs() == [0]
    disk.take(2)
    disk.part(4, take=2)
    assert disk.runs() == [0, 4]


def test_some_room_is_left_to_the_others(disk: Disk) -> None:
    disk.begin()
    disk.part(0)
    disk.writer.settle()
    disk.free = 10**5
    disk.part(1)
    disk.writer.settle()
    assert disk.failed == []  # it looks every two seconds
    disk.clock.at += 3
    disk.part(2)
    assert disk.runs() == [0, 1]
    assert disk.failed == [disk.folder]


def test_what_consent_took_back_is_deleted_on_a_full_disk_too(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    disk.begin()
    disk.part(0)
    disk.writer.settle()

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "full")

    write = os.write
    monkeypatch.setattr(os, "write", full)
    disk.writer.put(Erase(disk.folder, "floor", ("floor.1-0.mp4",)))
    disk.writer.settle()
    monkeypatch.setattr(os, "write", write)
    assert not (disk.folder / "floor.1-0.mp4").exists()
    disk.writer.put(Finish(disk.folder, Ended(2.0)))
    assert disk.runs() == []
    assert disk.finished == [disk.folder]


def test_a_slow_disk_is_told_and_deletions_still_find_room(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(under_test, "QUEUE_ITEMS", 0)
    disk.begin()
    assert disk.part(0) is False
    assert disk.writer.put(Erase(disk.folder, "floor", ())) is True


def test_zeros_where_a_power_cut_left_a_part_are_no_part(disk: Disk) -> None:
    disk.begin()
    for msn in range(3):
        disk.part(msn)
    disk.writer.settle()
    file = disk.folder / "floor.1-0.mp4"
    file.write_bytes(HEAD + 2 * PART + bytes(len(PART)))
    found = mend(disk.folder)
    assert found is not None
    assert [run.msn for run in found.tracks["floor"].runs] == [0, 1]
    assert file.read_bytes() == HEAD + 2 * PART


def test_a_folder_that_is_none_of_ours_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "plenary-7"
    folder.mkdir()
    (folder / "index.jsonl").write_text("no line of ours\n")
    (folder / "holiday.mp4").write_bytes(b"x")
    assert mend(folder) is None
    assert (folder / "holiday.mp4").exists()
