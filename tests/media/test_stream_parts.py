"""The rules for parts and segments, over long lines of pictures as real cameras send them."""

import random
from collections.abc import Callable, Iterable
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.stream import PART_FRAMES, PART_TICKS, PARTS_A_SEGMENT, PICTURE_HZ, SEGMENT_TICKS
from media.stream_parts import KEYFRAME_WINDOW_TICKS, SHORTEST_TICKS, Part, PictureParts, SoundParts

Keys = Callable[[float], bool]


def cut(times: Iterable[float], keys: Keys = lambda at: False, msn: int = 0) -> list[Part]:
    """The parts of pictures at these seconds."""
    parts, made = PictureParts(msn), []
    for number, at in enumerate(times):
        made += parts.add(round(at * PICTURE_HZ), b"x", is_key=number == 0 or keys(at))
    last = parts.finish()
    return [*made, last] if last is not None else made


def hold_the_rules(parts: list[Part]) -> None:
    for part in parts:
        assert part.duration <= PART_TICKS
        assert part.duration >= SHORTEST_TICKS or part.is_last
    for before, after in pairwise(parts):
        assert before.starts + before.duration == after.starts
        expected = (before.msn + 1, 0) if before.is_last else (before.msn, before.part + 1)
        assert (after.msn, after.part) == expected


def camera(fps: float, jitter: float, seconds: float, seed: int = 1) -> list[float]:
    chance = random.Random(seed)
    return sorted((number + chance.uniform(-jitter, jitter)) / fps for number in range(int(seconds * fps)))


@pytest.mark.parametrize("fps", [60, 30, 29.97, 25, 24, 15, 10, 7.03, 5, 3])
@pytest.mark.parametrize("jitter", [0, 0.2, 0.45])
def test_parts_hold_to_the_target_at_every_rate(fps: float, jitter: float) -> None:
    parts = cut(camera(fps, jitter, 600))
    hold_the_rules(parts)
    assert len(parts) > 600 * PICTURE_HZ / PART_TICKS


@pytest.mark.parametrize("fps", [30, 25, 24, 15])
def test_segments_begin_with_the_keyframes_asked_for(fps: float) -> None:
    every_s = SEGMENT_TICKS / PICTURE_HZ

    def is_key(at: float) -> bool:
        # It comes three pictures after the segment's time.
        return 2.45 / fps <= at % every_s < 3.6 / fps

    parts = cut(camera(fps, 0, 300), is_key)
    hold_the_rules(parts)
    for msn, segment in groupby(parts, lambda part: part.msn):
        first = next(segment)
        assert first.samples[0].is_sync
        assert 0 <= first.starts - msn * SEGMENT_TICKS <= 5 * PICTURE_HZ / fps


def test_a_keyframe_somewhat_early_begins_the_segment_too() -> None:
    early = SEGMENT_TICKS / PICTURE_HZ - 0.4
    parts = cut(camera(30, 0, 6), lambda at: abs(at - early) < 0.016)
    (second,) = [part for part in parts if (part.msn, part.part) == (1, 0)]
    assert second.samples[0].is_sync
    assert second.starts / PICTURE_HZ == pytest.approx(early, abs=0.02)


def test_a_keyframe_in_between_begins_nothing() -> None:
    parts = cut(camera(30, 0, 4), lambda at: abs(at - 2) < 0.016)
    assert {part.msn for part in parts} == {0}
    assert sum(part.is_independent for part in parts) == 2
    hold_the_rules(parts)


def test_without_a_keyframe_the_segment_is_cut_in_time_nevertheless() -> None:
    parts = cut(camera(30, 0, 60))
    starts = {part.msn: part.starts for part in parts if part.part == 0}
    assert len(starts) == 14
    for msn, begins in starts.items():
        assert begins - msn * SEGMENT_TICKS <= (KEYFRAME_WINDOW_TICKS + 3001 if msn else 0)
    assert not any(part.is_independent for part in parts if part.msn)


def test_a_hole_neither_stretches_a_part_nor_leaves_a_number_out() -> None:
    times = [at for at in camera(30, 0.1, 60) if not 20 < at < 23]
    hold_the_rules(cut(times))


@given(st.lists(st.floats(0.0, 0.6), min_size=1, max_size=200), st.integers(0, 5))
def test_no_line_of_pictures_breaks_the_rules(gaps: list[float], key_every: int) -> None:
    times, at = [], 0.0
    for gap in gaps:
        at += gap
        times.append(at)
    hold_the_rules(cut(times, lambda when: bool(key_every) and int(when * 10) % key_every == 0))


def test_the_first_picture_is_shown_from_the_segments_beginning() -> None:
    parts = cut([1000.2, 1000.233, 1000.266], msn=234)
    assert parts[0].starts == 234 * SEGMENT_TICKS


def test_sound_fits_parts_and_segments_exactly() -> None:
    parts = SoundParts(7)
    made = [part for _ in range(PART_FRAMES * PARTS_A_SEGMENT * 3) if (part := parts.add(b"frame")) is not None]
    assert len(made) == 3 * PARTS_A_SEGMENT
    assert {len(part.samples) for part in made} == {PART_FRAMES}
    assert [part.is_last for part in made] == ([False] * (PARTS_A_SEGMENT - 1) + [True]) * 3
    assert [(part.msn, part.part) for part in made[::PARTS_A_SEGMENT]] == [(7, 0), (8, 0), (9, 0)]
    assert made[0].starts * PICTURE_HZ == 7 * SEGMENT_TICKS * 48000


def test_what_is_left_is_a_last_part() -> None:
    parts = SoundParts(0)
    for _ in range(PART_FRAMES + 3):
        parts.add(b"frame")
    left = parts.finish()
    assert left is not None
    assert (left.part, len(left.samples), left.is_last) == (1, 3, True)
    assert parts.finish() is None
