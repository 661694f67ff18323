"""The log book: notes without waiting, kept over a kill and a torn line, bounded, read by room and day."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from interpreting.ids import RoomId
from server import logbook as module
from server.logbook import Logbook
from tests.fakes import ManualClock
from tests.tries import best

HALL = RoomId("hall")
NOON = 1_800_000_000.0 - 1_800_000_000 % 86_400 + 12 * 3600


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def book(tmp_path: Path, clock: ManualClock) -> Iterator[Logbook]:
    logbook = Logbook(tmp_path, clock)
    logbook.open()
    yield logbook
    logbook.close()


def test_a_note_is_read_back_with_its_facts(book: Logbook) -> None:
    book.note(HALL, "mic_taken", by="olha", language="uk", level_dbfs=-20.12345, live=True, nothing=None)
    [entry] = book.read(HALL, NOON - 1, NOON + 1)
    assert (entry.kind, entry.by, entry.room, entry.at) == ("mic_taken", "olha", HALL, NOON)
    assert entry.facts == {"language": "uk", "level_dbfs": -20.123, "live": True, "nothing": None}


def test_rooms_and_times_are_kept_apart(book: Logbook, clock: ManualClock) -> None:
    book.note(HALL, "first")
    book.note(None, "server_started")
    clock.at += 86_400
    book.note(HALL, "second")
    assert [entry.kind for entry in book.read(HALL, NOON, NOON + 100_000)] == ["first", "second"]
    assert [entry.kind for entry in book.read(HALL, NOON + 1, NOON + 100_000)] == ["second"]
    assert [entry.kind for entry in book.read(None, NOON, NOON + 100_000)] == ["server_started"]
    assert len(book.days(HALL)) == 2
    assert book.read(RoomId("nowhere"), 0, NOON * 2) == []


def test_what_json_cannot_hold_does_not_raise(book: Logbook) -> None:
    book.note(HALL, "odd", number=float("nan"), thing=object(), text="x" * 10_000)  # type: ignore[arg-type]
    [entry] = book.read(HALL, NOON, NOON + 1)
    assert entry.facts["number"] is None
    assert len(str(entry.facts["text"])) == module.MAX_FACT_CHARS


def test_a_line_torn_by_a_kill_costs_that_line_alone(tmp_path: Path, clock: ManualClock, book: Logbook) -> None:
    book.note(HALL, "before")
    book.read(HALL, 0, NOON * 2)
    [part] = (tmp_path / "hall").iterdir()
    with part.open("ab") as torn:
        torn.write(b'{"at":1800')
    book.note(HALL, "after")
    assert [entry.kind for entry in book.read(HALL, 0, NOON * 2)] == ["before", "after"]


def test_the_oldest_parts_go_when_the_book_is_full(tmp_path: Path, clock: ManualClock) -> None:
    small = Logbook(tmp_path, clock, max_bytes=4000, part_bytes=1000)
    small.open()
    for number in range(200):
        small.note(HALL, "tick", number=number)
        if not number % 5:
            small.days(HALL)
    found = [entry.facts["number"] for entry in small.read(HALL, 0, NOON * 2)]
    small.close()
    assert sum(part.stat().st_size for part in tmp_path.glob("*/*")) <= 5000
    assert found[-1] == 199
    assert found == list(range(200 - len(found), 200))


def test_days_that_are_over_long_ago_go(tmp_path: Path, clock: ManualClock) -> None:
    book = Logbook(tmp_path, clock, keep_days=2)
    book.open()
    for _ in range(5):
        book.note(HALL, "daily")
        book.days(HALL)
        clock.at += 86_400
    kept = book.days(HALL)
    book.close()
    assert len(kept) == 3


def test_a_full_queue_drops_and_counts(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)
    idle = Logbook(tmp_path, clock)
    for _ in range(5):
        idle.note(HALL, "flood")
    assert (idle.figures.noted, idle.figures.dropped) == (5, 2)


def test_a_disk_that_refuses_is_told_of_once(
    tmp_path: Path, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "book"
    folder.write_text("in the way")
    book = Logbook(folder, clock)
    book.open()
    for _ in range(2):
        book.note(HALL, "lost")
        book.days(HALL)
    book.close()
    assert book.figures.dropped == 2
    assert len(caplog.records) == 1


def test_a_killed_process_has_lost_less_than_a_second(tmp_path: Path) -> None:
    writer = (
        "import sys, time; from pathlib import Path; from server.logbook import Logbook\n"
        "book = Logbook(Path(sys.argv[1])); book.open()\n"
        "while True: book.note('hall', 'tick'); print(time.time(), flush=True); time.sleep(0.01)\n"
    )

    def lost_s() -> float:
        command = [sys.executable, "-c", writer, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            told = [process.stdout.readline() for _ in range(150)]
            os.kill(process.pid, signal.SIGKILL)
            last = float([*told, *process.stdout][-1])
        return last - Logbook(tmp_path).read(HALL, 0, time.time() + 1)[-1].at

    assert best(lost_s, 1.0) < 1


def test_a_note_costs_the_caller_little(book: Logbook) -> None:
    def seconds_a_note() -> float:
        begun = time.perf_counter()
        for number in range(500):
            book.note(HALL, "tick", by="somebody", number=number, language="uk")
        return (time.perf_counter() - begun) / 500

    assert best(seconds_a_note, 0.0005, times=10) < 0.0005
