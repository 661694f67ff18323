"""How far a track is, who waits for it, and which bytes are at hand."""

from __future__ import annotations

import pytest

from media.playlists import Pace, Report
from server.livestream.rendition import IN_MEMORY, NewPart, Rendition

PACE = Pace(0.4, 4)
PARTS = 10


def rendition() -> Rendition:
    return Rendition("de", PACE, 3600.0, lambda segment: None)


def take(one: Rendition, msn: int, index: int, *, is_last: bool = False, run: int = 0) -> None:
    payload = f"{msn}.{index}".encode()
    one.take(NewPart(msn, 0, run, payload, 0.4, True, is_last or index == PARTS - 1, 1000.0 + 4 * msn + 0.4 * index))


def made(segments: int, parts: int) -> Rendition:
    """So many whole segments, and so many parts of the next."""
    one = rendition()
    for msn in range(segments):
        for index in range(PARTS):
            take(one, msn, index)
    for index in range(parts):
        take(one, segments, index)
    return one


@pytest.mark.parametrize(
    ("msn", "part", "is_there"),
    [
        (2, None, True),
        (3, None, False),
        (0, 7, True),
        (2, 9, True),
        (2, 10, True),  # past its end: the first of 3
        (3, 1, True),
        (3, 2, False),
        (4, 0, False),
    ],
)
def test_how_far_it_is(msn: int, part: int | None, is_there: bool) -> None:
    assert made(3, 2).has(msn, part) is is_there


def test_a_part_past_the_end_is_the_next_ones_first() -> None:
    one = made(3, 0)
    assert not one.has(2, 10)
    assert not one.has(2, 999)
    take(one, 3, 0)
    assert one.has(2, 10)


@pytest.mark.parametrize(
    ("msn", "part", "is_too_far"),
    [
        (3, None, False),
        (4, 9, False),
        (5, None, True),
        (3, 9, True),  # 3 / 0.4 = 7.5 parts after part 1
        (3, 8, False),
        (10**30, None, True),
        (3, 10**30, True),
    ],
)
def test_what_nobody_can_want_yet(msn: int, part: int | None, is_too_far: bool) -> None:
    assert made(3, 2).is_too_far(msn, part) is is_too_far


def test_one_that_lags_may_be_asked_for_what_the_others_have() -> None:
    one = made(3, 0)
    assert one.is_too_far(3, 9)
    one.reports = lambda: (Report("video", 3, 8),)
    assert not one.is_too_far(3, 9)
    assert not one.is_too_far(4, None)
    assert one.is_too_far(3, 16)


def test_the_hint_is_the_next_part_and_the_first_of_the_next_segment_at_the_end() -> None:
    assert made(0, 0).hint == (0, 0)
    assert made(3, 2).hint == (3, 2)
    assert made(3, 0).hint == (3, 0)


async def test_one_future_stands_for_all_who_wait_and_is_done_with_the_part() -> None:
    one = made(3, 2)
    first, second, segment = one.reached(3, 2), one.reached(3, 2), one.reached(3, None)
    assert first is second
    take(one, 3, 2)
    assert first.done()
    assert not segment.done()
    for index in range(3, PARTS):
        take(one, 3, index)
    assert segment.done()


async def test_who_waits_for_a_part_that_is_never_made_gets_the_next_segment() -> None:
    one = made(3, 2)
    waits = one.reached(3, 5)
    take(one, 3, 2, is_last=True)
    assert not waits.done()
    take(one, 4, 0)
    assert waits.done()


def test_a_playlist_is_written_once_for_each_state() -> None:
    one = made(3, 2)
    before = one.playlist(is_delta=False)
    assert one.playlist(is_delta=False) is before
    take(one, 3, 2)
    after = one.playlist(is_delta=False)
    assert after is not before
    assert after.etag != before.etag


def test_a_segment_is_its_parts_one_after_another() -> None:
    one = made(3, 2)
    whole, pieces = one.whole(2), [one.piece(2, part) for part in range(PARTS)]
    assert whole is not None
    assert b"".join(whole.body) == b"".join(piece.body[0] for piece in pieces if piece)
    assert one.whole(3) is None
    assert one.piece(3, 1) is not None
    assert one.piece(3, 2) is None


def test_parts_stay_for_three_target_durations_after_they_are_listed_no_more() -> None:
    one = made(30, 1)
    # Listed for three targets (12 s), to be had for three more: six segments of four seconds.
    assert all(one.piece(msn, 0) is not None for msn in range(30 - 6, 31))
    assert one.piece(30 - IN_MEMORY - 1, 0) is None
    assert one.whole(30 - IN_MEMORY - 1) is None


def test_a_new_start_makes_the_open_segment_a_whole_short_one() -> None:
    one = made(3, 2)
    one.close()
    one.fill_up_to(4, 0, 1016.0)
    last = one.listing.last
    assert last is not None
    assert (last.msn, len(last.parts), last.duration_s, one.hint) == (3, 2, 0.8, (4, 0))
    assert one.whole(3) is not None


def test_a_track_that_is_behind_gets_gaps_where_others_have_segments() -> None:
    one = made(3, 0)
    one.close()
    one.fill_up_to(5, 0, 1020.0)
    assert [(item.segment.msn, item.segment.is_gap) for item in one.listing.segments][-2:] == [(3, True), (4, True)]
