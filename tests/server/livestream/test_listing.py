"""A track's listing: the window, gaps, discontinuities, deltas."""

from __future__ import annotations

from dataclasses import replace

import m3u8
import pytest

from media.playlists import Opening, Pace, Part, Segment
from media.stream import SEGMENT_S
from server.livestream.listing import MAX_GAPS, Listing, Shelved

PACE = Pace(0.4, 4)
PARTS = tuple(Part(0.4, True) for _ in range(10))


def listing(window_s: float = 3600.0) -> tuple[Listing, list[int]]:
    dropped: list[int] = []
    return Listing("de", PACE, window_s, lambda segment: dropped.append(segment.msn)), dropped


def shelved(msn: int, run: int = 0, init: int = 0, size: int = 100) -> Shelved:
    return Shelved(Segment(msn, 1000.0 + 4 * msn, 4.0, init, PARTS), run, size)


def filled(first: int, last: int, window_s: float = 3600.0) -> tuple[Listing, list[int]]:
    one, dropped = listing(window_s)
    for msn in range(first, last + 1):
        one.append(shelved(msn))
    return one, dropped


def text(one: Listing, *, is_delta: bool = False, opening: Opening | None = None, run: int = 0) -> str:
    assert one.last is not None
    return one.text(opening, run, (one.last.msn + 1, 0), (), is_delta=is_delta)


def test_the_oldest_is_dropped_when_the_window_is_full() -> None:
    one, dropped = filled(0, 20, window_s=40.0)
    assert dropped == list(range(11))
    assert m3u8.loads(text(one)).media_sequence == 11
    assert one.size == 10 * 100


def test_no_playlist_is_shorter_than_three_target_durations() -> None:
    one, _ = filled(0, 20, window_s=1.0)
    assert sum(item.segment.duration_s for item in one.segments) >= 12


def test_yesterday_is_not_listed_today() -> None:
    one, _ = filled(0, 9, window_s=3600.0)
    for msn in range(10, 14):
        one.append(Shelved(Segment(msn, 90_000.0 + 4 * msn, 4.0, 0, PARTS), 1, 100))
    # As soon as what is new is long enough for a playlist.
    assert [item.segment.msn for item in one.segments] == [10, 11, 12, 13]


def test_parts_are_listed_for_the_last_three_target_durations_alone() -> None:
    one, _ = filled(0, 9)
    read = m3u8.loads(text(one))
    assert [len(segment.parts) for segment in read.segments[:10]] == [0] * 7 + [10] * 3
    with_open = Opening(10, 1040.0, 0, PARTS[:3])
    read = m3u8.loads(text(one, opening=with_open))
    assert [len(segment.parts) for segment in read.segments[:10]] == [0] * 8 + [10] * 2


def test_a_delta_skips_what_is_older_than_the_boundary_and_repeats_the_rest() -> None:
    one, _ = filled(5, 30)
    full, delta = text(one), text(one, is_delta=True)
    read = m3u8.loads(delta)
    skipped = read.skip.skipped_segments
    assert read.media_sequence == 5
    assert skipped + len(read.segments) == len(m3u8.loads(full).segments)
    # Six target durations of four seconds are six segments; what remains is the full one's end, line by line.
    assert 6 <= len(read.segments) <= 8
    assert full.endswith(delta.partition(f"SKIPPED-SEGMENTS={skipped}\n")[2])


def test_a_short_playlist_has_no_delta() -> None:
    one, _ = filled(0, 4)
    assert text(one, is_delta=True) == text(one)


def test_missing_segments_are_gaps_and_too_many_begin_anew() -> None:
    one, dropped = filled(0, 3)
    one.fill(6, 0, 1024.0)
    one.append(shelved(6))
    read = m3u8.loads(text(one))
    assert [segment.gap_tag for segment in read.segments[:7]] == [None] * 4 + [True] * 2 + [None]
    assert read.segments[5].program_date_time.timestamp() == pytest.approx(1024.0 - SEGMENT_S, abs=0.001)
    one.fill(8 + MAX_GAPS, 0, 1100.0)
    assert dropped == [0, 1, 2, 3, 4, 5, 6]
    assert not one.segments


