"""Speech stays speech in noise and in halls that echo; music that is held, applause and noise alone are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pytest

from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm
from media.quality import SoundJudge
from tests.media.music import applause, hymn, note, pitch_hz, seconds_of
from tests.media.speech import SENTENCES, spoken

_SECONDS: Final = 12


def unbroken(sound: Pcm) -> list[bool]:
    """Second by second since the fourth, of what is loud."""
    judge, said = SoundJudge(), []
    for number, frame in enumerate(sound[: _SECONDS * SAMPLE_RATE_HZ].reshape(-1, FRAME_SAMPLES), 1):
        judge.hear(frame)
        if number % 50 == 0 and number > 150:
            assert judge.quality.is_speaking
            said.append(judge.quality.is_unbroken)
    return said


def talk(language: str) -> Pcm:
    """Speech without a pause between its sentences, at −24 dBFS."""
    said = np.tile(spoken(language), 4)[: _SECONDS * SAMPLE_RATE_HZ]
    loud: Pcm = (said * 10 ** (-24 / 20) / np.sqrt(np.mean(np.square(said)))).astype(np.float32)
    return loud


def noise(dbfs: float, *, is_pink: bool) -> Pcm:
    """As a fan or a line makes it."""
    spectrum = np.fft.rfft(np.random.default_rng(1).normal(0, 1, _SECONDS * SAMPLE_RATE_HZ))
    if is_pink:
        spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 400))
    made = np.fft.irfft(spectrum)
    return (10 ** (dbfs / 20) / np.std(made) * made).astype(np.float32)


def in_a_hall(sound: Pcm, falls_s: float) -> Pcm:
    """From its far end: without the direct sound, in an echo that falls by 60 dB in so many seconds."""
    at = np.arange(round(falls_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    answer = np.random.default_rng(2).normal(0, 1, len(at)) * 10 ** (-3 * at / falls_s)
    length = len(sound) + len(answer)
    heard = np.fft.irfft(np.fft.rfft(sound, length) * np.fft.rfft(answer, length), length)[: len(sound)]
    echoed: Pcm = (heard * np.std(sound) / np.std(heard)).astype(np.float32)
    return echoed


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("is_pink", [True, False])
def test_speech_three_decibels_over_noise_is_speech(language: str, is_pink: bool) -> None:
    assert not any(unbroken(talk(language) + noise(-27, is_pink=is_pink)))


@pytest.mark.parametrize("language", SENTENCES)
def test_speech_from_the_far_end_of_a_hall_is_speech(language: str) -> None:
    assert not any(unbroken(in_a_hall(talk(language), 1.2)))
    assert not any(unbroken(in_a_hall(talk(language), 0.8) + noise(-30, is_pink=True)))


def test_speech_over_applause_is_speech() -> None:
    clapped = np.concatenate([applause(4, seed) for seed in range(3)])
    assert not any(unbroken((talk("en") + clapped / 2).astype(np.float32)))


def choir(chord_s: float) -> Pcm:
    """Three voices to each of four notes, none of them quite in tune, each with a vibrato of its own."""
    chance = np.random.default_rng(3)
    chords = []
    for notes in ((48, 55, 60, 64), (43, 55, 59, 62), (45, 57, 60, 64), (41, 57, 60, 65)):
        sung = [
            note(pitch_hz(one) * 2 ** (chance.normal(0, 8) / 1200), chord_s, cents=chance.uniform(20, 60))
            for one in notes
            for _ in range(3)
        ]
        chords.append(np.sum(sung, axis=0))
    return np.tile(np.concatenate(chords), 12)


def organ(chord_s: float) -> Pcm:
    """Chords one after the other."""
    return np.concatenate(list(seconds_of(hymn(chord_s), _SECONDS)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: noise(-30, is_pink=True),
        lambda: noise(-30, is_pink=False),
        lambda: np.concatenate([applause(4, seed) for seed in range(3)]),
        lambda: in_a_hall(np.concatenate([applause(4, seed) for seed in range(3)]), 1.2),
        lambda: organ(4.0),
        lambda: in_a_hall(organ(1.0), 1.2),
        lambda: choir(3.0),
        lambda: choir(1.0),
        lambda: in_a_hall(choir(1.0), 1.2),
    ],
)
def test_what_is_held_is_no_speech(make: Callable[[], Pcm]) -> None:
    assert all(unbroken(make())[1:])
