"""The index: lines come back as they were, and make the same recording however they were cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.recordings.index import (
    Begun,
    BrokenLine,
    Ended,
    Entry,
    FileBegun,
    Kind,
    Published,
    Run,
    TakeBegun,
    TrackNamed,
    Withdrawn,
    format_entry,
    is_recording_id,
    offset_of,
    parse_entry,
    read_index,
)

BEGUN = Begun("plenary-1", "plenary", 1.0, 30, {"de": "Säle", "uk": "Зала"})


def file(name: str, track: str, take: int = 1) -> FileBegun:
    return FileBegun(name, track, take, 10, "mp4a.40.2", 96_000, 0, 0, 0.0)


def runs(name: str, parts: int, *, first: float = 0.0, per_segment: int = 4) -> list[Entry]:
    """Parts of half a second, ten bytes each, behind the header."""
    return [Run(name, n // per_segment, 10 + 10 * n, 10, 0.5, first + 0.5 * n) for n in range(parts)]


WHOLE: list[Entry] = [
    BEGUN,
    TrackNamed("floor", Kind.CHANNEL),
    TrackNamed("stem-a-1", Kind.STEM, "digest"),
    TakeBegun(1, 0, 1.0),
    file("f", "floor"),
    *runs("f", 10),
    file("s", "stem-a-1"),
    *runs("s", 4, first=3.0),
    TakeBegun(2, 5, 1.0),
    file("g", "floor", 2),
    *runs("g", 2, first=100.0),
    Ended(101.0),
]


@pytest.mark.parametrize(
    "entry", [*WHOLE, Withdrawn("stem-a-1"), Published(True, 3.0)], ids=lambda one: type(one).__name__
)
def test_a_line_comes_back_as_it_was(entry: Entry) -> None:
    line = format_entry(entry)
    assert line.count("\n") == 1
    assert line.endswith("\n")
    assert parse_entry(line) == entry


@given(st.text())
def test_a_line_that_is_none_is_told(line: str) -> None:
    with pytest.raises(BrokenLine):
        parse_entry(line)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "3",
        '{"is":"run"}',
        '{"is":"nothing"}',
        '{"is":["run"]}',
        '{"is":"track_named","track":"a","kind":"b"}',
    ],
)
def test_half_a_line_is_none(line: str) -> None:
    with pytest.raises(BrokenLine):
        parse_entry(line)


def test_parts_of_a_segment_become_one_run() -> None:
    found = read_index(WHOLE)
    assert found is not None
    assert [(run.msn, run.length) for run in found.tracks["floor"].runs] == [(0, 40), (1, 40), (2, 20), (0, 20)]


def test_the_short_form_makes_the_same() -> None:
    found = read_index(WHOLE)
    assert found is not None
    short = list(found.entries())
    assert len(short) < len(WHOLE)
    assert read_index(short) == found


def test_takes_follow_one_another_and_a_late_track_has_an_offset() -> None:
    found = read_index(WHOLE)
    assert found is not None
    timeline = found.timeline()
    assert [(one.length_s, one.before_s) for one in timeline.values()] == [(5.0, 0.0), (1.0, 5.0)]
    assert offset_of(found.tracks["stem-a-1"], timeline) == 3.0
    assert offset_of(found.tracks["floor"], timeline) == 0.0


def test_it_is_kept_from_its_end_on() -> None:
    found = read_index(WHOLE)
    assert found is not None
    assert found.keep_until == 101.0 + 30 * 86_400
    again = read_index([*WHOLE, TakeBegun(3, 9, 200.0)])
    assert again is not None
    assert again.keep_until is None


def test_what_was_withdrawn_is_not_offered() -> None:
    found = read_index([*WHOLE, Withdrawn("stem-a-1")])
    assert found is not None
    assert found.stems == ()
    assert not [entry for entry in found.entries() if isinstance(entry, FileBegun) and entry.track == "stem-a-1"]


def test_lines_that_fit_nothing_are_let_go() -> None:
    stray: list[Entry] = [BEGUN, Withdrawn("x"), file("f", "x"), *runs("f", 2), BEGUN]
    found = read_index(stray)
    assert found is not None
    assert found.tracks == {}
    assert read_index([Ended(1.0), BEGUN]) is None
    assert read_index([]) is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("plenary-1795300000", True), ("workshop-1-5", True), ("plenary", False), ("plenary-٣", False), ("../x-1", False),
     ("x-1/", False), ("", False), ("a" * 65 + "-1", False), ("plenary-1\n", False), ("-1", False)],
)  # fmt: skip
def test_ids_are_safe_in_a_path(text: str, is_one: bool) -> None:
    assert is_recording_id(text) is is_one