def test_a_new_start_is_a_discontinuity_whose_number_stays_when_it_leaves() -> None:
    one, _ = filled(0, 2, window_s=40.0)
    for msn in range(3, 20):
        one.append(shelved(msn, run=1 if msn < 12 else 2))
    read = m3u8.loads(text(one, run=2))
    # Ten segments, 10 to 19: the first belongs to run 1, and 12 begins run 2.
    assert (read.media_sequence, read.discontinuity_sequence) == (10, 1)
    assert [segment.uri for segment in read.segments[:10] if segment.discontinuity] == ["de/12.m4s"]
    one.append(shelved(20, run=2))
    one.append(shelved(21, run=2))
    read = m3u8.loads(text(one, run=2))
    # 12 leads now, and still has its tag: with it its number is 2, as it was.
    assert (read.media_sequence, read.discontinuity_sequence) == (12, 1)
    assert read.segments[0].discontinuity


def test_the_open_segment_of_a_new_start_is_discontinuous() -> None:
    one, _ = filled(0, 2)
    assert "#EXT-X-DISCONTINUITY\n" in text(one, opening=Opening(3, 1012.0, 0, PARTS[:1]), run=1)
    assert "#EXT-X-DISCONTINUITY\n" not in text(one, opening=Opening(3, 1012.0, 0, PARTS[:1]), run=0)


def test_a_start_of_which_nothing_is_left_counts_too() -> None:
    one = Listing("de", PACE, 3600.0, lambda segment: None)
    for msn, run in ((0, 0), (1, 2)):
        one.append(shelved(msn, run=run))
    read = m3u8.loads(text(one, run=4, opening=Opening(2, 1008.0, 0, PARTS[:1])))
    assert text(one, run=4, opening=Opening(2, 1008.0, 0, PARTS[:1])).count("#EXT-X-DISCONTINUITY\n") == 4
    assert read.discontinuity_sequence == 0


def test_a_gap_has_the_place_that_its_number_has_in_another_track() -> None:
    one, _ = filled(0, 2)
    other = shelved(3, run=1)
    other.segment = replace(other.segment, duration_s=0.4)
    one.neighbour = {3: other}.get
    one.fill(5, 2, 1100.0)
    _, gap, unknown = (kept for kept in one.segments if kept.segment.msn >= 2)
    assert (gap.run, gap.segment.starts_at, gap.segment.duration_s) == (1, other.segment.starts_at, 0.4)
    assert gap.segment.is_gap
    assert gap.segment.new_timelines == 1
    assert (unknown.run, unknown.segment.starts_at) == (2, 1100.0 - SEGMENT_S)


def test_another_initialisation_is_named_where_it_begins() -> None:
    one, _ = filled(0, 9)
    one.append(shelved(10, init=1))
    for msn in range(11, 20):
        one.append(shelved(msn, init=1))
    lines = text(one).splitlines()
    maps = [line for line in lines if line.startswith("#EXT-X-MAP")]
    assert maps == ['#EXT-X-MAP:URI="de/init-0.mp4"', '#EXT-X-MAP:URI="de/init-1.mp4"']
    assert lines.index(maps[1]) < lines.index("de/10.m4s")
    assert lines.index(maps[1]) > lines.index("de/9.m4s")
    assert '#EXT-X-MAP:URI="de/init-2.mp4"' in text(one, opening=Opening(20, 1080.0, 2, PARTS[:1]))


def test_what_is_not_on_disk_is_listed_no_longer_than_it_is_in_memory() -> None:
    one, dropped = filled(0, 9)
    one.mark_unsaved(4)
    one.drop_unsaved(4)
    assert dropped == []
    one.drop_unsaved(5)
    assert dropped == [0, 1, 2, 3, 4]


def test_rates_are_those_of_what_was_made() -> None:
    one, _ = listing()
    assert one.rates() == (0, 0)
    one.append(shelved(0, size=1000))
    one.append(shelved(1, size=3000))
    assert one.rates() == (6000, 4000)
