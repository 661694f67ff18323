"""A stream without threads and without waiting: what goes in at a time comes out at that time, whatever happens."""

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest

from media.opus import FRAME_SAMPLES, Pcm
from media.pictures import VideoSource
from media.rtp import RtpPacket
from media.stream import SEGMENT_S, Slide
from media.stream_taps import SoundTap, Tap
from tests.media.film import Sender, brightness, film, grey, hear, inits_of, parts_of, play
from tests.media.rehearsal import FPS, Studio, hold_the_rules

DARK, LIGHT = 60, 150


@pytest.fixture
def studio() -> Iterator[Studio]:
    made = Studio()
    yield made
    made.packager.stop()


def test_a_steady_venue_goes_through_untouched(studio: Studio) -> None:
    studio.picture = studio.camera()
    studio.run(20)
    hold_the_rules(studio, "video")
    hold_the_rules(studio, "de")
    frames = play(studio.events, "video")
    assert len(frames) == pytest.approx(20 * FPS, abs=20)
    spacing = [later - earlier for (earlier, _), (later, _) in pairwise(frames[1:])]
    assert max(spacing) < 0.034 < 0.0335 + min(spacing)
    firsts = [part for part in parts_of(studio.events, "video") if part.part == 0]
    assert all(part.is_independent for part in firsts)
    assert [part.starts_at - studio_epoch(studio) for part in firsts] == pytest.approx(
        [n * SEGMENT_S for n in range(len(firsts))], abs=0.2
    )
    assert studio.packager.stats()["pictures_filled"] == 0


def studio_epoch(studio: Studio) -> float:
    return parts_of(studio.events, "de")[0].starts_at


def test_all_tracks_have_the_same_segments(studio: Studio) -> None:
    studio.picture = studio.camera()
    studio.run(18)
    for msn in range(4):
        begins = {
            track: next(p.starts_at for p in parts_of(studio.events, track) if (p.msn, p.part) == (msn, 0))
            for track in ("video", "de")
        }
        assert abs(begins["video"] - begins["de"]) <= 0.5


def test_a_keyframe_is_asked_for_once_a_segment(studio: Studio) -> None:
    studio.picture = studio.camera()
    studio.run(SEGMENT_S * 5)
    assert 4 <= len(studio.asked) <= 6


def test_missing_ticks_are_silence_and_nothing_slips(studio: Studio) -> None:
    click = np.zeros(FRAME_SAMPLES, np.float32)
    click[100] = 0.9
    silence = np.zeros(FRAME_SAMPLES, np.float32)

    def sound(tick: int) -> Pcm | None:
        return None if 100 <= tick < 130 or tick == 200 else click if tick in (50, 250) else silence

    studio.sound = sound
    studio.run(10)
    began, heard = hear(studio.events, "de")
    assert began == 0
    places = np.flatnonzero(np.abs(heard) > 0.3) / 48000
    assert places[0] == pytest.approx(50 * 0.02 + 100 / 48000, abs=0.001)
    assert places[-1] == pytest.approx(250 * 0.02 + 100 / 48000, abs=0.001)
    hold_the_rules(studio, "de")


@pytest.mark.parametrize("delay_s", [0.03, 0.06, 0.3])
def test_a_flash_and_its_click_come_out_together(studio: Studio, delay_s: float) -> None:
    studio.delay_s = delay_s
    dark = film(300, flashes=frozenset(range(45, 300, 60)), keys=frozenset(range(0, 300, 15)))
    studio.picture = lambda number: dark[number] if number < 300 else None
    flashes = [number / FPS + delay_s for number in range(45, 240, 60)]

    def sound(tick: int) -> Pcm:
        frame = np.zeros(FRAME_SAMPLES, np.float32)
        for at in flashes:
            if 0 <= at - tick * 0.02 < 0.02:
                frame[int((at - tick * 0.02) * 48000)] = 0.9
        return frame

    studio.sound = sound
    studio.run(9.5)
    seen = [at for at, frame in play(studio.events, "video") if brightness(frame) > LIGHT]
    _, heard = hear(studio.events, "de")
    loud = np.flatnonzero(np.abs(heard) > 0.3) / 48000
    clicks = [float(at) for n, at in enumerate(loud) if n == 0 or at - loud[n - 1] > 0.5]
    assert len(seen) >= len(clicks) == len(flashes)
    for picture, click in zip(seen, clicks, strict=False):
        assert -0.04 < picture - click < 0.06
        assert abs(picture - click) < 0.005


def test_before_the_venue_comes_there_is_the_slide(studio: Studio) -> None:
    studio.packager.say(Slide("Plenum", ("Далі: дискусія",)))
    studio.run(10)
    hold_the_rules(studio, "video")
    init = inits_of(studio.events, "video")[0]
    assert (init.width, init.height) == (1280, 720)
    frames = play(studio.events, "video")
    assert frames[0][0] == 0
    assert frames[-1][0] > 9
    firsts = [part for part in parts_of(studio.events, "video") if part.part == 0]
    assert [part.starts_at - studio_epoch(studio) for part in firsts] == pytest.approx([0, SEGMENT_S, 2 * SEGMENT_S])
    assert all(part.is_independent for part in firsts)


