"""Ramps, the limiter, levels, and shortening."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.opus import FRAME_SAMPLES, Pcm
from media.sound import Fader, Limiter, lengthen, shorten
from tests.media.levels import peak_dbfs, rms_dbfs

CEILING = 0.891 + 1e-5


def sine(hertz: float, samples: int, peak: float = 0.5, start: int = 0) -> Pcm:
    return (peak * np.sin(2 * np.pi * hertz * np.arange(start, start + samples) / 48000)).astype(np.float32)


def test_levels_of_a_sine() -> None:
    tone = sine(1000, FRAME_SAMPLES, 1.0)
    assert peak_dbfs(tone) == pytest.approx(0, abs=0.05)
    assert rms_dbfs(tone) == pytest.approx(-3.01, abs=0.05)


def test_silence_has_a_floor() -> None:
    assert peak_dbfs(np.zeros(FRAME_SAMPLES, np.float32)) == -120


def run(fader: Fader, frames: int) -> Pcm:
    out = []
    for _ in range(frames):
        mix = np.zeros(FRAME_SAMPLES, np.float32)
        fader.add(mix, np.ones(FRAME_SAMPLES, np.float32))
        out.append(mix)
    return np.concatenate(out)


@pytest.mark.parametrize("ramp_ms", [1, 20, 30, 300])
def test_a_ramp_takes_its_time_and_has_no_step(ramp_ms: int) -> None:
    fader = Fader()
    fader.go(1.0, ramp_ms)
    curve = run(fader, 20)
    assert np.abs(np.diff(np.concatenate(([0], curve)))).max() <= 1.01 / (ramp_ms * 48)
    assert np.argmax(curve >= 0.9999) == pytest.approx(ramp_ms * 48, abs=2)
    assert curve[-1] == 1.0


def test_a_ramp_turned_round_goes_on_from_where_it_was() -> None:
    fader = Fader()
    fader.go(1.0, 300)
    first = run(fader, 3)
    fader.go(0.0, 30)
    second = run(fader, 3)
    assert abs(float(second[0]) - float(first[-1])) < 0.01
    assert fader.is_silent


@settings(max_examples=60)
@given(st.lists(st.floats(-4, 4, width=32), min_size=16, max_size=16), st.integers(0, 239))
def test_the_limiter_never_lets_a_sample_past_its_ceiling(peaks: list[float], offset: int) -> None:
    limiter = Limiter()
    sound = np.zeros(5 * FRAME_SAMPLES, np.float32)
    for n, peak in enumerate(peaks):
        sound[n * 300 + offset :] = peak
    out = np.concatenate([limiter.limit(frame) for frame in sound.reshape(5, -1)])
    assert np.abs(out).max() <= CEILING


def test_below_the_ceiling_the_limiter_only_delays_by_5_ms() -> None:
    limiter = Limiter()
    sound = sine(440, 3 * FRAME_SAMPLES, 0.8)
    out = np.concatenate([limiter.limit(frame) for frame in sound.reshape(3, -1)])
    assert np.array_equal(out[240:], sound[:-240])


def test_after_a_shriek_the_limiter_lets_go_again() -> None:
    limiter = Limiter()
    limiter.limit(sine(1000, FRAME_SAMPLES, 3.0))
    quiet = [limiter.limit(sine(1000, FRAME_SAMPLES, 0.5)) for _ in range(40)]
    assert not limiter.is_limiting
    assert peak_dbfs(quiet[-1]) == pytest.approx(-6.02, abs=0.1)


def test_shortening_a_tone_leaves_a_tone_without_a_click() -> None:
    tone = sine(200, 2400)
    short = shorten(tone, FRAME_SAMPLES)
    assert 240 <= len(tone) - len(short) <= FRAME_SAMPLES
    assert np.abs(np.diff(short)).max() < 1.2 * np.abs(np.diff(tone)).max()


def test_lengthening_a_tone_leaves_a_tone_without_a_click() -> None:
    tone = sine(200, FRAME_SAMPLES)
    long = lengthen(tone)
    assert 240 <= len(long) - len(tone) <= FRAME_SAMPLES - 240
    assert np.abs(np.diff(long)).max() < 1.2 * np.abs(np.diff(tone)).max()
    assert np.array_equal(long[-240:], tone[-240:])
