"""Trims: what each does to the sound, and that none of it clicks."""

import time

import numpy as np
import pytest

from media.opus import FRAME_SAMPLES, Pcm
from media.sound import decibels
from media.trim import MAX_DELAY_MS, UNTRIMMED, Trim, Trimmer
from tests.tries import best


def tone(hertz: float, ticks: int, amplitude: float = 0.5) -> Pcm:
    moments = np.arange(ticks * FRAME_SAMPLES) / 48000
    return (amplitude * np.sin(2 * np.pi * hertz * moments)).astype(np.float32)


def through(trimmer: Trimmer, pcm: Pcm) -> Pcm:
    return np.concatenate([trimmer.hear(frame) for frame in pcm.reshape(-1, FRAME_SAMPLES)])


def level(pcm: Pcm) -> float:
    return decibels(float(np.sqrt(np.mean(np.square(pcm)))))


def steepest(pcm: Pcm) -> float:
    """The largest step from one sample to the next."""
    return float(np.abs(np.diff(pcm)).max())


def test_an_untrimmed_source_is_as_it_came() -> None:
    pcm = tone(440, 10)
    trimmer = Trimmer(UNTRIMMED)
    assert np.array_equal(through(trimmer, pcm), pcm)
    assert trimmer.is_idle


@pytest.mark.parametrize("gain_db", [-60.0, -12.0, 6.0, 20.0])
def test_gain_is_reached_by_a_ramp(gain_db: float) -> None:
    pcm = tone(440, 50, 0.05)
    trimmer = Trimmer(UNTRIMMED)
    before = through(trimmer, pcm)
    trimmer.set(Trim(gain_db=gain_db))
    after = through(trimmer, pcm)
    assert level(after[4800:]) == pytest.approx(level(pcm) + gain_db, abs=0.1)
    joined = np.concatenate((before, after))
    assert steepest(joined) < 1.6 * max(1.0, 10 ** (gain_db / 20)) * steepest(pcm)


def test_mute_is_silence_after_30_ms_and_comes_back() -> None:
    trimmer = Trimmer(UNTRIMMED)
    pcm = tone(440, 25)
    through(trimmer, pcm)
    trimmer.set(Trim(gain_db=-6.0, muted=True))
    muted = through(trimmer, pcm)
    assert not muted[1600:].any()
    assert steepest(muted) < 1.2 * steepest(pcm)
    trimmer.set(UNTRIMMED)
    assert level(through(trimmer, pcm)[4800:]) == pytest.approx(level(pcm), abs=0.1)
    assert trimmer.is_idle


@pytest.mark.parametrize("delay_ms", [1, 20, 137, MAX_DELAY_MS])
def test_delay_is_exact(delay_ms: int) -> None:
    pcm = np.random.default_rng(1).normal(0, 0.1, 100 * FRAME_SAMPLES).astype(np.float32)
    late = through(Trimmer(Trim(delay_ms=delay_ms)), pcm)
    samples = delay_ms * 48
    assert np.allclose(late[samples + FRAME_SAMPLES :], pcm[FRAME_SAMPLES : len(pcm) - samples], atol=1e-6)


def test_another_delay_does_not_click() -> None:
    trimmer = Trimmer(Trim(delay_ms=40))
    pcm = tone(300, 150)
    pieces = []
    for number, frame in enumerate(pcm.reshape(-1, FRAME_SAMPLES)):
        if number in (50, 80, 110):
            trimmer.set(Trim(delay_ms={50: 223, 80: 7, 110: 0}[number]))
        pieces.append(trimmer.hear(frame))
    heard = np.concatenate(pieces)
    assert steepest(heard) < 1.3 * steepest(pcm)
    assert np.array_equal(heard[-FRAME_SAMPLES * 10 :], pcm[-FRAME_SAMPLES * 10 :])
    assert trimmer.is_idle


@pytest.mark.parametrize(
    ("hertz", "least", "most"), [(50, -26, -22), (80, -9.5, -7), (150, -0.6, 0), (1000, -0.1, 0.1)]
)
def test_high_pass_takes_away_what_lies_below(hertz: float, least: float, most: float) -> None:
    pcm = tone(hertz, 100)
    change = level(through(Trimmer(Trim(high_pass=True)), pcm)[24000:]) - level(pcm[24000:])
    assert least <= change <= most


def test_high_pass_comes_and_goes_without_a_click() -> None:
    trimmer = Trimmer(UNTRIMMED)
    pcm = tone(60, 100)
    before = through(trimmer, pcm)
    trimmer.set(Trim(high_pass=True))
    during = through(trimmer, pcm)
    trimmer.set(UNTRIMMED)
    after = through(trimmer, pcm)
    assert steepest(np.concatenate((before, during, after))) < 0.05
    assert trimmer.is_idle


def test_gate_shuts_in_pauses_and_opens_at_once() -> None:
    trimmer = Trimmer(Trim(gate=True))
    noise = np.random.default_rng(2).normal(0, 0.001, 100 * FRAME_SAMPLES).astype(np.float32)
    through(trimmer, tone(440, 25, 0.1))
    pause = through(trimmer, noise)
    assert np.array_equal(pause[: 15 * FRAME_SAMPLES], noise[: 15 * FRAME_SAMPLES]), "it holds"
    assert level(pause[-24000:]) == pytest.approx(level(noise) - 40, abs=1)
    word = through(trimmer, tone(440, 10, 0.1))
    assert level(word[480:]) == pytest.approx(level(tone(440, 10, 0.1)), abs=0.3)


@pytest.mark.parametrize(
    "wrong", [{"gain_db": 20.1}, {"gain_db": -61.0}, {"gain_db": float("nan")}, {"delay_ms": 501}, {"delay_ms": -1}]
)
def test_a_trim_past_its_bounds_is_none(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        Trim(**wrong)  # type: ignore[arg-type]


def test_a_whole_trim_costs_less_than_three_hundredths_of_a_tick() -> None:
    trimmer = Trimmer(Trim(gain_db=-3.0, delay_ms=100, high_pass=True, gate=True))
    frame = tone(440, 1)

    def seconds_a_tick() -> float:
        began = time.process_time()
        for _ in range(100):
            trimmer.hear(frame)
        return (time.process_time() - began) / 100

    assert best(seconds_a_tick, 0.0006, times=10) < 0.0006