def test_a_short_stall_keeps_the_last_picture_standing(studio: Studio) -> None:
    camera = studio.camera(keys_every=30)
    pictures = film(120, flashes=frozenset(range(80, 120)), keys=frozenset({0}))
    studio.picture = lambda number: pictures[number] if number < 100 else camera(number) if number > 145 else None
    studio.run(12)
    hold_the_rules(studio, "video")
    frames = play(studio.events, "video")
    standing = [brightness(frame) for at, frame in frames if 3.5 < at < 4.2]
    assert len(standing) >= 4
    assert min(standing) > LIGHT
    assert max(later - earlier for (earlier, _), (later, _) in pairwise(frames)) < 0.3


def test_a_lost_venue_becomes_the_slide_and_comes_back(studio: Studio) -> None:
    camera = studio.camera()
    studio.picture = lambda number: camera(number) if not 150 <= number < 450 else None
    studio.run(5.7)
    assert studio.packager.stats()["stalls"] == 1
    studio.run(20)
    hold_the_rules(studio, "video")
    inits = inits_of(studio.events, "video")
    assert {(init.width, init.height) for init in inits.values()} == {(64, 48)}
    assert len(inits) == 3
    assert studio.packager.stats()["stalls"] == 1
    frames = [frame for number in inits for frame in play(studio.events, "video", number)]
    assert [at for at, _ in frames] == sorted({at for at, _ in frames})
    assert max(later - earlier for (earlier, _), (later, _) in pairwise(frames)) < 0.3
    late = [part for part in parts_of(studio.events, "video") if part.starts_at - studio_epoch(studio) > 17]
    assert sum(len(part.payload) for part in late) > 0


def test_what_is_held_stays_hidden_until_it_is_let_go(studio: Studio) -> None:
    white = film(600, flashes=frozenset(range(600)), keys=frozenset(range(0, 600, 10)))
    studio.picture = lambda number: white[number] if number < 600 else None
    studio.run(5)
    studio.packager.hold(True)
    studio.run(5)
    studio.packager.hold(False)
    studio.run(5)
    hold_the_rules(studio, "video")
    frames = [
        (at, brightness(frame))
        for n in inits_of(studio.events, "video")
        for at, frame in play(studio.events, "video", n)
    ]
    assert min(level for at, level in frames if at < 4.8) > LIGHT
    assert max(level for at, level in frames if 5.3 < at < 9.9) < DARK
    assert min(level for at, level in frames if at > 10.6) > LIGHT


def test_loss_asks_for_a_keyframe_and_shows_nothing_broken(studio: Studio) -> None:
    camera, lost = studio.camera(), {95, 96, 240}

    def lossy(number: int) -> bytes | None:
        picture = camera(number)
        if number in lost:
            studio.sender.sequence += 1
            return None
        return picture

    studio.picture = lossy
    studio.run(12)
    stats = studio.packager.stats()
    assert stats["picture_packets_lost"] == 3
    assert stats["pictures_dropped"] > 3
    assert stats["stalls"] == 0
    hold_the_rules(studio, "video")
    assert len([at for at in studio.asked if 3.1 < at < 4.0]) == 1
    studio.packager.finish()
    assert len(play(studio.events, "video")) == stats["pictures"]


def test_new_parameters_within_a_segment_go_in_band_and_the_next_one_has_a_new_init(studio: Studio) -> None:
    small, large = film(600, keys=frozenset(range(0, 600, 10))), film(600, keys=frozenset(range(0, 600, 10)), width=96)
    studio.picture = lambda number: small[number] if number < 180 else large[number]
    studio.run(14)
    hold_the_rules(studio, "video")
    inits = inits_of(studio.events, "video")
    assert [(init.width, init.height) for init in inits.values()] == [(64, 48), (96, 48)]
    sizes = [frame.width for _, frame in play(studio.events, "video", 0)]
    assert sizes.count(64) == pytest.approx(180, abs=2)
    assert sizes.count(96) > 50
    assert {frame.width for _, frame in play(studio.events, "video", 1)} == {96}


def test_another_source_is_a_cut_and_no_break(studio: Studio) -> None:
    first, second = (
        film(600, keys=frozenset(range(0, 600, 30))),
        film(600, flashes=frozenset(range(600)), keys=frozenset(range(0, 600, 30))),
    )
    studio.picture = lambda number: first[number] if number < 200 else None
    studio.run(6.7)
    studio.sender = Sender(ssrc=99, sequence=5, timestamp=123456)
    studio.source = VideoSource(lambda: None, studio._due)
    studio.picture = lambda number: second[number - 200 + 20]
    studio.run(6)
    hold_the_rules(studio, "video")
    frames = [f for n in inits_of(studio.events, "video") for f in play(studio.events, "video", n)]
    assert brightness(frames[0][1]) < DARK
    assert brightness(frames[-1][1]) > LIGHT
    assert max(later - earlier for (earlier, _), (later, _) in pairwise(frames)) < 0.6


