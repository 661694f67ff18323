"""Music and applause for tests, made of numbers: what a conference hears at its opening, and what is no speech."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from media.opus import SAMPLE_RATE_HZ, Pcm

STRINGS: Final = (1.0, 0.5, 0.35, 0.2, 0.1, 0.05)
"""How strong each harmonic of a bowed note is."""
_A4: Final = 69
# C major's chords as anthems have them, each with its bass: MIDI notes.
_CHORDS: Final = ((31, 55, 59, 62), (36, 55, 60, 64), (33, 57, 60, 64), (29, 53, 57, 60), (38, 54, 57, 62))


def pitch_hz(note: int, tuning_hz: float = 440.0) -> float:
    """Return the pitch of a MIDI note in equal temperament."""
    return float(tuning_hz * 2 ** ((note - _A4) / 12))


def note(hertz: float, seconds: float, *, cents: float = 0.0, harmonics: Sequence[float] = STRINGS) -> Pcm:
    """A note that is held, at −20 dBFS, with a vibrato of 5.5 Hz that goes so many cents to both sides."""
    at = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    bends = 2 ** (cents / 1200 * np.sin(2 * np.pi * 5.5 * at))
    phase = 2 * np.pi * hertz * np.cumsum(bends) / SAMPLE_RATE_HZ
    lines = [share * np.sin(n * phase + n) for n, share in enumerate(harmonics, 1)]
    return _at_dbfs(np.sum(lines, axis=0), -20.0)


def applause(seconds: int, seed: int = 1) -> Pcm:
    """Some hundred hands a second in a hall, at −24 dBFS."""
    chance = np.random.default_rng(seed)
    claps = np.zeros(seconds * SAMPLE_RATE_HZ)
    claps[chance.integers(0, len(claps), 300 * seconds)] = chance.uniform(0.3, 1.0, 300 * seconds)
    hand = chance.normal(0, 1, 480) * np.exp(-np.arange(480) / 120)
    hall = chance.normal(0, 1, 9600) * np.exp(-np.arange(9600) / 2400) * 0.05
    hall[:480] += hand
    return _at_dbfs(np.fft.irfft(np.fft.rfft(claps) * np.fft.rfft(hall, len(claps)), len(claps)), -24.0)


def hymn(chord_s: float = 4.0) -> Iterator[Pcm]:
    """Held chords over a pedal, as an organ plays them, a chord at a time and for ever."""
    while True:
        for notes in _CHORDS:
            voices = [
                note(pitch_hz(one), chord_s, harmonics=(1.0, 0.7, 0.2, 0.4, 0.05, 0.1, 0.0, 0.15)) for one in notes
            ]
            yield _at_dbfs(np.sum(voices, axis=0), -20.0)


def band(beat_s: float = 0.5) -> Iterator[Pcm]:
    """Chords that are struck and fade, a bass that walks, a drum, a snare and a hi-hat; four beats at a time."""
    chance = np.random.default_rng(2)
    beat = round(beat_s * SAMPLE_RATE_HZ)
    at = np.arange(beat) / SAMPLE_RATE_HZ
    drum = np.sin(2 * np.pi * 50 * at + 6 * np.exp(-at * 30)) * np.exp(-at * 9)
    while True:
        for notes in _CHORDS:
            bar = np.zeros(4 * beat)
            fades = np.exp(-np.arange(4 * beat) / SAMPLE_RATE_HZ * 1.5)
            for one in notes[1:]:
                bar += note(pitch_hz(one), 4 * beat_s) * fades
            for number in range(4):
                place = slice(number * beat, (number + 1) * beat)
                bar[place] += 2 * note(pitch_hz(notes[0] + (0, 4, 7, 4)[number]), beat_s) * np.exp(-at * 2)
                noise = chance.normal(0, 1, beat)
                bar[place] += 0.05 * np.diff(noise, prepend=0.0) * np.exp(-at * 40)
                bar[place] += 0.4 * drum if number % 2 == 0 else 0.15 * noise * np.exp(-at * 15)
            yield _at_dbfs(bar, -18.0)


def seconds_of(pieces: Iterator[Pcm], count: int) -> Iterator[Pcm]:
    """Return the pieces' sound a second at a time."""
    rest: Pcm = np.zeros(0, np.float32)
    for _ in range(count):
        while len(rest) < SAMPLE_RATE_HZ:
            rest = np.concatenate((rest, next(pieces)))
        yield rest[:SAMPLE_RATE_HZ]
        rest = rest[SAMPLE_RATE_HZ:]


def _at_dbfs(sound: npt.NDArray[np.floating], dbfs: float) -> Pcm:
    """The same at this root mean square."""
    level = 10 ** (dbfs / 20) / max(1e-9, float(np.sqrt(np.mean(np.square(sound)))))
    return (sound * level).astype(np.float32)