def test_a_restart_goes_on_with_the_numbers_it_is_told() -> None:
    studio = Studio(first_msn=700)
    studio.picture = studio.camera()
    studio.run(6)
    for track in ("video", "de"):
        first = parts_of(studio.events, track)[0]
        assert (first.msn, first.part) == (700, 0)
        assert play(studio.events, track)[0][0] == pytest.approx(700 * SEGMENT_S)
    studio.packager.stop()


def test_a_track_that_is_added_begins_with_a_segment(studio: Studio) -> None:
    studio.run(6)
    added = SoundTap()
    studio.packager.add_sound("uk", added, studio.base + studio.now)
    for _ in range(500):
        added.put(studio._tick, np.full(FRAME_SAMPLES, 0.1, np.float32))
        studio.run(0.02)
    first = parts_of(studio.events, "uk")[0]
    assert (first.msn, first.part) == (2, 0)
    assert first.starts_at - studio_epoch(studio) == pytest.approx(2 * SEGMENT_S)


def test_the_end_is_told_as_last_parts(studio: Studio) -> None:
    studio.picture = studio.camera()
    studio.run(5.1)
    studio.packager.finish()
    for track in ("video", "de"):
        last = parts_of(studio.events, track)[-1]
        assert last.is_last
        end = last.starts_at + last.duration_s - studio_epoch(studio)
        assert end == pytest.approx(5.1, abs=0.1)


def test_a_tap_gets_what_the_parts_hold(studio: Studio) -> None:
    studio.picture = studio.camera()
    tap = Tap(frozenset({"video", "de"}))
    studio.packager.add_tap(tap)
    studio.run(5)
    samples = []
    while (sample := tap.get(0.0)) is not None:
        samples.append(sample)
    for track, spacing in (("video", 1 / FPS), ("de", 1024 / 48000)):
        times = [sample.starts_s for sample in samples if sample.track == track]
        assert len(times) > 100
        assert np.diff(times)[2:] == pytest.approx(spacing, abs=0.002)
    assert all(sample.parameters for sample in samples)


def test_a_tap_nobody_empties_is_bounded_and_goes_on_with_a_keyframe(studio: Studio) -> None:
    studio.picture = studio.camera()
    tap = Tap(frozenset({"video"}))
    studio.packager.add_tap(tap)
    studio.run(50)
    assert tap.dropped > 0
    kept = 0
    while tap.get(0.0) is not None:
        kept += 1
    assert kept == 1024
    studio.run(9)
    first = tap.get(0.0)
    assert first is not None
    assert first.is_independent


def test_a_small_copy_has_the_same_segments_and_pictures() -> None:
    studio = Studio(has_small=True)
    pictures = film(200, keys=frozenset(range(0, 200, 16)), width=640, height=480)
    studio.picture = lambda number: pictures[number]
    for _ in range(300):
        studio.run(0.02)
        wait_until(lambda: studio.packager.stats()["small_waiting"] == 0)
    studio.packager.finish()
    hold_the_rules(studio, "small")
    large, small = parts_of(studio.events, "video"), parts_of(studio.events, "small")
    assert [(p.msn, p.part, p.duration_s) for p in small] == [(p.msn, p.part, p.duration_s) for p in large]
    assert {(frame.width, frame.height) for _, frame in play(studio.events, "small")} == {(480, 360)}
    studio.packager.stop()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Let another thread work until it is so."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0)


def is_shown(studio: Studio, at: float, pictures: int) -> bool:
    studio.packager.look(studio.base + at)
    return studio.packager.stats()["pictures"] == pictures


def test_vp8_is_made_into_h264(studio: Studio) -> None:
    encoder: Any = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 48, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(30), Fraction(1, 30)
    encoder.options = {"deadline": "realtime", "lag-in-frames": "0"}
    for number in range(150):
        frame = grey(40, number)
        frame.pts, frame.time_base = number, Fraction(1, 30)
        (packet,) = encoder.encode(frame)
        at = number / FPS
        timestamp = (studio.sender.first + round(at * 90000)) & 0xFFFFFFFF
        rtp = RtpPacket(97, True, number, timestamp, 5, b"\x10" + bytes(packet))
        studio.picture_tap.put(studio.source, rtp, "vp8", studio.base + at + 0.03)
        shown = number + 1
        wait_until(lambda at=at, shown=shown: is_shown(studio, at + 0.03, shown))  # type: ignore[misc]
    studio.packager.finish()
    hold_the_rules(studio, "video")
    frames = play(studio.events, "video")
    assert frames[0][1].width == 64
    firsts = [part for part in parts_of(studio.events, "video") if part.part == 0]
    assert len(firsts) == 2
    assert all(part.is_independent for part in firsts)
    assert 0 <= firsts[1].starts_at - firsts[0].starts_at - SEGMENT_S < 0.04
